"""The heartbeat of a process: a file for health checks, a row for operators, and renewed leases.

A file and not a Celery ping, because a ping costs a process start and half a second of CPU.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from shared.logs import logger
from shared.repository import registry

log = logger(__name__)


class Heartbeat:
    """Says every few seconds, from a thread of its own, that this process lives.

    Use it as a context manager: the first beat comes at entry, and the process signs off at exit. While Postgres is
    away it goes on beating into the file.
    """

    def __init__(
        self,
        role: str,
        database: Engine,
        file: Path,
        every_s: float,
        *,
        device: str | None = None,
        model_version_id: int | None = None,
        renew: Callable[[Connection, UUID], None] | None = None,
    ) -> None:
        self.process_id: UUID = uuid4()
        self._role = role
        self._database = database
        self._file = file
        self._every_s = every_s
        self._device = device
        self._model_version_id = model_version_id
        self._renew = renew
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self.beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)
        try:
            with self._database.begin() as connection:
                registry.leave(connection, self.process_id)
        except SQLAlchemyError as lost:
            log.warning("could not sign off", error=str(lost).splitlines()[0])

    def serve(self, model_version_id: int) -> None:
        """Say from now on, and at once, that this process serves another model."""
        self._model_version_id = model_version_id
        self.beat()

    def beat(self) -> None:
        """Beat once."""
        self._file.touch()
        try:
            with self._database.begin() as connection:
                registry.beat_heart(
                    connection,
                    self.process_id,
                    self._role,
                    device=self._device,
                    model_version_id=self._model_version_id,
                )
                if self._renew:
                    self._renew(connection, self.process_id)
        except SQLAlchemyError as error:
            log.warning("heartbeat without Postgres", error=str(error).splitlines()[0])

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self.beat()
