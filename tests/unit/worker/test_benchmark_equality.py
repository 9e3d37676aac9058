"""Where two texts of one product part, and whether that is a tie."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.prompts import Prompt
from worker.benchmark.contestant import Question
from worker.benchmark.equality import Difference, difference, first_difference

QUESTION = Question({"data": {"sku": "sku-0"}}, Prompt((), ("user", "Kettle")), "Kettle", (1, 2, 3, 10))


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_sequences_agree_up_to_their_first_difference(one: list[int], other: list[int]) -> None:
    place = first_difference(one, other)

    assert one[:place] == other[:place]
    assert one[place : place + 1] != other[place : place + 1] or one == other


def test_a_difference_is_told_by_the_gap_of_the_two_logits() -> None:
    asked: list[list[int]] = []

    def logits(tokens: Sequence[int]) -> list[float]:
        asked.append(list(tokens))
        return [0.0, 2.0, 1.75]

    found = difference(QUESTION, ("a b", [0, 1]), ("a c", [0, 2]), 9, logits)

    assert asked == [[1, 2, 3, 10, 0]]
    assert found == Difference("sku-0", 1, 0.25, "a b", "a c")
    assert not found.is_tie


def test_a_text_that_ends_earlier_is_held_against_the_end_token() -> None:
    found = difference(QUESTION, ("a b", [0, 1]), ("a", [0]), 2, lambda _: [0.0, 1.0, 0.9999])

    assert found.place == 1
    assert found.is_tie
