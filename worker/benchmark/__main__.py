"""``python -m worker.benchmark NAME OPTIONS``: what ``shelftalk bench`` becomes."""

from __future__ import annotations

import sys
from importlib import import_module

from shared import logs
from shared.errors import ShelftalkError
from shared.settings import settings

EXIT_INTERRUPTED = 130
OPTIONS = {"peers": "PeersOptions", "path": "PathOptions", "scale": "ScaleOptions"}


def main(name: str, options: str) -> int:
    """Measure as the options say, which are one JSON object. Returns the exit status."""
    logs.configure()
    asked = getattr(import_module(f"shared.benchmarks.{name}"), OPTIONS[name]).model_validate_json(options)
    return int(import_module(f"worker.benchmark.{name}").run(asked, settings()))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except ShelftalkError as error:
        sys.exit(f"shelftalk: {error}")
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
