"""What is in force: the policies as they were activated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from shared.models import policy
from shared.rules.hits import RulePack

_LOCK = 7_305_514_821  # any number that no other program uses for pg_advisory_xact_lock


def add(connection: Connection, documents: Mapping[str, Any]) -> tuple[int, bool]:
    """Add a policy, unless the newest one says the same. Returns the id that is then the newest, and whether it is new.

    ``documents`` are the columns ``digest``, ``profiles``, ``packs``, ``salience`` and ``knowledge_digest``.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    before = connection.execute(select(policy.c.id, policy.c.digest).order_by(policy.c.id.desc()).limit(1)).first()
    if before is not None and before.digest == documents["digest"]:
        return int(before.id), False
    return int(connection.execute(insert(policy).values(**documents).returning(policy.c.id)).scalar_one()), True


def newest_id(connection: Connection) -> int | None:
    """The id of the policy in force."""
    newest: int | None = connection.scalar(select(func.max(policy.c.id)))
    return newest


def newest(connection: Connection) -> dict[str, Any] | None:
    """The row of the policy in force, or None before the first one."""
    row = connection.execute(select(policy).order_by(policy.c.id.desc()).limit(1)).first()
    return dict(row._mapping) if row else None


def active_packs(connection: Connection) -> dict[str, RulePack] | None:
    """The rule packs in force, or None before the first policy."""
    row = newest(connection)
    return None if row is None else {name: RulePack.from_document(pack) for name, pack in row["packs"].items()}
