"""``python -m worker.benchmark.fixed_worker ANSWERS``: the ordinary worker around an engine that answers at once.

It shows what the path around the model costs. ANSWERS are JSON Lines with ``question`` and ``text``. Nothing of the
service starts it, and no setting does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from shared import db, startup
from shared.errors import EngineFault
from shared.prompts import Prompt
from shared.repository import registry
from shared.repository.registry import ModelContent
from worker.benchmark.products import asked
from worker.engine import Generated
from worker.process import serve
from worker.serving import ServedModel


class FixedEngine:
    """Answers each question at once with the text that is known for it."""

    def __init__(self, answers: Mapping[str, str], model: ServedModel) -> None:
        self._answers = answers
        self.model = model

    def serving(self) -> FixedEngine:
        """Itself: the model never changes."""
        return self

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        """The known text, as often as it is asked for.

        Raises:
            EngineFault: when there is none for this question.
        """
        text = self._answers.get(asked(prompt.question[1]))
        if text is None:
            raise EngineFault(f"no answer is known to the question {prompt.question[1]!r}")
        written = Generated(
            text=text,
            confidence=0.9,
            prompt_tokens=90,
            new_tokens=len(text) // 4,
            complete=True,
            queue_ms=0.0,
            decode_ms=0.0,
            batch_size=1,
        )
        return [written] * candidates


def main() -> None:
    """Serve until SIGTERM, with the answers of the file that the command line names."""
    config = startup.prepare()
    with Path(sys.argv[1]).open() as lines:
        answers = {row["question"]: row["text"] for row in map(json.loads, lines)}
    content = ModelContent("fixed answers", "0" * 64, "1")
    with db.engine().begin() as connection:
        model = ServedModel(registry.register_model(connection, content), content.base_model, taught=False)
    serve(config, startup.policies(config), FixedEngine(answers, model), lambda _: nullcontext())


if __name__ == "__main__":
    startup.explain(main)
