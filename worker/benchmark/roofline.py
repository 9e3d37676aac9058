"""``python -m worker.benchmark.roofline FOLDER RESULT``: how fast this machine could write these texts at best.

The roofline model (Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009): a computation of F floating-point
operations that moves B bytes takes at least max(F / peak rate, B / bandwidth) seconds. Both rates are measured here.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from shared.settings import settings
from worker.benchmark.contestant import Setup
from worker.benchmark.questions import read_setup

CPU_SIZES = ((2_048, 576, 1_536), (2_048, 1_536, 576), (2_048, 2_048, 2_048))
GPU_SIZES = ((8_192, 8_192, 8_192),)
CPU_BYTES, GPU_BYTES = 1 << 29, 1 << 32
MEASURE_S = 1.0
LEAST_TIMES = 5


@dataclass(frozen=True)
class Shape:
    """What of a model matters here. ``weights`` are those of its matrices in all layers, ``vocabulary`` those of the
    last projection; ``context`` is keys and values of one token in all layers, in numbers; ``attention`` the width of
    all heads in all layers; ``number_bytes`` what one number takes."""

    weights: int
    vocabulary: int
    context: int
    attention: int
    number_bytes: int


@dataclass(frozen=True)
class Lengths:
    """Tokens of the task: ``shared`` begin all prompts, ``prompts`` are whole lengths, ``answers`` new tokens."""

    shared: int
    prompts: Sequence[int]
    answers: Sequence[int]


@dataclass(frozen=True)
class Rates:
    """What the machine was seen to reach: operations a second and bytes a second, and by which implementation."""

    flops: float
    flops_by: str
    bytes: float
    bytes_by: str


def operations(shape: Shape, lengths: Lengths) -> float:
    """Floating-point operations, two for each weight and token.

    The shared tokens are computed once; the last token of an answer is chosen, but not computed further; the projection
    onto the vocabulary is needed for each chosen token only. A token at place t (from 0) attends to t + 1 tokens: 4 x
    width x (t + 1) operations, half for the products of queries and keys, half for the sums of values.
    """
    rows = list(zip(lengths.prompts, lengths.answers, strict=True))
    computed = lengths.shared + sum(prompt - lengths.shared + answer - 1 for prompt, answer in rows)
    attended = _triangle(0, lengths.shared)
    attended += sum(_triangle(lengths.shared, prompt + answer - 1) for prompt, answer in rows)
    products = 2 * (shape.weights * computed + shape.vocabulary * sum(lengths.answers))
    return float(products + 4 * shape.attention * attended)


def traffic(shape: Shape, lengths: Lengths, rows: int) -> float:
    """Bytes that must come from memory: the weights once in each step of ``rows`` answers, every row's own context in
    each of its steps, and the shared one once per step. The weights of the prompts' passes are not counted."""
    steps = sum(lengths.answers) / rows
    own = sum(
        _triangle(prompt - lengths.shared, prompt - lengths.shared + answer - 1)
        for prompt, answer in zip(lengths.prompts, lengths.answers, strict=True)
    )
    numbers = steps * (shape.weights + shape.vocabulary) + shape.context * (own + steps * lengths.shared)
    return float(numbers * shape.number_bytes)


def _triangle(start: int, end: int) -> int:
    """(start + 1) + … + end."""
    return (end * (end + 1) - start * (start + 1)) // 2


def bound(shape: Shape, lengths: Lengths, rates: Rates, rows: int) -> dict[str, float]:
    """The least time in seconds for all answers, with both of its sides, and the rates that it allows."""
    compute = operations(shape, lengths) / rates.flops
    memory = traffic(shape, lengths, rows) / rates.bytes
    least = max(compute, memory)
    return {
        "compute_seconds": compute,
        "memory_seconds": memory,
        "seconds": least,
        "descriptions_per_s": len(lengths.answers) / least,
        "tokens_per_s": sum(lengths.answers) / least,
        "rows": rows,
    }


def shape_of(model: Path, number_bytes: int) -> Shape:
    """The shape of a model from its configuration; no weights are loaded."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(model)
    with torch.device("meta"):
        auto: Any = transformers.AutoModelForCausalLM
        built = auto.from_config(config)
    head = built.get_output_embeddings()
    matrices = (module for module in built.modules() if isinstance(module, torch.nn.Linear) and module is not head)
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Shape(
        weights=sum(module.weight.numel() for module in matrices),
        vocabulary=head.weight.numel(),
        context=2 * config.num_hidden_layers * config.num_key_value_heads * width,
        attention=config.num_hidden_layers * config.num_attention_heads * width,
        number_bytes=number_bytes,
    )


def measured(setup: Setup) -> Rates:
    """The best rates of this machine over what torch has to offer: float32 on a CPU, bfloat16 on a GPU."""
    import torch

    device = torch.device("cuda" if setup.on_gpu else "cpu")
    done = torch.cuda.synchronize if setup.on_gpu else _nothing
    with torch.inference_mode():
        flops, flops_by = max((size / _best(run, done), by) for by, size, run in _products(device))
        bandwidth, bytes_by = max((size / _best(run, done), by) for by, size, run in _streams(device))
    return Rates(flops, flops_by, bandwidth, bytes_by)


def _products(device: Any) -> Iterator[tuple[str, float, Callable[[], Any]]]:
    """Matrix products: by what, how many operations, and how to do one."""
    import torch

    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    for rows, inner, columns in GPU_SIZES if device.type == "cuda" else CPU_SIZES:
        left = torch.randn(rows, inner, device=device, dtype=dtype)
        right = torch.randn(inner, columns, device=device, dtype=dtype)
        size = 2.0 * rows * inner * columns
        yield f"torch.mm, {rows} x {inner} x {columns}", size, partial(torch.mm, left, right)
        backends, mkldnn = cast("Any", torch.backends), cast("Any", torch.ops.mkldnn)
        if device.type == "cpu" and backends.mkldnn.is_available():
            packed = mkldnn._reorder_linear_weight(right.t().contiguous(), rows)
            product = partial(mkldnn._linear_pointwise, left, packed, None, "none", [], "")
            yield f"oneDNN with packed weights, {rows} x {inner} x {columns}", size, product


def _streams(device: Any) -> Iterator[tuple[str, float, Callable[[], Any]]]:
    """Ways through a large piece of memory: by what, how many bytes, and how to do it."""
    import torch

    size = GPU_BYTES if device.type == "cuda" else CPU_BYTES
    source = torch.ones(size // 4, device=device)
    target = torch.empty_like(source)
    yield "read (sum)", float(size), source.sum
    yield "copy", 2.0 * size, partial(target.copy_, source)


def _best(run: Callable[[], Any], done: Callable[[], Any]) -> float:
    """The shortest time of one run, in seconds, over a second or more."""
    times: list[float] = []
    while len(times) < LEAST_TIMES or sum(times) < MEASURE_S:
        began = time.perf_counter()
        run()
        done()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def _nothing() -> None:
    """A CPU has done what it was told when the call returns."""


def main(folder: str, result: str) -> None:
    """Measure the machine, and write its rates and the model's shape as JSON."""
    setup = read_setup(Path(folder), settings())
    rates = measured(setup)
    shape = shape_of(setup.model, number_bytes=2 if setup.on_gpu else 4)
    Path(result).write_text(json.dumps({"rates": asdict(rates), "shape": asdict(shape)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
