"""Linear layers laid out for the device that computes them. Imports torch: see ``decoding``.

torch multiplies float32 matrices with MKL, which leaves half of a CPU unused that is not Intel's, and packs the weights
anew in each call. oneDNN, which torch brings too, takes weights that were packed once, and computes what follows a
product (an activation, a product or a sum with another matrix) while its result is still in the cache. On two cores of
an AMD EPYC (Zen 5) the layers of SmolLM2-135M ran at 420 GFLOPS with 256 rows instead of 185.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

ROWS = 256
"""For how many rows the weights are laid out; any other number works too."""

_KINDS = (torch.float32, torch.bfloat16)


class PackedLinear(torch.nn.Module):
    """A linear layer that cannot be trained, saved or moved any more, but is fast."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self._is_packed = _can_pack(weight)
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS) if self._is_packed else weight
        self._bias = bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``inputs @ weight.T + bias``."""
        if not self._is_packed:
            plain: torch.Tensor = functional.linear(inputs, self._weight, self._bias)
            return plain
        return self._unary(inputs, "none")

    def silu(self, inputs: torch.Tensor) -> torch.Tensor:
        """The layer's output after the activation SiLU."""
        if not self._is_packed:
            return functional.silu(self.forward(inputs))
        return self._unary(inputs, "swish")

    def times(self, inputs: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The layer's output, multiplied by another matrix element by element."""
        if not self._is_packed:
            return self.forward(inputs) * other
        return self._binary(inputs, other, "mul")

    def plus(self, inputs: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The layer's output with another matrix added."""
        if not self._is_packed:
            return self.forward(inputs) + other
        return self._binary(inputs, other, "add")

    def _unary(self, inputs: torch.Tensor, after: str) -> torch.Tensor:
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self._weight, self._bias, after, [], "")
        return output

    def _binary(self, inputs: torch.Tensor, other: torch.Tensor, after: str) -> torch.Tensor:
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, other, self._weight, self._bias, after)
        return output


def _can_pack(weight: torch.Tensor) -> bool:
    return weight.device.type == "cpu" and weight.dtype in _KINDS and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def pack(model: Any) -> None:
    """Replace each linear layer of a model by a packed one, where that helps."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear and _can_pack(child.weight):
                setattr(module, name, PackedLinear(child.weight.detach(), child.bias))
