"""How much memory there is, and giving back what was freed."""

from __future__ import annotations

import ctypes
import platform
from pathlib import Path
from typing import Any

CGROUP = Path("/sys/fs/cgroup")  # cgroup v2

DEFAULT_BYTES = 2**31
"""What is taken as free where the system does not say: outside Linux."""


def trim() -> None:
    """Give back what this process has freed and its allocator keeps. Does nothing where glibc is not the C library.

    glibc keeps freed blocks of up to 32 MB for later: nearly all weights of a small model. See malloc_trim(3).
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def available(device: Any, cgroup: Path = CGROUP) -> int:
    """The bytes that this process may still take of a torch device's memory, or of its own machine or container."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return DEFAULT_BYTES
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024
    limit = cgroup / "memory.max"
    if limit.exists() and (most := limit.read_text().strip()) != "max":
        kinds = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        # Pages of files, such as the weights that were just read, count as used and yet make room for what needs it.
        used = int((cgroup / "memory.current").read_text()) - int(kinds["inactive_file"])
        free = min(free, int(most) - used)
    return max(0, free)
