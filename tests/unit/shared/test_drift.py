"""The measures of drift: their bounds, what they say of equal and of different distributions, and of few rows."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.drift import FEWEST, Mover, Observed, chance, jensen_shannon, measures, of_names, of_numbers, of_outcomes
from shared.drift import stability_index as psi

BOUND = 0.2

counts = st.dictionaries(st.text("abcdef", max_size=2), st.integers(0, 10_000), min_size=1, max_size=12).filter(
    lambda found: sum(found.values()) > 0
)
numbers = st.lists(st.floats(-1e6, 1e6), min_size=FEWEST, max_size=FEWEST + 20)


@given(counts, st.integers(1, 50))
def test_equal_shares_have_not_drifted(found: dict[str, int], times: int) -> None:
    more = {name: count * times for name, count in found.items()}

    assert jensen_shannon(found, more) == pytest.approx(0, abs=1e-12)
    full = {name: count for name, count in found.items() if count}
    assert psi(full, {name: count * times for name, count in full.items()}) == pytest.approx(0, abs=1e-12)


@given(counts, counts)
def test_the_divergence_is_symmetric_and_between_0_and_1(one: dict[str, int], other: dict[str, int]) -> None:
    divergence = jensen_shannon(one, other)

    assert 0 <= divergence <= 1
    assert divergence == pytest.approx(jensen_shannon(other, one), abs=1e-12)


@given(counts, counts)
def test_the_index_is_symmetric_finite_and_never_negative(one: dict[str, int], other: dict[str, int]) -> None:
    index = psi(one, other)

    assert 0 <= index < math.inf
    assert index == pytest.approx(psi(other, one), rel=1e-9, abs=1e-12)


@given(counts)
def test_nothing_in_common_is_one_bit(found: dict[str, int]) -> None:
    assert jensen_shannon(found, {f"{name}!": count for name, count in found.items()}) == pytest.approx(1)


@given(counts, st.integers(1, 10_000))
def test_a_name_that_was_never_seen_raises_both_measures(found: dict[str, int], count: int) -> None:
    more = {**found, "unseen": count}

    assert jensen_shannon(found, more) > 0
    assert psi(found, more) > psi(found, found)


def test_the_index_of_two_bins_is_that_of_its_formula() -> None:
    assert psi({"yes": 50, "no": 50}, {"yes": 75, "no": 25}) == pytest.approx(
        0.25 * math.log(1.5) + -0.25 * math.log(0.5)
    )


@given(counts, counts)
def test_small_changes_are_the_same_in_both_measures(one: dict[str, int], other: dict[str, int]) -> None:
    names = {*one, *other}
    p = dict.fromkeys(names, 1000000)
    q = {name: 1_000_000 + one.get(name, 0) - other.get(name, 0) for name in names}
    assume(psi(p, q) > 1e-7)

    assert jensen_shannon(p, q) * 8 * math.log(2) == pytest.approx(psi(p, q), rel=0.01)


@given(numbers)
def test_the_same_numbers_have_not_drifted(values: list[float]) -> None:
    measure = of_numbers("quality", values, values, BOUND)

    assert measure.value == 0 and measure.verdict == "steady"


@given(numbers, numbers)
def test_any_numbers_give_a_verdict(before: list[float], now: list[float]) -> None:
    measure = of_numbers("quality", before, now, BOUND)

    assert measure.value is not None and measure.bound is not None
    assert 0 <= measure.value < math.inf and measure.bound >= BOUND


def test_numbers_that_have_all_grown_have_moved() -> None:
    measure = of_numbers("quality", [0.8 + at / 1000 for at in range(100)], [0.6] * 100, BOUND)

    assert measure.is_alert
    assert [str(mover) for mover in measure.movers] == ["median 0.8495 → 0.6"]


def test_few_rows_say_nothing_however_different_they_are() -> None:
    few, many = {"approved": FEWEST - 1}, {"rejected": 1_000}
    for measure in (
        of_outcomes("decisions", few, many, BOUND),
        of_outcomes("decisions", many, few, BOUND),
        of_outcomes("decisions", {}, {}, BOUND),
        of_names("attributes", (few, FEWEST - 1), (many, 1_000), BOUND),
        of_names("attributes", ({}, 1_000), (many, 1_000), BOUND),
        of_numbers("quality", [1.0] * (FEWEST - 1), [0.0] * 1_000, BOUND),
    ):
        assert measure.value is None
        assert measure.verdict == "not enough to tell" and not measure.is_alert


def test_a_first_run_has_nothing_to_compare_with() -> None:
    nothing, now = Observed(), Observed(rows=500, attributes={"color": 500}, lengths=[40] * 500)

    assert {measure.verdict for measure in measures(nothing, nothing, now, BOUND)} == {"not enough to tell"}


def test_attributes_that_come_and_go_are_named() -> None:
    before = {"color": 900, "voltage": 20, "size": 400}
    now = {"color": 90, "voltage": 60, "size": 2}
    measure = of_names("attributes", (before, 1_000), (now, 100), BOUND)

    assert measure.is_alert
    assert [str(mover) for mover in measure.movers] == ["'voltage' 2% → 60%", "'size' 40% → 2%"]


def test_what_the_snapshot_counts_together_is_called_others() -> None:
    assert str(Mover("", 0.1, 0.5)) == "'others' 10% → 50%"


def test_chance_alone_raises_no_alert() -> None:
    random = Random(7)
    drawn = [[random.choices("abcdefghijklmnopqrst", k=60) for _ in range(2)] for _ in range(200)]
    alerts = [
        of_outcomes("outcome", _counted(before), _counted(now), BOUND).is_alert for before, now in map(tuple, drawn)
    ]

    assert sum(alerts) <= 10


def _counted(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize(("freedom", "percentile"), [(1, 6.635), (9, 21.666), (99, 134.64)])
def test_the_bound_of_chance_is_a_percentile_of_chi_squared(freedom: int, percentile: float) -> None:
    assert chance(freedom + 1, 200, 200) * 100 == pytest.approx(percentile, rel=0.02)


def test_one_bin_cannot_move() -> None:
    assert chance(1, 100, 100) == 0
    assert of_outcomes("decisions", {"approved": 100}, {"approved": 70}, BOUND).value == 0
