"""How far products, copy and decisions have moved from what the model learnt from. Pure: it compares counts.

Two measures, both near ``Σ (p - q)² / m`` times a constant for small changes:

* the population stability index ``Σ (q - p) ln(q / p)`` over bins (Siddiqi, Credit Risk Scorecards, 2006), for numbers
  in the deciles of the reference and for outcomes; 0.1 and 0.2 are the usual bounds of "moved a little" and "moved";
* the Jensen-Shannon divergence ``(KL(p, m) + KL(q, m)) / 2``, ``m = (p + q) / 2``, in bits, 0 to 1 (Lin, Divergence
  Measures Based on the Shannon Entropy, 1991), for names, of which many stand on one side alone. To second order it is
  the index divided by ``8 ln 2``, and so is its bound.

Few observations differ by chance. Where nothing has moved, the index is about ``(1/n + 1/m) χ²`` with one degree of
freedom less than bins (Yurdakul and Naranjo, Statistical properties of the population stability index, 2020). The bound
is never below the 99th percentile of that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, log2, sqrt
from statistics import NormalDist, median, quantiles
from typing import Any, Literal

FEWEST = 50
"""With fewer observations on either side a measure says nothing."""
BINS = 10
MOST_MOVERS = 3
CONFIDENCE = 0.99
NATS_OF_INDEX_PER_BIT = 8 * log(2)
LITTLE = 0.5
"""From this share of the bound on it has moved a little."""

Counts = Mapping[str, float]
Verdict = Literal["not enough to tell", "steady", "moved a little", "moved"]


@dataclass(frozen=True)
class Observed:
    """What is compared: ``rows`` pairs or descriptions, and how many of them have each attribute, category (the last of
    the path) and profile; the words of each text, the quality of each, what the gate said, and what curators did."""

    rows: int = 0
    attributes: Counts = field(default_factory=dict)
    categories: Counts = field(default_factory=dict)
    profiles: Counts = field(default_factory=dict)
    lengths: Sequence[int] = ()
    quality: Sequence[float] = ()
    verdicts: Counts = field(default_factory=dict)
    decisions: Counts = field(default_factory=dict)


@dataclass(frozen=True)
class Mover:
    """What has changed from ``before`` to ``now``: the share of the rows that have a name, or the median of numbers."""

    name: str
    before: float
    now: float
    is_share: bool = True

    def __str__(self) -> str:
        if self.is_share:
            return f"{self.name or 'others'!r} {self.before:.0%} → {self.now:.0%}"
        return f"{self.name} {self.before:.4g} → {self.now:.4g}"


@dataclass(frozen=True)
class Measure:
    """One measure of drift. ``value`` is None when there are too few observations; from ``bound`` on it alerts."""

    name: str
    kind: Literal["jensen_shannon", "psi"]
    value: float | None
    bound: float | None
    before: int
    now: int
    movers: tuple[Mover, ...] = ()

    @property
    def is_alert(self) -> bool:
        """Whether it has moved as far as the bound."""
        return self.verdict == "moved"

    @property
    def verdict(self) -> Verdict:
        """The measure in words."""
        if self.value is None or self.bound is None:
            return "not enough to tell"
        if self.value >= self.bound:
            return "moved"
        return "moved a little" if self.value >= LITTLE * self.bound else "steady"


def measures(learnt: Observed, before: Observed, now: Observed, psi_bound: float) -> tuple[Measure, ...]:
    """The drift of ``now`` from what the model learnt from, and from what was written and decided before.

    Products and the texts' lengths have their counterpart in the training snapshot. Scores and decisions have none: a
    curated pair is right by definition. They are compared with the weeks before, and not with the scores at the
    model's registration: those are of other products, of first answers without repair.
    """
    return (
        of_names("attributes", (learnt.attributes, learnt.rows), (now.attributes, now.rows), psi_bound),
        of_names("categories", (learnt.categories, learnt.rows), (now.categories, now.rows), psi_bound),
        of_names("profiles", (learnt.profiles, learnt.rows), (now.profiles, now.rows), psi_bound),
        of_numbers("words of the text", learnt.lengths, now.lengths, psi_bound),
        of_numbers("quality", before.quality, now.quality, psi_bound),
        of_outcomes("verdict of the gate", before.verdicts, now.verdicts, psi_bound),
        of_outcomes("decision of curators", before.decisions, now.decisions, psi_bound),
    )


def of_names(name: str, before: tuple[Counts, int], now: tuple[Counts, int], psi_bound: float) -> Measure:
    """The drift of names, each with the number of rows that have it, and the number of all rows."""
    (old, old_rows), (new, new_rows) = before, now
    if min(old_rows, new_rows) < FEWEST or not _total(old) or not _total(new):
        return Measure(name, "jensen_shannon", None, None, old_rows, new_rows)
    bound = max(psi_bound, chance(len({*old, *new}), _total(old), _total(new))) / NATS_OF_INDEX_PER_BIT
    movers = _movers(_shares(old, old_rows), _shares(new, new_rows))
    return Measure(name, "jensen_shannon", jensen_shannon(old, new), bound, old_rows, new_rows, movers)


def of_outcomes(name: str, before: Counts, now: Counts, psi_bound: float) -> Measure:
    """The drift of outcomes, of which each row has one."""
    old, new = int(_total(before)), int(_total(now))
    if min(old, new) < FEWEST:
        return Measure(name, "psi", None, None, old, new)
    bound = max(psi_bound, chance(len({*before, *now}), old, new))
    movers = _movers(_shares(before, old), _shares(now, new))
    return Measure(name, "psi", stability_index(before, now), bound, old, new, movers)


def of_numbers(name: str, before: Sequence[float], now: Sequence[float], psi_bound: float) -> Measure:
    """The drift of numbers, in the deciles of those before."""
    old, new = len(before), len(now)
    if min(old, new) < FEWEST:
        return Measure(name, "psi", None, None, old, new)
    edges = sorted(set(quantiles(before, n=BINS, method="inclusive")))
    value = stability_index(_binned(before, edges), _binned(now, edges))
    bound = max(psi_bound, chance(len(edges) + 1, old, new))
    return Measure(name, "psi", value, bound, old, new, (Mover("median", median(before), median(now), is_share=False),))


def jensen_shannon(before: Counts, now: Counts) -> float:
    """The Jensen-Shannon divergence of two distributions, given by counts that are not all 0; bits, 0 to 1."""
    p, q = _shares(before, _total(before)), _shares(now, _total(now))
    divergence = 0.0
    for name in {*p, *q}:
        one, other = p.get(name, 0.0), q.get(name, 0.0)
        middle = (one + other) / 2
        divergence += sum(share * log2(share / middle) for share in (one, other) if share) / 2
    return min(max(divergence, 0.0), 1.0)


def stability_index(before: Counts, now: Counts) -> float:
    """The population stability index of two distributions, given by counts that are not all 0; from 0 up.

    A bin that one side lacks counts as half an observation there.
    """
    old, new = _total(before), _total(now)
    index = 0.0
    for name in {*before, *now}:
        expected, actual = max(before.get(name, 0), 0.5) / old, max(now.get(name, 0), 0.5) / new
        index += (actual - expected) * log(actual / expected)
    return index


def chance(bins: int, before: float, now: float) -> float:
    """The index that is exceeded once in a hundred times by chance alone, in so many bins with so many observations.

    The quantile of χ² is by Wilson and Hilferty's approximation (1931).
    """
    freedom = bins - 1
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    quantile = freedom * (1 - spread + NormalDist().inv_cdf(CONFIDENCE) * sqrt(spread)) ** 3
    return quantile * (1 / before + 1 / now)


def _binned(values: Iterable[float], edges: Sequence[float]) -> Counter[str]:
    return Counter(str(bisect_left(edges, value)) for value in values)


def _total(counts: Counts) -> float:
    return sum(counts.values())


def _shares(counts: Counts, total: float) -> dict[str, float]:
    return {name: count / total for name, count in counts.items()}


def _movers(before: Mapping[str, float], now: Mapping[str, float]) -> tuple[Mover, ...]:
    moved = [Mover(name, before.get(name, 0.0), now.get(name, 0.0)) for name in {*before, *now}]
    ranked = sorted(moved, key=lambda each: (-abs(each.now - each.before), each.name))
    return tuple(each for each in ranked[:MOST_MOVERS] if each.now != each.before)


def as_json(measure: Measure) -> dict[str, Any]:
    """A measure as ``drift_check.measures`` holds it."""
    movers = [vars(each) for each in measure.movers]
    return {**vars(measure), "verdict": measure.verdict, "is_alert": measure.is_alert, "movers": movers}
