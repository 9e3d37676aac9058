"""Confidence in the mean of a sample, by resampling it: the percentile bootstrap (Efron 1979).

Texts of one product by two models are compared pair by pair: what is hard for one is hard for the other, so that their
difference varies less than each (Koehn 2004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean
from typing import TypeVar

RESAMPLES = 1_000

Item = TypeVar("Item")


def interval(
    items: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """The two-sided confidence interval of a statistic of a sample.

    Raises:
        ValueError: for an empty sample.
    """
    found = _resampled(items, statistic, resamples, seed)
    tail = (1 - confidence) / 2
    return _quantile(found, tail), _quantile(found, 1 - tail)


def least_difference(differences: Sequence[float], *, confidence: float, seed: int = 0) -> float:
    """The one-sided lower confidence bound of a mean of paired differences.

    Raises:
        ValueError: for an empty sample.
    """
    return _quantile(_resampled(differences, fmean, RESAMPLES, seed), 1 - confidence)


def _resampled(
    items: Sequence[Item], statistic: Callable[[Sequence[Item]], float], resamples: int, seed: int
) -> list[float]:
    if not items:
        raise ValueError("there is nothing to resample")
    random = Random(seed)
    return sorted(statistic(random.choices(items, k=len(items))) for _ in range(resamples))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
