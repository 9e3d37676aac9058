"""Claims: a worker takes generations, some at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, any_, func, update

from shared.events import Product
from shared.models import generation, product
from shared.repository.generations import close_finished_events, ids_in, lock_pointers

_SNAPSHOT = [name for name in Product.model_fields if name in product.c]
_CLAIMED: tuple[Any, ...] = (*generation.c, *(product.c[name] for name in _SNAPSHOT))


@dataclass(frozen=True)
class Claim:
    """A generation that a worker holds, with the newest snapshot of its product."""

    generation_id: int
    inbox_event_id: int | None
    product_id: int
    profile: str
    queue: str
    input_digest: str
    attempt: int
    waited_s: float
    product: Product


@dataclass(frozen=True)
class Claimed:
    """What became of the generations that were asked for: those that are held now, and those that were ``spared``."""

    held: Mapping[int, Claim]
    spared: Collection[int]


def claim(
    connection: Connection,
    generation_ids: Collection[int],
    worker_id: UUID,
    lease: timedelta,
    *,
    spare_from: int | None = None,
) -> Claimed:
    """Take those of these generations that are pending, due and still wanted.

    One that is no longer wanted ends here. One that was claimed ``spare_from`` times or more is left as it is.
    """
    pointers = lock_pointers(connection, generation_ids)
    spared = {row.id for row in pointers if spare_from is not None and row.attempts >= spare_from}
    wanted = {row.id for row in pointers if row.is_wanted}
    taken = connection.execute(
        update(generation)
        .where(
            generation.c.id == any_(ids_in({*generation_ids} - spared)),
            generation.c.status == "pending",
            generation.c.due_at <= func.now(),
            product.c.id == generation.c.product_id,
        )
        .values(
            status="running",
            attempts=generation.c.attempts + 1,
            worker_id=worker_id,
            started_at=func.now(),
            lease_expires_at=func.now() + lease,
        )
        .returning(*_CLAIMED)
    ).all()
    outdated = [row for row in taken if row.id not in wanted]
    if outdated:
        _supersede(connection, [row.id for row in outdated])
        close_finished_events(connection, [row.inbox_event_id for row in outdated])
    return Claimed({row.id: _claim(row) for row in taken if row.id in wanted}, spared)


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        generation_id=row.id,
        inbox_event_id=row.inbox_event_id,
        product_id=row.product_id,
        profile=row.profile,
        queue=row.queue,
        input_digest=row.input_digest,
        attempt=row.attempts,
        waited_s=(row.started_at - row.due_at).total_seconds(),
        product=Product.model_validate({name: row._mapping[name] for name in _SNAPSHOT}),
    )


def _supersede(connection: Connection, generation_ids: Collection[int]) -> None:
    connection.execute(
        update(generation)
        .where(generation.c.id == any_(ids_in(generation_ids)))
        .values(status="superseded", finished_at=func.now(), lease_expires_at=None)
    )
