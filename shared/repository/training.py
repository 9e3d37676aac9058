"""Training runs, and what they learnt from."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from shared.errors import TrainingFailed
from shared.models import training_run

_LOCK = 7_305_514_826  # any number that no other program uses for pg_try_advisory_lock
MAX_REASON_CHARACTERS = 2_000

Ending = Literal["finished", "failed", "interrupted"]


@dataclass(frozen=True)
class NewRun:
    """What a run is started with. ``options`` are those of its recipe, and what it was asked to learn beside the
    curated pairs; ``directory`` is the name of its run directory, ``asked_by`` who wants it."""

    stage: str
    options: dict[str, Any]
    base_model: str
    base_digest: str
    directory: str
    asked_by: str
    snapshot_id: int | None = None


@contextmanager
def alone(database: Engine) -> Iterator[None]:
    """Be the only run that trains; Postgres frees the lock when this process ends in whatever way.

    Raises:
        TrainingFailed: when another run is under way.
    """
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            run = running(connection)
            named = f"run {run['id']} on {run['host']}, process {run['pid']}" if run else "one that is starting"
            raise TrainingFailed(f"another training run is under way ({named}): wait for its end, or stop its process")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


def running(connection: Connection) -> dict[str, Any] | None:
    """The run that is under way, as far as the record says."""
    row = connection.execute(
        select(training_run).where(training_run.c.status == "running").order_by(training_run.c.id.desc()).limit(1)
    ).first()
    return dict(row._mapping) if row else None


def close_interrupted(connection: Connection) -> list[int]:
    """Mark the runs whose process is gone. Only whoever holds the lock may call it: then none is under way."""
    reason = "its process ended without a word: it was killed, or its machine went down"
    closed = (
        update(training_run)
        .where(training_run.c.status == "running")
        .values(status="interrupted", reason=reason, ended_at=func.now())
        .returning(training_run.c.id)
    )
    return list(connection.scalars(closed))


def begin_run(connection: Connection, new: NewRun) -> int:
    """Record that a run begins, by this process. Returns its id."""
    values = vars(new) | {"host": socket.gethostname(), "pid": os.getpid()}
    return int(connection.execute(insert(training_run).values(values).returning(training_run.c.id)).scalar_one())


def resumable_run(
    connection: Connection, snapshot_id: int, options: dict[str, Any], base_digest: str
) -> dict[str, Any] | None:
    """The newest run on this machine, if it was interrupted while it taught the same base the same in the same way."""
    row = connection.execute(
        select(training_run)
        .where(training_run.c.host == socket.gethostname())
        .order_by(training_run.c.id.desc())
        .limit(1)
    ).first()
    if row is None or row.status != "interrupted":
        return None
    is_same = (row.snapshot_id, row.options, row.base_digest) == (snapshot_id, options, base_digest)
    return dict(row._mapping) if is_same else None


def end_run(
    connection: Connection,
    id_: int,
    status: Ending,
    *,
    reason: str | None = None,
    metrics: dict[str, Any] | None = None,
) -> None:
    """Record how a run ended. What stands about one that has ended already is not changed."""
    connection.execute(
        update(training_run)
        .where(training_run.c.id == id_, training_run.c.status == "running")
        .values(
            status=status,
            reason=reason and reason[:MAX_REASON_CHARACTERS],
            metrics=metrics,
            ended_at=func.now(),
            heartbeat_at=func.now(),
        )
    )


def runs(connection: Connection, limit: int = 20) -> list[dict[str, Any]]:
    """The newest runs first."""
    rows = connection.execute(select(training_run).order_by(training_run.c.id.desc()).limit(limit))
    return [dict(row._mapping) for row in rows]


def learnt_snapshot(connection: Connection) -> int | None:
    """The id of the snapshot that the newest finished fine-tuning learnt from."""
    return connection.scalar(
        select(training_run.c.snapshot_id)
        .where(training_run.c.status == "finished", training_run.c.stage == "finetune")
        .order_by(training_run.c.id.desc())
        .limit(1)
    )
