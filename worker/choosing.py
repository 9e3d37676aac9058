"""Which token comes next, and when a row has begun to go round in circles. Imports torch: see ``decoding``."""

from __future__ import annotations

import hashlib

import torch

from worker.decoder import Row

LOOP_TOKENS = 12
LOOP_TIMES = 3
LONGEST_PERIOD = 64
"""A row ends when it has said the same 12 or more tokens (up to 64) three times in a row."""

VARIANT_TEMPERATURE = 0.7
"""How freely the further candidates of a description are drawn."""

_COLDEST = 1e-4  # greedy rows are divided by it, and what comes of that is not used


def choose(logits: torch.Tensor, temperatures: torch.Tensor, draws: torch.Tensor | None) -> torch.Tensor:
    """The next token of each row: the most probable one where its temperature is 0, else one drawn by its number in
    0..1. ``draws`` is None when no row draws."""
    tokens = logits.argmax(-1)
    if draws is None:
        return tokens
    drawn = _sample(logits / temperatures.clamp(min=_COLDEST)[:, None], draws[:, None])
    return torch.where(temperatures > 0, drawn, tokens)


def temperature_of(row: Row, temperature: float) -> float:
    """The temperature of a row; 0 decodes greedily."""
    return max(temperature, VARIANT_TEMPERATURE) if row.variant else temperature


def draws_of(row: Row, seed: int) -> torch.Tensor:
    """Random numbers in 0..1 for each token of a row, made from the seed, its prompt and its variant alone."""
    content = repr((seed, row.variant, row.encoded.shared + row.encoded.own))
    digest = hashlib.sha256(content.encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    return torch.rand(row.max_new_tokens, generator=generator)


def loop_lengths(device: torch.device) -> torch.Tensor:
    """For each period, after how many repeated tokens the same LOOP_TOKENS or more have been said LOOP_TIMES."""
    periods = torch.arange(1, LONGEST_PERIOD + 1, device=device)
    spans = periods * (LOOP_TOKENS / periods).ceil().long().clamp(min=1)
    return LOOP_TIMES * spans - periods


def _sample(logits: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """One token per row by inversion: the first whose cumulative probability exceeds the row's draw."""
    cumulative = logits.double().softmax(-1).cumsum(-1)
    tokens = torch.searchsorted(cumulative, draws * cumulative[:, -1:], right=True)
    return tokens.squeeze(1).clamp(max=logits.shape[1] - 1)
