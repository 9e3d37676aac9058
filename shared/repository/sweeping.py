"""What the sweep finds and mends: expired leases, pending work without a message, events left open."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, and_, func, select, update

from shared.models import current_copy, generation, inbox_event
from shared.repository.generations import Nudge, bury, close_finished_events, nudges

MOST_WAITING = 20_000
"""Messages that may wait in a generation queue. More pending work is in Postgres alone until the sweep sends it, so
that a burst of any size takes 22 MB of Redis, and yet no worker runs dry between two sweeps."""

# A pending generation never has a lease. To say so admits the indexes of what is pending, which are kept from look-ups
# of single rows.
_IS_QUEUED = and_(generation.c.status == "pending", generation.c.lease_expires_at.is_(None))


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


def pending_count(connection: Connection, queue: str, most: int = MOST_WAITING) -> int:
    """How many generations of a queue wait, counted up to ``most``: to count a million takes a second."""
    some = select(generation.c.id).where(_IS_QUEUED, generation.c.queue == queue).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def due_nudges(connection: Connection, queue: str, patience: timedelta, spare: int, limit: int = 5_000) -> list[Nudge]:
    """Pending generations that need a Celery message, marked as nudged.

    These are the ones that came due after their last message, since an attempt failed, and up to ``spare`` that have
    waited longer than ``patience`` since it: the caller knows how many messages the queue lacks.
    """
    is_due = (_IS_QUEUED, generation.c.queue == queue, generation.c.due_at <= func.now())
    retried = (generation.c.attempts > 0, generation.c.nudged_at < generation.c.due_at)
    pending = select(generation.c.id).where(*is_due)
    chosen = set(connection.scalars(pending.where(*retried).order_by(generation.c.due_at).limit(limit)))
    if spare > 0:
        forgotten = pending.where(generation.c.nudged_at < func.now() - patience).order_by(generation.c.nudged_at)
        chosen |= set(connection.scalars(forgotten.limit(min(spare, limit))))
    if not chosen:
        return []
    connection.execute(update(generation).where(generation.c.id.in_(chosen)).values(nudged_at=func.now()))
    return nudges(connection, chosen)


def close_forgotten_events(connection: Connection, limit: int = 1_000) -> None:
    """Close open events whose generations have all ended, should a crash have come between the two.

    Looks at the oldest open events only: however many wait, a sweep costs the same, and those that are at work now make
    room for the next.
    """
    is_open = (inbox_event.c.outcome.is_(None), inbox_event.c.closed_at.is_(None))  # both admit the index of these
    oldest = connection.scalars(select(inbox_event.c.id).where(*is_open).order_by(inbox_event.c.id).limit(limit)).all()
    if not oldest:
        return
    # A second statement, and not one with NOT EXISTS: while Postgres counts nothing as pending, as before a burst, it
    # plans to read all that is pending anew for each event.
    generations = select(generation.c.inbox_event_id, generation.c.status)
    found = connection.execute(generations.where(generation.c.inbox_event_id.in_(oldest)))
    live = {event for event, status in found if status in ("pending", "running")}
    forgotten = [event for event in oldest if event not in live]
    if forgotten:
        close_finished_events(connection, forgotten)
