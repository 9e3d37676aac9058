"""What operators read: counts, one product's copy, and the audit of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select, text

from shared.models import current_copy, dead_letter, generation, inbox_event, knowledge_entry


def generation_counts(connection: Connection) -> dict[str, int]:
    """How many generations are in each status; every status is there."""
    counts = {"pending": 0, "running": 0, "done": 0, "superseded": 0, "dead": 0}
    number = func.count().label("number")
    rows = connection.execute(select(generation.c.status, number).group_by(generation.c.status))
    return counts | {row.status: row.number for row in rows}


def outcome_counts(connection: Connection) -> dict[str, int]:
    """How many events ended in each outcome; ``open`` counts those that have not ended."""
    rows = connection.execute(select(inbox_event.c.outcome, func.count()).group_by(inbox_event.c.outcome))
    return {outcome or "open": count for outcome, count in rows}


def dead_letter_count(connection: Connection) -> int:
    """How many messages and generations have been set aside."""
    return connection.scalar(select(func.count()).select_from(dead_letter)) or 0


def oldest_wait_s(connection: Connection) -> float:
    """Seconds that the generation pending longest has waited; 0 when none waits."""
    waited = connection.scalar(
        select(func.extract("epoch", func.now() - func.min(generation.c.created_at))).where(
            # It never has a lease; to say so admits the index of what is pending.
            generation.c.status == "pending",
            generation.c.lease_expires_at.is_(None),
        )
    )
    return float(waited or 0)


def entry_states(connection: Connection, entries: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Outcome and reason of stream entries that are in the ledger; outcome None while open."""
    rows = connection.execute(
        select(inbox_event.c.stream_entry, inbox_event.c.outcome, inbox_event.c.reason).where(
            inbox_event.c.stream_entry.in_(entries)
        )
    )
    return {entry: (outcome, reason) for entry, outcome, reason in rows}


def copy_of(connection: Connection, sku: str, source: str | None = None) -> list[dict[str, Any]]:
    """The descriptions of a product, the current ones first, then newest first, with all that is known of each.

    ``plan``, ``rule_hits`` and ``steps`` are None for a description that an older version wrote.
    """
    rows = connection.execute(
        text(
            "SELECT h.*, d.evidence, d.plan, d.rule_hits, d.steps, d.changes, d.facts, d.raw_text"
            " FROM analytics.description_history h JOIN app.description d ON d.id = h.description_id"
            " WHERE h.sku = :sku AND (CAST(:source AS text) IS NULL OR h.source = :source)"
            " ORDER BY h.is_current DESC, h.description_id DESC LIMIT 50"
        ),
        {"sku": sku, "source": source},
    )
    return [dict(row._mapping) for row in rows]


def knowledge_sources(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Where approved knowledge comes from, by key; retired entries too, since copy of that time rests on them."""
    rows = connection.execute(
        select(knowledge_entry.c.key, knowledge_entry.c.source)
        .where(knowledge_entry.c.key.in_(keys))
        .order_by(knowledge_entry.c.id)
    )
    return {row.key: row.source for row in rows}


def gaps_of(connection: Connection, sku: str, source: str | None = None) -> list[dict[str, Any]]:
    """What versions of a product lacked for a description, newest first."""
    rows = connection.execute(
        text(
            "SELECT catalogue AS source, profile, product_version, missing, found_at, announced_at"
            " FROM analytics.catalog_gap WHERE sku = :sku"
            " AND (CAST(:source AS text) IS NULL OR catalogue = :source) ORDER BY found_at DESC, profile LIMIT 50"
        ),
        {"sku": sku, "source": source},
    )
    return [dict(row._mapping) for row in rows]


def profiles_in_use(connection: Connection) -> set[str]:
    """The profiles in which there is copy, or in which it has been asked for."""
    wanted = select(current_copy.c.profile).where(current_copy.c.requested_digest.is_not(None)).distinct()
    return set(connection.scalars(wanted))


def events_of(connection: Connection, sku: str, source: str | None = None) -> list[dict[str, Any]]:
    """The events of a product, newest first, with their outcomes."""
    rows = connection.execute(
        text(
            "SELECT * FROM analytics.event_outcome WHERE sku = :sku"
            " AND (CAST(:source AS text) IS NULL OR source = :source) ORDER BY inbox_event_id DESC LIMIT 50"
        ),
        {"sku": sku, "source": source},
    )
    return [dict(row._mapping) for row in rows]


# Each query of the audit finds rows that must not exist; it returns (id, what).
AUDIT = {
    "an open event that nothing works on": (
        "SELECT e.id, e.stream_entry FROM app.inbox_event e WHERE e.outcome IS NULL AND e.closed_at IS NULL"
        " AND e.received_at < now() - :grace"
        " AND NOT EXISTS (SELECT FROM app.generation g WHERE g.inbox_event_id = e.id"
        " AND g.status IN ('pending', 'running'))"
    ),
    "an event that ended while its copy was still to be written": (
        "SELECT e.id, e.stream_entry FROM app.inbox_event e JOIN app.generation g ON g.inbox_event_id = e.id"
        " WHERE e.outcome IS NOT NULL AND g.status IN ('pending', 'running')"
    ),
    "a described event without a description": (
        "SELECT e.id, e.stream_entry FROM app.inbox_event e WHERE e.outcome = 'described' AND NOT EXISTS ("
        "SELECT FROM app.generation g JOIN app.description d ON d.generation_id = g.id WHERE g.inbox_event_id = e.id)"
    ),
    "a finished generation without exactly one description": (
        "SELECT g.id, g.profile FROM app.generation g LEFT JOIN app.description d ON d.generation_id = g.id"
        " WHERE (g.status = 'done') <> (d.id IS NOT NULL)"
    ),
    "a dead-lettered event without a dead letter": (
        "SELECT e.id, e.stream_entry FROM app.inbox_event e WHERE e.outcome = 'dead_lettered'"
        " AND NOT EXISTS (SELECT FROM app.dead_letter l WHERE l.inbox_event_id = e.id)"
    ),
    "a generation that not exactly one of an event, a back-fill and a recall asked for": (
        "SELECT g.id, g.profile FROM app.generation g"
        " WHERE num_nonnulls(g.inbox_event_id, g.backfill_id, g.recall_id) <> 1"
    ),
    "a generation that failed for good without exactly one dead letter": (
        "SELECT g.id, g.profile FROM app.generation g LEFT JOIN app.dead_letter l ON l.generation_id = g.id"
        " GROUP BY g.id HAVING count(l.id) <> CASE g.status WHEN 'dead' THEN 1 ELSE 0 END"
    ),
    "a dead letter of neither an event nor a generation": (
        "SELECT l.id, l.stage FROM app.dead_letter l WHERE l.inbox_event_id IS NULL AND l.generation_id IS NULL"
    ),
    "an event id accepted twice": (
        "SELECT min(e.id), e.source || ' ' || e.event_id FROM app.inbox_event e"
        " WHERE e.outcome IS NULL OR e.outcome NOT IN ('duplicate', 'dead_lettered')"
        " GROUP BY e.source, e.event_id HAVING count(*) > 1"
    ),
    "a duplicate of an event that is not in the ledger": (
        "SELECT e.id, e.stream_entry FROM app.inbox_event e WHERE e.outcome = 'duplicate' AND NOT EXISTS ("
        "SELECT FROM app.inbox_event o WHERE o.source = e.source AND o.event_id = e.event_id AND o.id <> e.id)"
    ),
    "current copy of a deleted product": (
        "SELECT p.id, p.sku FROM app.product p JOIN app.current_copy c ON c.product_id = p.id"
        " WHERE p.deleted_at IS NOT NULL AND c.description_id IS NOT NULL"
    ),
    "current copy that a newer description should have replaced": (
        "SELECT d.id, p.sku FROM app.current_copy c JOIN app.product p ON p.id = c.product_id"
        " JOIN app.description d ON d.id = c.description_id JOIN app.description n ON n.product_id = d.product_id"
        " AND n.profile = d.profile AND n.id > d.id AND n.product_version >= d.product_version"
        " WHERE NOT EXISTS (SELECT FROM app.review r WHERE r.id = c.review_id AND r.decision <> 'rejected')"
    ),
    "a generation whose lease ran out long ago": (
        "SELECT g.id, g.profile FROM app.generation g"
        " WHERE g.status = 'running' AND g.lease_expires_at < now() - :grace"
    ),
}


def audit(connection: Connection, grace: timedelta) -> list[tuple[str, int, str]]:
    """Everything in the ledger that does not add up: (what is wrong, id, name), at most 100 of each kind.

    ``grace`` is how long work that was just lost may wait for the sweep before it counts.
    """
    return [
        (wrong, id_, str(name))
        for wrong, query in AUDIT.items()
        for id_, name in connection.execute(text(f"{query} LIMIT 100"), {"grace": grace} if ":grace" in query else {})
    ]


def entries_missing(connection: Connection, entries: Sequence[str]) -> list[str]:
    """Those of these stream entries that the ledger does not know."""
    known = entry_states(connection, entries)
    return [entry for entry in entries if entry not in known]
