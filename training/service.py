"""``shelftalk trainer``: takes what beat asks for from the queue ``training``. It imports no torch: idling is cheap."""

from __future__ import annotations

import os
import socket

from shared import db, startup
from shared.broker import ask_for_training
from shared.heartbeat import Heartbeat
from shared.logs import logger
from shared.redis_server import TRAINING
from shared.repository import training as runs
from shared.settings import Settings
from training.retrain import left_behind

log = logger(__name__)


def main() -> None:
    """Serve until SIGTERM: a run that is under way is ended then, and goes on from its last checkpoint later."""
    config = startup.prepare()
    file = config.home / "run" / "trainer.heartbeat"
    with Heartbeat("trainer", db.engine(), file, config.heartbeat_s):
        _serve(config)


def _serve(config: Settings) -> None:
    from training.app import app  # reads the settings when it is imported, which must not come before their check

    with db.engine().connect() as connection:
        asked_by = left_behind(runs.runs(connection), socket.gethostname())
    if asked_by is not None:
        log.warning("a run was left half done; it goes on", asked_by=asked_by)
        ask_for_training(app, asked_by)
    # Threads, so that it answers while a run is under way; one, because there is one run at a time.
    options = [
        "--pool=threads",
        "--concurrency=1",
        f"--queues={TRAINING}",
        f"--hostname=trainer-{os.getpid()}@%h",
    ]
    app.worker_main(["worker", *options, "--without-gossip", "--without-mingle", f"--loglevel={config.log_level}"])


if __name__ == "__main__":
    startup.explain(main)
