"""Confidence by resampling."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.evaluation.bootstrap import interval, least_difference

DIFFERENCES = st.lists(st.floats(-1, 1), min_size=1, max_size=30)


def least(differences: list[float], confidence: float = 0.95) -> float:
    return least_difference(differences, confidence=confidence)


@given(DIFFERENCES)
def test_the_same_sample_has_the_same_bound(differences: list[float]) -> None:
    assert least(differences) == least(differences)


@given(DIFFERENCES)
def test_the_bound_lies_within_the_sample_and_not_above_its_mean(differences: list[float]) -> None:
    assert min(differences) - 1e-9 <= least(differences) <= fmean(differences) + 1e-9


@given(DIFFERENCES, st.floats(-10, 10))
def test_the_bound_moves_with_the_sample(differences: list[float], shift: float) -> None:
    moved = least([each + shift for each in differences])
    assert moved == pytest.approx(least(differences) + shift, abs=1e-9)


@given(DIFFERENCES)
def test_more_confidence_needs_a_lower_bound(differences: list[float]) -> None:
    assert least(differences, 0.99) <= least(differences, 0.9)


@given(DIFFERENCES)
def test_the_interval_of_a_constant_statistic_has_no_width(differences: list[float]) -> None:
    assert interval(differences, lambda _: 1.0) == (1.0, 1.0)


def test_the_bound_is_near_that_of_the_normal_approximation() -> None:
    sample = [(at % 21 - 10) / 10 for at in range(210)]  # mean 0, standard deviation 0.606
    assert least(sample) == pytest.approx(-1.645 * 0.606 / 210**0.5, abs=0.01)
    low, high = interval(sample, fmean)
    assert low == pytest.approx(-high, abs=0.02)


def test_nothing_cannot_be_resampled() -> None:
    with pytest.raises(ValueError, match="nothing to resample"):
        least([])
