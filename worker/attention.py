"""Attention for rows that come and go: keys and values that stay in place, and one call for all tokens of a step.

A step of the model takes all its tokens as one line, without padding: the newest token of each row that is being
written, then the prompts of the rows that join. So every matrix product is as large as it can be, and a step costs what
its tokens cost. Only attention must know which token belongs to which row; here it does, in up to three parts:

* each new token over the columns of its own row, in one call for all rows;
* each joining prompt over itself, causally;
* all tokens over the preamble that they share, which is kept once and not copied into every row.

Parts of one softmax are put together by their log-sum-exp, as between the blocks of FlashAttention (Dao et al. 2022);
splitting off a shared prefix is called cascade attention (Ye et al. 2024, FlashInfer). Imports torch: see ``decoding``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "shelftalk"
"""What this attention is called among those of transformers."""

SPARE_ROWS, SPARE_COLUMNS = 32, 64
"""Room is made for multiples of these, so that it seldom has to grow."""

SHRINK_FROM = 2
"""Room for more than so many times of what is needed is given back."""

KeysValues = tuple[torch.Tensor, torch.Tensor]
"""Keys ``(…, width, columns)`` and values ``(…, columns, width)``: so a query's products with its keys are contiguous,
which takes half as long (128 rows, 150 columns, two cores)."""


class Store:
    """Keys ``(rows, heads, width, columns)`` and values ``(rows, heads, columns, width)`` of rows, for each layer."""

    def __init__(self) -> None:
        self._layers: dict[int, KeysValues] = {}
        self._size = (0, 0)

    def reserve(self, rows: int, columns: int) -> None:
        """Have room for so many rows and columns from the next write on, and not for many times as much."""
        wanted = (-(-rows // SPARE_ROWS) * SPARE_ROWS, -(-columns // SPARE_COLUMNS) * SPARE_COLUMNS)
        fits = all(size >= want for size, want in zip(self._size, wanted, strict=True))
        if not fits or math.prod(self._size) > SHRINK_FROM * math.prod(wanted):
            self._size = wanted

    def write(self, layer: int, step: Step, keys: torch.Tensor, values: torch.Tensor) -> KeysValues:
        """Put the keys and values of all tokens of a step, ``(tokens, heads, width)``, where they belong."""
        kept = self._layers.get(layer)
        if kept is None or (len(kept[1]), kept[1].shape[2]) != self._size:
            kept = self._layers[layer] = self._resized(keys, values, kept)
        kept[0][step.rows, :, :, step.columns] = keys
        kept[1][step.rows, :, step.columns] = values
        return kept

    def _resized(self, keys: torch.Tensor, values: torch.Tensor, old: KeysValues | None) -> KeysValues:
        (rows, columns), heads = self._size, keys.shape[1]
        new_keys = keys.new_zeros(rows, heads, keys.shape[2], columns)
        new_values = values.new_zeros(rows, heads, columns, values.shape[2])
        if old is not None:
            rows, columns = min(rows, len(old[1])), min(columns, old[1].shape[2])
            new_keys[:rows, ..., :columns] = old[0][:rows, ..., :columns]
            new_values[:rows, :, :columns] = old[1][:rows, :, :columns]
        return new_keys, new_values

    def move(self, sources: Sequence[int], targets: Sequence[int], columns: int) -> None:
        """Copy the first columns of some rows over others."""
        if not sources:
            return
        for keys, values in self._layers.values():
            keys[list(targets), ..., :columns] = keys[list(sources), ..., :columns]
            values[list(targets), :, :columns] = values[list(sources), :, :columns]

    def row(self, columns: int) -> list[KeysValues]:
        """The first row of each layer, as ``(1, heads, …)``."""
        return [
            (keys[:1, ..., :columns].transpose(2, 3).contiguous().transpose(2, 3), values[:1, :, :columns].clone())
            for _, (keys, values) in sorted(self._layers.items())
        ]


@dataclass(frozen=True)
class Preamble:
    """Keys and values that tokens share, by layer; ``tokens`` are their places in the step, None for all."""

    states: Sequence[KeysValues]
    tokens: torch.Tensor | None


@dataclass(frozen=True)
class Step:
    """Which token belongs where. ``rows`` and ``columns`` say for each token where its keys and values are kept; the
    first ``decoding`` tokens add one column each to the rows of the same number, where ``mask`` (rows, 1, 1, columns)
    is 0 for the columns they see and -inf for others; the rest are ``prompts`` of these lengths."""

    store: Store
    rows: torch.Tensor
    columns: torch.Tensor
    decoding: int = 0
    mask: torch.Tensor | None = None
    prompts: Sequence[int] = ()
    preambles: Sequence[Preamble] = ()


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    step: Step | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as transformers calls it, ``(1, heads, tokens, width)``; without a ``step``, that of torch.

    Raises:
        ValueError: for a model that does more to its scores than to scale them.
    """
    if step is None:
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **options)
        return output, None
    if any(options.get(name) is not None for name in ("softcap", "s_aux")):
        raise ValueError("its attention caps its scores or has sinks")
    queries, keys, values = (states[0].transpose(0, 1) for states in (query, key, value))
    return attended(module.layer_idx, queries, keys, values, step, scaling)[None], None


def attended(
    layer: int,
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    step: Step,
    scaling: float | None = None,
) -> torch.Tensor:
    """What each token of a step sees in a layer: all are ``(tokens, heads, width)``. Keeps the keys and values."""
    tokens, _, width = queries.shape
    scale = width**-0.5 if scaling is None else scaling
    grouped = queries.reshape(tokens, keys.shape[1], -1, width)
    stored = step.store.write(layer, step, keys, values)
    parts = []
    if step.mask is not None:
        count, seen = step.decoding, step.mask.shape[-1]
        seen_keys, seen_values = stored[0][:count, ..., :seen], stored[1][:count, :, :seen]
        parts.append(_attention(grouped[:count], seen_keys, seen_values, scale, step.mask))
    start = step.decoding
    for length in step.prompts:
        prompt = slice(start, start := start + length)
        parts.append(_over_prompt(grouped[prompt], keys[prompt], values[prompt], scale))
    own, weight = (torch.cat(pieces) if len(pieces) > 1 else pieces[0] for pieces in zip(*parts, strict=True))
    for preamble in step.preambles:
        own = _with_preamble(own, weight, grouped, scale, preamble, layer)
    return own.reshape(queries.shape)


def _over_prompt(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float) -> KeysValues:
    """A prompt over itself. One call each: padded to the longest, prompts of a step took twice as long."""
    group = queries.shape[2]
    asking = queries.flatten(1, 2).transpose(0, 1)[None]
    seen = [states.repeat_interleave(group, 1).transpose(0, 1)[None] for states in (keys, values)]
    output, weight = _attention(asking, seen[0].transpose(2, 3), seen[1], scale, causal=True)
    return output[0].transpose(0, 1).reshape(queries.shape), weight[0].transpose(0, 1).reshape(queries.shape[:3])


def _with_preamble(
    own: torch.Tensor, weight: torch.Tensor, queries: torch.Tensor, scale: float, preamble: Preamble, layer: int
) -> torch.Tensor:
    """The result over own columns, ``(tokens, heads, group, width)``, put together with that over the preamble."""
    some = preamble.tokens
    asking = queries if some is None else queries[some]
    tokens, heads, group, width = asking.shape
    lined = asking.transpose(0, 1).reshape(1, heads, tokens * group, width)
    output, log_sum = _attention(lined, *preamble.states[layer], scale)
    output = output.reshape(heads, tokens, group, width).transpose(0, 1)
    log_sum = log_sum.reshape(heads, tokens, group).transpose(0, 1)
    share = torch.sigmoid(log_sum - (weight if some is None else weight[some])).unsqueeze(-1).to(own.dtype)
    if some is None:
        return torch.lerp(own, output, share)
    own[some] = torch.lerp(own[some], output, share)
    return own


def _attention(
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    scale: float,
    mask: torch.Tensor | None = None,
    *,
    causal: bool = False,
) -> KeysValues:
    """Softmax attention ``(rows, heads, tokens, width)`` with the log-sum-exp of its scores ``(rows, heads, tokens)``.

    With a mask a row has one token, for which plain matrix products take half as long as the CPU's flash kernel.
    """
    if queries.device.type == "cpu" and mask is None:
        output, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            queries, keys.transpose(2, 3), values, 0.0, causal, scale=scale
        )
        return output, log_sum
    scores = (queries @ keys).float() * scale
    if mask is not None:
        scores = scores + mask
    if causal:
        future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(future, float("-inf"))
    top = scores.amax(-1, keepdim=True)  # torch.logsumexp would go over the scores twice more
    weights = (scores - top).exp_()
    total = weights.sum(-1, keepdim=True)
    return (weights / total).to(values.dtype) @ values, (top + total.log()).squeeze(-1)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
