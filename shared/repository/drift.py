"""What drift is measured on: the snapshot that the champion learnt from, the copy and the decisions of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from shared.models import (
    data_snapshot,
    description,
    drift_check,
    model_alias,
    model_version,
    product,
    review,
    training_run,
)
from shared.repository.training import learnt_snapshot

MOST_ROWS = 5_000
"""So many descriptions of a period are looked at, drawn by a hash of their ids."""


@dataclass(frozen=True)
class Period:
    """From ``start`` up to ``end``, which is outside."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class WrittenCopy:
    """A description, and the product it is about as it is now."""

    profile: str
    text: str
    quality: float
    status: str
    category: tuple[str, ...]
    attributes: tuple[str, ...]


def reference(connection: Connection) -> tuple[int, Mapping[str, Any]] | None:
    """Id and distribution of the snapshot that the champion learnt from; of one without, that of the newest run.

    None before the first run from curated pairs.
    """
    of_champion = connection.scalar(
        select(training_run.c.snapshot_id)
        .join(model_version, model_version.c.training_run_id == training_run.c.id)
        .join(model_alias, model_alias.c.model_version_id == model_version.c.id)
        .where(model_alias.c.alias == "champion")
    )
    id_ = of_champion or learnt_snapshot(connection)
    row = connection.execute(select(data_snapshot).where(data_snapshot.c.id == id_)).first()
    return (row.id, row.distribution) if row else None


def written(connection: Connection, period: Period) -> list[WrittenCopy]:
    """What was written in a period; a sample when it is very much."""
    rows = connection.execute(
        select(
            description.c.profile,
            description.c.text,
            description.c.quality,
            description.c.status,
            product.c.category,
            product.c.attributes,
        )
        .join(product, product.c.id == description.c.product_id)
        .where(description.c.created_at >= period.start, description.c.created_at < period.end)
        .order_by(func.hashint8(description.c.id), description.c.id)
        .limit(MOST_ROWS)
    )
    return [
        WrittenCopy(row.profile, row.text, row.quality, row.status, tuple(row.category), tuple(row.attributes))
        for row in rows
    ]


def decided(connection: Connection, period: Period) -> dict[str, int]:
    """How often curators decided each way in a period."""
    rows = connection.execute(
        select(review.c.decision, func.count().label("decisions"))
        .where(review.c.created_at >= period.start, review.c.created_at < period.end)
        .group_by(review.c.decision)
    )
    return {row.decision: row.decisions for row in rows}


def record(
    connection: Connection,
    period: Period,
    snapshot_id: int | None,
    measures: Sequence[Mapping[str, Any]],
    *,
    is_alert: bool,
) -> int:
    """Store what was found. Returns the id of the row."""
    row = insert(drift_check).values(
        snapshot_id=snapshot_id,
        period_start=period.start,
        period_end=period.end,
        measures=[dict(each) for each in measures],
        is_alert=is_alert,
    )
    return int(connection.execute(row.returning(drift_check.c.id)).scalar_one())
