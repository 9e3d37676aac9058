"""Requests for copy: what stands, what is asked for, and what is no longer wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.freshness import Standing
from shared.models import current_copy, description, generation, review

# A curator's decision counts for more than the checks'.
_STATUS = case(
    (review.c.decision == "rejected", "rejected"),
    (review.c.id.is_not(None), "published"),
    else_=description.c.status,
)


@dataclass(frozen=True)
class Request:
    """Copy that an event asks for, a back-fill or a recall."""

    product_id: int
    profile: str
    input_digest: str
    queue: str
    inbox_event_id: int | None = None
    backfill_id: int | None = None
    recall_id: int | None = None


def standing_copy(connection: Connection, product_ids: Sequence[int]) -> dict[int, dict[str, Standing]]:
    """The copy that stands or is asked for, by product and profile. Locks the pointers until the transaction ends."""
    statement = (
        select(
            current_copy.c.product_id,
            current_copy.c.profile,
            current_copy.c.requested_digest,
            (description.c.generation_id == current_copy.c.requested_generation_id).label("is_newest"),
            _STATUS.label("status"),
            func.coalesce(review.c.edited_text, description.c.text).label("text"),
            description.c.profile_version,
            description.c.policy_id,
            description.c.facts,
            description.c.evidence,
        )
        .outerjoin(description, description.c.id == current_copy.c.description_id)
        .outerjoin(review, review.c.id == current_copy.c.review_id)
        .where(current_copy.c.product_id.in_(product_ids))
        .order_by(current_copy.c.product_id, current_copy.c.profile)
        .with_for_update(of=current_copy)
    )
    found: dict[int, dict[str, Standing]] = {}
    for row in connection.execute(statement):
        if row.status or row.requested_digest:
            found.setdefault(row.product_id, {})[row.profile] = _standing(row)
    return found


def _standing(row: Row[Any]) -> Standing:
    if row.status is None:
        return Standing(row.requested_digest)
    return Standing(
        requested_digest=row.requested_digest,
        is_newest=bool(row.is_newest),
        status=row.status,
        text=row.text,
        profile_version=row.profile_version,
        policy_id=row.policy_id,
        facts=row.facts,
        evidence=row.evidence,
    )


def request_copy(connection: Connection, requests: Sequence[Request]) -> list[int]:
    """Add a pending generation for each request and make it the one that counts. Returns their ids in order.

    Older pending generations of the same product and profile become ``superseded``.
    """
    if not requests:
        return []
    statement = insert(generation).returning(generation.c.id, sort_by_parameter_order=True)
    ids = list(connection.scalars(statement, [vars(request) for request in requests]))
    pointers = insert(current_copy)
    pointers = pointers.on_conflict_do_update(
        index_elements=["product_id", "profile"],
        set_={
            "requested_digest": pointers.excluded.requested_digest,
            "requested_generation_id": pointers.excluded.requested_generation_id,
            "updated_at": func.now(),
        },
    )
    connection.execute(
        pointers,
        [
            {
                "product_id": request.product_id,
                "profile": request.profile,
                "requested_digest": request.input_digest,
                "requested_generation_id": id_,
            }
            for request, id_ in zip(requests, ids, strict=True)
        ],
    )
    return ids


def supersede_pending(connection: Connection, product_ids: Sequence[int]) -> list[int]:
    """Close the pending generations of these products that are no longer asked for. Returns the ids of their events."""
    if not product_ids:
        return []
    still_wanted = select(current_copy.c.requested_generation_id).where(
        and_(
            current_copy.c.product_id == generation.c.product_id,
            current_copy.c.profile == generation.c.profile,
            current_copy.c.requested_generation_id == generation.c.id,
        )
    )
    statement = (
        update(generation)
        .where(generation.c.product_id.in_(product_ids), generation.c.status == "pending", ~still_wanted.exists())
        .values(status="superseded", finished_at=func.now())
        .returning(generation.c.inbox_event_id)
    )
    return sorted({id_ for id_ in connection.scalars(statement) if id_ is not None})
