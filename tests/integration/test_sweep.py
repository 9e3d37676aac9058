"""The sweep finds what was lost after an event was in Postgres, and leaves alone what is well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from shared.errors import EngineFault
from tests.event_fakes import FailingWriter, Service, Writer, changed
from worker.intake import Delivery, take_in

LONG = 3_600


def lose_the_queue(shelftalk: Service) -> None:
    shelftalk.redis.delete("generate")


def claim_and_die(shelftalk: Service) -> None:
    """A worker claims everything and is never heard of again."""
    shelftalk.execute(
        "UPDATE app.generation SET status = 'running', attempts = attempts + 1, worker_id = gen_random_uuid(),"
        " lease_expires_at = now() + interval '20 s' WHERE status = 'pending'"
    )


def test_when_nothing_is_wrong_it_does_nothing(shelftalk: Service) -> None:
    shelftalk.take_in(changed())

    assert shelftalk.sweep() == "0 expired, 0 dead, 0 enqueued"
    assert shelftalk.queued() == 1


def test_a_message_that_redis_lost_is_sent_again(shelftalk: Service) -> None:
    shelftalk.take_in(changed("A"), changed("B"))
    lose_the_queue(shelftalk)

    assert shelftalk.sweep() == "0 expired, 0 dead, 0 enqueued"
    shelftalk.pass_time(shelftalk.config.patience_s + 1)
    assert shelftalk.sweep() == "0 expired, 0 dead, 2 enqueued"
    assert shelftalk.queued() == 2


def test_what_it_has_sent_again_it_does_not_send_once_more_at_once(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    lose_the_queue(shelftalk)
    shelftalk.pass_time(shelftalk.config.patience_s + 1)
    shelftalk.sweep()
    lose_the_queue(shelftalk)

    assert shelftalk.sweep() == "0 expired, 0 dead, 0 enqueued"


def test_a_crash_between_acknowledgement_and_nudge_loses_nothing(shelftalk: Service) -> None:
    consumer = shelftalk.consumer()
    [entry] = shelftalk.send(changed())
    stream, group = shelftalk.config.stream, shelftalk.config.stream_group
    shelftalk.redis.xreadgroup(group, "crashed", {stream: ">"})
    with shelftalk.database.begin() as connection:
        [(_, fields)] = shelftalk.redis.xrange(stream, entry, entry)
        delivery = Delivery.read(entry, fields[b"event"], shelftalk.policies.current())
        take_in(connection, [delivery], shelftalk.policies.current(), shelftalk.policies.today())
    shelftalk.redis.xack(stream, group, entry)

    assert consumer.step(block_ms=1) == 0
    shelftalk.pass_time(shelftalk.config.patience_s + 1)
    assert shelftalk.sweep() == "0 expired, 0 dead, 1 enqueued"


def test_a_long_queue_that_is_well_is_not_sent_again(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(30)])
    shelftalk.pass_time(LONG)

    assert shelftalk.sweep() == "0 expired, 0 dead, 0 enqueued"
    assert shelftalk.queued() == 30


def test_of_a_queue_that_lost_a_part_only_so_many_are_sent_again(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(30)])
    shelftalk.redis.ltrim("generate", 0, 19)
    shelftalk.pass_time(LONG)

    assert shelftalk.sweep() == "0 expired, 0 dead, 10 enqueued"
    assert shelftalk.queued() == 30


def test_what_a_dead_worker_held_is_given_back_and_sent_again(shelftalk: Service) -> None:
    shelftalk.take_in(changed("A"), changed("B"))
    claim_and_die(shelftalk)
    lose_the_queue(shelftalk)

    assert shelftalk.sweep() == "0 expired, 0 dead, 0 enqueued"
    shelftalk.pass_time(21)
    assert shelftalk.sweep() == "2 expired, 0 dead, 2 enqueued"
    shelftalk.write()
    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "described"]


def test_what_kills_its_worker_three_times_becomes_a_dead_letter(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    said = []
    for _ in range(3):
        claim_and_die(shelftalk)
        shelftalk.pass_time(21)
        said.append(shelftalk.sweep())

    assert said[-1] == "0 expired, 1 dead, 0 enqueued"
    assert shelftalk.outcomes() == [("KET-42:1", "dead_lettered")]
    [(reason,)] = shelftalk.rows("SELECT reason FROM app.dead_letter")
    assert reason.startswith("the worker died or fell silent on each of 3 attempts")


def test_after_its_wait_a_failed_attempt_is_sent_again_even_behind_a_long_queue(shelftalk: Service) -> None:
    shelftalk.take_in(changed("FAILS"))
    shelftalk.write(FailingWriter(EngineFault("no memory")))
    shelftalk.take_in(*[changed(f"K{number}") for number in range(5)])
    # The message of the failed attempt is gone; those of the others are there.
    shelftalk.redis.rpop("generate")

    assert shelftalk.sweep() == "0 expired, 0 dead, 0 enqueued"
    shelftalk.pass_time(6)
    assert shelftalk.sweep() == "0 expired, 0 dead, 1 enqueued"


def test_an_event_that_a_crash_left_open_is_closed(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    shelftalk.execute("UPDATE app.inbox_event SET outcome = NULL, closed_at = NULL")

    shelftalk.sweep()
    assert shelftalk.outcomes() == [("KET-42:1", "described")]


def test_two_sweeps_at_once_give_nothing_out_twice(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(10)])
    claim_and_die(shelftalk)
    lose_the_queue(shelftalk)
    shelftalk.pass_time(21)
    with ThreadPoolExecutor(2) as beats:
        list(beats.map(lambda _: shelftalk.sweep(), range(2)))

    shelftalk.write()
    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described"] * 10
    assert shelftalk.rows("SELECT max(attempts) FROM app.generation") == [(2,)]


def test_a_repeated_message_does_no_harm(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    lose_the_queue(shelftalk)
    shelftalk.pass_time(LONG)
    shelftalk.sweep()
    writer = Writer()
    desk = shelftalk.desk(writer)
    [id_] = shelftalk.pending()

    assert [desk.write(id_), desk.write(id_)][1] == "nothing to do"
    assert len(writer.asked) == 1
