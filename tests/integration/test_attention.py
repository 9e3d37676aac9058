"""The parts of a step: attention over rows, preambles and prompts, fused and packed layers, and choosing tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from transformers import (
    Gemma2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    PhiConfig,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
    StableLmConfig,
)

from shared.errors import ConfigurationError, PromptTooLong
from shared.prompts import Prompt
from tests.reference_model import LIMIT, all_logits, build_tiny_kind, decode, generated, load, prompts, untouched
from worker import attention
from worker.attention import Preamble, Step, Store, attended
from worker.choosing import choose, draws_of, loop_lengths, temperature_of
from worker.decoder import Encoded, Row
from worker.fused import is_fusible
from worker.packing import PackedLinear, pack

ASKED = [*prompts(5), *prompts(3, tone="lively and rather longer"), Prompt((), ("user", "no preamble"))]
BEGINS = [0, 0, 4, 0, 2, 7, 30, 1, 3]
FUSED: list[Any] = [
    pytest.param(LlamaConfig, {}, id="llama"),
    pytest.param(LlamaConfig, {"attention_bias": True, "mlp_bias": True}, id="llama with biases"),
    pytest.param(LlamaConfig, {"num_key_value_heads": 4, "tie_word_embeddings": True}, id="llama with tied embeddings"),
    pytest.param(MistralConfig, {"sliding_window": None, "head_dim": 32}, id="mistral with wide heads"),
    pytest.param(Qwen2Config, {}, id="qwen2"),
]
UNFUSED: list[Any] = [
    pytest.param(LlamaConfig, {"hidden_act": "gelu"}, id="llama with another activation"),
    pytest.param(Qwen3Config, {"head_dim": 16}, id="qwen3"),
    pytest.param(GPTNeoXConfig, {}, id="gpt-neox"),
    pytest.param(PhiConfig, {}, id="phi"),
]


@pytest.mark.parametrize(("kind", "changes"), FUSED)
def test_a_fused_model_has_the_logits_of_its_own_modules(
    tmp_path: Path, kind: type[PretrainedConfig], changes: dict[str, Any]
) -> None:
    folder = build_tiny_kind(tmp_path, kind, **changes)
    own = untouched(folder)
    assert is_fusible(own)
    tokens = torch.randint(0, own.config.vocab_size, (300,), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = own(input_ids=tokens[None]).logits[0]
    assert torch.allclose(all_logits(load(folder), tokens.tolist()), expected, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize(("kind", "changes"), FUSED + UNFUSED)
def test_any_model_with_attention_says_what_its_own_generate_says(
    tmp_path: Path, kind: type[PretrainedConfig], changes: dict[str, Any]
) -> None:
    folder = build_tiny_kind(tmp_path, kind, **changes)
    decoder, own = load(folder), untouched(folder)
    answers = decode(decoder, [Row(decoder.encode(prompt, LIMIT), LIMIT) for prompt in ASKED], BEGINS)
    assert [answer.text for answer in answers] == [generated(own, decoder, prompt) for prompt in ASKED]
    assert len({answer.text for answer in answers}) > len(ASKED) // 2


@pytest.mark.parametrize(("kind", "changes"), UNFUSED)
def test_other_models_run_through_their_own_modules(
    tmp_path: Path, kind: type[PretrainedConfig], changes: dict[str, Any]
) -> None:
    assert not is_fusible(untouched(build_tiny_kind(tmp_path, kind, **changes)))


def test_within_its_window_a_sliding_layer_sees_all_and_longer_prompts_are_refused(tmp_path: Path) -> None:
    folder = build_tiny_kind(tmp_path, MistralConfig, sliding_window=90)
    decoder, own = load(folder), untouched(folder)
    short = Prompt((("system", "Be brief."),), ("user", "kettle"))
    (answer,) = decode(decoder, [Row(decoder.encode(short, LIMIT), LIMIT)])
    assert answer.text == generated(own, decoder, short)
    with pytest.raises(PromptTooLong, match=r"has \d+ tokens and 66 fit"):
        decoder.encode(ASKED[0], LIMIT)


def test_a_model_that_keeps_a_running_state_is_refused(tmp_path: Path) -> None:
    folder = build_tiny_kind(tmp_path, MambaConfig)
    with pytest.raises(ConfigurationError, match=r"layers of this kind are not served .*: use a model with attention"):
        load(folder)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param(Gemma2Config, {"head_dim": 16}, id="scores with a cap"),
        pytest.param(StableLmConfig, {}, id="modules that pass nothing on"),
    ],
)
def test_a_model_that_would_not_say_the_same_with_our_attention_is_refused(
    tmp_path: Path, kind: type[PretrainedConfig], changes: dict[str, Any]
) -> None:
    folder = build_tiny_kind(tmp_path, kind, **changes)
    with pytest.raises(ConfigurationError, match=r"models do not work with attention that is not their own"):
        load(folder)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 40), max_size=5),
    st.lists(st.integers(1, 30), max_size=4),
    st.sampled_from([0, 1, 70]),
    st.sampled_from([(4, 4), (4, 2), (6, 1)]),
)
def test_each_token_sees_its_preamble_and_its_own_row_up_to_itself(
    old: list[int], lengths: list[int], before: int, heads: tuple[int, int]
) -> None:
    """Rows that have ``old`` columns each get one more, and prompts of ``lengths`` tokens join behind them."""
    if not old and not lengths:
        return
    (query_heads, key_heads), width, rows = heads, 8, len(old) + len(lengths)
    generator = torch.Generator().manual_seed(len(old) + 7 * sum(lengths))
    preamble = [torch.randn(before, key_heads, width, generator=generator) for _ in range(2)]
    history = [[torch.randn(size, key_heads, width, generator=generator) for _ in range(2)] for size in old]
    sizes = [1] * len(old) + lengths
    queries = torch.randn(sum(sizes), query_heads, width, generator=generator)
    keys, values = (torch.randn(sum(sizes), key_heads, width, generator=generator) for _ in range(2))
    store = _filled(history, rows, max([*old, *lengths, 0]) + 1)
    step = _step(store, old, lengths, preamble if before else None)
    seen = attended(0, queries, keys, values, step)
    start = 0
    for row, size in enumerate(sizes):
        part = slice(start, start + size)
        known = history[row] if row < len(old) else [torch.empty(0, key_heads, width)] * 2
        expected = _plain(
            queries[part],
            torch.cat([preamble[0], known[0], keys[part]]),
            torch.cat([preamble[1], known[1], values[part]]),
        )
        assert torch.allclose(seen[part], expected, atol=1e-5)
        start += size


def _filled(history: list[list[torch.Tensor]], rows: int, columns: int) -> Store:
    """A store in which the first rows have a history."""
    store = Store()
    store.reserve(rows, columns)
    for row, (keys, values) in enumerate(history):
        places = torch.arange(len(keys))
        store.write(0, Step(store, torch.full_like(places, row), places), keys, values)
    return store


def _step(store: Store, old: list[int], lengths: list[int], preamble: list[torch.Tensor] | None) -> Step:
    unseen = torch.arange(max(old, default=0) + 1) > torch.tensor(old)[:, None]
    states = [] if preamble is None else [(preamble[0].permute(1, 2, 0)[None], preamble[1].permute(1, 0, 2)[None])]
    return Step(
        store=store,
        rows=torch.tensor([*range(len(old)), *(len(old) + n for n, size in enumerate(lengths) for _ in range(size))]),
        columns=torch.tensor([*old, *(column for size in lengths for column in range(size))]),
        decoding=len(old),
        mask=torch.zeros(unseen.shape).masked_fill(unseen, float("-inf"))[:, None, None] if old else None,
        prompts=lengths,
        preambles=[Preamble(states, None)] if states else [],
    )


def _plain(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Softmax attention of the last tokens of a text over all of it, token by token."""
    group = queries.shape[1] // keys.shape[1]
    keys, values = (each.repeat_interleave(group, 1) for each in (keys, values))
    outputs = []
    for number, query in enumerate(queries):
        end = len(keys) - len(queries) + number + 1
        scores = torch.einsum("hw,khw->hk", query, keys[:end]) / queries.shape[2] ** 0.5
        outputs.append(torch.einsum("hk,khw->hw", scores.softmax(-1), values[:end]))
    return torch.stack(outputs)


def test_what_a_store_holds_survives_that_its_room_grows_shrinks_and_rows_move() -> None:
    history = [[torch.randn(5, 2, 4), torch.randn(5, 2, 4)] for _ in range(3)]
    store = _filled(history, 3, 5)
    for rows, columns in [(100, 10), (100, 300), (3, 6)]:
        store.reserve(rows, columns)
        store.write(0, Step(store, torch.tensor([0]), torch.tensor([5])), torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
    store.move([2], [0], 5)
    (kept,) = store.row(5)
    assert torch.equal(kept[0], history[2][0].permute(1, 2, 0)[None])
    assert torch.equal(kept[1], history[2][1].permute(1, 0, 2)[None])


def test_room_that_is_much_too_large_is_given_back() -> None:
    store = _filled([[torch.zeros(5, 2, 4), torch.zeros(5, 2, 4)]], 200, 500)
    store.reserve(2, 20)
    kept = store.write(0, Step(store, torch.tensor([0]), torch.tensor([5])), torch.ones(1, 2, 4), torch.ones(1, 2, 4))
    assert kept[1].shape == (attention.SPARE_ROWS, 2, attention.SPARE_COLUMNS, 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("biased", [True, False], ids=["with a bias", "without"])
@pytest.mark.parametrize("rows", [1, 7, 300])
def test_a_packed_layer_computes_what_an_ordinary_one_does(dtype: torch.dtype, biased: bool, rows: int) -> None:
    generator = torch.Generator().manual_seed(rows)
    inputs, weight, bias, other = (
        torch.randn(size, generator=generator).to(dtype) for size in ((rows, 48), (40, 48), (40,), (rows, 40))
    )
    given_bias = bias if biased else None
    layer = PackedLinear(weight, given_bias)
    plain = functional.linear(inputs, weight, given_bias)
    near: dict[str, Any] = {"atol": 0.25, "rtol": 0.02} if dtype == torch.bfloat16 else {"atol": 1e-4}
    assert torch.allclose(layer(inputs), plain, **near)
    assert torch.allclose(layer.silu(inputs), functional.silu(plain), **near)
    assert torch.allclose(layer.times(inputs, other), plain * other, **near)
    assert torch.allclose(layer.plus(inputs, other), plain + other, **near)


def test_packing_replaces_linear_layers_and_nothing_else() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(8, 4), torch.nn.LayerNorm(4), torch.nn.Sequential(torch.nn.Linear(4, 3))
    )
    inputs = torch.randn(5, 8)
    with torch.inference_mode():
        expected = model(inputs)
        pack(model)
        assert torch.allclose(model(inputs), expected, atol=1e-5)
    kinds = [type(module).__name__ for module in model.modules()]
    assert kinds == ["Sequential", "PackedLinear", "LayerNorm", "Sequential", "PackedLinear"]


def test_without_a_temperature_the_most_probable_token_is_chosen() -> None:
    logits = torch.tensor([[0.0, 5.0, 1.0], [9.0, 0.0, 1.0]])
    assert choose(logits, torch.zeros(2), None).tolist() == [1, 0]
    assert choose(logits, torch.tensor([0.0, 1.0]), torch.tensor([0.999, 0.999]))[0] == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8), st.floats(0.1, 2))
def test_tokens_are_drawn_as_often_as_they_are_probable(logits: list[float], temperature: float) -> None:
    draws = (torch.arange(2000) + 0.5) / 2000
    lines = torch.tensor(logits).repeat(2000, 1)
    tokens = choose(lines, torch.full((2000,), temperature), draws)
    shares = torch.bincount(tokens, minlength=len(logits)) / 2000
    assert torch.allclose(shares, (torch.tensor(logits) / temperature).softmax(-1), atol=2e-3)


def test_the_first_and_the_last_draw_name_tokens_that_are_possible() -> None:
    logits = torch.tensor([[float("-inf"), 0.0, 0.0]] * 2)
    assert choose(logits, torch.ones(2), torch.tensor([0.0, 1.0])).tolist() == [1, 2]


def test_a_rows_draws_depend_on_seed_prompt_and_variant_alone() -> None:
    prompt = Encoded((1, 2), (3,))
    again = draws_of(Row(Encoded((1,), (2, 3)), 5, 1), 7)
    first = draws_of(Row(prompt, 5, 1), 7)
    assert torch.equal(first, again), "where the preamble ends does not matter"
    for row, seed in [(Row(prompt, 5, 2), 7), (Row(prompt, 5, 1), 8), (Row(Encoded((1, 2), (4,)), 5, 1), 7)]:
        assert not torch.equal(first, draws_of(row, seed))


def test_further_candidates_are_drawn_even_where_the_first_is_not() -> None:
    prompt = Encoded((), (1,))
    assert [temperature_of(Row(prompt, 5, variant), 0) for variant in (0, 1)] == [0, 0.7]
    assert [temperature_of(Row(prompt, 5, variant), 1.5) for variant in (0, 1)] == [1.5, 1.5]


@pytest.mark.parametrize(("period", "said"), [(1, 36), (5, 45), (11, 66), (12, 36), (64, 192)])
def test_a_loop_is_the_same_dozen_or_more_tokens_said_three_times(period: int, said: int) -> None:
    assert int(loop_lengths(torch.device("cpu"))[period - 1]) == said - period
