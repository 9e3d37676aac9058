"""Curators' decisions, and the calibrations that are fitted on them."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from shared.models import calibration, description, review
from shared.scoring.calibration import Calibration
from shared.scoring.definitions import SCORES_VERSION


def decisions(connection: Connection) -> list[tuple[float, bool]]:
    """The composite score of each description that a curator judged, and whether it was approved as it is.

    The last decision on a description counts. What was edited was not accepted. Descriptions with scores of another
    version are left out: their composites do not compare.
    """
    rows = connection.execute(
        select(description.c.quality, review.c.decision)
        .join(review, review.c.description_id == description.c.id)
        .where(description.c.scores_version == SCORES_VERSION)
        .ext(distinct_on(description.c.id))
        .order_by(description.c.id, review.c.id.desc())
    )
    return [(quality, decision == "approved") for quality, decision in rows]


def store(connection: Connection, fitted: Calibration) -> None:
    """Keep a calibration; from now on it is the newest."""
    content = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(fitted).items()}
    connection.execute(insert(calibration).values(**content, scores_version=SCORES_VERSION))


def newest(connection: Connection) -> Calibration | None:
    """The calibration that counts, or None while there is none for this version of the scores."""
    row = connection.execute(
        select(calibration)
        .where(calibration.c.scores_version == SCORES_VERSION)
        .order_by(calibration.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return Calibration(tuple(row.bounds), tuple(row.acceptance), row.decisions, row.brier, row.ece)
