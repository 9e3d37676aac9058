"""How much processor time a process has taken, with the children that it has: read from the system, Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time, user and system, of a process, of its children that live and of those that ended.

    0 where the system does not tell (proc_pid_stat(5), fields 4 and 14 to 17).
    """
    own = _fields(_PROC / str(pid))
    if not own:
        return 0.0
    ticks = sum(map(int, own[11:15])) + sum(sum(map(int, child[11:15])) for child in _children(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> Iterator[list[str]]:
    for folder in _PROC.glob("[0-9]*"):
        fields = _fields(folder)
        if fields and int(fields[1]) == pid:
            yield fields


def _fields(folder: Path) -> list[str]:
    """What follows the name of the program; empty for a process that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return (folder / "stat").read_text().rpartition(")")[2].split()
    return []
