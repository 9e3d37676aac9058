"""Passes over all products after a policy or a campaign changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from shared.events import Product
from shared.models import backfill, current_copy, product

_LOCK = 7_305_514_822  # any number that no other program uses for pg_try_advisory_xact_lock
_IS_SOLD = product.c.deleted_at.is_(None) & product.c.title.is_not(None)


@dataclass(frozen=True)
class Backfill:
    """A pass that has not come to its end; products up to ``after_product_id`` are done."""

    id: int
    after_product_id: int


def unfinished(connection: Connection, policy_id: int, campaigns: Sequence[str]) -> Backfill | None:
    """The pass that is to go on, or None when all products are done; begins one when policy or campaigns changed.

    None as well while another process works on it, until whose transaction ends, and for a policy that is no longer
    the newest.
    """
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
        return None
    newest = connection.execute(select(backfill).order_by(backfill.c.id.desc()).limit(1)).first()
    if newest is not None and newest.policy_id > policy_id:
        return None
    if newest is None or newest.policy_id != policy_id or newest.campaigns != sorted(campaigns):
        begin = insert(backfill).values(policy_id=policy_id, campaigns=sorted(campaigns))
        newest = connection.execute(begin.returning(backfill)).one()
    return None if newest.finished_at is not None else Backfill(newest.id, newest.after_product_id)


def next_products(connection: Connection, after_id: int, limit: int) -> list[int]:
    """The ids of the next products that are sold, in ascending order."""
    found = select(product.c.id).where(product.c.id > after_id, _IS_SOLD).order_by(product.c.id).limit(limit)
    return list(connection.scalars(found))


def snapshots(connection: Connection, ids: Sequence[int]) -> dict[int, Product]:
    """The newest snapshots of those of these products that are still sold, by id."""
    rows = connection.execute(select(product).where(product.c.id.in_(ids), _IS_SOLD).order_by(product.c.id))
    names = set(Product.model_fields) & set(product.c.keys())
    return {row.id: Product.model_validate({name: row._mapping[name] for name in names}) for row in rows}


def advance(connection: Connection, id_: int, after_product_id: int) -> None:
    """Note how far a pass has come."""
    connection.execute(update(backfill).where(backfill.c.id == id_).values(after_product_id=after_product_id))


def finish(connection: Connection, id_: int) -> None:
    """Note that a pass has come to its end."""
    connection.execute(update(backfill).where(backfill.c.id == id_).values(finished_at=func.now()))


def withdraw_unknown_profiles(connection: Connection, known: Sequence[str]) -> int:
    """Take back the copy of profiles that are no longer in force: nobody keeps it true. Returns how much it was."""
    taken = connection.execute(
        update(current_copy)
        .where(
            current_copy.c.profile.not_in(known),
            or_(current_copy.c.requested_generation_id.is_not(None), current_copy.c.description_id.is_not(None)),
        )
        .values(
            requested_digest=None,
            requested_generation_id=None,
            description_id=None,
            review_id=None,
            updated_at=func.now(),
        )
    )
    return taken.rowcount


def progress(connection: Connection, policy_id: int) -> str:
    """How far the pass of a policy has come, in words."""
    newest = connection.execute(
        select(backfill).where(backfill.c.policy_id == policy_id).order_by(backfill.c.id.desc()).limit(1)
    ).first()
    if newest is None:
        return "has not begun: beat begins it within seconds"
    if newest.finished_at is not None:
        return f"done since {newest.finished_at:%Y-%m-%d %H:%M:%S %Z}"
    left = connection.scalar(
        select(func.count()).select_from(product).where(product.c.id > newest.after_product_id, _IS_SOLD)
    )
    return f"{left} product{'' if left == 1 else 's'} to look at"
