"""What the ledger lets go of: events that ended long ago, and nothing that anything still refers to."""

from __future__ import annotations

from datetime import timedelta

from shared.repository import reading, retention
from shared.repository.retention import Expired
from tests.event_fakes import Service, changed, deleted
from worker.retention import retire_events

KEPT_DAYS = 90


def grow_old(shelftalk: Service, days: int = KEPT_DAYS + 1) -> None:
    """Let all that has ended so far have ended so many days ago."""
    shelftalk.execute(
        "UPDATE app.inbox_event SET closed_at = closed_at - :ago, received_at = received_at - :ago"
        " WHERE closed_at IS NOT NULL",
        ago=timedelta(days=days),
    )


def ledger(shelftalk: Service) -> list[tuple[str | None, str | None, bool]]:
    """Event id, outcome, and whether the payload is there, of each event that is left."""
    return [
        (id_, outcome, kept)
        for id_, outcome, kept in shelftalk.rows(
            "SELECT event_id, outcome, payload IS NOT NULL FROM app.inbox_event ORDER BY id"
        )
    ]


def assert_adds_up(shelftalk: Service) -> None:
    with shelftalk.database.connect() as connection:
        assert reading.audit(connection, timedelta()) == []


def test_an_old_event_that_nothing_refers_to_is_deleted(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.take_in(changed(version=2), deleted("GONE", 1))
    grow_old(shelftalk)

    assert retire_events(shelftalk.database, KEPT_DAYS) == "2 deleted, 1 emptied"
    assert ledger(shelftalk) == [("KET-42:1", "described", False)]
    assert_adds_up(shelftalk)


def test_an_event_that_asked_for_copy_stays_in_the_copys_history(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    grow_old(shelftalk)
    retire_events(shelftalk.database, KEPT_DAYS)

    assert shelftalk.rows("SELECT event_id FROM analytics.description_history") == [("KET-42:1",)]
    assert shelftalk.copy() is not None


def test_an_event_that_is_open_or_ended_lately_is_kept(shelftalk: Service) -> None:
    shelftalk.take_in(deleted("GONE", 1))
    grow_old(shelftalk, days=KEPT_DAYS - 1)
    shelftalk.take_in(changed())

    assert retire_events(shelftalk.database, KEPT_DAYS) == "0 deleted, 0 emptied"
    assert ledger(shelftalk) == [("GONE:1", "withdrawn", True), ("KET-42:1", None, True)]


def test_a_dead_letter_is_kept_with_its_payload(shelftalk: Service) -> None:
    shelftalk.take_in(b"no event", changed())
    for id_ in shelftalk.pending():
        shelftalk.desk(max_attempts=1).record_failure(id_, ValueError("broken"))
    shelftalk.execute("UPDATE app.inbox_event SET outcome = 'dead_lettered', closed_at = now() WHERE outcome IS NULL")
    grow_old(shelftalk)

    retire_events(shelftalk.database, KEPT_DAYS)

    assert ledger(shelftalk) == [(None, "dead_lettered", False), ("KET-42:1", "dead_lettered", True)]


def test_a_deleted_event_that_comes_again_writes_no_stale_copy(shelftalk: Service) -> None:
    shelftalk.take_in(deleted("KET-42", 1), changed("KET-42", 2, id="told"))
    shelftalk.write()
    shelftalk.take_in(changed("KET-42", 3, id="same facts"))
    before = shelftalk.copy()
    grow_old(shelftalk)
    retire_events(shelftalk.database, KEPT_DAYS)

    shelftalk.take_in(changed("KET-42", 3, id="same facts", color="green"))

    assert [row for row in shelftalk.outcomes() if row[0] == "same facts"] == [("same facts", "stale")]
    assert shelftalk.pending() == []
    assert shelftalk.copy() == before
    assert_adds_up(shelftalk)


def test_the_first_of_two_events_with_one_id_stays_as_long_as_the_second(shelftalk: Service) -> None:
    shelftalk.take_in(deleted("GONE", 1))
    grow_old(shelftalk)
    shelftalk.take_in(deleted("GONE", 1))

    assert retire_events(shelftalk.database, KEPT_DAYS) == "0 deleted, 1 emptied"
    assert ledger(shelftalk) == [("GONE:1", "withdrawn", False), ("GONE:1", "duplicate", True)]
    assert_adds_up(shelftalk)


def test_it_lets_go_of_a_batch_at_a_time_and_of_the_oldest_first(shelftalk: Service) -> None:
    shelftalk.take_in(*[deleted(f"GONE-{number}", 1) for number in range(5)])
    grow_old(shelftalk)
    shelftalk.execute("UPDATE app.inbox_event SET closed_at = closed_at - interval '1 day' WHERE sku = 'GONE-3'")

    with shelftalk.database.begin() as connection:
        assert retention.expire_events(connection, timedelta(days=KEPT_DAYS), 1) == Expired(deleted=1)

    assert "GONE-3:1" not in [row[0] for row in ledger(shelftalk)]
    assert len(ledger(shelftalk)) == 4
    assert retire_events(shelftalk.database, KEPT_DAYS) == "4 deleted, 0 emptied"
    assert retire_events(shelftalk.database, KEPT_DAYS) == "0 deleted, 0 emptied"


def test_what_another_transaction_holds_is_left_to_it(shelftalk: Service) -> None:
    shelftalk.take_in(deleted("GONE-1", 1), deleted("GONE-2", 1))
    grow_old(shelftalk)

    with shelftalk.database.begin() as first, shelftalk.database.begin() as second:
        assert retention.expire_events(first, timedelta(days=KEPT_DAYS), 1) == Expired(deleted=1)
        assert retention.expire_events(second, timedelta(days=KEPT_DAYS)) == Expired(deleted=1)
