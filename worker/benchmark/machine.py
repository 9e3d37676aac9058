"""What a benchmark ran on. torch is imported when it is asked."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from shared.settings import Settings

PACKAGES = ("torch", "transformers", "celery", "sqlalchemy", "psycopg", "vllm")


def describe(config: Settings) -> dict[str, Any]:
    """The machine in words and numbers: processor, cores, memory (GB), GPU, threads and versions."""
    import torch

    has_gpu = config.device != "cpu" and torch.cuda.is_available()
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "gpu": torch.cuda.get_device_name() if has_gpu else None,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch_threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "worker_threads": config.threads,
        "load": round(os.getloadavg()[0], 1),
        "versions": _versions(),
    }


def sentence(found: Mapping[str, Any]) -> str:
    """The machine on one line."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    gpu = f"{found['gpu']}, " if found["gpu"] else ""
    return (
        f"{gpu}{found['cpu']}, {found['cores']} cores ({found['instructions']}), {found['memory_gb']} GB; "
        f"{found['torch_threads']} threads of torch; Python {found['python']}, {versions}; {found['system']}; "
        f"load {found['load']} at the start"
    )


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
