"""``shelftalk ingest``, ``worker`` and ``beat``: this process becomes the one asked for, in the foreground."""

from __future__ import annotations

import os
import sys


def ingest() -> None:
    """Move events from the Redis stream into Postgres."""
    _become("-m", "worker.ingest")


def worker() -> None:
    """Load the model and write descriptions."""
    _become("-m", "worker")


def beat() -> None:
    """Start the periodic tasks. Run exactly one."""
    from shared import db, redis_server
    from shared.settings import settings

    config = settings()
    db.check(db.engine())
    redis_server.check(redis_server.redis())
    run = config.home / "run"
    run.mkdir(parents=True, exist_ok=True)
    _become("-m", "celery", "-A", "worker.app", "beat", "--schedule", str(run / "beat-schedule"), "--pidfile=")


def _become(*arguments: str) -> None:
    """Replace this process, so that signals reach the one that does the work."""
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - no shell is wanted
