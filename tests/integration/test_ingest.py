"""The consumer of the stream: it sets aside what is no event, loses nothing, and waits for servers that are away."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared import broker, db
from shared.settings import child_environment, settings
from shared.stack.servers import Servers, embedded_servers
from tests.event_fakes import Service, changed, deleted, eventually, forget_connections, service
from tests.malformed import MALFORMED, MEBIBYTE
from worker.ingest import Ingest
from worker.intake import Delivery, take_in


def test_what_is_no_event_is_set_aside_and_the_events_beside_it_are_described(shelftalk: Service) -> None:
    messages: list[Any] = []
    for number, (raw, _) in enumerate(MALFORMED.values()):
        messages += [changed(f"GOOD{number}"), raw]
    shelftalk.take_in(*messages)
    shelftalk.redis.xadd(shelftalk.config.stream, {"payload": "{}"})
    shelftalk.describe(changed("LAST"))

    assert shelftalk.rows(
        "SELECT outcome, count(*), count(reason) FROM app.inbox_event WHERE sku LIKE 'GOOD%' OR sku = 'LAST' GROUP BY 1"
    ) == [("described", len(MALFORMED) + 1, 0)]
    assert shelftalk.rows(
        "SELECT outcome, count(*), count(reason) FROM app.inbox_event"
        " WHERE sku IS NULL OR NOT (sku LIKE 'GOOD%' OR sku = 'LAST') GROUP BY 1"
    ) == [("dead_lettered", len(MALFORMED) + 1, len(MALFORMED) + 1)]
    raw = shelftalk.rows("SELECT raw FROM app.dead_letter WHERE stage = 'ingest' ORDER BY id")
    assert [bytes(each) for (each,) in raw] == [raw[:MEBIBYTE] for raw, _ in MALFORMED.values()] + [b""]
    assert shelftalk.unacknowledged() == 0


def test_an_entry_without_the_field_is_refused_with_the_command_that_is_right(shelftalk: Service) -> None:
    entry = shelftalk.redis.xadd(shelftalk.config.stream, {"payload": "{}"}).decode()
    shelftalk.take_in()

    assert shelftalk.reason(entry) == "the entry has no field `event`: XADD … * event <json>"


def test_a_refused_message_is_kept_with_the_names_that_can_be_read(shelftalk: Service) -> None:
    shelftalk.take_in(changed(id="1", title=None))

    assert shelftalk.rows("SELECT source, event_id, sku, outcome FROM app.inbox_event") == [
        ("erp", "1", "KET-42", "dead_lettered")
    ]


@pytest.fixture
def choosy(shelftalk: Service) -> Service:
    """A database that refuses one sku."""
    shelftalk.execute("ALTER TABLE app.product ADD CHECK (sku <> 'REFUSED')")
    return shelftalk


@pytest.mark.parametrize("others", [[], ["A", "B"]], ids=["alone", "among others"])
def test_a_message_that_postgres_refuses_does_not_hold_up_the_others(choosy: Service, others: list[str]) -> None:
    choosy.take_in(*map(changed, others), changed("REFUSED"))
    choosy.describe(changed("LATER"))

    expected = [(f"{sku}:1", "described") for sku in others]
    assert choosy.outcomes() == [*expected, ("REFUSED:1", "dead_lettered"), ("LATER:1", "described")]
    [(reason,)] = choosy.rows("SELECT reason FROM app.dead_letter")
    assert reason.startswith("Postgres refused it: ")
    assert choosy.unacknowledged() == 0


def test_names_of_500_of_the_rarest_characters_hold_up_nobody(shelftalk: Service) -> None:
    rare = "".join(chr(0x20000 + 7919 * number % 40_000) for number in range(500))
    shelftalk.describe(changed(rare, id=rare) | {"source": rare[::-1]}, changed("OTHER"))

    (_, outcome), other = shelftalk.outcomes()
    assert outcome in ("described", "dead_lettered")
    assert other == ("OTHER:1", "described")


def test_what_a_consumer_read_and_did_not_finish_is_taken_over_by_another(shelftalk: Service) -> None:
    consumer = shelftalk.consumer(ingest_claim_idle_s=0.001)
    shelftalk.send(changed())
    read_by_a_consumer_that_dies(shelftalk)
    eventually(lambda: consumer.step(block_ms=1))

    assert shelftalk.outcomes() == [("KET-42:1", None)]
    assert shelftalk.unacknowledged() == 0


def read_by_a_consumer_that_dies(shelftalk: Service) -> list[Delivery]:
    stream, group = shelftalk.config.stream, shelftalk.config.stream_group
    reply: Any = shelftalk.redis.xreadgroup(group, "dead", {stream: ">"})
    entries = reply[stream.encode()][0] if isinstance(reply, dict) else reply[0][1]
    return [Delivery.read(entry.decode(), fields[b"event"], shelftalk.policies.current()) for entry, fields in entries]


def test_a_crash_between_commit_and_acknowledgement_adds_no_second_row(shelftalk: Service) -> None:
    consumer = shelftalk.consumer(ingest_claim_idle_s=0.001)
    shelftalk.send(changed(), deleted("GONE"), b"no JSON")
    deliveries = read_by_a_consumer_that_dies(shelftalk)
    with shelftalk.database.begin() as connection:
        take_in(connection, deliveries, shelftalk.policies.current(), shelftalk.policies.today())
    before = shelftalk.rows("SELECT * FROM app.inbox_event ORDER BY id")
    eventually(lambda: consumer.step(block_ms=1))

    assert shelftalk.rows("SELECT * FROM app.inbox_event ORDER BY id") == before
    assert len(shelftalk.pending()) == 1
    assert shelftalk.unacknowledged() == 0


def test_events_that_came_before_the_first_start_are_taken_in(shelftalk: Service) -> None:
    shelftalk.take_in(changed())

    assert shelftalk.outcomes() == [("KET-42:1", None)]


def test_finished_entries_leave_the_stream_and_others_stay(shelftalk: Service) -> None:
    shelftalk.consumer()
    old = [f"1-{number}" for number in range(1, 301)]
    for entry in old:
        shelftalk.redis.xadd(shelftalk.config.stream, {"event": b"old"}, id=entry)
    shelftalk.take_in()
    assert shelftalk.redis.xlen(shelftalk.config.stream) < len(old)

    kept = shelftalk.send(changed())
    shelftalk.take_in()
    assert [entry.decode() for entry, _ in shelftalk.redis.xrevrange(shelftalk.config.stream, count=1)] == kept


def test_what_is_not_acknowledged_is_never_trimmed(shelftalk: Service) -> None:
    shelftalk.consumer()
    for number in range(1, 301):
        shelftalk.redis.xadd(shelftalk.config.stream, {"event": b"old"}, id=f"1-{number}")
    read_by_a_consumer_that_dies(shelftalk)
    shelftalk.take_in()

    assert shelftalk.redis.xlen(shelftalk.config.stream) == 300


def test_two_processes_share_the_stream_and_take_in_each_event_once(shelftalk: Service, tmp_path: Path) -> None:
    events = [changed(f"K{number % 20}", version=number) for number in range(400)]
    shelftalk.consumer()
    with ingest_process(tmp_path / "one"), ingest_process(tmp_path / "two"):
        for start in range(0, len(events), 20):
            shelftalk.send(*events[start : start + 20])
        eventually(lambda: shelftalk.rows("SELECT count(*) FROM app.inbox_event") == [(400,)], within_s=30)
        eventually(lambda: shelftalk.unacknowledged() == 0)

    shelftalk.write()
    assert shelftalk.rows("SELECT count(*), min(version), max(version) FROM app.product") == [(20, 380, 399)]
    found = dict(shelftalk.rows("SELECT outcome, count(*) FROM app.inbox_event GROUP BY 1"))
    assert sum(found.values()) == 400
    assert found["described"] + found.get("unchanged", 0) >= 20
    assert set(found) <= {"described", "unchanged", "stale"}


@contextmanager
def ingest_process(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An ingest process; it ends well when it is asked to."""
    environment = child_environment(SHELFTALK_HOME=str(home), SHELFTALK_INGEST_BATCH="7")
    with subprocess.Popen([sys.executable, "-m", "worker.ingest"], env=environment) as process:
        try:
            eventually((home / "run" / "ingest.heartbeat").exists, within_s=30)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Servers of this test's own, that it may kill."""
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="shelftalk-tests-")))
        folder.chmod(0o755)
        found = undo.enter_context(embedded_servers(folder, durable=False))
        monkeypatch.setenv("DATABASE_URL", found.database_url)
        monkeypatch.setenv("REDIS_URL", found.redis_url)
        settings.cache_clear()
        undo.callback(forget_connections)
        db.upgrade(found.database_url)
        yield found


@contextmanager
def running(consumer: Ingest) -> Iterator[None]:
    """A consumer that runs in a thread of its own."""
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield
        assert thread.is_alive(), "the consumer has died"
    finally:
        consumer.stop()
        thread.join()


def test_while_postgres_is_away_events_wait_and_are_taken_in_when_it_is_back(servers: Servers) -> None:
    with service() as shelftalk, running(shelftalk.consumer()):
        shelftalk.send(changed("BEFORE"))
        eventually(lambda: len(shelftalk.outcomes()) == 1)
        servers.postgres.stop()
        shelftalk.send(changed("MEANWHILE"))
        eventually(lambda: shelftalk.unacknowledged() == 1)
        servers.postgres.start()
        shelftalk.send(changed("AFTER"))
        eventually(lambda: shelftalk.unacknowledged() == 0 and len(shelftalk.outcomes()) == 3)

        assert [id_ for id_, _ in shelftalk.outcomes()] == ["BEFORE:1", "MEANWHILE:1", "AFTER:1"]


def test_when_redis_comes_back_empty_the_group_is_made_again(servers: Servers) -> None:
    with service() as shelftalk, running(shelftalk.consumer()):
        shelftalk.send(changed("BEFORE"))
        eventually(lambda: shelftalk.queued() == 1)
        servers.valkey.kill()
        servers.valkey.start()
        eventually(lambda: shelftalk.redis.exists(shelftalk.config.stream))
        shelftalk.send(changed("AFTER"))
        eventually(lambda: len(shelftalk.outcomes()) == 2)
        eventually(lambda: shelftalk.queued() == 1)  # the nudge follows the commit


def test_when_only_the_broker_is_away_the_event_is_in_postgres_and_the_consumer_goes_on(shelftalk: Service) -> None:
    nowhere = broker.celery_app("redis://127.0.0.1:1/0")
    nowhere.conf.update(task_publish_retry=False, broker_connection_timeout=1)
    consumer = Ingest(shelftalk.database, shelftalk.redis, nowhere, shelftalk.policies, shelftalk.config)
    consumer.create_group()
    with running(consumer):
        shelftalk.send(changed("A"))
        eventually(lambda: len(shelftalk.outcomes()) == 1 and shelftalk.unacknowledged() == 0)
        shelftalk.send(changed("B"))
        eventually(lambda: len(shelftalk.outcomes()) == 2)
    nowhere.close()

    assert len(shelftalk.pending()) == 2
    shelftalk.pass_time(shelftalk.config.patience_s + 1)
    assert shelftalk.sweep() == "0 expired, 0 dead, 2 enqueued"
