"""What a running stack says of itself, in ``stack.json`` in its home, and the lock that tells whether it is true."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.settings import STACK_FILE, read_stack
from shared.stack.ownership import end, is_alive, lock_holder, write_private
from shared.stack.plan import Flower

DATA = "data"  # the folder of the embedded servers, in the home
LEFTOVER_LIMIT_S = 10.0


@dataclass(frozen=True)
class Stack:
    """A running stack: its addresses, and the process ids of what runs.

    ``marks`` name the same processes and the embedded servers beyond the reuse of process ids (see
    ``shared.stack.ownership``). ``started_at`` is UTC in ISO 8601.
    """

    database_url: str
    redis_url: str
    flower: Flower
    supervisor_pid: int
    started_at: str
    processes: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    is_ready: bool = False


def lock_of(home: Path) -> Path:
    """The lock that a supervisor holds as long as it lives."""
    return home / "run" / "supervisor.lock"


def supervisor_of(home: Path) -> int | None:
    """The process id of the supervisor that runs in this home (0 in its first moment), or None."""
    return lock_holder(lock_of(home))


def write_stack(home: Path, stack: Stack) -> None:
    """Publish what runs, readable by its owner only: there are passwords in it."""
    state = {
        "DATABASE_URL": stack.database_url,
        "REDIS_URL": stack.redis_url,
        "flower_url": stack.flower.url,
        "flower_user": stack.flower.user,
        "flower_password": stack.flower.password,
        "supervisor_pid": stack.supervisor_pid,
        "processes": dict(stack.processes),
        "marks": dict(stack.marks),
        "started_at": stack.started_at,
        "ready": stack.is_ready,
    }
    write_private(home / STACK_FILE, json.dumps(state, indent=2) + "\n")


def load_stack(home: Path) -> Stack | None:
    """The stack that runs in this home, or None: none does, or it has not started its processes yet."""
    supervisor, state = supervisor_of(home), read_stack(home)
    if not supervisor or state.get("supervisor_pid") != supervisor:
        return None
    return Stack(
        database_url=state["DATABASE_URL"],
        redis_url=state["REDIS_URL"],
        flower=Flower(state["flower_url"], state["flower_user"], state["flower_password"]),
        supervisor_pid=supervisor,
        started_at=state["started_at"],
        processes=state["processes"],
        marks=state["marks"],
        is_ready=state["ready"],
    )


def clear_leftovers(home: Path) -> list[str]:
    """End what a supervisor that died left behind, and remove what it said. The names of what still ran.

    Call it only while no supervisor runs in this home.
    """
    marks: dict[str, str] = read_stack(home).get("marks", {})
    alive = [name for name, process in marks.items() if is_alive(process)]
    for name in alive:
        end(marks[name], LEFTOVER_LIMIT_S)
    (home / STACK_FILE).unlink(missing_ok=True)
    return alive
