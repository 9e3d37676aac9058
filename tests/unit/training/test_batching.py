"""Orders, rows and batches."""

from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, LlamaConfig

from shared.errors import TrainingFailed
from training.batching import EpochSampler, PackedBatch, PaddedBatch, check_packing, epoch_order, packed_rows
from training.dataset import IGNORED

LENGTHS = st.lists(st.integers(1, 50), min_size=1, max_size=300)


def tiny_llama(**changes: object) -> torch.nn.Module:
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=40, **shape), **changes).eval()


@given(lengths=LENGTHS, batch=st.integers(1, 9), seed=st.integers(0, 9))
def test_an_epoch_has_each_example_once_and_its_only_short_batch_last(
    lengths: list[int], batch: int, seed: int
) -> None:
    order = epoch_order(len(lengths), Random(seed), batch, lengths)
    assert sorted(order) == list(range(len(lengths)))
    if len(lengths) > batch * 2:
        batches = [order[at : at + batch] for at in range(0, len(order), batch)]
        grouped = sum(max(lengths[i] for i in each) - min(lengths[i] for i in each) for each in batches[:-1])
        assert grouped <= (len(batches) // 50 + 1) * 50


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    sampler = EpochSampler(20, 7)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(second) == list(range(20, 40))
    assert [at - 20 for at in second] != first
    resumed = EpochSampler(20, 7)
    resumed.set_epoch(1)
    assert list(resumed) == second
    assert list(EpochSampler(20, 8)) != first


@given(lengths=LENGTHS)
def test_packed_rows_hold_each_example_once_and_never_too_much(lengths: list[int]) -> None:
    rows = packed_rows(lengths, 50)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in row) <= 50 for row in rows)


def test_padding_is_masked_and_not_learnt() -> None:
    short, long = ({"input_ids": [5] * size, "labels": [IGNORED] + [5] * (size - 1)} for size in (2, 4))
    batch = PaddedBatch(0)([short, long])
    assert batch["input_ids"].tolist() == [[5, 5, 0, 0], [5, 5, 5, 5]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert batch["labels"].tolist() == [[IGNORED, 5, IGNORED, IGNORED], [IGNORED, 5, 5, 5]]


def test_positions_begin_anew_with_each_packed_example() -> None:
    one, other = ({"input_ids": [token] * 3, "labels": [token] * 3} for token in (5, 6))
    batch = PackedBatch(0)([[one, other], [one]])
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1, 2], [0, 1, 2, 0, 0, 0]]
    assert batch["labels"].tolist()[0] == [IGNORED, 5, 5, IGNORED, 6, 6]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_packed_example_is_read_as_if_it_were_alone(attention: str) -> None:
    model = tiny_llama(attn_implementation=attention)
    check_packing(model)
    one, other = ({"input_ids": tokens, "labels": tokens} for tokens in ([3, 4, 5], [6, 7, 8, 9]))
    packed = PackedBatch(0)([[one, other], [other]])
    with torch.no_grad():
        together = model(input_ids=packed["input_ids"], position_ids=packed["position_ids"], use_cache=False).logits
        alone = model(input_ids=torch.tensor([other["input_ids"]]), use_cache=False).logits
    torch.testing.assert_close(together[0, 3:], alone[0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(together[1, :4], alone[0], rtol=1e-4, atol=1e-4)


def test_packing_is_refused_where_examples_see_each_other() -> None:
    class Bag(torch.nn.Module):
        """A model in which all positions see all tokens."""

        device = torch.device("cpu")

        def forward(self, input_ids: torch.Tensor, **_: object) -> object:
            self.logits = input_ids.float().sum().expand(1, input_ids.shape[1], 4)
            return self

    with pytest.raises(TrainingFailed, match="packing = false"):
        check_packing(Bag())
