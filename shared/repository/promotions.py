"""Which model serves: the aliases, moved in one transaction with the decision that moves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from shared.errors import ConfigurationError
from shared.models import model_alias, model_decision, model_version

_LOCK = 7_305_514_824  # any number that no other program uses for pg_advisory_xact_lock


@dataclass(frozen=True)
class Decision:
    """Why a model serves or does not. ``numbers`` are the gate's tests, ``report`` the same for people."""

    actor: str
    reason: str
    mode: Literal["auto", "manual"] = "manual"
    numbers: dict[str, Any] | None = None
    report: str | None = None


def holder(connection: Connection, alias: str) -> int | None:
    """The id of the model that has an alias."""
    return connection.scalar(select(model_alias.c.model_version_id).where(model_alias.c.alias == alias))


def promote(connection: Connection, model_version_id: int, decision: Decision) -> None:
    """Make a model the champion; the champion before becomes ``previous``. A second time changes nothing."""
    before = lock_champion(connection)
    if before == model_version_id:
        return
    _record(connection, "promote", model_version_id, before, decision)
    _give(connection, "champion", model_version_id)
    if before is not None:
        _give(connection, "previous", before)
    _take(connection, "challenger", model_version_id)


def hold(connection: Connection, model_version_id: int, decision: Decision) -> None:
    """Note that a challenger passed and waits for a person to promote it."""
    before = lock_champion(connection)
    _record(connection, "hold", model_version_id, before, decision)
    _give(connection, "challenger", model_version_id)


def refuse(connection: Connection, model_version_id: int, decision: Decision) -> None:
    """Note that a challenger did not pass."""
    before = lock_champion(connection)
    _record(connection, "refuse", model_version_id, before, decision)
    _take(connection, "challenger", model_version_id)


def roll_back(connection: Connection, decision: Decision) -> tuple[int, int]:
    """Give the champion's place back to the model before it. Returns the ids of the one that went and of the new one.

    The one that served before that becomes ``previous``: another rollback goes further back, and never to a model that
    was rolled back itself, unless it was promoted again since.

    Raises:
        ConfigurationError: when no model came before the champion.
    """
    bad = lock_champion(connection)
    good = holder(connection, "previous")
    if bad is None or good is None:
        raise ConfigurationError("no model served before this one: promote another with `shelftalk models promote`")
    _record(connection, "rollback", good, bad, decision)
    _give(connection, "champion", good)
    before = next((each for each in reversed(_line(connection)) if each != good), None)
    if before is None:
        _take(connection, "previous", good)
    else:
        _give(connection, "previous", before)
    return bad, good


def _line(connection: Connection) -> list[int]:
    """Who has served, the first one first, without those that were rolled back since their last promotion."""
    moves = connection.execute(
        select(model_decision.c.action, model_decision.c.model_version_id, model_decision.c.champion_id)
        .where(model_decision.c.action.in_(("promote", "rollback")))
        .order_by(model_decision.c.id)
    )
    line: list[int] = []
    for action, model_version_id, champion_id in moves:
        if action == "rollback":
            line = [each for each in line if each != champion_id]
            continue
        if not line and champion_id is not None:  # the very first one serves without a decision
            line.append(champion_id)
        line.append(model_version_id)
    return line


def lock_champion(connection: Connection) -> int | None:
    """Keep others from moving aliases until the transaction ends. Returns the champion's id."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    return holder(connection, "champion")


def _record(
    connection: Connection, action: str, model_version_id: int, champion_id: int | None, decision: Decision
) -> None:
    known = connection.scalar(select(model_version.c.id).where(model_version.c.id == model_version_id))
    if known is None:
        raise ConfigurationError(f"there is no model {model_version_id}: `shelftalk models list` shows all")
    values = {"action": action, "model_version_id": model_version_id, "champion_id": champion_id, **vars(decision)}
    connection.execute(insert(model_decision).values(values))


def _give(connection: Connection, alias: str, model_version_id: int) -> None:
    statement = insert(model_alias).values(alias=alias, model_version_id=model_version_id)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["alias"], set_={"model_version_id": model_version_id, "updated_at": func.now()}
        )
    )


def _take(connection: Connection, alias: str, model_version_id: int) -> None:
    """Take an alias from a model, if it has it."""
    connection.execute(
        delete(model_alias).where(model_alias.c.alias == alias, model_alias.c.model_version_id == model_version_id)
    )


def decisions(connection: Connection, model_version_id: int | None = None) -> list[dict[str, Any]]:
    """The decisions about one model or about all, the newest first."""
    statement = select(model_decision).order_by(model_decision.c.id.desc())
    if model_version_id is not None:
        statement = statement.where(model_decision.c.model_version_id == model_version_id)
    return [dict(row._mapping) for row in connection.execute(statement)]
