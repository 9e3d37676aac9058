"""From curators' decisions to a calibration in the database, through the command."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, insert, text
from typer.testing import CliRunner

from shared import db
from shared.cli.scores import app
from shared.models import review
from shared.repository import calibration
from shared.scoring.calibration import Calibration
from shared.scoring.quality import DEFINITIONS, SCORES_VERSION
from shared.settings import settings
from tests.written_copy import add_description, add_product

OLD = Calibration((0.5,), (0.5,), decisions=200, brier=0.1, ece=0.1)
NEW = Calibration((0.2, 0.8), (0.1, 0.9), decisions=300, brier=0.2, ece=0.05)


def scores(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Engine]:
    """The database that the settings name."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    db.engine.cache_clear()
    yield db.engine()
    db.engine().dispose()
    db.engine.cache_clear()


def judged(connection: Connection, quality: float, *decisions: str, version: str = SCORES_VERSION) -> None:
    """A description of this quality on which a curator decided, once or more often."""
    product = connection.scalar(text("SELECT id FROM app.product")) or add_product(connection, "A")
    written = add_description(connection, product, "A kettle.", quality=quality, scores_version=version)
    for decision in decisions:
        edited = "A better text." if decision == "edited" else None
        connection.execute(
            insert(review).values(description_id=written, decision=decision, editor="kim", edited_text=edited)
        )


def test_enough_decisions_are_fitted_stored_and_reported(database: Engine) -> None:
    with database.begin() as connection:
        for at in range(200):
            judged(connection, at / 200, "rejected" if at < 60 else "edited" if at < 100 else "approved")

    said = scores("calibrate")
    assert "calibrated on 200 decisions, 100 of them accepted" in said
    assert "Brier score 0.00" in said
    with database.connect() as connection:
        curve = calibration.newest(connection)
    assert curve is not None
    assert (curve.decisions, curve.p_accept(0.4), curve.p_accept(0.6)) == (200, 0, 1)


def test_too_few_decisions_are_said_plainly_and_nothing_is_stored(database: Engine) -> None:
    with database.begin() as connection:
        judged(connection, 0.5, "approved")

    assert scores("calibrate").startswith("not calibrated, p_accept stays empty; decisions of curators: 1;")
    with database.connect() as connection:
        assert calibration.newest(connection) is None


def test_the_last_decision_on_a_description_counts(database: Engine) -> None:
    with database.begin() as connection:
        judged(connection, 0.9, "rejected", "approved")
        judged(connection, 0.8, "approved", "edited")
        judged(connection, 0.7)

        assert sorted(calibration.decisions(connection)) == [(0.8, False), (0.9, True)]


def test_scores_of_another_version_are_not_mixed_in(database: Engine) -> None:
    with database.begin() as connection:
        judged(connection, 0.9, "approved", version="older")
        calibration.store(connection, OLD)
        connection.execute(text("ALTER TABLE app.calibration DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE app.calibration SET scores_version = 'older'"))

        assert calibration.decisions(connection) == []
        assert calibration.newest(connection) is None


def test_the_newest_calibration_counts(database: Engine) -> None:
    with database.begin() as connection:
        calibration.store(connection, OLD)
        calibration.store(connection, NEW)
        assert calibration.newest(connection) == NEW


def test_the_list_shows_every_score_with_its_formula() -> None:
    listed = json.loads(scores("list", "--json"))
    assert [each["name"] for each in listed] == [definition.name for definition in DEFINITIONS]
    assert all(each["formula"] and each["source"] and each["version"] for each in listed)

    said = scores("list")
    assert all(definition.name in said for definition in DEFINITIONS)
    assert SCORES_VERSION in said
