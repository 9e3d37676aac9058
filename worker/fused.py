"""The forward pass of models like Llama, in few large operations. Imports torch: see ``decoding``.

transformers' own modules are written to be read and changed: over a hundred tensor operations a layer, each of which a
CPU's threads begin and end together. Here it is about twenty. The weights are transformers', and so are the results, up
to rounding; other kinds of models run through their own modules.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from worker.attention import Step, attended
from worker.packing import PackedLinear

KINDS = ("llama", "mistral", "qwen2")
"""The ``model_type`` of configurations whose models compute this, as long as their activation is SiLU."""


class FusedModel:
    """A Llama-like language model. The model that it is made of loses its layers, so that no weight is there twice."""

    def __init__(self, model: Any) -> None:
        inner = model.model
        self._embeddings, self._rotary, self._norm = inner.embed_tokens, inner.rotary_emb, inner.norm
        self._layers: list[_Layer] = []
        while len(inner.layers):  # one by one: memory never holds more than one layer twice
            self._layers.append(_Layer(inner.layers[0], len(self._layers)))
            del inner.layers[0]
        self._head = PackedLinear(model.lm_head.weight.detach(), model.lm_head.bias)
        self.device, self.dtype = model.device, model.dtype

    def logits(self, tokens: torch.Tensor, positions: torch.Tensor, step: Step, kept: torch.Tensor) -> torch.Tensor:
        """The logits ``(kept, vocabulary)`` after the tokens of a step that ``kept`` names, of all its tokens."""
        states = self._embeddings(tokens)
        cosines, sines = self._rotary(states[None].float(), positions[None])
        half = cosines.shape[-1] // 2
        turns = torch.complex(cosines[0, :, None, :half].contiguous(), sines[0, :, None, :half].contiguous())
        for layer in self._layers:
            states = layer(states, turns, step)
        logits: torch.Tensor = self._head(_normed(states[kept], self._norm))
        return logits


class _Layer:
    """One layer: ``states`` are ``(tokens, width)``, ``turns`` the rotary embedding as complex numbers."""

    def __init__(self, layer: Any, number: int) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self._number, self._width, self._scale = number, attention.head_dim, attention.scaling
        parts = [attention.q_proj, attention.k_proj, attention.v_proj]
        self._query_heads, self._key_heads, _ = (part.out_features // self._width for part in parts)
        turned = [_paired(part, self._width) for part in parts[:2]]
        weights, biases = zip(*turned, (parts[2].weight.detach(), parts[2].bias), strict=True)
        self._mixed = PackedLinear(torch.cat(weights), None if biases[0] is None else torch.cat(biases))
        self._out = _packed(attention.o_proj)
        self._gate, self._up, self._down = map(_packed, (mlp.gate_proj, mlp.up_proj, mlp.down_proj))
        self._before, self._between = layer.input_layernorm, layer.post_attention_layernorm

    def __call__(self, states: torch.Tensor, turns: torch.Tensor, step: Step) -> torch.Tensor:
        mixed = self._mixed(_normed(states, self._before)).unflatten(1, (-1, self._width))
        turning = self._query_heads + self._key_heads
        pairs = torch.view_as_complex(mixed[:, :turning].float().unflatten(2, (-1, 2)))
        turned = torch.view_as_real(pairs * turns).flatten(2).to(mixed.dtype)
        queries, keys = turned[:, : self._query_heads], turned[:, self._query_heads :]
        seen = attended(self._number, queries, keys, mixed[:, turning:], step, self._scale)
        states = self._out.plus(seen.flatten(1), states)
        normed = _normed(states, self._between)
        return self._down.plus(self._up.times(normed, self._gate.silu(normed)), states)


def _normed(states: torch.Tensor, norm: Any) -> torch.Tensor:
    return functional.rms_norm(states, states.shape[-1:], norm.weight, norm.variance_epsilon)


def _packed(linear: Any) -> PackedLinear:
    return PackedLinear(linear.weight.detach(), linear.bias)


def _paired(linear: Any, width: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Weights of queries or keys whose rotary pairs are neighbours.

    transformers turns element i of a head with element i + width / 2. Queries and keys that are reordered alike have
    the same products; next to each other a pair is one complex number, which one multiplication turns.
    """
    order = torch.arange(width).reshape(2, -1).t().flatten()
    weight = linear.weight.detach().unflatten(0, (-1, width))[:, order].flatten(0, 1)
    bias = None if linear.bias is None else linear.bias.detach().unflatten(0, (-1, width))[:, order].flatten()
    return weight, bias


def is_fusible(model: Any) -> bool:
    """Whether a model computes what ``FusedModel`` does."""
    config = model.config
    return config.model_type in KINDS and config.hidden_act == "silu"
