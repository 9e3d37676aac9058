"""The drift check: reads the periods, measures, records, and asks for a retrain where the settings say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from sqlalchemy import Connection, Engine

from shared import broker
from shared.content.attributes import plain_name
from shared.curation.snapshots import REST
from shared.drift import Measure, Observed, as_json, measures
from shared.repository import drift as repository
from shared.repository.drift import Period, WrittenCopy
from shared.settings import Settings
from shared.text import words

DAYS = 7
DAYS_BEFORE = 28
"""Scores and decisions are compared with so many days before."""


@dataclass(frozen=True)
class DriftCheck:
    """What was found; ``snapshot_id`` is None before the first run from curated pairs."""

    id: int
    period: Period
    snapshot_id: int | None
    measures: tuple[Measure, ...]
    asked_for_training: bool = False

    @property
    def is_alert(self) -> bool:
        """Whether anything has moved too far."""
        return any(measure.is_alert for measure in self.measures)

    @property
    def moved(self) -> dict[str, str]:
        """What has moved too far, and by what."""
        return {each.name: ", ".join(map(str, each.movers)) for each in self.measures if each.is_alert}


def check_drift(database: Engine, config: Settings, app: Celery, days: int = DAYS) -> DriftCheck:
    """Compare the last days with what the champion learnt from, and record it.

    With ``drift_retrain`` an alert asks for a run, which begins if any pair is new.
    """
    end = datetime.now(UTC)
    with database.begin() as connection:
        check = measured(connection, Period(end - timedelta(days=days), end), config)
    if not (check.is_alert and config.drift_retrain):
        return check
    broker.ask_for_training(app, "drift")
    return replace(check, asked_for_training=True)


def measured(connection: Connection, period: Period, config: Settings) -> DriftCheck:
    """The drift of a period, recorded."""
    earlier = Period(period.start - timedelta(days=DAYS_BEFORE), period.start)
    found = repository.reference(connection)
    id_, shape = found or (None, {})
    now = observed(repository.written(connection, period), repository.decided(connection, period))
    before = observed(repository.written(connection, earlier), repository.decided(connection, earlier))
    learnt = observed_in(shape)
    results = measures(learnt, before, _folded(now, learnt), config.drift_psi)
    is_alert = any(each.is_alert for each in results)
    row = repository.record(connection, period, id_, [as_json(each) for each in results], is_alert=is_alert)
    return DriftCheck(row, period, id_, results)


def observed(copy: Iterable[WrittenCopy], decisions: Mapping[str, int]) -> Observed:
    """Descriptions as they are counted in a snapshot, with their scores and what curators decided."""
    copy = list(copy)
    return Observed(
        rows=len(copy),
        attributes=Counter(name for each in copy for name in {plain_name(one) for one in each.attributes}),
        categories=Counter(each.category[-1] for each in copy if each.category),
        profiles=Counter(each.profile for each in copy),
        lengths=[len(words(each.text)) for each in copy],
        quality=[each.quality for each in copy],
        verdicts=Counter(each.status for each in copy),
        decisions=dict(decisions),
    )


def observed_in(distribution: Mapping[str, Any]) -> Observed:
    """What a snapshot's distribution says; nothing when it is empty."""
    lengths = distribution.get("lengths", {})
    return Observed(
        rows=distribution.get("pairs", 0),
        attributes=distribution.get("attributes", {}),
        categories=distribution.get("categories", {}),
        profiles=distribution.get("profiles", {}),
        lengths=[int(length) for length, count in lengths.items() for _ in range(count)],
    )


def _folded(now: Observed, learnt: Observed) -> Observed:
    """With the names together that a snapshot counts as its rest, lest each of them look new."""
    names = ("attributes", "categories", "profiles")
    return Observed(**vars(now) | {name: _fold(getattr(now, name), getattr(learnt, name)) for name in names})


def _fold(counts: Mapping[str, float], learnt: Mapping[str, float]) -> Mapping[str, float]:
    if REST not in learnt:
        return counts
    folded: Counter[str] = Counter()
    for name, count in counts.items():
        folded[name if name in learnt else REST] += int(count)
    return folded
