"""A throwaway stack for benchmarks: servers and processes of its own, in a temporary folder.

A benchmark never writes into a real catalogue: whatever DATABASE_URL and REDIS_URL say, it has its own servers.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis
from sqlalchemy import Connection, Engine, text

from shared import db, redis_server
from shared.errors import ConfigurationError
from shared.events import FIELD
from shared.policy import activate, read_policy
from shared.settings import Settings, child_environment
from shared.stack.ownership import failure, wait_until
from shared.stack.plan import beating
from shared.stack.programs import python_module
from shared.stack.servers import Servers, embedded_servers, remove_servers
from shared.stack.tether import tethered
from worker.benchmark.cpu import cpu_seconds

START_LIMIT_S = 180.0
STOP_LIMIT_S = 30.0
POLL_S = 0.1
IN_ONE_ROUND_TRIP = 500

INGEST = python_module("worker.ingest")
WORKER = python_module("worker")


class Stack:
    """Postgres, Valkey, ingest and workers of a benchmark, while the ``with`` lasts; then all of it is removed.

    The schema is migrated and the policy of the files activated. The servers are as durable as ``shelftalk up`` makes
    them: a commit waits for the disk.

    Args:
        config: the settings, of which the children inherit what the environment says.
        ingests: how many ingest processes there are.
        workers: how many worker processes there are.
        worker: the command of a worker, such as that of ``worker.benchmark.fixed_worker``.
        environment: changes to the environment of these processes.
    """

    def __init__(
        self,
        config: Settings,
        *,
        ingests: int = 1,
        workers: int = 1,
        worker: Sequence[str] = WORKER,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.config = config
        self._programs = [(f"ingest-{number}", "ingest", INGEST) for number in range(1, ingests + 1)]
        self._programs += [(f"worker-{number}", "worker", tuple(worker)) for number in range(1, workers + 1)]
        self._environment = dict(environment or {})
        self._undo = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._began: datetime | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            # Not readable for its owner alone: as root, Postgres runs as another user.
            self.folder = Path(tempfile.mkdtemp(prefix="shelftalk-bench-"))
            self.folder.chmod(0o755)
            undo.callback(shutil.rmtree, self.folder)
            undo.callback(remove_servers, self.folder / "servers")
            self.servers: Servers = undo.enter_context(embedded_servers(self.folder / "servers"))
            _keep_commit_times(self.servers)
            self.database: Engine = db.connect(self.servers.database_url)
            undo.callback(self.database.dispose)
            self.redis: Redis = redis_server.connect(self.servers.redis_url)
            undo.callback(self.redis.close)
            db.upgrade(self.servers.database_url)
            with self.database.begin() as connection:
                activate(connection, read_policy(self.config))
            undo.callback(self._stop_children)
            for name, role, command in self._programs:
                self.launch(name, command)
                self._wait_for(name, role)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of this stack: its servers, and what the benchmark changed."""
        addresses = {"DATABASE_URL": self.servers.database_url, "REDIS_URL": self.servers.redis_url}
        return child_environment(**addresses | self._environment)

    def launch(self, name: str, command: Sequence[str]) -> None:
        """Start one more process of the stack; it ends with the stack. Its log is ``FOLDER/NAME.log``."""
        # A home of its own: heartbeat files are named after the role.
        environment = self.environment | {"SHELFTALK_HOME": str(self.folder / name)}
        with self._log(name).open("ab") as log:
            self._children[name] = subprocess.Popen(
                tethered(command, on_death=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def connection(self) -> Connection:
        """A connection to the stack's Postgres; close it."""
        return self.database.connect()

    def publish(self, events: Iterable[Mapping[str, Any]], rate: float | None = None) -> int:
        """Put events on the stream, all at once or so many a second, spread evenly. Returns how many."""
        raw = [json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() for event in events]
        self._began = self._began or datetime.now(UTC)
        size = IN_ONE_ROUND_TRIP if rate is None else max(1, round(rate / 100))
        start = time.monotonic()
        for at in range(0, len(raw), size):
            if rate is not None:
                time.sleep(max(0.0, start + at / rate - time.monotonic()))
            with self.redis.pipeline(transaction=False) as pipe:
                for each in raw[at : at + size]:
                    pipe.xadd(self.config.stream, {FIELD: each})
                pipe.execute()
        return len(raw)

    def wait_until_done(self, events: int, timeout_s: float) -> float:
        """Wait until so many of the events published since the last wait have ended.

        Returns:
            seconds from the first XADD to the end of the last event.

        Raises:
            ConfigurationError: when they have not ended in time, or a process of the stack has died.
        """
        began = self._began or datetime.now(UTC)
        found = 0

        def all_ended() -> bool:
            nonlocal found
            self._must_live()
            found = self._ended_since(began)[0]
            return found >= events

        deadline = time.monotonic() + timeout_s
        while not all_ended():
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"only {found} of {events} events ended within {timeout_s:g} s: publish fewer, or give it longer"
                )
            time.sleep(POLL_S)
        self._began = None
        return (self._ended_since(began)[1] - began).total_seconds()

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time so far, in seconds, of each process of the stack and of both servers."""
        servers = (self.servers.postgres, self.servers.valkey)
        pids = {server.name: int(server.mark.partition("@")[0]) for server in servers}
        pids |= {name: child.pid for name, child in self._children.items()}
        return {name: cpu_seconds(pid) for name, pid in pids.items()}

    def _ended_since(self, began: datetime) -> tuple[int, datetime]:
        """How many events have ended since this time, and when the last one did."""
        query = "SELECT count(closed_at), coalesce(max(closed_at), :began) FROM app.inbox_event WHERE id > :before"
        with self.database.connect() as connection:
            row = connection.execute(text(query), {"began": began, "before": self._before(connection, began)}).one()
        return int(row[0]), row[1]

    def _before(self, connection: Connection, began: datetime) -> int:
        query = "SELECT id FROM app.inbox_event WHERE received_at < :began ORDER BY id DESC LIMIT 1"
        return int(connection.scalar(text(query), {"began": began}) or 0)

    def _wait_for(self, name: str, role: str) -> None:
        is_ready = beating(self.folder / name / "run", role, START_LIMIT_S)

        def is_up() -> bool:
            self._must_live()
            return is_ready(0.0)

        if not wait_until(is_up, START_LIMIT_S):
            raise failure(f"{name} was not ready within {START_LIMIT_S:g} s", self._log(name))

    def _must_live(self) -> None:
        for name, child in self._children.items():
            if (code := child.poll()) is not None:
                raise failure(f"{name} ended with code {code}", self._log(name))

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _stop_children(self) -> None:
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_LIMIT_S
        for child in self._children.values():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _keep_commit_times(servers: Servers) -> None:
    """Have Postgres note when each transaction was committed, which ``now()`` does not tell: it is when it began."""
    database = db.connect(servers.database_url)
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM SET track_commit_timestamp = on"))
    database.dispose()
    servers.postgres.stop()
    servers.postgres.start()
