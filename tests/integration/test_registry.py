"""Models, the champion, and the processes that live."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from shared.heartbeat import Heartbeat
from shared.repository import registry
from shared.repository.registry import ModelContent
from tests.event_fakes import Service

BASE = ModelContent("smol", "a" * 64, "1")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(shelftalk: Service) -> Iterator[Connection]:
    with shelftalk.database.begin() as connection:
        yield connection


def test_a_model_is_registered_once(connection: Connection) -> None:
    assert registry.register_model(connection, BASE) == registry.register_model(connection, BASE)


@pytest.mark.parametrize(
    "other",
    [
        ModelContent("smol", "b" * 64, "1"),
        ModelContent("smol", "a" * 64, "2"),
        ModelContent("smol", "a" * 64, "1", "shop", "c" * 64),
    ],
    ids=["base", "prompt", "adapter"],
)
def test_another_base_prompt_or_adapter_is_another_model(connection: Connection, other: ModelContent) -> None:
    assert registry.register_model(connection, BASE) != registry.register_model(connection, other)


def test_the_first_model_becomes_champion_and_no_later_one(connection: Connection) -> None:
    assert registry.champion(connection) is None
    first = registry.register_model(connection, BASE)
    second = registry.register_model(connection, ModelContent("smol", "a" * 64, "2"))
    registry.promote_if_first(connection, first)
    registry.promote_if_first(connection, second)

    champion = registry.champion(connection)
    assert champion is not None
    assert (champion["id"], champion["base_model"], champion["prompt_version"]) == (first, "smol", "1")


def test_what_stands_about_a_known_model_is_not_changed(connection: Connection) -> None:
    first = registry.register_model(connection, BASE, metrics={"bleu": 30.0})
    assert registry.register_model(connection, BASE, metrics={"bleu": 99.0}) == first
    [model] = registry.models(connection)
    assert model["metrics"] == {"bleu": 30.0}


def test_models_come_with_their_aliases_texts_and_workers(connection: Connection) -> None:
    base = registry.register_model(connection, BASE)
    tuned = registry.register_model(connection, ModelContent("smol", "a" * 64, "1t", "house", "c" * 64))
    registry.promote_if_first(connection, base)
    registry.beat_heart(connection, uuid4(), "worker", model_version_id=base)
    found = [
        (model["id"], model["adapter"], model["aliases"], model["descriptions"], model["workers"])
        for model in registry.models(connection)
    ]
    assert found == [(tuned, "house", [], 0, 0), (base, None, ["champion"], 0, 1)]


def test_a_heartbeat_tells_the_model_that_is_served_now(connection: Connection) -> None:
    first, second = (registry.register_model(connection, ModelContent("smol", "a" * 64, prompt)) for prompt in "12")
    process = uuid4()
    registry.beat_heart(connection, process, "worker", model_version_id=first)
    registry.beat_heart(connection, process, "worker", model_version_id=second)

    [found] = registry.living(connection, MINUTE)
    assert (found["model_version_id"], found["model"]) == (second, "smol")


def test_a_process_that_beats_lives(connection: Connection) -> None:
    process = uuid4()
    registry.beat_heart(connection, process, "worker", device="cpu")
    registry.beat_heart(connection, process, "worker", device="cpu")

    [found] = registry.living(connection, MINUTE)
    assert (found["id"], found["role"], found["pid"], found["device"]) == (process, "worker", os.getpid(), "cpu")


def test_a_process_that_signed_off_does_not_live(connection: Connection) -> None:
    process = uuid4()
    registry.beat_heart(connection, process, "ingest")
    registry.leave(connection, process)

    assert registry.living(connection, MINUTE) == []


def test_a_process_that_fell_silent_does_not_live_and_is_forgotten_after_a_day(connection: Connection) -> None:
    silent, other = uuid4(), uuid4()
    registry.beat_heart(connection, silent, "ingest")
    connection.execute(text("UPDATE app.worker_process SET heartbeat_at = heartbeat_at - interval '2 minutes'"))
    assert registry.living(connection, MINUTE) == []
    connection.execute(text("UPDATE app.worker_process SET heartbeat_at = heartbeat_at - interval '1 day'"))
    registry.beat_heart(connection, other, "ingest")
    registry.leave(connection, other)

    assert connection.scalar(text("SELECT count(*) FROM app.worker_process")) == 0


def test_a_killed_process_of_this_machine_does_not_live(connection: Connection) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    registry.beat_heart(connection, uuid4(), "worker")
    connection.execute(text("UPDATE app.worker_process SET pid = :pid"), {"pid": ended.pid})

    assert registry.living(connection, MINUTE) == []


def test_a_process_of_another_machine_lives_by_its_word(connection: Connection) -> None:
    registry.beat_heart(connection, uuid4(), "worker")
    connection.execute(text("UPDATE app.worker_process SET pid = 1, host = 'elsewhere'"))

    assert len(registry.living(connection, MINUTE)) == 1


def test_a_heartbeat_shows_in_a_file_and_in_the_table_and_ends_with_the_process(shelftalk: Service) -> None:
    file = shelftalk.config.home / "run" / "ingest.heartbeat"
    with Heartbeat("ingest", shelftalk.database, file, every_s=60):
        assert file.exists()
        assert shelftalk.rows("SELECT role FROM app.worker_process") == [("ingest",)]

    assert not file.exists()
    assert shelftalk.rows("SELECT role FROM app.worker_process") == []


def test_a_heartbeat_goes_on_in_its_file_while_postgres_is_away(shelftalk: Service) -> None:
    file = shelftalk.config.home / "run" / "ingest.heartbeat"
    with Heartbeat("ingest", shelftalk.database, file, every_s=60) as heartbeat:
        os.utime(file, (0, 0))
        shelftalk.execute("ALTER TABLE app.worker_process RENAME TO away")
        heartbeat.beat()
        assert file.stat().st_mtime > 0
        shelftalk.execute("ALTER TABLE app.away RENAME TO worker_process")
