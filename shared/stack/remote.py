"""Starting and stopping a stack from another process than the one that runs it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ConfigurationError
from shared.settings import STACK_FILE, child_environment
from shared.stack.ownership import locked, wait_until
from shared.stack.programs import python_module
from shared.stack.servers import remove_servers
from shared.stack.state import DATA, Stack, clear_leftovers, load_stack, lock_of, supervisor_of
from shared.stack.tether import tethered

SUPERVISOR = python_module("shared.stack")
STOP_LIMIT_S = 150.0  # the worker's minute, and the seconds of all others
NAMELESS_LIMIT_S = 1.0
POLL_S = 0.1


def start_stack(home: Path, say: Callable[[str], None], argv: Sequence[str] = SUPERVISOR) -> Stack:
    """Start a stack that outlives this process, and wait until it is ready.

    Args:
        say: Is told what the supervisor says, line by line.
        argv: The command that runs the supervisor.

    Raises:
        ConfigurationError: when one runs already, or it did not start; in one line, with the cause.
    """
    supervisor, stack = _launch(home, say, argv)
    supervisor.returncode = 0  # it is not ours to wait for: without this, Popen warns that it still runs
    return stack


@contextmanager
def running_stack(
    home: Path, say: Callable[[str], None] = lambda _line: None, argv: Sequence[str] = SUPERVISOR
) -> Iterator[Stack]:
    """A stack while the ``with`` lasts. One that runs already is used, and left running.

    Raises:
        ConfigurationError: when it does not start; in one line, with the cause and the log of all.
    """
    found = load_stack(home)
    if found is not None and found.is_ready:
        yield found
        return
    supervisor, stack = _launch(home, say, tethered(argv, on_death=signal.SIGTERM))
    try:
        yield stack
    finally:
        supervisor.terminate()
        supervisor.wait()


def stop_stack(home: Path) -> list[str] | None:
    """Stop the stack that runs in this home, or what is left of it, and wait for its end.

    Returns:
        The names of what was stopped, as far as the stack had said them; None when nothing ran.

    Raises:
        ConfigurationError: when it has not stopped in time.
    """
    wait_until(lambda: supervisor_of(home) != 0, NAMELESS_LIMIT_S)
    supervisor, stack = supervisor_of(home), load_stack(home)
    if supervisor is None:
        return _clear(home) or None
    os.kill(supervisor, signal.SIGTERM)
    if not wait_until(lambda: supervisor_of(home) is None, STOP_LIMIT_S):
        raise ConfigurationError(f"the stack still runs: read {_log(home)}, and end process {supervisor} if it hangs")
    return list(stack.marks) if stack else []


def _clear(home: Path) -> list[str]:
    if not (home / STACK_FILE).exists():
        return []
    with locked(lock_of(home)):
        return clear_leftovers(home)


def _log(home: Path) -> Path:
    return home / "logs" / "supervisor.log"


def _launch(home: Path, say: Callable[[str], None], argv: Sequence[str]) -> tuple[subprocess.Popen[bytes], Stack]:
    must_not_run(home)
    log = _log(home)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        offset = output.tell()
        supervisor = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=child_environment(SHELFTALK_HOME=str(home.absolute())),
            start_new_session=True,
        )
    try:
        return supervisor, _await(home, supervisor, log, offset, say)
    except BaseException:  # a Ctrl-C of the one who waits ends what was started for it
        supervisor.terminate()
        supervisor.wait()
        raise


def _await(
    home: Path, supervisor: subprocess.Popen[bytes], log: Path, offset: int, say: Callable[[str], None]
) -> Stack:
    with log.open(errors="replace") as lines:
        lines.seek(offset)
        last = ""
        while True:
            code = supervisor.poll()
            for line in lines:
                last = line.rstrip("\n")
                say(last)
            stack = load_stack(home)
            if stack is not None and stack.is_ready:
                return stack
            if code is not None:
                cause = last if code > 0 and last else f"its supervisor ended with code {code}"
                raise ConfigurationError(f"the stack did not start: {cause} (its log is {log})")
            time.sleep(POLL_S)


def remove_home(home: Path) -> None:
    """Remove all that a stack left in its home: its data too, wherever it had to be kept.

    Raises:
        ConfigurationError: when the stack runs.
    """
    must_not_run(home)
    remove_servers(home / DATA)
    if home.exists():
        shutil.rmtree(home)


def must_not_run(home: Path) -> None:
    """Raise ConfigurationError when a stack runs in this home."""
    supervisor = supervisor_of(home)
    if supervisor is not None:
        raise ConfigurationError(
            f"a stack runs already in {home} (process {supervisor}): stop it with `shelftalk down`"
        )
