"""The static peer: padded batches in a plain script, without a queue and without a database. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence

from worker.benchmark.contestant import Answer, Question, Setup
from worker.benchmark.plain import Plain


class Static:
    """``model.generate`` over batches of ``size`` prompts, in the order in which they come."""

    def __init__(self, setup: Setup, size: int) -> None:
        self._setup = setup
        self._size = size

    def prepare(self) -> None:
        """Load the model."""
        self._plain = Plain(self._setup)

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Each batch waits for its longest answer."""
        return [
            answer
            for at in range(0, len(questions), self._size)
            for answer in self._plain.generate(questions[at : at + self._size])
        ]

    def close(self) -> None:
        """Nothing: the process ends."""
