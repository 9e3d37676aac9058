"""What is published now, read a page at a time: for checks of all copy that must not need memory for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, select, tuple_

from shared.models import current_copy, description, product

PAGE = 500

Place: TypeAlias = tuple[int, str]
"""A product's id and a profile."""


@dataclass(frozen=True)
class PublishedCopy:
    """One published description; ``evidence`` are its factual spans as they were stored."""

    description_id: int
    product_id: int
    sku: str
    profile: str
    text: str
    evidence: Sequence[Mapping[str, Any]]


def published_after(connection: Connection, after: Place, limit: int = PAGE) -> list[PublishedCopy]:
    """The published copy of live products beyond a product and profile, in their order.

    The last place of a page leads to the next page: whatever is written meanwhile, no product's copy comes twice. The
    pages follow the key of ``current_copy``, so that each costs the same, wherever it is.
    """
    columns = (description.c.id, current_copy.c.product_id, product.c.sku, current_copy.c.profile)
    rows = connection.execute(
        select(*columns, description.c.text, description.c.evidence)
        .join(current_copy, current_copy.c.description_id == description.c.id)
        .join(product, product.c.id == current_copy.c.product_id)
        # The second condition adds nothing but a place where a merge join can begin: else it reads all products before.
        .where(tuple_(current_copy.c.product_id, current_copy.c.profile) > after, product.c.id >= after[0])
        .where(description.c.status == "published", product.c.deleted_at.is_(None))
        .order_by(current_copy.c.product_id, current_copy.c.profile)
        .limit(limit)
    )
    return [PublishedCopy(*row) for row in rows]


def published_copy(database: Engine, page: int = PAGE) -> Iterator[PublishedCopy]:
    """All published copy, with one page of ``page`` rows in memory, and no transaction open between two pages."""
    after: Place = (0, "")
    while True:
        with database.connect() as connection:
            rows = published_after(connection, after, page)
        yield from rows
        if len(rows) < page:
            return
        after = (rows[-1].product_id, rows[-1].profile)
