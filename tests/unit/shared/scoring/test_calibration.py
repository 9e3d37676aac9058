"""From composite scores to the probability of acceptance."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.scoring.calibration import MIN_DECISIONS, Calibration, brier_score, calibration_error, fit, shortage


def decided(count: int, seed: int = 1) -> tuple[list[float], list[bool]]:
    """Decisions of a curator who accepts copy of quality q with the probability q."""
    chance = Random(seed)
    scores = [chance.random() for _ in range(count)]
    return scores, [chance.random() < quality for quality in scores]


def test_the_curve_is_near_the_true_acceptance() -> None:
    fitted = fit(*decided(4_000))
    assert all(fitted.p_accept(quality) == pytest.approx(quality, abs=0.1) for quality in (0.1, 0.3, 0.5, 0.7, 0.9))
    assert fitted.brier == pytest.approx(1 / 6, abs=0.02)  # the mean of q(1 - q): no forecast can do better
    assert fitted.ece < 0.05
    assert fitted.decisions == 4_000


def test_violators_are_pooled() -> None:
    scores = [0.2] * 100 + [0.4] * 100 + [0.6] * 100
    accepted = [True] * 20 + [False] * 80 + [True] * 10 + [False] * 90 + [True] * 100
    fitted = fit(scores, accepted)

    assert fitted.bounds == (0.2, 0.4, 0.6)
    assert fitted.acceptance == pytest.approx((0.15, 0.15, 1))


def test_between_two_steps_acceptance_rises_straight_and_beyond_the_ends_it_stays() -> None:
    curve = Calibration((0.2, 0.4), (0.1, 0.5), decisions=200, brier=0, ece=0)
    assert [curve.p_accept(quality) for quality in (0, 0.2, 0.3, 0.4, 1)] == pytest.approx([0.1, 0.1, 0.3, 0.5, 0.5])


def test_the_errors_are_those_of_unseen_decisions() -> None:
    """Outcomes by chance alone: a fit that judged itself by what it was fitted on would look good."""
    chance = Random(3)
    scores = [chance.random() for _ in range(400)]
    accepted = [chance.random() < 0.5 for _ in scores]
    fitted = fit(scores, accepted)
    on_itself = brier_score([fitted.p_accept(quality) for quality in scores], accepted)

    assert on_itself < 0.25 < fitted.brier


def test_brier_and_calibration_error_are_as_defined() -> None:
    predicted = [0.2] * 10 + [0.9] * 10
    accepted = [True] * 3 + [False] * 7 + [True] * 8 + [False] * 2
    assert brier_score(predicted, accepted) == pytest.approx((3 * 0.64 + 7 * 0.04 + 8 * 0.01 + 2 * 0.81) / 20)
    assert calibration_error([1.0, 0.0] * 10, [True, False] * 10) == 0
    assert calibration_error([1.0, 0.0] * 10, [False, True] * 10) == 1


@pytest.mark.parametrize(
    ("accepted", "lack"),
    [
        ([], "decisions of curators: 0; a calibration needs at least 200"),
        ([True, False] * 99, "decisions of curators: 198; a calibration needs at least 200"),
        ([True] * 300, "descriptions not accepted: 0; a calibration needs at least 5"),
        ([False] * 300 + [True] * 4, "descriptions accepted: 4; a calibration needs at least 5"),
    ],
)
def test_too_few_decisions_are_refused_with_the_reason(accepted: list[bool], lack: str) -> None:
    assert shortage(accepted) == lack
    with pytest.raises(ValueError, match=lack):
        fit([0.5] * len(accepted), accepted)


def test_two_hundred_decisions_with_both_outcomes_are_enough() -> None:
    assert shortage([True, False] * (MIN_DECISIONS // 2)) == ""


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=MIN_DECISIONS, max_size=MIN_DECISIONS + 20),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_better_score_is_never_less_likely_to_be_accepted(
    pairs: list[tuple[float, bool]], one: float, other: float
) -> None:
    scores, accepted = [quality for quality, _ in pairs], [outcome for _, outcome in pairs]
    if shortage(accepted):
        scores, accepted = [*scores, *[0.5] * 10], [*accepted, *[True, False] * 5]
    curve = fit(scores, accepted)

    assert 0 <= curve.p_accept(min(one, other)) <= curve.p_accept(max(one, other)) + 1e-12 <= 1 + 2e-12
