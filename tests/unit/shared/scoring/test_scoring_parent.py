"""PARENT, against values worked out by hand from the formulas of Dhingra et al. (2019)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.facts import Fact
from shared.scoring.parent import SMOOTHING, attribute_recall, parent, parent_f

LAMP = (Fact("color", "red"), Fact("type", "lamp"))


def test_parent_f_is_what_the_paper_s_formulas_give() -> None:
    # "the lamp is red" against "the lamp is blue", where red and lamp are known.
    # Precision. Words: all of "the", "lamp", "is" are in the reference, "red" is known: 1.
    # Pairs: (is red) is not in the reference and half known: (1 + 1 + 1/2) / 3. Triples: (lamp is red): (1 + 2/3) / 2.
    # The one quadruple is half known: 1/2.
    precision = (1 * 5 / 6 * 5 / 6 * 1 / 2) ** (1 / 4)
    # Recall of the reference. Words: only "lamp" weighs, and is said: 1. Pairs: (the lamp), (lamp is) weigh 1/2 each,
    # both said: 1. Triples: both weigh 1/3, one is said: 1/2. The quadruple is not said: 0, smoothed.
    reference_recall = (1 * 1 * 1 / 2 * SMOOTHING) ** (1 / 4)
    # Both values are said, so that the recall of the table is 1.
    recall = (reference_recall * 1) ** 0.5

    expected = 2 * precision * recall / (precision + recall)
    assert parent_f("The lamp is red", LAMP, ["The lamp is blue"]) == pytest.approx(expected)


def test_the_recalls_of_reference_and_table_count_the_same() -> None:
    # Every word is in the reference, but "lamp" is not said: words 1/2, longer n-grams of the reference 0 or without
    # weight; of the table 1/2.
    expected_recall = ((1 / 2 * SMOOTHING**3) ** (1 / 4) * 1 / 2) ** 0.5
    precision = SMOOTHING ** (3 / 4)

    expected = 2 * precision * expected_recall / (precision + expected_recall)
    assert parent_f("red", LAMP, ["a red and large lamp"]) == pytest.approx(expected)


def test_the_reference_itself_has_full_marks_where_it_tells_the_product() -> None:
    text = "A red lamp for the home"
    assert parent_f(text, LAMP, [text]) == pytest.approx(1)


def test_the_best_reference_counts() -> None:
    text = "A red lamp for the home"
    assert parent_f(text, LAMP, ["Nothing alike is here", text]) == pytest.approx(1)


def test_copy_without_a_right_word_has_none() -> None:
    assert parent_f("green chairs", LAMP, ["a red lamp"]) == 0
    assert parent_f("", LAMP, ["a red lamp"]) == 0


def test_parent_f_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="at least one reference"):
        parent_f("A red lamp", LAMP, [])


def test_attribute_recall_is_the_share_of_each_value_s_words_in_their_order() -> None:
    material = Fact("material", "glazed white stoneware")
    assert attribute_recall("A white and glazed stoneware bowl.", [material]) == pytest.approx(2 / 3)
    assert attribute_recall("A red bowl.", [material, Fact("color", "red")]) == pytest.approx(1 / 2)
    assert attribute_recall("", [material]) == 0
    assert attribute_recall("A bowl.", []) == 1


def test_a_yes_or_no_is_recalled_by_its_name_and_a_category_by_its_last_step() -> None:
    facts = (Fact("USB port", "no"), Fact("category", "Office > Lamps"))
    assert attribute_recall("Lamps without USB port", facts) == 1


def test_another_approved_wording_counts_as_the_value() -> None:
    assert attribute_recall("Ein Stuhl aus Eiche", [Fact("material", "oak", also=("Eiche",))], "de") == 1


def test_chinese_is_compared_by_character() -> None:
    assert attribute_recall("红色的杯子", [Fact("颜色", "红色"), Fact("材质", "陶瓷")], "zh") == 0.5


def test_precision_and_recall_are_those_of_the_best_reference() -> None:
    facts = [Fact("color", "black"), Fact("power", "2200 watt")]
    said = "a black kettle of steel"  # four words: shorter texts have no 4-gram
    held = parent(said, facts, ["a bowl of glazed stoneware", said])
    assert held.precision == pytest.approx(1)
    assert held.recall < 1  # the power is not told
    assert held.f == parent_f(said, facts, ["a bowl of glazed stoneware", said])


def longest_common(value: list[str], said: list[str]) -> int:
    if not value or not said:
        return 0
    if value[-1] == said[-1]:
        return 1 + longest_common(value[:-1], said[:-1])
    return max(longest_common(value[:-1], said), longest_common(value, said[:-1]))


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=5),
    st.lists(st.sampled_from("abcd"), max_size=7),
)
def test_attribute_recall_is_by_the_longest_common_subsequence(value: list[str], said: list[str]) -> None:
    found = attribute_recall(" ".join(said), [Fact("code", " ".join(value))])
    assert found == longest_common(value, said) / len(value)
