"""vLLM as a library, where it is installed: the offline ``LLM.generate`` with prefix caching.

Written against its documented interface (docs.vllm.ai, "Offline inference"), and not yet run by us: it needs a GPU
with vLLM on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from worker.benchmark.contestant import Answer, Question, Setup, Unavailable

CONTEXT = 4_096


class Vllm:
    """All prompts are handed over at once; vLLM schedules them itself."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def prepare(self) -> None:
        """Load the model into vLLM."""
        if find_spec("vllm") is None:
            raise Unavailable("vllm is not installed: `pip install vllm` on a machine with a GPU")
        vllm: Any = import_module("vllm")
        self._engine = vllm.LLM(
            model=str(self._setup.model), dtype="bfloat16", max_model_len=CONTEXT, enable_prefix_caching=True
        )
        self._sampling = vllm.SamplingParams(
            temperature=0, max_tokens=self._setup.new_tokens, stop_token_ids=list(self._setup.ends)
        )

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer from token ids, so that no other tokenizer or template takes part."""
        prompts = [{"prompt_token_ids": list(question.tokens)} for question in questions]
        done = self._engine.generate(prompts, self._sampling, use_tqdm=False)
        return [Answer(each.outputs[0].text, len(each.outputs[0].token_ids)) for each in done]

    def close(self) -> None:
        """Nothing: the process ends, and its engine with it."""
