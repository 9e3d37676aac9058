"""The life of a worker process around its engine: the desk, the heartbeat, and Celery's pool of threads."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from shared import db
from shared.heartbeat import Heartbeat
from shared.logs import logger
from shared.policy import PolicyWatch
from shared.redis_server import GENERATION_QUEUES, MAINTENANCE
from shared.scoring.language import language_match
from shared.settings import Settings
from worker.desk import Desk, Leases, Writers, open_desk

log = logger(__name__)

GARBAGE_THRESHOLDS = (50_000, 20, 20)


def serve(
    config: Settings,
    policies: PolicyWatch,
    engine: Writers,
    beside: Callable[[Heartbeat], AbstractContextManager[object]],
    *,
    device: str = "cpu",
) -> None:
    """Take generations from Celery's queues until SIGTERM: then finish what runs, leave the rest, and return.

    ``beside`` is entered for as long: what else runs in this process, such as the watch for a new champion.
    """
    # Its model is loaded by whoever asks first; of 128 threads that ask at once, each would load one.
    language_match("This text has as many words as it takes.", (), "en")
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
    # What start-up made stays for good, and is not searched for garbage again; what a description leaves behind seldom
    # holds cycles.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with heartbeat, beside(heartbeat):
        log.info("ready", model=engine.serving().model.name, device=device, threads=config.threads)
        _consume(config)


def _consume(config: Settings) -> None:
    from worker.app import app  # reads the settings when it is imported, which must not come before their check

    queues = ",".join((*GENERATION_QUEUES, MAINTENANCE))
    options = [
        "--pool=threads",
        f"--concurrency={config.threads}",
        f"--queues={queues}",
        f"--hostname=worker-{os.getpid()}@%h",
    ]
    app.worker_main(["worker", *options, "--without-gossip", "--without-mingle", f"--loglevel={config.log_level}"])
