"""From a description's composite score to the probability that a curator accepts it.

The link is an isotonic regression: acceptance may only rise with the score, and takes any shape in doing so. It is
fitted by pooling adjacent violators in a few lines of our own; scipy's fit is the same, and costs 35 MB.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

MIN_DECISIONS = 200
"""With 200 decisions each of the ten bins of the calibration error holds 20, so that its share of accepted copy is
known to within 0.11 (one standard error). Isotonic regression overfits with fewer: Niculescu-Mizil and Caruana (2005)
advise against it below some hundreds."""

FOLDS = 5
BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Acceptance by score: at ``bounds``, rising, it is ``acceptance``; in between it goes straight.

    ``brier`` and ``ece`` say how wrong it is on decisions that it was not fitted on; 0 is best for both.
    """

    bounds: tuple[float, ...]
    acceptance: tuple[float, ...]
    decisions: int
    brier: float
    ece: float

    def p_accept(self, quality: float) -> float:
        """The probability that a curator approves copy of this composite score unchanged."""
        return _read(self.bounds, self.acceptance, quality)


def shortage(accepted: Sequence[bool]) -> str:
    """What these decisions lack for a calibration, in plain words; empty when they are enough.

    Besides their number, each outcome must occur once in each part of the cross-validation.
    """
    approved = sum(accepted)
    scarce, name = min((approved, "accepted"), (len(accepted) - approved, "not accepted"))
    if len(accepted) < MIN_DECISIONS:
        return f"decisions of curators: {len(accepted)}; a calibration needs at least {MIN_DECISIONS}"
    return f"descriptions {name}: {scarce}; a calibration needs at least {FOLDS}" if scarce < FOLDS else ""


def fit(scores: Sequence[float], accepted: Sequence[bool]) -> Calibration:
    """Fit acceptance on composite scores, and measure the fit by cross-validation with 5 folds.

    Raises:
        ValueError: when the decisions are too few (:func:`shortage`).
    """
    if lack := shortage(accepted):
        raise ValueError(lack)
    pairs = [(float(quality), float(outcome)) for quality, outcome in zip(scores, accepted, strict=True)]
    bounds, acceptance = _isotonic(pairs)
    predicted = _predicted_unseen(pairs)
    return Calibration(
        bounds,
        acceptance,
        decisions=len(pairs),
        brier=brier_score(predicted, accepted),
        ece=calibration_error(predicted, accepted),
    )


def brier_score(predicted: Sequence[float], accepted: Sequence[bool]) -> float:
    """The mean squared difference of probability and outcome (Brier, 1950)."""
    return sum((each - outcome) ** 2 for each, outcome in zip(predicted, accepted, strict=True)) / len(predicted)


def calibration_error(predicted: Sequence[float], accepted: Sequence[bool]) -> float:
    """The expected calibration error over 10 bins of equal size.

    The mean, weighted by size, of |mean probability - share accepted| in each bin (Naeini et al., 2015, "Obtaining
    Well Calibrated Probabilities Using Bayesian Binning"; equal-mass bins after Nguyen and O'Connor, 2015).
    """
    ordered = sorted(zip(predicted, accepted, strict=True), key=lambda pair: pair[0])
    size = len(ordered)
    cuts = [round(size * at / BINS) for at in range(BINS + 1)]
    gaps = [abs(sum(each - outcome for each, outcome in ordered[low:high])) for low, high in pairwise(cuts)]
    return sum(gaps) / size


def _predicted_unseen(pairs: Sequence[tuple[float, float]]) -> list[float]:
    """For each decision the probability by a fit on the folds that it is not in.

    The folds are dealt out in the order of outcome and score, so that each holds the same share of both.
    """
    dealt = sorted(range(len(pairs)), key=lambda at: (pairs[at][1], pairs[at][0]))
    predicted = [0.0] * len(pairs)
    for fold in range(FOLDS):
        held_out = dealt[fold::FOLDS]
        unseen = set(held_out)
        curve = _isotonic([pair for at, pair in enumerate(pairs) if at not in unseen])
        for at in held_out:
            predicted[at] = _read(*curve, pairs[at][0])
    return predicted


def _isotonic(pairs: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The rising steps nearest to the outcomes, by pooling adjacent violators (Ayer et al., 1955).

    Each step is given by its lowest and its highest score.
    """
    steps: list[tuple[float, float, float, int]] = []  # lowest and highest score, sum of outcomes, their number
    for quality, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        outcomes = [outcome for _, outcome in group]
        step = (quality, quality, sum(outcomes), len(outcomes))
        while steps and steps[-1][2] * step[3] >= step[2] * steps[-1][3]:
            low, _, total, count = steps.pop()
            step = (low, step[1], total + step[2], count + step[3])
        steps.append(step)
    ends = [(end, total / count) for low, high, total, count in steps for end in dict.fromkeys((low, high))]
    return tuple(end for end, _ in ends), tuple(share for _, share in ends)


def _read(bounds: Sequence[float], acceptance: Sequence[float], quality: float) -> float:
    """The value of the curve at a score; beyond its ends that of the end."""
    at = bisect_right(bounds, quality)
    if at == 0 or at == len(bounds):
        return acceptance[max(0, at - 1)]
    part = (quality - bounds[at - 1]) / (bounds[at] - bounds[at - 1])
    return acceptance[at - 1] + part * (acceptance[at] - acceptance[at - 1])
