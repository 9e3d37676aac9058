"""Who runs what on this machine: locks that die with their owner, and marks that name one process for ever."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from shared.errors import ConfigurationError

POLL_S = 0.02
LOCK_PATIENCE_S = 0.2  # someone may just be looking who holds it


def wait_until(check: Callable[[], bool], within_s: float) -> bool:
    """Ask until ``check`` says yes. False when it has not within ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``. The kernel releases it when this process ends, however it ends.

    Raises:
        ConfigurationError: when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not wait_until(lambda: _take(file), LOCK_PATIENCE_S):
            raise ConfigurationError(
                f"{path.parent} is in use by process {lock_holder(path)}: stop it, or choose another folder"
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_holder(path: Path) -> int | None:
    """The id of the process that holds the lock file ``path`` (0 when it has not said yet), or None."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(path.read_text() or 0)
    except FileNotFoundError:
        pass
    return None


def mark(pid: int) -> str:
    """A name for a running process that no later process with the same id shares; empty when it does not run."""
    born = _born_by_proc(pid) if sys.platform == "linux" else _born_by_ps(pid)
    return f"{pid}@{born}" if born else ""


def is_alive(process: str) -> bool:
    """Whether the process with this mark still runs."""
    return bool(process) and mark(_pid(process)) == process


def end(process: str, within_s: float) -> None:
    """Ask a process that another owner left behind to stop, and kill it when it has not after ``within_s`` seconds."""
    with suppress(ProcessLookupError):
        if is_alive(process):
            os.kill(_pid(process), signal.SIGTERM)
        if not wait_until(lambda: not is_alive(process), within_s):
            os.kill(_pid(process), signal.SIGKILL)
            wait_until(lambda: not is_alive(process), within_s)


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, past connections in TIME_WAIT
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback address on which nobody listens. Another process may take it first: try again then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def log_tail(log: Path, offset: int = 0, lines: int = 8) -> str:
    """The last lines of what was written to a log after ``offset`` bytes, indented."""
    with log.open("rb") as file:
        file.seek(offset)
        text = file.read().decode(errors="replace")
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])


def failure(what: str, log: Path, offset: int = 0) -> ConfigurationError:
    """The error for a program that ended: the end of its log, then one line, by itself, with what failed and why.

    Args:
        what: The program and what it did, such as ``worker ended with code 1``.
        offset: Where its part of the log begins, in bytes.
    """
    tail = log_tail(log, offset)
    return ConfigurationError(f"the end of {log}:\n{tail}\n{what}: {_cause(tail)}")


def _cause(tail: str) -> str:
    """Programs say last what ended them, but for Postgres, which marks it and goes on."""
    lines = [line.strip() for line in tail.splitlines()]
    marked = [line for line in lines if "FATAL:" in line]
    return (marked or lines or ["it said nothing"])[-1].removeprefix("shelftalk: ")


def _pid(process: str) -> int:
    return int(process.partition("@")[0])


def _born_by_proc(pid: int) -> str:
    """The start in clock ticks since boot: field 22 of /proc/PID/stat, the 20th after the name (proc_pid_stat(5))."""
    try:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _born_by_ps(pid: int) -> str:
    command = ("ps", "-o", "lstart=", "-p", str(pid))
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return "-".join(answer.stdout.split())
