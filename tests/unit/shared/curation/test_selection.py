"""Which of what waits is judged next."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.curation.selection import Waiting, select_for_review

NO_CHANCE = Random(0)


def waiting(id_: int, p_accept: float | None = 0.5, text: str = "", **values: object) -> Waiting:
    """Copy that waits; by default no other has a word of it."""
    content: dict[str, object] = {
        "source": "erp",
        "sku": f"K{id_}",
        "title": "Kettle",
        "brand": None,
        "category": (),
        "profile": "product_page",
        "locale": "en",
        "content_hash": "0" * 16,
        "status": "needs_review",
        "reasons": (),
        "quality": 0.5,
        "facts": (),
        "described_at": datetime(2026, 11, 1, tzinfo=UTC),
        "is_random": False,
    }
    text = text or f"w{id_}a w{id_}b w{id_}c w{id_}d"
    return Waiting(description_id=id_, p_accept=p_accept, text=text, **content | values)  # type: ignore[arg-type]


def ids(chosen: list[Waiting]) -> list[int]:
    return [each.description_id for each in chosen]


def test_the_least_likely_to_be_accepted_come_first() -> None:
    doubtful = [waiting(1, 0.9), waiting(2, 0.1), waiting(3, 0.4)]

    assert ids(select_for_review(doubtful, [], 2, 0, NO_CHANCE)) == [2, 3]


def test_without_a_calibration_the_lowest_quality_comes_first() -> None:
    doubtful = [waiting(1, None, quality=0.9), waiting(2, None, quality=0.2), waiting(3, 0.4, quality=1)]

    assert ids(select_for_review(doubtful, [], 3, 0, NO_CHANCE)) == [2, 3, 1]


def test_a_near_duplicate_of_what_is_chosen_is_passed_over() -> None:
    copy = "The kettle is black and holds one litre of water for tea and coffee at home"
    doubtful = [waiting(1, 0.1, copy), waiting(2, 0.2, f"{copy}."), waiting(3, 0.3)]

    assert ids(select_for_review(doubtful, [], 3, 0, NO_CHANCE)) == [1, 3]


def test_texts_that_share_some_words_are_no_near_duplicates() -> None:
    doubtful = [waiting(1, 0.1, "The kettle is black and tall"), waiting(2, 0.2, "The kettle is black and wide")]

    assert ids(select_for_review(doubtful, [], 2, 0, NO_CHANCE)) == [1, 2]


def test_categories_and_profiles_take_turns() -> None:
    doubtful = [
        waiting(1, 0.1, category=("Kettles",)),
        waiting(2, 0.2, category=("Kettles",)),
        waiting(3, 0.3, category=("Kettles",)),
        waiting(4, 0.8, category=("Lamps",)),
        waiting(5, 0.9, category=("Lamps",), profile="teaser"),
    ]

    assert ids(select_for_review(doubtful, [], 4, 0, NO_CHANCE)) == [1, 4, 5, 2]


@pytest.mark.parametrize(("n", "least", "most"), [(1, 0, 1), (10, 0, 1), (20, 1, 2), (100, 5, 6)])
def test_the_share_drawn_at_random_is_met_on_average(n: int, least: int, most: int) -> None:
    doubtful, sampled = [waiting(id_) for id_ in range(200)], [waiting(id_, is_random=True) for id_ in range(200, 300)]
    random = Random(1)
    drawn = [sum(each.is_random for each in select_for_review(doubtful, sampled, n, 0.05, random)) for _ in range(400)]

    assert least <= min(drawn) and max(drawn) <= most
    assert sum(drawn) / len(drawn) == pytest.approx(0.05 * n, abs=0.04)


def test_the_sample_is_taken_in_its_order_even_where_texts_are_alike() -> None:
    sampled = [waiting(id_, 1 - id_ / 10, "the same words in each", is_random=True) for id_ in range(5)]

    assert ids(select_for_review([], sampled, 3, 0.05, NO_CHANCE)) == [0, 1, 2]


def test_what_is_drawn_at_random_is_spread_among_the_others() -> None:
    doubtful, sampled = [waiting(id_) for id_ in range(40)], [waiting(id_, is_random=True) for id_ in (90, 91)]
    chosen = select_for_review(doubtful, sampled, 20, 0.1, Random(7))
    places = [at for at, each in enumerate(chosen) if each.is_random]

    assert len(chosen) == 20
    assert places == [4, 14] or places == [5, 15]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc"), st.text("xyz ", max_size=12)), max_size=30),
    st.integers(1, 20),
    st.floats(0, 1),
    st.integers(),
)
def test_at_most_n_are_chosen_and_none_twice(
    content: list[tuple[float, str, str]], n: int, share: float, seed: int
) -> None:
    each = [waiting(at, p, text, category=(c,)) for at, (p, c, text) in enumerate(content)]
    chosen = ids(select_for_review(each[::2], each[1::2], n, share, Random(seed)))

    assert len(chosen) <= n
    assert len(set(chosen)) == len(chosen)
    assert chosen or not content
