"""Giving freed memory back to the system."""

from __future__ import annotations

import ctypes
import platform


def trim() -> None:
    """Give back what this process has freed and its allocator keeps. Does nothing where glibc is not the C library.

    glibc keeps freed blocks of up to 32 MB for later: nearly all weights of a small model. See malloc_trim(3).
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
