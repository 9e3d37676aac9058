"""The estimate of acceptance."""

from __future__ import annotations

import pytest

from shared.curation.reviews import estimate


def test_the_interval_is_wilsons() -> None:
    found = estimate(81, 263)  # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I

    assert found.share == pytest.approx(0.3080, abs=1e-4)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))


@pytest.mark.parametrize(("accepted", "decisions", "low", "high"), [(0, 20, 0, 0.1611), (20, 20, 0.8389, 1)])
def test_the_interval_stays_between_none_and_all(accepted: int, decisions: int, low: float, high: float) -> None:
    found = estimate(accepted, decisions)

    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_without_decisions_nothing_is_known() -> None:
    found = estimate(0, 0)

    assert (found.share, found.low, found.high) == (None, 0, 1)
