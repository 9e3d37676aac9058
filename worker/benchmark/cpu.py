"""How much processor time a process has taken, with all that it started: read from the system, Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time, user and system, of a process and of all that it started, ended ones too.

    0 where the system does not tell (proc_pid_stat(5), fields 4 and 14 to 17).
    """
    found = dict(_processes())
    family = {pid}
    # A parent's number need not be below its child's: go on until nobody is found any more.
    while more := {each for each, fields in found.items() if int(fields[1]) in family} - family:
        family |= more
    ticks = sum(sum(map(int, found[each][11:15])) for each in family & found.keys())
    return ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Every process, with what follows the name of its program in ``stat``."""
    for folder in _PROC.glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()
