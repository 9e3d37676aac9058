"""What the embedded servers have in common: a life, an address that stays, and a folder of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, ClassVar, Self

from shared.errors import ConfigurationError
from shared.stack.ownership import end, failure, free_port, is_free, locked, log_tail, mark, wait_until, write_private
from shared.stack.tether import tethered

START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
LEFTOVER_LIMIT_S = 10.0
SERVER_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


class Server(ABC):
    """One server in one folder. As a context manager it runs inside the ``with``, and the folder is its own.

    Args:
        folder: Where it keeps its data, its log and its address.
        durable: False trades the safety of the data for speed: for tests.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    # What the log says when a start failed for a reason that passes, such as a port that was taken a moment ago.
    passing_faults: ClassVar[tuple[str, ...]] = ("Address already in use",)

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.durable = durable
        self.port = 0
        self.password = ""
        self.log = self.folder / f"{self.name}.log"
        self._record = self.folder / f"{self.name}.json"
        self._lock = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0
        self._address_is_known = False

    @property
    @abstractmethod
    def url(self) -> str:
        """The address, with the password."""

    @property
    def mark(self) -> str:
        """Names the running process, see ``shared.stack.ownership``; empty when it does not run."""
        return mark(self._process.pid) if self._process else ""

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self._lock.enter_context(locked(self.folder / f"{self.name}.lock"))
        try:
            self.start()
        except BaseException:  # a Ctrl-C too: what is half started must not stay
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.stop()
            self._clear()

    def start(self) -> None:
        """Start the server and wait until it answers. Started again, it has the same address.

        Raises:
            ConfigurationError: with the end of its log, when it does not start.
        """
        self._process = None
        self._recall()
        self._prepare()
        if not wait_until(self._is_up, START_LIMIT_S):
            self.stop()
            raise self._failure()
        self._complete()
        self._address_is_known = True

    def stop(self) -> None:
        """Stop it so that nothing is lost; kill it when it has not stopped after half a minute."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _recall(self) -> None:
        """Find the port and the password of the last time, and end what an owner that was killed left running."""
        try:
            record = json.loads(self._record.read_text())
        except FileNotFoundError:
            record = {}
        end(record.get("process", ""), LEFTOVER_LIMIT_S)
        self.port = record.get("port", 0)
        self.password = record.get("password") or token_hex(16)

    def _remember(self) -> None:
        record = {"port": self.port, "password": self.password, "process": self.mark}
        write_private(self._record, json.dumps(record))

    def _is_up(self) -> bool:
        """Whether it answers. It is launched when it does not run, and again when it ended for a passing fault."""
        if not self.is_running:
            if self._process is not None and not self._ended_for_a_passing_fault():
                raise self._failure()
            self._launch()
        return self._answers()

    def _launch(self) -> None:
        if not self._address_is_known and not (self.port and is_free(self.port)):
            self.port = free_port()
        command = tethered(self._command(), on_death=self.stop_signal, user=self._user)
        with self.log.open("ab") as log:
            self._log_offset = log.tell()
            self._process = self._run(command, log)
        self._remember()

    def _run(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=SERVER_ENVIRONMENT,
            start_new_session=True,
        )

    def _ended_for_a_passing_fault(self) -> bool:
        said = log_tail(self.log, self._log_offset, lines=50)
        return any(fault in said for fault in self.passing_faults)

    def _failure(self) -> ConfigurationError:
        return failure(f"{self.name} did not start", self.log, self._log_offset)

    @property
    def _user(self) -> str:
        """The user it runs as, by name; empty for the user of this process."""
        return ""

    @abstractmethod
    def _prepare(self) -> None:
        """Make what the program needs to start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The program with its arguments, listening on ``self.port``."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it can be used."""

    @abstractmethod
    def _complete(self) -> None:
        """Make what can only be made in a server that runs."""

    @abstractmethod
    def _clear(self) -> None:
        """Remove what nobody else would once the server has ended."""
