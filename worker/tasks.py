"""The Celery tasks. They only translate; the work is done at :mod:`worker.desk` and in :mod:`worker.sweep`."""

from __future__ import annotations

from typing import Any

from celery import Task

from shared import broker, db
from shared.settings import settings
from worker import backfill, retention, sweep
from worker.app import app
from worker.desk import the_desk


class Generation(Task):  # type: ignore[type-arg]
    """Records an error that nobody foresaw before Celery logs it, so that the generation is tried again soon."""

    def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Called by Celery after a task raised."""
        the_desk().record_failure(kwargs["generation_id"], exc)


@app.task(name=broker.GENERATE_DESCRIPTION, base=Generation)
def generate_description(generation_id: int) -> str:
    """Write the copy of one pending generation."""
    return the_desk().write(generation_id)


@app.task(name=broker.BACKFILL)
def advance_backfill() -> str:
    """Ask for the copy that a new policy, or a campaign that began or ended, calls for."""
    return backfill.advance(app, db.engine(), the_desk().policies)


@app.task(name=broker.SWEEP)
def sweep_lost_work() -> str:
    """Give back what silent workers hold, and enqueue what was lost."""
    return sweep.sweep(app)


@app.task(name=broker.RETIRE_EVENTS)
def retire_events() -> str:
    """Let go of what the ledger no longer needs."""
    return retention.retire_events(db.engine(), settings().inbox_keep_days)
