"""Products that say too little of themselves, and which of these gaps have been announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.gaps import CatalogGaps, Gap
from shared.models import gap, product


def record(connection: Connection, found: Sequence[Mapping[str, Any]]) -> None:
    """Note what versions of products lack; noting it again changes nothing.

    Each mapping has ``product_id``, ``product_version``, ``profile`` and ``missing``.
    """
    if found:
        connection.execute(insert(gap).on_conflict_do_nothing(), found)


def unannounced(connection: Connection, limit: int) -> dict[int, CatalogGaps]:
    """Events that have not been sent, by the id of their gap. Locks them; another process skips what is locked."""
    statement = (
        select(gap, product.c.source, product.c.sku)
        .join(product, product.c.id == gap.c.product_id)
        .where(gap.c.announced_at.is_(None))
        .order_by(gap.c.id)
        .limit(limit)
        .with_for_update(of=gap, skip_locked=True)
    )
    return {
        row.id: CatalogGaps(
            id=f"gap-{row.id}",
            time=row.created_at,
            data=Gap(
                source=row.source, sku=row.sku, version=row.product_version, profile=row.profile, missing=row.missing
            ),
        )
        for row in connection.execute(statement)
    }


def mark_announced(connection: Connection, ids: Sequence[int]) -> None:
    """Note that the events of these gaps have been sent."""
    connection.execute(update(gap).where(gap.c.id.in_(ids)).values(announced_at=func.now()))
