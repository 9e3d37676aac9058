"""What workers store: the descriptions that claims led to, some at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, any_, select, text

from shared.models import current_copy, description, review
from shared.repository.claims import Claim
from shared.repository.generations import close_finished_events, ids_in, lock_pointers

CURATED = "a curator's copy stands"

_END = text(
    "UPDATE app.generation g SET status = ended.status, finished_at = now(), lease_expires_at = NULL"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS integer[]), CAST(:statuses AS text[]))"
    " AS ended (id, attempts, status)"
    " WHERE g.id = ended.id AND g.attempts = ended.attempts AND g.status = 'running' AND g.worker_id = :worker_id"
    " RETURNING g.id"
)
# One parameter for all rows: to bind each of their columns costs more than Postgres takes to read the JSON.
_COLUMNS = ", ".join(column.name for column in description.columns if column.name not in ("id", "created_at"))
_DESCRIBE = text(
    f"INSERT INTO app.description ({_COLUMNS}) SELECT {_COLUMNS}"  # noqa: S608 - the columns are the table's own
    " FROM json_populate_recordset(NULL::app.description, CAST(:rows AS json)) RETURNING id, generation_id"
)
_POINT = text(
    "UPDATE app.current_copy c SET description_id = d.id, review_id = NULL, updated_at = now()"
    " FROM app.description d WHERE d.id = ANY(CAST(:descriptions AS bigint[]))"
    " AND c.product_id = d.product_id AND c.profile = d.profile"
)


@dataclass(frozen=True)
class Written:
    """The columns of a description that a claim led to."""

    held: Claim
    values: Mapping[str, Any]


def save(connection: Connection, worker_id: UUID, written: Sequence[Written]) -> dict[int, int]:
    """Store the copy that claims led to, make each the current one, and close the generations.

    Where a curator approved or edited what is current, the curator's copy stands and the new one waits for review.

    Returns:
        the descriptions' ids by generation. What is missing came too late: its lease was lost, or a newer change was
        asked for meanwhile. Nothing of it is stored: stale never wins.
    """
    held = {each.held.generation_id: each.held for each in written}
    pointers = {row.id: row for row in lock_pointers(connection, held)}
    wanted = {id_ for id_, row in pointers.items() if row.is_wanted}
    ended = set(connection.scalars(_END, _ends(held, wanted, worker_id)))
    curated = _curated(connection, [row.review_id for id_, row in pointers.items() if id_ in ended & wanted])
    rows = [
        _row(each, is_curated=pointers[each.held.generation_id].review_id in curated)
        for each in written
        if each.held.generation_id in ended & wanted
    ]
    stored: dict[int, int] = {}
    if rows:
        stored = {row.generation_id: row.id for row in connection.execute(_DESCRIBE, {"rows": json.dumps(rows)})}
        current = {id_: new for id_, new in stored.items() if pointers[id_].review_id not in curated}
        if current:
            connection.execute(_POINT, {"descriptions": list(current.values())})
    close_finished_events(connection, [held[id_].inbox_event_id for id_ in ended])
    return stored


def _ends(held: Mapping[int, Claim], wanted: Collection[int], worker_id: UUID) -> dict[str, Any]:
    return {
        "ids": list(held),
        "attempts": [each.attempt for each in held.values()],
        "statuses": ["done" if id_ in wanted else "superseded" for id_ in held],
        "worker_id": worker_id,
    }


def _row(written: Written, *, is_curated: bool) -> dict[str, Any]:
    held = written.held
    made_by = {"generation_id": held.generation_id, "product_id": held.product_id, "profile": held.profile}
    row = dict(written.values) | made_by | {"product_version": held.product.version}
    if is_curated:
        row |= {"status": "needs_review", "reasons": [*row["reasons"], CURATED]}
    return row


def _curated(connection: Connection, review_ids: Collection[int | None]) -> set[int]:
    """Those of these reviews by which a curator's copy stands. The pointers must be locked."""
    standing = {id_ for id_ in review_ids if id_ is not None}
    if not standing:
        return set()
    query = (
        select(review.c.id)
        .join(
            current_copy,
            and_(current_copy.c.review_id == review.c.id, current_copy.c.description_id == review.c.description_id),
        )
        .where(review.c.id == any_(ids_in(standing)), review.c.decision.in_(("approved", "edited")))
    )
    return set(connection.scalars(query))
