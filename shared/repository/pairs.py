"""Curated pairs, the reviews that become some, and the snapshots of them that models learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, column, func, select, table, update
from sqlalchemy.dialects.postgresql import insert

from shared.curation.pairs import Pair
from shared.events import Product
from shared.models import curated_pair, data_snapshot, description, inbox_event, product, review

STANDING = ("accepted", "repaired", "forced")
"""The statuses of pairs that models learn from, or are judged by."""


@dataclass(frozen=True)
class StoredPair:
    """A pair of the table ``curated_pair``; ``digest`` is that of its content as it came in."""

    id: int
    pair: Pair
    status: str
    findings: tuple[str, ...]
    split: str
    family: str
    digest: str


@dataclass(frozen=True)
class Decision:
    """An approval or an edit that is no pair yet, with all that is known of what it judged.

    ``event`` is the product as it was published in the version that the copy was written from, and ``product`` its
    newest snapshot when that is the same version; ``facts`` are those that the prompt held.
    """

    review_id: int
    editor: str
    text: str
    profile: str
    locale: str
    source: str
    sku: str
    event: Mapping[str, Any] | None
    product: Product | None
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Snapshot:
    """What a training run learns from, as a row of ``data_snapshot``."""

    id: int
    digest: str
    pair_ids: tuple[int, ...]
    train_pairs: int
    held_out_pairs: int
    distribution: Mapping[str, Any] = field(default_factory=dict)


def statuses(connection: Connection) -> dict[str, str]:
    """The status of each pair by the digest of its content."""
    rows = connection.execute(select(curated_pair.c.content_digest, curated_pair.c.status))
    return {row.content_digest: row.status for row in rows}


def add(
    connection: Connection,
    pair: Pair,
    digest: str,
    status: str,
    findings: Sequence[str],
    *,
    editor: str | None,
    review_id: int | None = None,
) -> int | None:
    """Store a pair under the digest of its content; one that was refused before takes the new status and text.

    Returns:
        its id; None when it stands already, or another process stored the review's pair meanwhile.
    """
    outcome: dict[str, Any] = {"status": status, "findings": list(findings), "text": pair.text, "editor": editor}
    if review_id is not None:
        outcome["review_id"] = review_id
    identity = {
        "origin": "import" if review_id is None else "review",
        "sku": pair.product.sku,
        "product": pair.product.model_dump(mode="json"),
        "profile": pair.profile,
        "source": pair.source,
        "content_digest": digest,
        "family": pair.family,
        "split": pair.split,
    }
    new = insert(curated_pair).values(**identity, **outcome).on_conflict_do_nothing()
    is_refused = and_(curated_pair.c.content_digest == digest, curated_pair.c.status == "refused")
    again = update(curated_pair).where(is_refused).values(origin=identity["origin"], **outcome)
    for statement in (new, again):
        stored = connection.scalar(statement.returning(curated_pair.c.id))
        if stored is not None:
            return int(stored)
    return None


def force(connection: Connection, pair_id: int, editor: str) -> bool:
    """Let a refused pair train all the same; what was found stays on record. False when none with this id is refused,
    or it has no text."""
    can_stand = and_(curated_pair.c.id == pair_id, curated_pair.c.status == "refused", curated_pair.c.text != "")
    return bool(
        connection.execute(update(curated_pair).where(can_stand).values(status="forced", editor=editor)).rowcount
    )


def standing(connection: Connection, split: str | None = None) -> list[StoredPair]:
    """The pairs that models learn from (``train``) or are judged by (``holdout``), by their id; None: both."""
    return _pairs(connection, _stands(split))


def refused(connection: Connection, limit: int = 100) -> list[StoredPair]:
    """The newest pairs that were refused, for curators to see."""
    statement = select(curated_pair).where(curated_pair.c.status == "refused")
    rows = connection.execute(statement.order_by(curated_pair.c.id.desc()).limit(limit))
    return [_stored(row) for row in rows]


def _stands(split: str | None) -> ColumnElement[bool]:
    stands = curated_pair.c.status.in_(STANDING)
    return stands if split is None else and_(stands, curated_pair.c.split == split)


def _pairs(connection: Connection, wanted: ColumnElement[bool]) -> list[StoredPair]:
    rows = connection.execute(select(curated_pair).where(wanted).order_by(curated_pair.c.id))
    return [_stored(row) for row in rows]


def _stored(row: Row[Any]) -> StoredPair:
    pair = Pair(Product.model_validate(row.product), row.profile, row.text, row.source, row.editor)
    return StoredPair(row.id, pair, row.status, tuple(row.findings), row.split, row.family, row.content_digest)


def retire(connection: Connection) -> int:
    """Withdraw the pairs of decisions that a later one on the same description replaced. Returns how many."""
    own, later = review.alias("own"), review.alias("later")
    replaced = (
        select(curated_pair.c.id)
        .join(own, own.c.id == curated_pair.c.review_id)
        .join(later, and_(later.c.description_id == own.c.description_id, later.c.id > own.c.id))
        .where(curated_pair.c.status.in_(STANDING))
    )
    withdrawn = update(curated_pair).where(curated_pair.c.id.in_(replaced))
    return connection.execute(withdrawn.values(status="refused", findings=["a later decision replaced it"])).rowcount


def uncollected(connection: Connection, after: int = 0, limit: int = 500) -> list[Decision]:
    """Approvals and edits beyond a review's id that are no pair yet and still stand, in their order."""
    later = review.alias("later")
    is_replaced = select(later.c.id).where(later.c.description_id == review.c.description_id, later.c.id > review.c.id)
    is_known = select(curated_pair.c.id).where(curated_pair.c.review_id == review.c.id)
    event = (
        select(inbox_event.c.payload)
        .where(
            inbox_event.c.product_id == description.c.product_id,
            inbox_event.c.sku == product.c.sku,  # which is indexed
            inbox_event.c.product_version == description.c.product_version,
            inbox_event.c.payload.isnot(None),
        )
        .order_by(inbox_event.c.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            review.c.id.label("review_id"),
            review.c.editor,
            func.coalesce(review.c.edited_text, description.c.text).label("copy"),
            description.c.profile.label("copy_profile"),
            description.c.locale.label("copy_locale"),
            description.c.facts,
            (product.c.version == description.c.product_version).label("is_newest"),
            event.label("event"),
            *(product.c[name] for name in Product.model_fields if name in product.c),
        )
        .join(description, description.c.id == review.c.description_id)
        .join(product, product.c.id == description.c.product_id)
        .where(review.c.id > after, review.c.decision.in_(("approved", "edited")))
        .where(~is_replaced.exists(), ~is_known.exists())
        .order_by(review.c.id)
        .limit(limit)
    )
    return [_decision(row) for row in rows]


def _decision(row: Row[Any]) -> Decision:
    held = {name: row._mapping[name] for name in Product.model_fields if name in row._mapping}
    newest = Product.model_validate(held) if row.is_newest and row.title else None
    names = (row.review_id, row.editor, row.copy, row.copy_profile, row.copy_locale, row.source, row.sku)
    return Decision(*names, event=row.event, product=newest, facts=row.facts)


def preference_pairs(connection: Connection) -> list[Mapping[str, Any]]:
    """What curators preferred to what was generated: facts, profile, generated_text and edited_text of each edit whose
    curated pair stands, with the ``split`` of that pair."""
    names = ("facts", "profile", "generated_text", "edited_text")
    view = table("preference_pair", column("review_id"), *map(column, names), schema="analytics")
    statement = select(*(view.c[name] for name in names), curated_pair.c.split)
    statement = statement.join(curated_pair, curated_pair.c.review_id == view.c.review_id).where(_stands(None))
    return [dict(row._mapping) for row in connection.execute(statement.order_by(view.c.review_id))]


def add_snapshot(
    connection: Connection, digest: str, pairs: Sequence[StoredPair], shape: Mapping[str, Any]
) -> Snapshot:
    """The snapshot of these pairs; the same pairs are one snapshot, whenever it is taken."""
    statement = insert(data_snapshot).values(
        digest=digest,
        pair_ids=[pair.id for pair in pairs],
        train_pairs=sum(pair.split == "train" for pair in pairs),
        held_out_pairs=sum(pair.split == "holdout" for pair in pairs),
        distribution=dict(shape),
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["digest"]))
    row = connection.execute(select(data_snapshot).where(data_snapshot.c.digest == digest)).one()
    return _snapshot(row)


def snapshot(connection: Connection, snapshot_id: int) -> Snapshot | None:
    """The snapshot with this id."""
    row = connection.execute(select(data_snapshot).where(data_snapshot.c.id == snapshot_id)).first()
    return _snapshot(row) if row else None


def newest_snapshot(connection: Connection) -> Snapshot | None:
    """The snapshot that was taken last; None before the first."""
    row = connection.execute(select(data_snapshot).order_by(data_snapshot.c.id.desc()).limit(1)).first()
    return _snapshot(row) if row else None


def _snapshot(row: Row[Any]) -> Snapshot:
    counts = (row.train_pairs, row.held_out_pairs)
    return Snapshot(row.id, row.digest, tuple(row.pair_ids), *counts, row.distribution)


def pairs_of(connection: Connection, snapshot_id: int) -> list[StoredPair]:
    """The pairs of a snapshot, both splits, by their id; those that were withdrawn meanwhile are left out."""
    held = select(func.unnest(data_snapshot.c.pair_ids)).where(data_snapshot.c.id == snapshot_id)
    return _pairs(connection, and_(_stands(None), curated_pair.c.id.in_(held)))


def count_new(connection: Connection, snapshot_id: int | None) -> int:
    """How many pairs for training a snapshot does not hold; without a snapshot, all of them."""
    held = select(func.unnest(data_snapshot.c.pair_ids)).where(data_snapshot.c.id == snapshot_id)
    is_new = curated_pair.c.id.not_in(held)
    return connection.scalar(select(func.count()).select_from(curated_pair).where(_stands("train"), is_new)) or 0
