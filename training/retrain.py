"""The periodic training run: a process of its own, which shares neither memory nor a GPU context with anything.

The process has a session of its own, with all that it starts. It dies with the trainer, however the trainer ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.errors import TrainingFailed
from shared.settings import Settings, child_environment
from shared.stack.programs import python_module
from shared.stack.tether import tethered
from shared.training_request import TrainRequest

SCHEDULE, DRIFT = "schedule", "drift"
MOST_RESUMED = 3
"""A run is not resumed by itself any more after so many that were interrupted: it may be what kills its process."""
POLL_S = 0.5
GRACE_S = 15.0

stopping = threading.Event()
"""Set when the trainer is told to stop."""


def request_of(config: Settings, asked_by: str) -> TrainRequest:
    """What the periodic task asks for: by the schedule enough new pairs, by drift and after a restart at least one."""
    least = config.retrain_min_pairs if asked_by == SCHEDULE else 1
    return TrainRequest(asked_by=asked_by, least_new_pairs=least)


def retrain(config: Settings, asked_by: str) -> str:
    """Train in another process and wait for its end. Returns what became of it.

    Raises:
        TrainingFailed: when the run failed; its row and the trainer's log say why.
    """
    request = request_of(config, asked_by)
    status = run_to_end(python_module("training", "train", request.model_dump_json()), stopping)
    if status is None:
        return "stopped; the next run goes on from its last checkpoint"
    if status < 0:
        raise TrainingFailed(f"the training process was ended by {signal.Signals(-status).name}")
    if status > 0:
        raise TrainingFailed(f"the training process ended with status {status}: `shelftalk status` has the reason")
    return "done"


def run_to_end(command: Sequence[str], stop: threading.Event, grace_s: float = GRACE_S) -> int | None:
    """Run a command in a session of its own to its end, and leave nothing of the session behind.

    Args:
        stop: Ends it early: by SIGTERM, and ``grace_s`` seconds later by SIGKILL.

    Returns:
        its exit status, as :mod:`subprocess` has it; None when it was stopped.
    """
    # The thread that starts it must live as long as it: this one waits for it.
    process = subprocess.Popen(
        tethered(command, on_death=signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        env=child_environment(PYTHONUNBUFFERED="1"),
        start_new_session=True,
    )
    try:
        while process.poll() is None:
            if stop.wait(POLL_S):
                _end(process, grace_s)
                return None
        return process.returncode
    finally:
        _signal(process, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], grace_s: float) -> None:
    _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_S / 10)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def left_behind(runs: Sequence[Mapping[str, Any]], host: str) -> str | None:
    """Who asked for the run that a trainer of this machine left half done, so that it asks for it again; else None.

    ``runs`` has the newest first. A run that a person started is theirs to start again.
    """
    if not runs or runs[0]["host"] != host or runs[0]["asked_by"] not in (SCHEDULE, DRIFT):
        return None
    interrupted = [each["status"] in ("running", "interrupted") for each in runs[:MOST_RESUMED]]
    is_hopeless = len(interrupted) == MOST_RESUMED and all(interrupted)
    return runs[0]["asked_by"] if interrupted[0] and not is_hopeless else None
