"""Generations: their locks, leases and nudges, and how they end.

:mod:`shared.repository.claims` takes them, :mod:`shared.repository.descriptions` stores what they led to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Row, and_, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.models import current_copy, dead_letter, generation, inbox_event, product
from shared.repository.inbox import close_events


@dataclass(frozen=True)
class Nudge:
    """What a Celery message says of a pending generation."""

    generation_id: int
    sku: str
    version: int
    profile: str
    queue: str


def lock_pointers(connection: Connection, generation_ids: Collection[int]) -> Sequence[Row[Any]]:
    """For each generation: ``attempts``, ``is_wanted`` (it is the newest one asked for), ``review_id`` of what stands.

    Locks the pointers until the transaction ends. They come before the generations, as in ingest, and in the order of
    :func:`shared.repository.requesting.standing_copy`: two transactions that took these locks in different orders
    could wait for each other.
    """
    statement = (
        select(
            generation.c.id,
            generation.c.attempts,
            (current_copy.c.requested_generation_id == generation.c.id).label("is_wanted"),
            current_copy.c.review_id,
        )
        .join(
            current_copy,
            and_(generation.c.product_id == current_copy.c.product_id, generation.c.profile == current_copy.c.profile),
        )
        .where(generation.c.id == any_(ids_in(generation_ids)))
        .order_by(current_copy.c.product_id, current_copy.c.profile)
        .with_for_update(of=current_copy)
    )
    return connection.execute(statement).all()


def ids_in(values: Collection[int]) -> ColumnElement[Any]:
    """Ids as one array: the statement is the same however many there are, so that Postgres prepares it once."""
    return literal(list(values), ARRAY(BigInteger))


def close_finished_events(connection: Connection, inbox_event_ids: Collection[int | None]) -> None:
    """Give events whose generations have all ended their outcome; a back-fill has no event.

    A dead generation makes the event ``dead_lettered``, else a done one makes it ``described``, else newer changes came
    before all of them and it is ``stale``.
    """
    events = {id_ for id_ in inbox_event_ids if id_ is not None}
    if not events:
        return
    # The lock makes the last of several generations that end at once see the others' ends.
    locked = list(
        connection.scalars(
            select(inbox_event.c.id)
            .where(inbox_event.c.id == any_(ids_in(events)), inbox_event.c.outcome.is_(None))
            .order_by(inbox_event.c.id)
            .with_for_update()
        )
    )
    if not locked:
        return
    ended = {
        status: func.count().filter(generation.c.status == status).label(status)
        for status in ("dead", "done", "superseded")
    }
    statement = (
        select(generation.c.inbox_event_id, *ended.values(), func.max(generation.c.error).label("error"))
        .where(generation.c.inbox_event_id == any_(ids_in(locked)))
        .group_by(generation.c.inbox_event_id)
        .having(func.bool_and(generation.c.status.in_(list(ended))))
    )
    close_events(connection, [(row.inbox_event_id, *_outcome(row)) for row in connection.execute(statement)])


def _outcome(row: Row[Any]) -> tuple[str, str | None]:
    total = row.dead + row.done + row.superseded
    if row.dead:
        return "dead_lettered", row.error if total == 1 else f"{row.dead} of {total} profiles failed: {row.error}"
    if row.done:
        return "described", None
    return "stale", "a newer change of the product came before this one was written"


def fail(
    connection: Connection, generation_id: int, worker_id: UUID, reason: str, *, max_attempts: int, delay: timedelta
) -> bool:
    """Record a failed attempt of a generation that this worker runs.

    It is pending again after ``delay``, doubled with each attempt; after ``max_attempts`` it becomes a dead letter.

    Returns:
        whether it will be tried again.
    """
    lock_pointers(connection, [generation_id])
    row = connection.execute(
        select(generation)
        .where(generation.c.id == generation_id, generation.c.status == "running", generation.c.worker_id == worker_id)
        .with_for_update()
    ).first()
    if row is None:
        return False
    if row.attempts >= max_attempts:
        bury(connection, row, reason)
        return False
    connection.execute(
        update(generation)
        .where(generation.c.id == generation_id)
        .values(
            status="pending",
            error=reason,
            due_at=func.now() + delay * 2 ** (row.attempts - 1),
            lease_expires_at=None,
        )
    )
    return True


def bury(connection: Connection, row: Row[Any], reason: str) -> None:
    """End a generation as dead. The next event of its product asks for copy again, even if nothing has changed."""
    connection.execute(
        update(current_copy)
        .where(
            current_copy.c.product_id == row.product_id,
            current_copy.c.profile == row.profile,
            current_copy.c.requested_generation_id == row.id,
        )
        .values(requested_digest=None, updated_at=func.now())
    )
    _end(connection, row.id, "dead", reason)
    connection.execute(
        insert(dead_letter).values(
            inbox_event_id=row.inbox_event_id, generation_id=row.id, stage="generate", reason=reason
        )
    )
    close_finished_events(connection, [row.inbox_event_id])


def _end(connection: Connection, generation_id: int, status: str, error: str) -> None:
    values = {"status": status, "error": error, "finished_at": func.now(), "lease_expires_at": None}
    connection.execute(update(generation).where(generation.c.id == generation_id).values(values))


def renew_leases(connection: Connection, worker_id: UUID, ids: Sequence[int], lease: timedelta) -> None:
    """Say that a worker still runs these generations."""
    if ids:
        connection.execute(
            update(generation)
            .where(
                generation.c.id == any_(ids_in(ids)),
                generation.c.worker_id == worker_id,
                generation.c.status == "running",
            )
            .values(lease_expires_at=func.now() + lease)
        )


def nudges(connection: Connection, generation_ids: Collection[int]) -> list[Nudge]:
    """What the Celery messages of these generations say, in their order."""
    rows = connection.execute(
        select(generation.c.id, product.c.sku, product.c.version, generation.c.profile, generation.c.queue)
        .join(product, product.c.id == generation.c.product_id)
        .where(generation.c.id == any_(ids_in(generation_ids)))
        .order_by(generation.c.id)
    )
    return [Nudge(*row) for row in rows]
