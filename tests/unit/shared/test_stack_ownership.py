"""Locks and marks: who owns what on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.stack.ownership import (
    end,
    failure,
    free_port,
    is_alive,
    is_free,
    lock_holder,
    locked,
    log_tail,
    mark,
    wait_until,
    write_private,
)
from shared.stack.tether import tethered

WAITS = "import signal; print('waits', flush=True); signal.pause()"
IGNORES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS.partition('; ')[2]}"
LIMIT_S = 20.0


def waiting(script: str = WAITS) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "waits\n"
    return process


def test_a_lock_names_its_holder_and_is_given_back(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert lock_holder(lock) is None
    with locked(lock):
        assert lock_holder(lock) == os.getpid()
        with pytest.raises(ConfigurationError, match=f"in use by process {os.getpid()}"), locked(lock):
            pass
    assert lock_holder(lock) is None


def test_a_lock_does_not_outlive_a_holder_that_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    script = f"""
from pathlib import Path
from shared.stack.ownership import locked
with locked(Path({str(lock)!r})):
    {WAITS.replace("; ", chr(10) + "    ")}
"""
    with waiting(script) as holder:
        assert lock_holder(lock) == holder.pid
        holder.kill()
        holder.wait()
        assert lock_holder(lock) is None


def test_a_mark_is_alive_as_long_as_its_process() -> None:
    with waiting() as process:
        named = mark(process.pid)
        assert is_alive(named)
        process.kill()
        assert wait_until(lambda: not is_alive(named), LIMIT_S), "a zombie counts as ended"
    assert not is_alive(named)
    assert mark(process.pid) == ""


def test_another_process_with_the_same_id_is_not_taken_for_it() -> None:
    reused = f"{os.getpid()}@1"
    assert not is_alive(reused)
    end(reused, within_s=0)  # would end this test run


@pytest.mark.parametrize(("script", "status"), [(WAITS, -signal.SIGTERM), (IGNORES, -signal.SIGKILL)])
def test_a_process_is_asked_to_end_and_then_killed(script: str, status: int) -> None:
    with waiting(script) as process:
        end(mark(process.pid), within_s=0.3)
        assert process.wait() == status


def test_a_taken_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])
    assert is_free(free_port())


def test_a_private_file_is_replaced_as_a_whole_and_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "secret"
    write_private(path, "old")
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_the_tail_of_a_log_begins_after_the_offset(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n" + b"first\n" + b"second \xff\n")
    assert log_tail(log, offset=7) == "    first\n    second \N{REPLACEMENT CHARACTER}"
    assert log_tail(log, lines=1) == "    second \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("{}\nshelftalk: no such folder\n", "no such folder"),
        ("FATAL:  files are incompatible\nDETAIL:  made by 9.6\n", "FATAL:  files are incompatible"),
        ("", "it said nothing"),
    ],
)
def test_a_failure_ends_with_the_cause_in_one_line(tmp_path: Path, said: str, cause: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"before\n{said}")
    lines = str(failure("worker ended", log, offset=7)).splitlines()
    assert (lines[0], lines[-1]) == (f"the end of {log}:", f"worker ended: {cause}")


def test_a_tethered_program_keeps_its_arguments_and_its_id() -> None:
    script = "import os, sys; print(os.getpid(), sys.argv[1:])"
    command = tethered([sys.executable, "-c", script, "a b", "-c"], on_death=signal.SIGKILL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.communicate()[0] == f"{process.pid} ['a b', '-c']\n"


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    command = tethered([str(tmp_path / "nowhere")], on_death=signal.SIGKILL)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"cannot start {tmp_path}/nowhere: No such file or directory\n")


def test_a_tethered_program_does_not_start_when_its_owner_is_gone() -> None:
    command = tethered([sys.executable, "-c", "print('started')"], on_death=signal.SIGKILL)
    command[command.index(str(os.getpid()))] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "process 1, which started this one, is gone\n")
