"""The process of a periodic training run: how it ends, what it leaves behind, and who asks for it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from shared.settings import Settings, child_environment
from tests.event_fakes import eventually
from training.retrain import DRIFT, MOST_RESUMED, SCHEDULE, left_behind, request_of, run_to_end

# A process that starts another one, writes both ids into a file, and waits for its end or for ever.
PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
if sys.argv[2] == "stay":
    child.wait()
"""
TRAINER = """
import sys, threading
from training.retrain import run_to_end
run_to_end([sys.executable, "-c", sys.argv[1], sys.argv[2], "stay"], threading.Event())
"""


def parent(file: Path, how: str = "stay") -> list[str]:
    return [sys.executable, "-c", PARENT, str(file), how]


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has ended too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def both_are_gone(file: Path) -> bool:
    return all(is_gone(int(pid)) for pid in file.read_text().split())


def test_the_status_is_that_of_the_process() -> None:
    assert run_to_end([sys.executable, "-c", "raise SystemExit(3)"], threading.Event()) == 3
    assert run_to_end([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], threading.Event()) == -9


def test_what_a_run_started_does_not_outlive_it(tmp_path: Path) -> None:
    file = tmp_path / "pids"

    assert run_to_end(parent(file, "go"), threading.Event()) == 0
    eventually(lambda: both_are_gone(file))


def stopped_while_it_runs(command: list[str], file: Path) -> int | None:
    """What a run returns that is told to stop once it has written its file."""
    stop = threading.Event()
    ended: list[int | None] = []
    waiting = threading.Thread(target=lambda: ended.append(run_to_end(command, stop, grace_s=0.5)))
    waiting.start()
    eventually(file.exists)
    stop.set()
    waiting.join(20)
    return ended[0]


def test_a_trainer_that_is_told_to_stop_ends_its_run(tmp_path: Path) -> None:
    file = tmp_path / "pids"

    assert stopped_while_it_runs(parent(file), file) is None
    eventually(lambda: both_are_gone(file))


def test_a_run_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{PARENT}"

    assert stopped_while_it_runs([sys.executable, "-c", deaf, str(file), "stay"], file) is None
    eventually(lambda: both_are_gone(file))


def test_a_killed_trainer_takes_its_run_along(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    trainer = subprocess.Popen([sys.executable, "-c", TRAINER, PARENT, str(file)], env=child_environment())
    eventually(file.exists)
    os.kill(trainer.pid, signal.SIGKILL)
    trainer.wait()
    run, started_by_it = map(int, file.read_text().split())

    eventually(lambda: is_gone(run))
    os.kill(started_by_it, signal.SIGKILL)


def test_the_schedule_needs_enough_new_pairs_and_drift_only_one() -> None:
    config = Settings(retrain_min_pairs=200)

    assert request_of(config, SCHEDULE).least_new_pairs == 200
    assert request_of(config, DRIFT).least_new_pairs == 1
    assert request_of(config, DRIFT).asked_by == "drift"


def run(status: str, asked_by: str = SCHEDULE, host: str = "trainer") -> dict[str, Any]:
    return {"status": status, "asked_by": asked_by, "host": host}


def test_a_run_that_was_left_half_done_is_asked_for_again() -> None:
    assert left_behind([run("running")], "trainer") == SCHEDULE
    assert left_behind([run("interrupted", DRIFT), run("finished")], "trainer") == DRIFT


def test_what_ended_or_belongs_to_others_is_left_alone() -> None:
    for newest in (
        run("finished"),
        run("failed"),
        run("interrupted", asked_by="kim"),
        run("running", host="another machine"),
    ):
        assert left_behind([newest, run("interrupted")], "trainer") is None
    assert left_behind([], "trainer") is None


def test_a_run_that_kills_each_process_is_given_up() -> None:
    assert left_behind([run("interrupted")] * (MOST_RESUMED - 1), "trainer") == SCHEDULE
    assert left_behind([run("interrupted")] * MOST_RESUMED, "trainer") is None
