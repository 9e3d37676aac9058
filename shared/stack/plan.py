"""What a running Shelftalk consists of, as data."""

from __future__ import annotations

import importlib.util
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe

from shared.errors import ConfigurationError
from shared.settings import Settings
from shared.stack import preflight
from shared.stack.ownership import free_port
from shared.stack.programs import celery, python_module

WORKER_GRACE_S = 60.0
TRAINER_GRACE_S = 30.0
MISSED_HEARTBEATS = 3


def as_soon_as_it_runs(_since: float) -> bool:
    """The readiness of a process that has nothing to wait for."""
    return True


@dataclass(frozen=True)
class Process:
    """A process that is kept running.

    ``is_ready`` is asked again and again, with the time of its start (seconds since the epoch). ``grace_s`` is how
    many seconds it may take to finish what it does when it is stopped; then it is killed.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ready: Callable[[float], bool] = as_soon_as_it_runs
    grace_s: float = 10.0


@dataclass(frozen=True)
class Flower:
    """Where operators watch the queues."""

    url: str
    user: str
    password: str


@dataclass(frozen=True)
class Plan:
    """What runs, and what must be so before it does.

    ``check`` is called before any server starts, and raises ConfigurationError. The commands of ``prepare`` run once,
    each to its end, when the servers are up. The processes are in the order of their stopping.
    """

    check: Callable[[Settings], None]
    prepare: tuple[tuple[str, ...], ...]
    processes: tuple[Process, ...]
    flower: Flower


def shelftalk_plan(home: Path, heartbeat_s: float) -> Plan:
    """The plan of ``shelftalk up``.

    Args:
        home: Logs, heartbeats and the schedule of beat are kept under it.
        heartbeat_s: How often ingest, beat, the trainer and the worker say that they live, in seconds.

    Raises:
        ConfigurationError: when Flower is not installed.
    """
    run, port = home / "run", free_port()
    flower = Flower(f"http://127.0.0.1:{port}", "operator", token_urlsafe(16))

    def ours(name: str, argv: tuple[str, ...], grace_s: float = 10.0) -> Process:
        is_ready = beating(run, name, MISSED_HEARTBEATS * heartbeat_s)
        return Process(name, argv, is_ready=is_ready, grace_s=grace_s)

    return Plan(
        check=preflight.check,
        prepare=(
            python_module("shared.cli", "db", "upgrade"),
            python_module("shared.cli", "policy", "activate"),
        ),
        processes=(
            ours("ingest", python_module("worker.ingest")),
            ours("beat", celery("beat", f"--schedule={run / 'beat-schedule'}", "--pidfile=")),
            ours("trainer", python_module("training.service"), grace_s=TRAINER_GRACE_S),
            ours("worker", python_module("worker"), grace_s=WORKER_GRACE_S),
            _flower_process(flower, port, run / "flower"),
        ),
        flower=flower,
    )


def _flower_process(flower: Flower, port: int, database: Path) -> Process:
    if importlib.util.find_spec("flower") is None:
        raise ConfigurationError("Flower is not installed: install it with `pip install -e '.[ops]'`")
    options = ("--address=127.0.0.1", f"--port={port}", "--persistent=true", f"--db={database}")
    return Process(
        "flower",
        celery("flower", *options),
        environment={"FLOWER_BASIC_AUTH": f"{flower.user}:{flower.password}"},  # everyone can list arguments
        is_ready=listening(port),
    )


def beating(run: Path, name: str, within_s: float) -> Callable[[float], bool]:
    """Ready when the process touched ``run/NAME.heartbeat`` after its start, and ``within_s`` seconds ago at most."""
    heartbeat = run / f"{name}.heartbeat"

    def is_ready(since: float) -> bool:
        try:
            touched = heartbeat.stat().st_mtime
        except FileNotFoundError:
            return False
        return touched > max(since, time.time() - within_s)

    return is_ready


def listening(port: int) -> Callable[[float], bool]:
    """Ready when something accepts connections on this port of the loopback address."""

    def is_ready(_since: float) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    return is_ready
