"""What is published now, read a page at a time: for checks of all copy that must not need memory for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from shared.models import current_copy, description, product

PAGE = 500


@dataclass(frozen=True)
class PublishedCopy:
    """One published description; ``evidence`` are its factual spans as they were stored."""

    description_id: int
    product_id: int
    sku: str
    profile: str
    text: str
    evidence: Sequence[Mapping[str, Any]]


def published_after(connection: Connection, after: int, limit: int = PAGE) -> list[PublishedCopy]:
    """The published copy of live products whose description has an id above ``after``, by this id.

    The last id of a page leads to the next page: whatever is written meanwhile, no row comes twice.
    """
    is_current = and_(
        current_copy.c.product_id == description.c.product_id,
        current_copy.c.profile == description.c.profile,
        current_copy.c.description_id == description.c.id,
    )
    columns = (description.c.id, description.c.product_id, product.c.sku, description.c.profile)
    rows = connection.execute(
        select(*columns, description.c.text, description.c.evidence)
        .join(current_copy, is_current)
        .join(product, product.c.id == description.c.product_id)
        .where(description.c.id > after, description.c.status == "published", product.c.deleted_at.is_(None))
        .order_by(description.c.id)
        .limit(limit)
    )
    return [PublishedCopy(*row) for row in rows]


def published_copy(database: Engine, page: int = PAGE) -> Iterator[PublishedCopy]:
    """All published copy, with one page of ``page`` rows in memory, and no transaction open between two pages."""
    after = 0
    while True:
        with database.connect() as connection:
            rows = published_after(connection, after, page)
        yield from rows
        if len(rows) < page:
            return
        after = rows[-1].description_id
