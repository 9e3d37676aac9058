"""What beat is told: when each task is due, on which queue, and what is said of a schedule that is none."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab

from shared.broker import celery_app, training_schedule
from shared.errors import ConfigurationError
from shared.settings import Settings, settings


def test_training_and_the_drift_check_have_a_queue_of_their_own() -> None:
    schedule = training_schedule(Settings())

    assert {entry["options"]["queue"] for entry in schedule.values()} == {"training"}
    assert schedule["retrain"]["schedule"] == crontab("0", "3")
    assert schedule["check_drift"]["schedule"] == crontab("0", "5", day_of_week="1")


def test_the_fields_are_in_the_order_of_cron() -> None:
    config = Settings(retrain_schedule="*/15 22 1 6 mon-fri", drift_schedule="0  4 * * 0")

    assert training_schedule(config)["retrain"]["schedule"] == crontab("*/15", "22", "mon-fri", "1", "6")
    assert training_schedule(config)["check_drift"]["schedule"] == crontab("0", "4", "0")


@pytest.mark.parametrize("given", ["", "0 3 * *", "61 3 * * *", "nightly at 3 o'clock please", "*/0 * * * *", "@daily"])
def test_a_wrong_schedule_names_its_setting(given: str) -> None:
    with pytest.raises(ConfigurationError, match=r"SHELFTALK_DRIFT_SCHEDULE: .* no schedule .*five fields"):
        training_schedule(Settings(drift_schedule=given))


def test_schedules_follow_the_time_zone_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_TIME_ZONE", "Asia/Tokyo")
    settings.cache_clear()
    app = celery_app("redis://127.0.0.1:1/0")
    due = app.conf.beat_schedule["retrain"]["schedule"]
    due.app = app
    tokyo = ZoneInfo("Asia/Tokyo")
    due.nowfun = lambda: datetime(2026, 11, 23, 2, 0, tzinfo=tokyo)

    assert due.remaining_estimate(datetime(2026, 11, 22, 3, 0, tzinfo=tokyo)).total_seconds() == 3_600
