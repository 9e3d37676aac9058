"""Writes the texts of meanings by beam search, as the LoRA paper does: no four tokens twice, short texts favoured.

What is written is kept in the run's directory, batch by batch: a run that was killed goes on there.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import LogitsProcessor, LogitsProcessorList, NoRepeatNGramLogitsProcessor

from shared.adapters import read_adapter
from shared.checkpoints import BaseModel
from training.dataset import end_token, prompt_tokens
from training.e2e.data import Meaning, asked
from training.options import TrainOptions
from training.trainer import uses_bf16
from training.weights import add_adapter

MOST_TOKENS = 96
"""No reference of the data set is longer; a text that is cut there ends where it stands."""
NO_REPEAT = 4
_ROWS = {"cpu": 160, "cuda": 640}


@dataclass(frozen=True)
class Writer:
    """A model with its adapter merged into it, and how many beams it searches."""

    model: Any
    tokenizer: Any
    beams: int

    @classmethod
    def of(cls, adapter: Path, base: BaseModel, options: TrainOptions, beams: int) -> Writer:
        """The writer of a run's result: an adapter, or a whole model.

        Raises:
            ConfigurationError: when the result is damaged, or belongs to another base.
        """
        whole = read_adapter(adapter).is_whole_model
        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        origin: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            adapter if whole else base.path, use_safetensors=True, dtype=torch.float32, **origin
        )
        if not whole:
            with warnings.catch_warnings():  # peft asks transformers by a name that it gives up
                warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
                model = add_adapter(model, adapter, base).merge_and_unload()
        on_gpu = torch.cuda.is_available()
        if not on_gpu and uses_bf16(options):  # three times as fast there; a GPU has the time for exact scores
            model = model.to(torch.bfloat16)
        tokenizer = transformers.AutoTokenizer.from_pretrained(adapter, **origin)
        return cls(model.to("cuda" if on_gpu else "cpu").eval(), tokenizer, beams)

    def write(
        self, meanings: Sequence[Meaning], file: Path, penalty: float, tell: Callable[[int], None]
    ) -> list[list[str]]:
        """For each meaning the texts of all beams, the most probable one first.

        ``file`` keeps them: what it holds is not written again. ``penalty`` is the exponent of the length by which a
        text's log-probability is divided. ``tell`` is called with the number of texts after each batch.
        """
        kept = _kept(file)
        prompts = {at: prompt_tokens(asked(each), self.tokenizer) for at, each in enumerate(meanings) if at not in kept}
        order = sorted(prompts, key=lambda at: -len(prompts[at]))
        batch = max(1, _ROWS[self.model.device.type] // self.beams)
        with file.open("a") as out:
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                for at, texts in zip(chosen, self._batch([prompts[at] for at in chosen], penalty), strict=True):
                    kept[at] = texts
                    out.write(json.dumps({"meaning": at, "texts": texts}, ensure_ascii=False) + "\n")
                out.flush()
                tell(len(kept))
        return [kept[at] for at in range(len(meanings))]

    @torch.inference_mode()
    def _batch(self, prompts: Sequence[Sequence[int]], penalty: float) -> list[list[str]]:
        longest = max(map(len, prompts))
        end = end_token(self.tokenizer)
        rows = torch.tensor([[end] * (longest - len(each)) + list(each) for each in prompts])
        mask = torch.tensor([[0] * (longest - len(each)) + [1] * len(each) for each in prompts])
        # generate's own no_repeat_ngram_size counts the prompt too, and a name could not be copied from there.
        rules = LogitsProcessorList([NoRepeatInAnswer(NO_REPEAT, longest)])
        found = self.model.generate(
            input_ids=rows.to(self.model.device),
            attention_mask=mask.to(self.model.device),
            num_beams=self.beams,
            num_return_sequences=self.beams,
            length_penalty=penalty,
            do_sample=False,
            max_new_tokens=MOST_TOKENS,
            eos_token_id=end,
            pad_token_id=end,
            logits_processor=rules,
        )
        texts = self.tokenizer.batch_decode(found[:, longest:], skip_special_tokens=True)
        lines = [" ".join(text.split()) for text in texts]
        return [lines[at : at + self.beams] for at in range(0, len(lines), self.beams)]


class NoRepeatInAnswer(LogitsProcessor):
    """Forbids to write any ``size`` tokens a second time; what stands before position ``start`` does not count."""

    def __init__(self, size: int, start: int) -> None:
        self._rule = NoRepeatNGramLogitsProcessor(size)
        self._start = start

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """The scores (rows, vocabulary) with -inf for what would repeat, for tokens of shape (rows, position)."""
        allowed: torch.FloatTensor = self._rule(input_ids[:, self._start :], scores)
        return allowed


def _kept(file: Path) -> dict[int, list[str]]:
    """What an earlier run wrote, without a line that a kill cut off."""
    if not file.is_file():
        return {}
    whole, _, cut = file.read_text().rpartition("\n")
    if cut:
        file.write_text(whole + "\n" if whole else "")
    rows = [json.loads(line) for line in whole.splitlines()]
    return {row["meaning"]: row["texts"] for row in rows}
