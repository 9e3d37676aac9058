"""A backlog of any size: what a sweep does about it is bounded, and nothing in it is forgotten."""

from __future__ import annotations

from datetime import timedelta

from shared.repository import sweeping
from tests.event_fakes import Service, changed

PATIENCE = timedelta(seconds=20)


def backlog(shelftalk: Service, size: int) -> list[int]:
    """So many generations that have waited longer than the sweep's patience, oldest first."""
    for number in range(size):
        shelftalk.take_in(changed(f"KET-{number}"))
    shelftalk.pass_time(60)
    return shelftalk.pending()


def nudged(shelftalk: Service, spare: int, limit: int = 5_000) -> list[int]:
    with shelftalk.database.begin() as connection:
        return [nudge.generation_id for nudge in sweeping.due_nudges(connection, "generate", PATIENCE, spare, limit)]


def test_what_waits_is_counted_no_further_than_matters(shelftalk: Service) -> None:
    backlog(shelftalk, 3)

    with shelftalk.database.connect() as connection:
        assert sweeping.pending_count(connection, "generate") == 3
        assert sweeping.pending_count(connection, "generate", most=2) == 2
        assert sweeping.pending_count(connection, "generate.bulk") == 0


def test_as_many_are_sent_as_the_queue_lacks_and_the_longest_forgotten_first(shelftalk: Service) -> None:
    waiting = backlog(shelftalk, 3)

    assert nudged(shelftalk, spare=2) == waiting[:2]
    assert nudged(shelftalk, spare=2) == waiting[2:]
    assert nudged(shelftalk, spare=2) == []


def test_what_is_due_again_after_a_failure_is_sent_however_long_the_queue_is(shelftalk: Service) -> None:
    first, second = backlog(shelftalk, 2)
    shelftalk.execute(
        "UPDATE app.generation SET attempts = 1, due_at = now() - interval '1 s' WHERE id = :id", id=second
    )

    assert nudged(shelftalk, spare=0) == [second]
    assert nudged(shelftalk, spare=0) == []
    assert nudged(shelftalk, spare=5) == [first]


def test_what_is_not_due_yet_is_not_sent(shelftalk: Service) -> None:
    [waiting] = backlog(shelftalk, 1)
    shelftalk.execute("UPDATE app.generation SET due_at = now() + interval '1 minute' WHERE id = :id", id=waiting)

    assert nudged(shelftalk, spare=5) == []


def test_forgotten_events_are_closed_some_at_a_time(shelftalk: Service) -> None:
    backlog(shelftalk, 3)
    shelftalk.execute("UPDATE app.generation SET status = 'superseded', finished_at = now() WHERE id > 1")

    with shelftalk.database.begin() as connection:
        sweeping.close_forgotten_events(connection, limit=2)
    assert [outcome for _, outcome in shelftalk.outcomes()] == [None, "stale", None]

    shelftalk.write()
    with shelftalk.database.begin() as connection:
        sweeping.close_forgotten_events(connection, limit=2)
    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "stale", "stale"]


def test_a_pending_generation_never_has_a_lease(shelftalk: Service) -> None:
    [id_] = backlog(shelftalk, 1)
    desk = shelftalk.desk()
    shelftalk.execute(
        "UPDATE app.generation SET status = 'running', attempts = 1, worker_id = :worker, "
        "lease_expires_at = now() - interval '1 minute' WHERE id = :id",
        id=id_,
        worker=desk.worker_id,
    )
    shelftalk.sweep()

    assert shelftalk.rows("SELECT status, lease_expires_at FROM app.generation") == [("pending", None)]

    shelftalk.execute(
        "UPDATE app.generation SET status = 'running', worker_id = :worker, "
        "lease_expires_at = now() + interval '1 minute' WHERE id = :id",
        id=id_,
        worker=desk.worker_id,
    )
    desk.record_failure(id_, RuntimeError("broken"))

    assert shelftalk.rows("SELECT status, lease_expires_at FROM app.generation") == [("pending", None)]
