"""``shelftalk worker``: loads the model, then takes generations from Celery's queues.

The model is loaded before Celery starts: an error in one of Celery's start signals is swallowed, and the worker would
go on without a model.
"""

from __future__ import annotations

import os
from datetime import timedelta

from shared import checkpoints, db, startup
from shared.adapters import Adapter
from shared.checkpoints import BaseModel
from shared.heartbeat import Heartbeat
from shared.languages import unspoken
from shared.logs import logger
from shared.redis_server import GENERATION_QUEUES, MAINTENANCE
from shared.settings import Settings, let_idle_threads_sleep
from worker.champion import ChampionWatch, Shelf
from worker.decoder import Decoder
from worker.desk import Desk, Leases, open_desk
from worker.engine import Engine

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
        batch_size=config.batch_size,
        linger_ms=config.batch_linger_ms,
        deadline_s=config.request_deadline_s,
        hang_s=config.hang_s,
        on_hang=_end_hung_process,
    )
    device = start.decoder.device
    del start  # the engine alone holds the model, and lets go of it when another one serves
    leases = Leases(timedelta(seconds=config.lease_s))
    heartbeat = Heartbeat(
        "worker",
        db.engine(),
        config.home / "run" / "worker.heartbeat",
        config.heartbeat_s,
        device=device,
        model_version_id=engine.serving().model.version_id,
        renew=leases.renew,
    )
    open_desk(Desk(db.engine(), engine, policies, config, heartbeat.process_id, leases))
    engine.start()
    with heartbeat, ChampionWatch(shelf, engine, heartbeat.serve):
        if foreign := unspoken(policies.current().profiles.values(), base.name):
            log.warning(foreign)
        log.info("ready", model=engine.serving().model.name, device=device, batch=config.batch_size)
        _serve(config)
    engine.stop()


def _load(base: BaseModel, config: Settings, adapter: Adapter | None) -> Decoder:
    """Load the model. Only now torch is imported: nothing that may be wrong before has to wait for it."""
    let_idle_threads_sleep()
    from worker.decoding import load_decoder

    return load_decoder(base, config, adapter)


def _serve(config: Settings) -> None:
    from worker.app import app  # reads the settings when it is imported, which must not come before their check

    queues = ",".join((*GENERATION_QUEUES, MAINTENANCE))
    options = [
        "--pool=threads",
        f"--concurrency={config.threads}",
        f"--queues={queues}",
        f"--hostname=worker-{os.getpid()}@%h",
    ]
    app.worker_main(["worker", *options, "--without-gossip", "--without-mingle", f"--loglevel={config.log_level}"])


def _end_hung_process() -> None:
    """A thread that hangs inside the model cannot be stopped; the process can, and its leases run out."""
    log.critical("the model has made no step for too long; the process ends")
    os._exit(EXIT_HUNG)


if __name__ == "__main__":
    startup.explain(main)
