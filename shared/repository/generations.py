"""What workers write: claims, descriptions and failures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.events import Product
from shared.models import current_copy, dead_letter, description, generation, inbox_event, product, review
from shared.repository.inbox import close_events

CURATED = "a curator's copy stands"


@dataclass(frozen=True)
class Claim:
    """A generation that a worker holds, with the newest snapshot of its product."""

    generation_id: int
    inbox_event_id: int | None
    product_id: int
    profile: str
    input_digest: str
    attempt: int
    waited_s: float
    product: Product


@dataclass(frozen=True)
class Nudge:
    """What a Celery message says of a pending generation."""

    generation_id: int
    sku: str
    version: int
    profile: str
    queue: str


def claim(connection: Connection, generation_id: int, worker_id: UUID, lease: timedelta) -> Claim | None:
    """Take a pending generation that is due. None when it is taken, ended, not due, or no longer wanted."""
    is_wanted = _is_wanted(connection, generation_id)
    taken = connection.execute(
        update(generation)
        .where(generation.c.id == generation_id, generation.c.status == "pending", generation.c.due_at <= func.now())
        .values(
            status="running",
            attempts=generation.c.attempts + 1,
            worker_id=worker_id,
            started_at=func.now(),
            lease_expires_at=func.now() + lease,
        )
        .returning(generation)
    ).first()
    if taken is None:
        return None
    if not is_wanted:
        _end(connection, generation_id, "superseded")
        close_finished_events(connection, [taken.inbox_event_id])
        return None
    snapshot = connection.execute(select(product).where(product.c.id == taken.product_id)).one()
    return Claim(
        generation_id=generation_id,
        inbox_event_id=taken.inbox_event_id,
        product_id=taken.product_id,
        profile=taken.profile,
        input_digest=taken.input_digest,
        attempt=taken.attempts,
        waited_s=(taken.started_at - taken.due_at).total_seconds(),
        product=_product(snapshot),
    )


def attempts(connection: Connection, generation_id: int) -> int:
    """How often a generation has been claimed; 0 when there is none with this id."""
    return connection.scalar(select(generation.c.attempts).where(generation.c.id == generation_id)) or 0


def _product(row: Row[Any]) -> Product:
    return Product.model_validate({name: row._mapping[name] for name in Product.model_fields if name in row._mapping})


def _is_wanted(connection: Connection, generation_id: int) -> bool:
    """Whether this generation is the newest one asked for.

    Locks the pointer until the transaction ends. It comes before the generation, as in ingest: two transactions that
    took these locks in different orders could wait for each other.
    """
    wanted = connection.scalar(
        select(current_copy.c.requested_generation_id)
        .join(
            generation,
            and_(generation.c.product_id == current_copy.c.product_id, generation.c.profile == current_copy.c.profile),
        )
        .where(generation.c.id == generation_id)
        .with_for_update(of=current_copy)
    )
    return wanted == generation_id


def _end(connection: Connection, generation_id: int, status: str, error: str | None = None) -> None:
    values: dict[str, Any] = {"status": status, "finished_at": func.now(), "lease_expires_at": None}
    if error is not None:
        values["error"] = error
    connection.execute(update(generation).where(generation.c.id == generation_id).values(values))


def save_description(connection: Connection, held: Claim, worker_id: UUID, values: dict[str, Any]) -> int | None:
    """Store the copy that a claim led to, make it the current one, and close the generation.

    Where a curator approved or edited what is current, the curator's copy stands and the new one waits for review.

    Returns:
        the description's id; None when the copy came too late: the lease was lost, or a newer change was asked for
        meanwhile. Then nothing is stored: stale never wins.
    """
    is_wanted = _is_wanted(connection, held.generation_id)
    holds = connection.scalar(
        select(generation.c.id)
        .where(
            generation.c.id == held.generation_id,
            generation.c.status == "running",
            generation.c.worker_id == worker_id,
            generation.c.attempts == held.attempt,
        )
        .with_for_update()
    )
    if holds is None:
        return None
    if not is_wanted:
        _end(connection, held.generation_id, "superseded")
        close_finished_events(connection, [held.inbox_event_id])
        return None
    made_by = {"generation_id": held.generation_id, "product_id": held.product_id, "profile": held.profile}
    row = values | made_by | {"product_version": held.product.version}
    is_curated = _is_curated(connection, held)
    if is_curated:
        row |= {"status": "needs_review", "reasons": [*values["reasons"], CURATED]}
    description_id = connection.execute(insert(description).values(row).returning(description.c.id)).scalar_one()
    if not is_curated:
        connection.execute(
            update(current_copy)
            .where(current_copy.c.product_id == held.product_id, current_copy.c.profile == held.profile)
            .values(description_id=description_id, review_id=None, updated_at=func.now())
        )
    _end(connection, held.generation_id, "done")
    close_finished_events(connection, [held.inbox_event_id])
    return int(description_id)


def _is_curated(connection: Connection, held: Claim) -> bool:
    """Whether the current copy is one that a curator approved or edited. The pointer must be locked."""
    decision = connection.scalar(
        select(review.c.decision)
        .join(
            current_copy,
            and_(current_copy.c.review_id == review.c.id, current_copy.c.description_id == review.c.description_id),
        )
        .where(current_copy.c.product_id == held.product_id, current_copy.c.profile == held.profile)
    )
    return decision in ("approved", "edited")


def close_finished_events(connection: Connection, inbox_event_ids: Collection[int | None]) -> None:
    """Give events whose generations have all ended their outcome; a back-fill has no event.

    A dead generation makes the event ``dead_lettered``, else a done one makes it ``described``, else newer changes came
    before all of them and it is ``stale``.
    """
    events = [id_ for id_ in inbox_event_ids if id_ is not None]
    # The lock makes the last of several generations that end at once see the others' ends.
    locked = list(
        connection.scalars(
            select(inbox_event.c.id)
            .where(inbox_event.c.id.in_(events), inbox_event.c.outcome.is_(None))
            .order_by(inbox_event.c.id)
            .with_for_update()
        )
    )
    if not locked:
        return
    ended = {
        status: func.count().filter(generation.c.status == status).label(status)
        for status in ("dead", "done", "superseded")
    }
    statement = (
        select(generation.c.inbox_event_id, *ended.values(), func.max(generation.c.error).label("error"))
        .where(generation.c.inbox_event_id.in_(locked))
        .group_by(generation.c.inbox_event_id)
        .having(func.bool_and(generation.c.status.in_(list(ended))))
    )
    close_events(connection, [(row.inbox_event_id, *_outcome(row)) for row in connection.execute(statement)])


def _outcome(row: Row[Any]) -> tuple[str, str | None]:
    total = row.dead + row.done + row.superseded
    if row.dead:
        return "dead_lettered", row.error if total == 1 else f"{row.dead} of {total} profiles failed: {row.error}"
    if row.done:
        return "described", None
    return "stale", "a newer change of the product came before this one was written"


def fail(
    connection: Connection, generation_id: int, worker_id: UUID, reason: str, *, max_attempts: int, delay: timedelta
) -> bool:
    """Record a failed attempt of a generation that this worker runs.

    It is pending again after ``delay``, doubled with each attempt; after ``max_attempts`` it becomes a dead letter.

    Returns:
        whether it will be tried again.
    """
    _is_wanted(connection, generation_id)  # for its lock, which comes first
    row = connection.execute(
        select(generation)
        .where(generation.c.id == generation_id, generation.c.status == "running", generation.c.worker_id == worker_id)
        .with_for_update()
    ).first()
    if row is None:
        return False
    if row.attempts >= max_attempts:
        bury(connection, row, reason)
        return False
    connection.execute(
        update(generation)
        .where(generation.c.id == generation_id)
        .values(
            status="pending",
            error=reason,
            due_at=func.now() + delay * 2 ** (row.attempts - 1),
            lease_expires_at=None,
        )
    )
    return True


def bury(connection: Connection, row: Row[Any], reason: str) -> None:
    """End a generation as dead. The next event of its product asks for copy again, even if nothing has changed."""
    connection.execute(
        update(current_copy)
        .where(
            current_copy.c.product_id == row.product_id,
            current_copy.c.profile == row.profile,
            current_copy.c.requested_generation_id == row.id,
        )
        .values(requested_digest=None, updated_at=func.now())
    )
    _end(connection, row.id, "dead", reason)
    connection.execute(
        insert(dead_letter).values(
            inbox_event_id=row.inbox_event_id, generation_id=row.id, stage="generate", reason=reason
        )
    )
    close_finished_events(connection, [row.inbox_event_id])


def renew_leases(connection: Connection, worker_id: UUID, ids: Sequence[int], lease: timedelta) -> None:
    """Say that a worker still runs these generations."""
    if ids:
        connection.execute(
            update(generation)
            .where(generation.c.id.in_(ids), generation.c.worker_id == worker_id, generation.c.status == "running")
            .values(lease_expires_at=func.now() + lease)
        )


def nudges(connection: Connection, generation_ids: Collection[int]) -> list[Nudge]:
    """What the Celery messages of these generations say, in their order."""
    rows = connection.execute(
        select(generation.c.id, product.c.sku, product.c.version, generation.c.profile, generation.c.queue)
        .join(product, product.c.id == generation.c.product_id)
        .where(generation.c.id.in_(generation_ids))
        .order_by(generation.c.id)
    )
    return [Nudge(*row) for row in rows]
