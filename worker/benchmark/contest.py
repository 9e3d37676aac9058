"""``python -m worker.benchmark.contest FOLDER NAME PART RESULT``: one contestant, once, in a process of its own.

So nobody's memory, threads or caches disturb the next one.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shared.errors import ShelftalkError
from shared.settings import settings
from worker.benchmark.contestant import Unavailable, read_questions
from worker.benchmark.cpu import cpu_seconds
from worker.benchmark.entries import ENTRIES
from worker.benchmark.questions import QUESTIONS, WARM_UP_QUESTIONS, read_setup


def measure(folder: Path, name: str, part: int) -> dict[str, Any]:
    """Prepare a contestant, warm it up, and take the time of its answers.

    Returns:
        ``seconds`` by the clock, ``cpu_seconds`` of all processes that took part, how many ``products`` and ``tokens``,
        and the ``texts`` by SKU.

    Raises:
        Unavailable: when it cannot take part here.
    """
    entry = ENTRIES[name]
    setup = read_setup(folder, settings())
    questions = entry.questions(read_questions(folder / QUESTIONS), part, setup)
    warm_up = read_questions(folder / WARM_UP_QUESTIONS)
    contestant = entry.make(setup)
    try:
        contestant.prepare()
        contestant.run(warm_up[:1] if entry.is_slow(setup) else warm_up)
        gc.collect()
        cpu, began = cpu_seconds(os.getpid()), time.perf_counter()
        answers = contestant.run(questions)
        seconds, cpu = time.perf_counter() - began, cpu_seconds(os.getpid()) - cpu
    finally:
        contestant.close()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "products": len(questions),
        "tokens": sum(answer.tokens for answer in answers),
        "answers": {question.sku: asdict(answer) for question, answer in zip(questions, answers, strict=True)},
    }


def main(folder: str, name: str, part: str, result: str) -> None:
    """Measure, and write the result as JSON: that of ``measure``, or why it was ``skipped``, or how it ``failed``."""
    try:
        found = measure(Path(folder), name, int(part))
    except Unavailable as reason:
        found = {"skipped": str(reason)}
    except ShelftalkError as error:
        found = {"failed": str(error)}
    Path(result).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
