"""Processes and servers that are started again whenever they end, with growing pauses."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from shared.errors import ConfigurationError
from shared.stack.ownership import failure, mark
from shared.stack.plan import Process
from shared.stack.server import Server
from shared.stack.tether import tethered

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
HEALTHY_LIFE_S = 60.0


class Backoff:
    """How long to wait before the next start: 1 s, doubled to 30 s, and 1 s again after a life of a minute."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_S

    def after(self, lived_s: float) -> float:
        """The pause, in seconds, after a life of ``lived_s`` seconds."""
        pause = FIRST_PAUSE_S if lived_s >= HEALTHY_LIFE_S else self._next
        self._next = min(2 * pause, LONGEST_PAUSE_S)
        return pause


class Child:
    """One process of the plan, and its log.

    Args:
        environment: The environment of all processes; the process's own comes on top.
        say: Is told what happens, in lines.
    """

    def __init__(self, process: Process, log: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.process = process
        self.log = log
        self.was_ready = False
        self._environment = {**environment, **process.environment}
        self._say = say
        self._backoff = Backoff()
        self._running: subprocess.Popen[bytes] | None = None
        self._log_offset = 0
        self._since = 0.0
        self._started = 0.0
        self._due = 0.0

    @property
    def name(self) -> str:
        """Its name in the plan."""
        return self.process.name

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._running.pid if self._running else None

    @property
    def mark(self) -> str:
        """Names the running process, see ``shared.stack.ownership``; empty when it does not run."""
        return mark(self._running.pid) if self._running else ""

    def start(self) -> None:
        """Start it. It dies with this process: what it leaves half done is done again, by the design of the queue."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_offset = log.tell()
            self._running = subprocess.Popen(
                tethered(self.process.argv, on_death=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        self._since, self._started = time.time(), time.monotonic()

    def tend(self) -> bool:
        """Start it again if it has ended and its pause is over. Whether it ended or was started.

        Raises:
            ConfigurationError: when it ended, not by a signal, before it has ever been ready; with the end of its log.
        """
        if self._running is None:
            if time.monotonic() < self._due:
                return False
            self.start()
            self._say(f"{self.name} was started again")
            return True
        code = self._running.poll()
        if code is None:
            self.was_ready = self.was_ready or self.process.is_ready(self._since)
            return False
        self._kill_group()
        if not self.was_ready and code >= 0:
            raise failure(f"{self.name} ended with code {code} before it was ready", self.log, self._log_offset)
        self._pause(code)
        return True

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Let it finish within its grace, then kill it, with all that it has started. ``hurry`` says: kill it now."""
        if self._running is None:
            return
        deadline = time.monotonic() + self.process.grace_s
        self._running.send_signal(signal.SIGTERM)
        while self._running.poll() is None:
            if hurry() or time.monotonic() > deadline:
                self._say(f"{self.name} did not stop in time and was killed")
                break
            time.sleep(0.05)
        self._kill_group()
        self._running.wait()
        self._running = None

    def _pause(self, code: int) -> None:
        now = time.monotonic()
        pause = self._backoff.after(now - self._started)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        self._say(f"{self.name} {how}; it starts again in {pause:.0f} s (see {self.log})")
        self._due = now + pause
        self._running = None

    def _kill_group(self) -> None:
        if self._running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)


class KeptServer:
    """An embedded server that comes back at the same address when it crashes."""

    def __init__(self, server: Server, say: Callable[[str], None]) -> None:
        self.server = server
        self._say = say
        self._backoff = Backoff()
        self._started = time.monotonic()
        self._due: float | None = None

    def tend(self) -> bool:
        """Start it again if it has ended and its pause is over. Whether it was started."""
        now = time.monotonic()
        if self.server.is_running:
            return False
        if self._due is None:
            pause = self._backoff.after(now - self._started)
            self._say(f"{self.server.name} ended; it starts again in {pause:.0f} s (see {self.server.log})")
            self._due = now + pause
        if now < self._due:
            return False
        self._due, self._started = None, now
        try:
            self.server.start()
        except ConfigurationError as error:
            self._say(str(error))
            return False
        self._say(f"{self.server.name} was started again")
        return True
