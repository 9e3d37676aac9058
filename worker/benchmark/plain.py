"""The model as a plain script has it: transformers and nothing of ours. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import transformers

from worker.benchmark.contestant import Answer, Question, Setup

torch.set_grad_enabled(False)


class Plain:
    """The merged model with its tokenizer, on the GPU in bfloat16 where there is one, else in float32 on the CPU."""

    def __init__(self, setup: Setup, *, exact: bool = False) -> None:
        """``exact`` computes in float32 on a GPU too."""
        self.device = torch.device("cuda" if setup.on_gpu else "cpu")
        dtype = torch.bfloat16 if setup.on_gpu and not exact else torch.float32
        self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(setup.model, padding_side="left")
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(setup.model, dtype=dtype)
        self.model = model.to(self.device).eval()
        self.ends = setup.ends
        self.pad = setup.ends[0]
        settings: Any = transformers.GenerationConfig
        self.config = settings(
            max_new_tokens=setup.new_tokens, do_sample=False, eos_token_id=list(setup.ends), pad_token_id=self.pad
        )

    def generate(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers of one padded batch, greedily."""
        return [self.answer(tokens) for tokens in self.new_tokens([question.tokens for question in questions])]

    def new_tokens(self, prompts: Sequence[Sequence[int]]) -> list[list[int]]:
        """What ``generate()`` adds to each prompt of one batch, padded on the left to the longest."""
        width = max(map(len, prompts))
        padded = [[self.pad] * (width - len(tokens)) + list(tokens) for tokens in prompts]
        mask = [[0] * (width - len(tokens)) + [1] * len(tokens) for tokens in prompts]
        made = self.model.generate(
            torch.tensor(padded, device=self.device),
            attention_mask=torch.tensor(mask, device=self.device),
            generation_config=self.config,
        )
        return [self._until_end(row) for row in made[:, width:].tolist()]

    def answer(self, tokens: Sequence[int]) -> Answer:
        """New tokens as an answer, whose text leaves special tokens out."""
        return Answer(str(self.tokenizer.decode(tokens, skip_special_tokens=True)), len(tokens))

    def logits(self, tokens: Sequence[int]) -> torch.Tensor:
        """The model's logits for the token after these, one for each token of its vocabulary."""
        output = self.model(torch.tensor([list(tokens)], device=self.device), logits_to_keep=1)
        found: torch.Tensor = output.logits[0, -1].float()
        return found

    def _until_end(self, tokens: list[int]) -> list[int]:
        """A row without what pads it after its end token."""
        end = next((at for at, token in enumerate(tokens) if token in self.ends), len(tokens))
        return tokens[: end + 1]
