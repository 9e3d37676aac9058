"""What the ledger lets go of: events that ended long ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, null, or_, select, update

from shared.models import dead_letter, generation, inbox_event


@dataclass(frozen=True)
class Expired:
    """How many events were deleted, and how many only lost their payload."""

    deleted: int = 0
    emptied: int = 0

    def __add__(self, other: Expired) -> Expired:
        return Expired(self.deleted + other.deleted, self.emptied + other.emptied)

    @property
    def looked_at(self) -> int:
        """How many events this was about."""
        return self.deleted + self.emptied


def expire_events(connection: Connection, keep: timedelta, limit: int = 1_000) -> Expired:
    """Let go of up to ``limit`` events that ended longer ago than ``keep``, those that ended first.

    An event that nothing refers to is deleted. One that asked for copy stays without its payload, which is most of it:
    the copy's history names it. So does one that came again and whose repetition is still in the ledger. Dead letters
    stay as they are until somebody has looked at them. A deleted event that is published once more is stale: the
    product's version, which is never deleted, is not older.
    """
    ended = connection.scalars(
        select(inbox_event.c.id)
        .where(
            inbox_event.c.closed_at < func.now() - keep,
            inbox_event.c.payload.is_not(None),
            inbox_event.c.outcome != "dead_lettered",
        )
        .order_by(inbox_event.c.closed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not ended:
        return Expired()
    deleted = connection.execute(delete(inbox_event).where(inbox_event.c.id.in_(ended), ~_is_referred_to())).rowcount
    rest = update(inbox_event).where(inbox_event.c.id.in_(ended)).values(payload=null())
    return Expired(deleted, connection.execute(rest).rowcount)


def _is_referred_to() -> ColumnElement[bool]:
    """Whether a generation, a dead letter, or a repetition of the same event refers to the event."""
    repeated = inbox_event.alias("repeated")
    by_generation = select(generation.c.id).where(generation.c.inbox_event_id == inbox_event.c.id)
    by_letter = select(dead_letter.c.id).where(dead_letter.c.inbox_event_id == inbox_event.c.id)
    by_repetition = select(repeated.c.id).where(
        repeated.c.outcome == "duplicate",
        and_(repeated.c.source == inbox_event.c.source, repeated.c.event_id == inbox_event.c.event_id),
        repeated.c.id != inbox_event.c.id,
    )
    return or_(by_generation.exists(), by_letter.exists(), by_repetition.exists())
