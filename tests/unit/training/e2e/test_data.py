"""The data set's rows as meanings, facts and training examples."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError
from shared.facts import Fact
from training.e2e.data import Meaning, asked, drawn, examples, facts_of, read_meanings, read_tokenised, tokenised

ROW = {"attributes": {"name": "The Mill", "eatType": ["pub", "restaurant"]}, "references": ["The Mill.", "A pub."]}


def write(path: Path, *rows: object) -> Path:
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def test_a_row_becomes_a_meaning_whose_slots_may_have_several_values(tmp_path: Path) -> None:
    (meaning,) = read_meanings(write(tmp_path / "train.jsonl.gz", ROW))
    assert meaning == Meaning({"name": ("The Mill",), "eatType": ("pub", "restaurant")}, ("The Mill.", "A pub."))
    assert meaning.size == 3


@pytest.mark.parametrize(
    "row",
    [
        {"attributes": {"name": "The Mill"}},
        {"attributes": {"name": "The Mill"}, "references": []},
        {"attributes": {"weight": "2 kg"}, "references": ["Heavy."]},
        ["no", "object"],
    ],
)
def test_a_row_of_another_data_set_is_refused_with_its_line(tmp_path: Path, row: object) -> None:
    with pytest.raises(ConfigurationError, match=r"train.jsonl.gz: line 2: is no row of the E2E data set"):
        read_meanings(write(tmp_path / "train.jsonl.gz", ROW, row))


def test_tokenised_references_keep_their_order(tmp_path: Path) -> None:
    file = write(tmp_path / "lora_test.jsonl.gz", {"context": "x", "references": ["A pub .", "One ."]})
    assert read_tokenised(file) == [("A pub .", "One .")]
    with pytest.raises(ConfigurationError, match=r"line 1: has no references"):
        read_tokenised(write(file, {"context": "x"}))


def test_a_meaning_is_asked_for_like_a_product_with_yes_and_no_in_words() -> None:
    meaning = Meaning({"name": ("Aromi",), "familyFriendly": ("no",), "near": ("The Bakers",)}, ("A.", "B."))
    assert facts_of(meaning) == (
        Fact("title", "Aromi"),
        Fact("for families", "not family friendly"),
        Fact("near", "The Bakers"),
    )
    assert [each.text for each in examples([meaning])] == ["A.", "B."]
    assert asked(meaning).text == "A."


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Aromi isn't family-friendly.", "Aromi isn 't family - friendly ."),
        ("It's £20-25, at 'Aromi'!", "It 's £ 20 - 25 , at ' Aromi ' !"),
    ],
)
def test_texts_are_taken_apart_as_the_references_of_the_lora_paper_are(text: str, tokens: str) -> None:
    assert tokenised(text) == tokens


@given(st.text())
def test_taking_apart_loses_nothing_but_space(text: str) -> None:
    assert "".join(tokenised(text).split()) == "".join(text.split())


def test_a_sample_is_the_same_each_time_and_in_order() -> None:
    assert drawn(100, 5, seed=1) == drawn(100, 5, seed=1) == sorted(drawn(100, 5, seed=1))
    assert drawn(3, None, seed=1) == drawn(3, 9, seed=1) == [0, 1, 2]
