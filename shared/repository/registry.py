"""Models, their aliases, and the processes that live. :mod:`shared.repository.promotions` moves the aliases."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Text, delete, func, or_, select
from sqlalchemy.dialects.postgresql import array, insert

from shared.models import description, model_alias, model_version, worker_process


@dataclass(frozen=True)
class ModelContent:
    """What makes two models the same: the base, the adapter and the prompt they are asked with."""

    base_model: str
    base_digest: str
    prompt_version: str
    adapter: str | None = None
    adapter_digest: str | None = None


def register_model(
    connection: Connection,
    content: ModelContent,
    *,
    training_run_id: int | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> int:
    """The id of a model; it is added when it has not been seen before.

    ``training_run_id`` and ``metrics`` say where a new one comes from and how it was measured. What stands about one
    that is known already is not changed.
    """
    found = {"training_run_id": training_run_id, "metrics": dict(metrics) if metrics else None}
    statement = insert(model_version).values(**vars(content), **found)
    # Updating a column to what it is already makes RETURNING give the row that exists.
    statement = statement.on_conflict_do_update(
        constraint="uq_model_version_content", set_={"prompt_version": statement.excluded.prompt_version}
    )
    return int(connection.execute(statement.returning(model_version.c.id)).scalar_one())


def promote_if_first(connection: Connection, model_version_id: int) -> None:
    """Make a model the champion when there is none yet."""
    connection.execute(
        insert(model_alias)
        .values(alias="champion", model_version_id=model_version_id)
        .on_conflict_do_nothing(index_elements=["alias"])
    )


def alias(connection: Connection, name: Literal["champion", "challenger", "previous"]) -> dict[str, Any] | None:
    """The model that has an alias, or None when no model has it."""
    row = connection.execute(
        select(model_version)
        .join(model_alias, model_alias.c.model_version_id == model_version.c.id)
        .where(model_alias.c.alias == name)
    ).first()
    return dict(row._mapping) if row else None


def champion(connection: Connection) -> dict[str, Any] | None:
    """The model that is to serve, or None before the first worker has started."""
    return alias(connection, "champion")


def models(connection: Connection) -> list[dict[str, Any]]:
    """All models, the newest first: their columns, their ``aliases``, how many ``descriptions`` each has written, and
    how many ``workers`` said lately that they serve it."""
    aliases = (
        select(func.coalesce(func.array_agg(model_alias.c.alias), array([], type_=Text)))
        .where(model_alias.c.model_version_id == model_version.c.id)
        .scalar_subquery()
    )
    descriptions = (
        select(description.c.model_version_id, func.count().label("descriptions"))
        .group_by(description.c.model_version_id)
        .subquery()
    )
    workers = (
        select(func.count())
        .where(worker_process.c.model_version_id == model_version.c.id, worker_process.c.heartbeat_at > _lately())
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            model_version,
            aliases.label("aliases"),
            func.coalesce(descriptions.c.descriptions, 0).label("descriptions"),
            workers.label("workers"),
        )
        .outerjoin(descriptions, descriptions.c.model_version_id == model_version.c.id)
        .order_by(model_version.c.id.desc())
    )
    return [dict(row._mapping) for row in rows]


def _lately() -> ColumnElement[Any]:
    return func.now() - timedelta(minutes=1)


def beat_heart(
    connection: Connection,
    process_id: UUID,
    role: str,
    *,
    device: str | None = None,
    model_version_id: int | None = None,
) -> None:
    """Say that this process lives, and which model it serves."""
    statement = insert(worker_process).values(
        id=process_id,
        role=role,
        host=socket.gethostname(),
        pid=os.getpid(),
        device=device,
        model_version_id=model_version_id,
    )
    said = {"heartbeat_at": func.now(), "model_version_id": statement.excluded.model_version_id}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=said))


def leave(connection: Connection, process_id: UUID) -> None:
    """Say that this process ends, and forget those that fell silent a day ago."""
    connection.execute(
        delete(worker_process).where(
            or_(
                worker_process.c.id == process_id,
                worker_process.c.heartbeat_at < func.now() - timedelta(days=1),
            )
        )
    )


def living(connection: Connection, silence: timedelta) -> list[dict[str, Any]]:
    """The processes that were heard of within ``silence``, oldest first, with the name of the ``model`` they serve.

    Of this machine's own processes those that the system no longer knows are left out: a killed process says nothing.
    """
    rows = connection.execute(
        select(worker_process, func.coalesce(model_version.c.adapter, model_version.c.base_model).label("model"))
        .outerjoin(model_version, model_version.c.id == worker_process.c.model_version_id)
        .where(worker_process.c.heartbeat_at > func.now() - silence)
        .order_by(worker_process.c.started_at)
    )
    return [dict(row._mapping) for row in rows if row.host != socket.gethostname() or _exists(row.pid)]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
