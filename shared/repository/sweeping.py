"""What the sweep finds and mends: expired leases, pending work without a message, events left open."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, and_, func, or_, select, update

from shared.models import current_copy, generation, inbox_event
from shared.repository.generations import Nudge, bury, close_finished_events, nudges


def release_expired(connection: Connection, max_attempts: int, limit: int = 1_000) -> tuple[int, int]:
    """Give back what silent workers hold. Returns how many are pending again and how many became dead letters."""
    expired = connection.execute(
        select(generation)
        .join(
            current_copy,
            and_(current_copy.c.product_id == generation.c.product_id, current_copy.c.profile == generation.c.profile),
        )
        .where(generation.c.status == "running", generation.c.lease_expires_at < func.now())
        .order_by(generation.c.id)
        .limit(limit)
        # What someone else has locked is being dealt with: skip it, so that the sweep never waits in a circle.
        .with_for_update(skip_locked=True)
    ).all()
    exhausted = [row for row in expired if row.attempts >= max_attempts]
    for row in exhausted:
        last = f"; last error: {row.error}" if row.error else ""
        bury(connection, row, f"the worker died or fell silent on each of {row.attempts} attempts{last}")
    again = [row.id for row in expired if row.attempts < max_attempts]
    if again:
        connection.execute(
            update(generation)
            .where(generation.c.id.in_(again))
            .values(status="pending", due_at=func.now(), lease_expires_at=None, error="the worker died or fell silent")
        )
    return len(again), len(exhausted)


def pending_count(connection: Connection, queue: str) -> int:
    """How many generations of a queue wait."""
    pending = select(func.count()).select_from(generation).where(generation.c.status == "pending")
    return connection.scalar(pending.where(generation.c.queue == queue)) or 0


def due_nudges(connection: Connection, queue: str, patience: timedelta, spare: int, limit: int = 1_000) -> list[Nudge]:
    """Pending generations that need a Celery message, marked as nudged.

    These are the ones that came due after their last message, and up to ``spare`` that have waited longer than
    ``patience`` since it: the caller knows how many messages the queue lacks.
    """
    retried = and_(generation.c.due_at <= func.now(), generation.c.nudged_at < generation.c.due_at)
    forgotten = and_(generation.c.due_at <= func.now(), generation.c.nudged_at < func.now() - patience)
    pending = select(generation.c.id).where(generation.c.status == "pending", generation.c.queue == queue)
    chosen: set[int] = set(connection.scalars(pending.where(retried).order_by(generation.c.id).limit(limit)))
    if spare > 0:
        chosen |= set(connection.scalars(pending.where(forgotten).order_by(generation.c.id).limit(min(spare, limit))))
    if not chosen:
        return []
    connection.execute(update(generation).where(generation.c.id.in_(chosen)).values(nudged_at=func.now()))
    return nudges(connection, chosen)


def close_forgotten_events(connection: Connection, limit: int = 1_000) -> None:
    """Close open events whose generations have all ended, should a crash have come between the two."""
    live = select(generation.c.id).where(
        generation.c.inbox_event_id == inbox_event.c.id,
        or_(generation.c.status == "pending", generation.c.status == "running"),
    )
    forgotten = connection.scalars(
        select(inbox_event.c.id)
        .where(inbox_event.c.outcome.is_(None), ~live.exists())
        .order_by(inbox_event.c.id)
        .limit(limit)
    ).all()
    if forgotten:
        close_finished_events(connection, forgotten)
