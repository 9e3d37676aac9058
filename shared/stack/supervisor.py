"""Runs the stack: the servers, then the migrations, then the processes, until it is told to stop.

    checks ──> servers up ──> prepare ──> processes started ──> all ready ──> kept running ──> stopped, servers last

What runs is written to ``stack.json`` in the home, where ``shared.settings`` finds the addresses.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from shared.errors import ConfigurationError
from shared.settings import STACK_FILE, Settings, child_environment, settings
from shared.stack.children import Child, KeptServer
from shared.stack.ownership import failure, locked
from shared.stack.plan import Plan
from shared.stack.server import Server
from shared.stack.servers import Postgres, Valkey
from shared.stack.state import DATA, Stack, clear_leftovers, lock_of, write_stack
from shared.stack.tether import tethered

TICK_S = 0.1
READY_LIMIT_S = 900.0  # a large model that is converted on its first start takes minutes


class Supervisor:
    """Runs the stack of one home, in the main thread of this process.

    Args:
        home: Keeps the servers' data, the logs, and ``stack.json``.
        plan: What runs beside the servers.
        say: Is told what happens, in lines.
        durable: False for tests, see ``shared.stack.server``.
    """

    def __init__(self, home: Path, plan: Plan, say: Callable[[str], None], *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.plan = plan
        self.logs = self.home / "logs"
        self._say = say
        self._durable = durable
        self._signals = 0
        self._servers: list[KeptServer] = []
        self._children: list[Child] = []

    def run(self, when_ready: Callable[[Stack], None]) -> bool:
        """Run until SIGTERM or SIGINT; a second one does not wait for what runs. Whether the stack was ever ready.

        Raises:
            ConfigurationError: when a stack runs in this home already, a check fails, or a part of it does not start.
                The last line of the message says the cause; before it may stand the end of a log.
        """
        for private in (self.logs, self.home / "run"):
            private.mkdir(parents=True, exist_ok=True)
            private.chmod(0o700)
        with locked(lock_of(self.home)):
            given = self._checked()
            with self._listening_to_signals(), ExitStack() as undo:
                undo.callback((self.home / STACK_FILE).unlink, missing_ok=True)
                stack = self._start_servers(given, undo)
                return self._prepare(stack) and self._keep_running(stack, undo, when_ready)

    def _checked(self) -> Settings:
        """The settings, when all is well. Signals still end this process: there is nothing to stop yet."""
        for name in clear_leftovers(self.home):
            self._say(f"stopped {name}, which an earlier stack had left")
        self._say("checking the settings")
        settings.cache_clear()  # it may have been read when an earlier stack's addresses were still there
        given = settings()
        self.plan.check(given)
        return given

    @contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        def count(_number: int, _frame: FrameType | None) -> None:
            self._signals += 1

        before = {number: signal.signal(number, count) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def _start_servers(self, given: Settings, undo: ExitStack) -> Stack:
        data = self.home / DATA
        if given.database_url is not None:
            database_url = given.database_dsn.replace("postgresql+psycopg://", "postgresql://", 1)
        else:
            database_url = self._start_server(Postgres(data, durable=self._durable), undo)
        redis_url = (
            given.redis_dsn
            if given.redis_url is not None
            else self._start_server(Valkey(data, durable=self._durable), undo)
        )
        return Stack(
            database_url,
            redis_url,
            self.plan.flower,
            supervisor_pid=os.getpid(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _start_server(self, server: Server, undo: ExitStack) -> str:
        self._say(f"starting {server.name}")
        undo.enter_context(server)
        undo.callback(self._say, f"stopping {server.name}")
        self._servers.append(KeptServer(server, self._say))
        return server.url

    def _environment(self, stack: Stack) -> dict[str, str]:
        return child_environment(
            DATABASE_URL=stack.database_url,
            REDIS_URL=stack.redis_url,
            SHELFTALK_HOME=str(self.home),
            PYTHONUNBUFFERED="1",
        )

    def _prepare(self, stack: Stack) -> bool:
        """Run the plan's preparations. False when it was told to stop meanwhile."""
        self._say("preparing the database")
        return all(self._run_to_end(command, stack) for command in self.plan.prepare)

    def _run_to_end(self, command: tuple[str, ...], stack: Stack) -> bool:
        path = self.logs / "prepare.log"
        with path.open("ab") as log:
            offset = log.tell()
            preparation = subprocess.Popen(
                tethered(command, on_death=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(stack),
                start_new_session=True,
            )
        while preparation.poll() is None:
            if self._signals:
                preparation.terminate()
                preparation.wait()
            time.sleep(TICK_S)
        if preparation.returncode != 0 and not self._signals:
            raise failure(f"preparing the database ended with code {preparation.returncode}", path, offset)
        return not self._signals

    def _keep_running(self, stack: Stack, undo: ExitStack, when_ready: Callable[[Stack], None]) -> bool:
        environment = self._environment(stack)
        undo.callback(self._stop_children)
        for process in self.plan.processes:
            self._say(f"starting {process.name}")
            child = Child(process, self.logs / f"{process.name}.log", environment, self._say)
            child.start()
            self._children.append(child)
        self._publish(stack)
        deadline = time.monotonic() + READY_LIMIT_S
        waiting = list(self._children)
        while not self._signals:
            if self._tend():
                self._publish(stack)
            if not stack.is_ready:
                waiting = self._those_not_ready(waiting, deadline)
                if not waiting:
                    stack = replace(stack, is_ready=True)
                    self._publish(stack)
                    when_ready(self._described(stack))
            time.sleep(TICK_S)
        return stack.is_ready

    def _tend(self) -> bool:
        """Look after all of them. Whether what runs has changed."""
        changes = [server.tend() for server in self._servers] + [child.tend() for child in self._children]
        return any(changes)

    def _those_not_ready(self, waiting: list[Child], deadline: float) -> list[Child]:
        for child in waiting:
            if child.was_ready:
                self._say(f"{child.name} is ready")
        still = [child for child in waiting if not child.was_ready]
        if still and time.monotonic() > deadline:
            names = ", ".join(child.name for child in still)
            raise ConfigurationError(f"{names}: not ready after {READY_LIMIT_S:.0f} s; read the logs in {self.logs}")
        return still

    def _described(self, stack: Stack) -> Stack:
        processes = {child.name: child.pid for child in self._children if child.pid}
        marks = {child.name: child.mark for child in self._children}
        marks |= {kept.server.name: kept.server.mark for kept in self._servers}
        return replace(stack, processes=processes, marks=marks)

    def _publish(self, stack: Stack) -> None:
        write_stack(self.home, self._described(stack))

    def _stop_children(self) -> None:
        before = self._signals
        for child in self._children:
            self._say(f"stopping {child.name}")
            child.stop(hurry=lambda: self._signals > before)
