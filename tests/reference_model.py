"""Tiny models of many kinds, what transformers makes of them by itself, and decoding by hand, to compare the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PretrainedConfig

from shared.checkpoints import resolve_base_model
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import Prompt, as_text, description_prompt
from shared.settings import Settings
from tests.tiny_model import build_tiny_model
from worker.attention import Step, Store
from worker.decoder import Decoded, Encoded, Row
from worker.decoding import TransformersDecoder, load_decoder

LIMIT = 24
"""Few enough new tokens that no row is ended as a loop, which ``model.generate`` does not know."""


def load(folder: Path, **changes: Any) -> TransformersDecoder:
    """The decoder of a folder's model, on the CPU."""
    options: dict[str, Any] = {"base_model": str(folder), "device": "cpu"}
    settings = Settings(**options | changes)
    return load_decoder(resolve_base_model(settings), settings)


def untouched(folder: Path) -> Any:
    """The model of a folder as transformers loads it: the decoder's own loses its layers."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval()


def build_tiny_kind(folder: Path, kind: type[PretrainedConfig], **changes: Any) -> Path:
    """Write a tiny random model of another kind than Llama, with the tokenizer of the tiny Llama."""
    tokenizer: Any = AutoTokenizer.from_pretrained(build_tiny_model(folder))
    options: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "initializer_range": 0.3,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        auto: Any = AutoModelForCausalLM  # its type information stops short of this
        model = auto.from_config(kind(**options | changes), dtype=torch.float32)
        for name, weight in model.named_parameters():
            if name.endswith("bias"):  # zero in a new model, where it would prove nothing
                torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return folder


def prompts(count: int, tone: str = "plain") -> list[Prompt]:
    """Prompts of one profile with questions of different lengths."""
    names = ["title", "brand", "material", "color", "weight", "height", "power"]
    return [
        description_prompt(
            [Fact(name, f"{name} {number} of it") for name in names[: 1 + number % len(names)]],
            Profile(name="tiny", version="1", tone=tone),
        )
        for number in range(count)
    ]


def generated(model: Any, decoder: TransformersDecoder, prompt: Prompt, limit: int = LIMIT) -> str:
    """What ``model.generate`` says greedily, for one prompt alone."""
    text = as_text(prompt.messages, decoder.tokenizer, answer_follows=True)
    tokens = decoder.tokenizer(text, add_special_tokens=False, return_tensors="pt")
    ends, pad = decoder.ends.tolist(), decoder.tokenizer.pad_token_id
    output = model.generate(**tokens, max_new_tokens=limit, do_sample=False, eos_token_id=ends, pad_token_id=pad)
    return decoder.text(output[0, tokens["input_ids"].shape[1] :].tolist())


def decode(decoder: TransformersDecoder, rows: Sequence[Row], begins: Sequence[int] = ()) -> list[Decoded]:
    """Decode rows together; each joins before the step whose number ``begins`` holds for it, or before the first."""
    decoding, done = decoder.start(), dict[int, Decoded]()
    left = dict(enumerate(begins or [0] * len(rows)))
    step = running = 0
    while len(done) < len(rows):
        joining = [number for number, begin in left.items() if begin <= step]
        decoding.join({number: rows[number] for number in joining})
        for number in joining:
            del left[number]
        running += len(joining)
        if running:
            ended: Mapping[int, Decoded] = decoding.step()
            done |= ended
            running -= len(ended)
        step += 1
    return [done[number] for number in range(len(rows))]


def decode_all(decoder: TransformersDecoder, encoded: Sequence[Encoded], limit: int = LIMIT) -> list[Decoded]:
    """Decode prompts together, greedily unless the settings say otherwise."""
    return decode(decoder, [Row(each, limit) for each in encoded])


def all_logits(decoder: TransformersDecoder, tokens: Sequence[int]) -> torch.Tensor:
    """The logits ``(tokens, vocabulary)`` after each token of a text, as the decoder computes them."""
    store, columns = Store(), torch.arange(len(tokens))
    store.reserve(1, len(tokens))
    step = Step(store, torch.zeros_like(columns), columns, prompts=[len(columns)])
    with torch.inference_mode():
        return decoder.logits(torch.tensor(tokens), columns, step, columns)
