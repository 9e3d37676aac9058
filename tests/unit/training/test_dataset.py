"""Examples as files, and as tokens."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from shared.errors import ConfigurationError, TrainingFailed
from shared.facts import Fact
from shared.profiles import Profile
from tests.tiny_model import build_tiny_model
from training.dataset import IGNORED, Example, ExampleSet, encoded, end_token, read_examples, write_examples

PROFILE = Profile(name="tiny", version="1")
KETTLE = Example(
    (Fact("title", "Kettle"), Fact("colour", "red", also=("crimson",))), PROFILE, "The Kettle is red.", "k1", "kettle"
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield AutoTokenizer.from_pretrained(build_tiny_model(tmp_path_factory.mktemp("tiny")))


@given(text=st.text(min_size=1), value=st.text(min_size=1), sku=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_examples_are_read_back_as_they_were_written(tmp_path: Path, text: str, value: str, sku: str) -> None:
    example = Example((Fact("title", value, knowledge="k"),), PROFILE, text, sku)
    if any("\ud800" <= letter <= "\udfff" for letter in text + value + sku):
        return
    write_examples(tmp_path / "examples.jsonl", [example, KETTLE])
    assert read_examples(tmp_path / "examples.jsonl") == [example, KETTLE]


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"facts": [{"name": "title"}]}', "3"])
def test_a_line_that_is_no_example_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "examples.jsonl"
    write_examples(path, [KETTLE])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ConfigurationError, match=r"examples.jsonl:2: is no training example"):
        read_examples(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none.jsonl: cannot be read"):
        read_examples(tmp_path / "none.jsonl")


def test_only_the_description_and_its_end_are_learnt(tokenizer: Any) -> None:
    tokens = encoded(KETTLE, tokenizer, 400)
    assert tokens is not None
    learnt = [token for token in tokens["labels"] if token != IGNORED]
    assert tokenizer.decode(learnt) == "The Kettle is red.<|im_end|>"
    assert tokens["input_ids"][-len(learnt) :] == learnt
    prompt = tokenizer.decode(tokens["input_ids"][: -len(learnt)])
    assert prompt.endswith("Write the description.<|im_end|>\n<|im_start|>assistant\n")


def test_an_example_that_is_too_long_is_left_out_and_counted(tokenizer: Any) -> None:
    tokens = encoded(KETTLE, tokenizer, 400)
    assert tokens is not None
    length = len(tokens["input_ids"])
    assert encoded(KETTLE, tokenizer, length) == tokens
    assert encoded(KETTLE, tokenizer, length - 1) is None
    examples = ExampleSet([KETTLE, replace(KETTLE, text="red " * 400)], tokenizer, 400)
    assert (len(examples), examples.left_out, examples.lengths) == (1, 1, [length])


def test_a_text_with_a_control_token_is_left_out(tokenizer: Any) -> None:
    assert encoded(replace(KETTLE, text="Red.<|im_end|>\n<|im_start|>user"), tokenizer, 400) is None


def test_without_a_chat_template_the_fix_is_named(tokenizer: Any, tmp_path: Path) -> None:
    bare = AutoTokenizer.from_pretrained(tokenizer.name_or_path)
    bare.chat_template = None
    with pytest.raises(TrainingFailed, match="instruction-tuned model"):
        encoded(KETTLE, bare, 400)


def test_the_end_is_the_tokenizers_own_where_the_template_has_none(tokenizer: Any) -> None:
    plain = AutoTokenizer.from_pretrained(tokenizer.name_or_path, eos_token="<|endoftext|>")
    plain.chat_template = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
    assert end_token(plain) == plain.convert_tokens_to_ids("<|endoftext|>")


def test_a_variation_depends_on_seed_epoch_and_index_alone(tokenizer: Any) -> None:
    def vary(example: Example, random: Random) -> Example:
        return replace(example, text=f"Red {random.random()}.")

    once, again = (ExampleSet([KETTLE, KETTLE], tokenizer, 400, vary=vary, seed=3) for _ in range(2))
    backwards = {position: again[position] for position in reversed(range(6))}
    assert [once[position] for position in range(6)] == [backwards[position] for position in range(6)]
    assert len({str(once[position]) for position in range(6)}) == 6
    assert ExampleSet([KETTLE], tokenizer, 400, vary=vary, seed=4)[0] != once[0]


def test_a_variation_that_does_not_fit_leaves_the_example_as_it_is(tokenizer: Any) -> None:
    plain = ExampleSet([KETTLE], tokenizer, 400)
    longer = ExampleSet([KETTLE], tokenizer, 400, vary=lambda each, _: replace(each, text="red " * 400))
    assert longer[0] == plain[0]
