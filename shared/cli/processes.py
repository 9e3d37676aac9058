"""``shelftalk ingest``, ``worker``, ``trainer`` and ``beat``: this process becomes it, in the foreground."""

from __future__ import annotations

import os

from shared.stack.programs import celery, python_module


def ingest() -> None:
    """Move events from the Redis stream into Postgres."""
    _become(python_module("worker.ingest"))


def worker() -> None:
    """Load the model and write descriptions."""
    _become(python_module("worker"))


def trainer() -> None:
    """Start training runs and drift checks when beat asks for them."""
    _become(python_module("training.service"))


def beat() -> None:
    """Start the periodic tasks. Run exactly one."""
    from shared import broker, db, redis_server
    from shared.settings import settings

    config = settings()
    db.check(db.engine())
    redis_server.check(redis_server.redis())
    broker.training_schedule(config)
    run = config.home / "run"
    run.mkdir(parents=True, exist_ok=True)
    _become(celery("beat", f"--schedule={run / 'beat-schedule'}", "--pidfile="))


def _become(command: tuple[str, ...]) -> None:
    """Replace this process, so that signals reach the one that does the work."""
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
