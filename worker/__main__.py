"""``shelftalk worker``: loads the model, then takes generations from Celery's queues.

The model is loaded before Celery starts: an error in one of Celery's start signals is swallowed, and the worker would
go on without a model.
"""

from __future__ import annotations

import os

from shared import checkpoints, db, startup
from shared.adapters import Adapter
from shared.checkpoints import BaseModel
from shared.languages import unspoken
from shared.logs import logger
from shared.settings import Settings, let_idle_threads_sleep
from worker.champion import ChampionWatch, Shelf
from worker.decoder import Decoder
from worker.engine import Engine
from worker.process import serve

log = logger(__name__)

EXIT_HUNG = 70  # EX_SOFTWARE of sysexits.h: the supervisor starts a new process


def main() -> None:
    """Serve until SIGTERM: then finish what runs, leave the rest in the queue, and return."""
    config = startup.prepare()
    base = checkpoints.resolve_base_model(config)
    policies = startup.policies(config)
    shelf = Shelf(db.engine(), base, config, _load)
    start = shelf.first()
    engine = Engine(
        start.decoder,
        start.model,
        linger_ms=config.batch_linger_ms,
        deadline_s=config.request_deadline_s,
        hang_s=config.hang_s,
        on_hang=_end_hung_process,
    )
    device = start.decoder.device
    del start  # the engine alone holds the model, and lets go of it when another one serves
    if foreign := unspoken(policies.current().profiles.values(), base.name):
        log.warning(foreign)
    engine.start()
    serve(config, policies, engine, lambda beating: ChampionWatch(shelf, engine, beating.serve), device=device)
    engine.stop()


def _load(base: BaseModel, config: Settings, adapter: Adapter | None) -> Decoder:
    """Load the model. Only now torch is imported: nothing that may be wrong before has to wait for it."""
    let_idle_threads_sleep()
    from worker.decoding import load_decoder

    return load_decoder(base, config, adapter)


def _end_hung_process() -> None:
    """A thread that hangs inside the model cannot be stopped; the process can, and its leases run out."""
    log.critical("the model has made no step for too long; the process ends")
    os._exit(EXIT_HUNG)


if __name__ == "__main__":
    startup.explain(main)
