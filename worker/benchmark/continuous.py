"""The continuous batching of transformers, ``model.generate_batch``, as it stands in its release. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence

import transformers

from worker.benchmark.contestant import Answer, Question, Setup, Unavailable
from worker.benchmark.plain import Plain

CPU_REQUESTS = 32
CPU_BATCH_TOKENS = 256
CPU_PAGE = 32


class Continuous:
    """All prompts are handed over at once. On a GPU with the library's own settings; on a CPU, where these reserve most
    of the memory, with smaller pages and batches."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def prepare(self) -> None:
        """Load the model."""
        self._plain = Plain(self._setup)
        if not hasattr(self._plain.model, "generate_batch"):
            raise Unavailable(f"transformers {transformers.__version__} has no generate_batch for this model")

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer all; requests join and leave between the model's steps."""
        plain = self._plain
        found = plain.model.generate_batch(
            inputs=[list(question.tokens) for question in questions],
            generation_config=plain.config,
            continuous_batching_config=self._settings(questions),
        )
        done = list(found.values())
        errors = [each.error for each in done if each.error]
        if errors or len(done) < len(questions):
            why = errors[0] if errors else f"answered {len(done)} of {len(questions)}"
            raise Unavailable(f"generate_batch of transformers {transformers.__version__} failed: {why}")
        return [plain.answer(each.generated_tokens) for each in done]

    def close(self) -> None:
        """Nothing: the process ends."""

    def _settings(self, questions: Sequence[Question]) -> transformers.ContinuousBatchingConfig | None:
        if self._setup.on_gpu:
            return None
        longest = max(len(question.tokens) for question in questions) + self._setup.new_tokens
        return transformers.ContinuousBatchingConfig(
            page_size=CPU_PAGE,
            num_blocks=CPU_REQUESTS * (longest // CPU_PAGE + 2),
            max_batch_tokens=CPU_BATCH_TOKENS,
            max_requests_per_batch=CPU_REQUESTS,
        )
