"""Models, their aliases, and the processes that live."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from shared.models import model_alias, model_version, worker_process


@dataclass(frozen=True)
class ModelContent:
    """What makes two models the same: the base, the adapter and the prompt they are asked with."""

    base_model: str
    base_digest: str
    prompt_version: str
    adapter: str | None = None
    adapter_digest: str | None = None


def register_model(connection: Connection, content: ModelContent) -> int:
    """The id of a model; it is added when it has not been seen before."""
    statement = insert(model_version).values(**vars(content))
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


def champion(connection: Connection) -> dict[str, Any] | None:
    """The model that serves, or None before the first worker has started."""
    row = connection.execute(
        select(model_version)
        .join(model_alias, model_alias.c.model_version_id == model_version.c.id)
        .where(model_alias.c.alias == "champion")
    ).first()
    return dict(row._mapping) if row else None


def beat_heart(
    connection: Connection,
    process_id: UUID,
    role: str,
    *,
    device: str | None = None,
    model_version_id: int | None = None,
) -> None:
    """Say that this process lives."""
    statement = insert(worker_process).values(
        id=process_id,
        role=role,
        host=socket.gethostname(),
        pid=os.getpid(),
        device=device,
        model_version_id=model_version_id,
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"heartbeat_at": func.now()}))


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
    """The processes that were heard of within ``silence``, oldest first.

    Of this machine's own processes those that the system no longer knows are left out: a killed process says nothing.
    """
    rows = connection.execute(
        select(worker_process)
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
