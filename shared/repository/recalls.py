"""Recalls: copy that a bad model published is withdrawn, and asked for anew."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.models import current_copy, description, generation, product, recall
from shared.redis_server import GENERATE_BULK
from shared.repository.generations import Nudge, nudges
from shared.repository.requesting import Request, request_copy


def published_by(connection: Connection, model_version_id: int) -> int:
    """How much copy of a model counts now and would be recalled; a curator's decision keeps what it stands for."""
    return int(connection.scalar(select(func.count()).select_from(_standing(model_version_id).subquery())) or 0)


def recall_copy(connection: Connection, model_version_id: int, *, actor: str, reason: str) -> tuple[int, list[Nudge]]:
    """Withdraw the copy of a model that counts now, and ask for new copy on the bulk queue.

    Until it is written the product has no copy, which is better than copy that may be false. Where newer copy is asked
    for already, that request stays; where the newer request failed for good, this one takes its place.

    Returns:
        how much was withdrawn, and what is to be enqueued once the transaction is committed.
    """
    rows = connection.execute(_standing(model_version_id).with_for_update(of=current_copy)).all()
    record = insert(recall).values(
        model_version_id=model_version_id, actor=actor, reason=reason, descriptions=len(rows)
    )
    recall_id = connection.execute(record.returning(recall.c.id)).scalar_one()
    if not rows:
        return 0, []
    connection.execute(
        update(current_copy)
        .where(current_copy.c.description_id.in_([row.description_id for row in rows]))
        .values(description_id=None, updated_at=func.now())
    )
    requests = [
        Request(row.product_id, row.profile, row.input_digest, GENERATE_BULK, recall_id=recall_id)
        for row in rows
        if row.is_newest or row.requested_digest is None
    ]
    new = request_copy(connection, requests)
    return len(rows), nudges(connection, new) if new else []


def _standing(model_version_id: int) -> Select[Any]:
    """The published copy of a model that counts now and that no curator has decided on, of products that are sold."""
    return (
        select(
            current_copy.c.product_id,
            current_copy.c.profile,
            current_copy.c.requested_digest,
            description.c.id.label("description_id"),
            generation.c.input_digest,
            (current_copy.c.requested_generation_id == generation.c.id).label("is_newest"),
        )
        .join(description, description.c.id == current_copy.c.description_id)
        .join(generation, generation.c.id == description.c.generation_id)
        .join(product, product.c.id == current_copy.c.product_id)
        .where(
            description.c.model_version_id == model_version_id,
            description.c.status == "published",
            current_copy.c.review_id.is_(None),
            product.c.deleted_at.is_(None),
        )
        .order_by(current_copy.c.product_id, current_copy.c.profile)
    )
