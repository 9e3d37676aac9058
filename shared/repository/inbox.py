"""What ingest writes: the ledger of events and the product snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from shared.models import current_copy, dead_letter, inbox_event, product

Key: TypeAlias = tuple[str, str]

_CLOSE = text(
    "UPDATE app.inbox_event e SET outcome = ended.outcome, reason = ended.reason, closed_at = now()"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]))"
    " AS ended (id, outcome, reason) WHERE e.id = ended.id AND e.outcome IS NULL"
)
_LINK = text(
    "UPDATE app.inbox_event e SET product_id = link.product_id"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:products AS bigint[])) AS link (id, product_id) WHERE e.id = link.id"
)


@dataclass(frozen=True)
class InboxRow:
    """One message of the stream as the ledger keeps it; what could not be read stays ``None``."""

    stream_entry: str
    payload_digest: str
    source: str | None = None
    event_id: str | None = None
    type: str | None = None
    sku: str | None = None
    product_version: int | None = None
    occurred_at: datetime | None = None
    payload: Any = None

    @property
    def values(self) -> dict[str, Any]:
        """The row's columns. The payload is not copied."""
        return dict(vars(self))


def record_events(connection: Connection, rows: Sequence[InboxRow]) -> dict[str, int]:
    """Add events to the ledger, open. Returns the new ids by stream entry; events known already are left out."""
    if not rows:
        return {}
    statement = insert(inbox_event).on_conflict_do_nothing().returning(inbox_event.c.stream_entry, inbox_event.c.id)
    return _pairs(connection.execute(statement, [row.values for row in rows]))


def record_closed(
    connection: Connection, rows: Sequence[InboxRow], outcome: str, reasons: Sequence[str]
) -> dict[str, int]:
    """Add events to the ledger that end as they come. A message that was delivered before is left as it was."""
    if not rows:
        return {}
    values = [row.values | {"outcome": outcome, "reason": reason} for row, reason in zip(rows, reasons, strict=True)]
    statement = (
        insert(inbox_event)
        .values({"closed_at": func.now()})
        .on_conflict_do_nothing(index_elements=["stream_entry", "payload_digest"])
        .returning(inbox_event.c.stream_entry, inbox_event.c.id)
    )
    return _pairs(connection.execute(statement, values))


def _pairs(rows: Iterable[Any]) -> dict[str, int]:
    return {row.stream_entry: row.id for row in rows}


def add_dead_letters(connection: Connection, letters: Sequence[Mapping[str, Any]]) -> None:
    """Set messages aside: each mapping has ``inbox_event_id``, ``stage``, ``reason``, and perhaps ``raw``."""
    if letters:
        connection.execute(insert(dead_letter), [{"raw": None, **letter} for letter in letters])


def close_events(connection: Connection, endings: Sequence[tuple[int, str, str | None]]) -> None:
    """Give open events of the ledger their outcome: ``(inbox event id, outcome, reason)``."""
    if not endings:
        return
    ids, outcomes, reasons = zip(*endings, strict=True)
    connection.execute(_CLOSE, {"ids": list(ids), "outcomes": list(outcomes), "reasons": list(reasons)})


def link_products(connection: Connection, links: Mapping[int, int]) -> None:
    """Note which product each event is about: product ids by inbox event id."""
    if links:
        connection.execute(_LINK, {"ids": list(links), "products": list(links.values())})


def upsert_products(connection: Connection, snapshots: Sequence[Mapping[str, Any]]) -> dict[Key, int]:
    """Store product snapshots, each only if it is newer than the stored one.

    Returns:
        the product ids by (source, sku) of those that were newer; the others are stale.
    """
    if not snapshots:
        return {}
    statement = insert(product)
    changed = {
        column.name: statement.excluded[column.name]
        for column in product.columns
        if column.name not in ("id", "source", "sku", "created_at", "updated_at")
    }
    statement = statement.on_conflict_do_update(
        index_elements=["source", "sku"],
        set_={**changed, "updated_at": func.now()},
        where=product.c.version < statement.excluded.version,
    )
    # In one order everywhere, so that two ingest processes never wait for each other in a circle.
    ordered = sorted(snapshots, key=lambda snapshot: (snapshot["source"], snapshot["sku"]))
    rows = connection.execute(statement.returning(product.c.source, product.c.sku, product.c.id), ordered)
    return {(source, sku): id_ for source, sku, id_ in rows}


def product_versions(connection: Connection, keys: Iterable[Key]) -> dict[Key, tuple[int, int]]:
    """The id and stored version of products by (source, sku)."""
    statement = select(product.c.source, product.c.sku, product.c.id, product.c.version).where(
        tuple_(product.c.source, product.c.sku).in_(list(keys))
    )
    return {(source, sku): (id_, version) for source, sku, id_, version in connection.execute(statement)}


def withdraw_copy(connection: Connection, product_ids: Sequence[int]) -> None:
    """Take back the copy of deleted products, and whatever was asked for them."""
    connection.execute(
        update(current_copy)
        .where(current_copy.c.product_id.in_(product_ids))
        .values(
            requested_digest=None,
            requested_generation_id=None,
            description_id=None,
            review_id=None,
            updated_at=func.now(),
        )
    )
