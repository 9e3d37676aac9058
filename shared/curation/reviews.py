"""Reviews as curators and their leads see them: what is next, what was decided, and what it says of the model."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from random import Random

from sqlalchemy import Connection

from shared.curation.selection import Waiting, select_for_review
from shared.repository import calibration, curation
from shared.repository.curation import Group
from shared.scoring.calibration import Calibration, fit, shortage
from shared.settings import settings

NEW_DECISIONS = 50
"""A calibration is fitted anew after so many more decisions: with fewer it would hardly move."""

_POOL = 500
_Z = 1.959964  # the 0.975 quantile of the normal distribution


@dataclass(frozen=True)
class Estimate:
    """The share of all copy that curators accept as it is, from decisions on a random sample; bounds of 95%.

    ``low`` and ``high`` are the score interval of Wilson (1927, "Probable inference, the law of succession, and
    statistical inference").
    """

    accepted: int
    decisions: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """The share itself; None without decisions."""
        return self.accepted / self.decisions if self.decisions else None


@dataclass(frozen=True)
class Stats:
    """What was decided, how much waits, and the estimate of acceptance."""

    groups: list[Group]
    waiting: int
    sample: Estimate


def next_for_review(connection: Connection, n: int, seed: int | None = None) -> list[Waiting]:
    """At most ``n`` texts to judge next: the most doubtful, varied, and on average the set share drawn at random.

    The setting ``review_random_share`` is that share, and also the share of all copy, published or not, that belongs to
    the random sample. What belongs to it comes up by chance alone, however doubtful it is: so the decisions on it
    estimate the acceptance of all copy without bias.
    """
    if n < 1:
        return []
    share = settings().review_random_share
    doubtful = curation.doubtful(connection, max(_POOL, 5 * n), share)
    sampled = curation.sampled(connection, n, share)
    return select_for_review(doubtful, sampled, n, share, Random(seed))


def stats(connection: Connection) -> Stats:
    """All decisions by editor, day and profile; what waits; and the acceptance of all copy, by the random sample."""
    decisions = curation.random_decisions(connection, settings().review_random_share)
    sample = estimate(sum(decisions), len(decisions))
    return Stats(curation.groups(connection), curation.waiting_count(connection), sample)


def estimate(accepted: int, decisions: int) -> Estimate:
    """The share accepted, with Wilson's interval; from 0 to 1 without decisions."""
    if not decisions:
        return Estimate(0, 0, 0.0, 1.0)
    share = accepted / decisions
    spread = _Z * sqrt(share * (1 - share) / decisions + _Z**2 / (4 * decisions**2))
    middle, scale = share + _Z**2 / (2 * decisions), 1 + _Z**2 / decisions
    return Estimate(accepted, decisions, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def recalibrate(connection: Connection) -> Calibration | None:
    """Fit ``p_accept`` anew when there are enough decisions, and enough more than at the last fit; None otherwise."""
    found = calibration.decisions(connection)
    accepted = [outcome for _, outcome in found]
    last = calibration.newest(connection)
    if shortage(accepted) or (last and len(found) < last.decisions + NEW_DECISIONS):
        return None
    fitted = fit([quality for quality, _ in found], accepted)
    calibration.store(connection, fitted)
    return fitted
