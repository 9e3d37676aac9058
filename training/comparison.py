"""The comparison of a challenger with champion and template, on products that no training saw.

The worker's own program writes the copy, so that it is made and measured as in service; the two sides never import each
other.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from shared.errors import TrainingFailed
from shared.promotion import CHALLENGER
from shared.settings import child_environment
from shared.stack.programs import python_module
from shared.stack.tether import tethered
from training.run_directory import RunDirectory

REPORT, PAGE, TEXTS = "comparison.json", "comparison.html", "comparison.texts.jsonl"
MOST_PRODUCTS = 120


def compared(run: RunDirectory, rows: Path) -> dict[str, Any]:
    """The report of ``shelftalk eval models`` on the rows of a file; its page stands in the run directory.

    The first answer decides, without repair: what is repaired in service would hide what the model invents.

    Raises:
        TrainingFailed: when the comparison did not come to its end.
    """
    report = run.path / REPORT
    options = {
        "file": str(rows),
        "adapters": [f"{CHALLENGER}={run.adapter}"],
        "champion": True,
        "template": True,
        "candidates": 1,
        "second_try": False,
        "limit": MOST_PRODUCTS,
        "out": str(run.path / TEXTS),
        "json_file": str(report),
        "report": str(run.path / PAGE),
    }
    report.unlink(missing_ok=True)
    command = tethered(python_module("worker.evaluation", "models", json.dumps(options)), on_death=signal.SIGKILL)
    ended = subprocess.run(command, env=child_environment(), check=False, capture_output=True, text=True)
    if not report.is_file():
        said = " ".join(ended.stderr.split()[-60:])
        raise TrainingFailed(f"the comparison with the champion ended with status {ended.returncode}: {said}")
    return dict(json.loads(report.read_text()))
