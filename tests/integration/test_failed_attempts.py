"""Failed attempts: what is tried again, what becomes a dead letter, and what the next event finds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import EngineFault, PromptTooLong
from tests.event_fakes import FailingWriter, Service, Writer, changed, service


def statuses(shelftalk: Service) -> list[str]:
    return [status for (status,) in shelftalk.rows("SELECT status FROM app.generation ORDER BY id")]


def test_copy_of_one_profile_and_a_failure_of_the_other_make_a_dead_letter(shelftalk: Service) -> None:
    shelftalk.take_in(changed(profiles=["product_page", "teaser"]))
    first, second = shelftalk.pending()
    shelftalk.desk().write(first)
    shelftalk.desk(FailingWriter(PromptTooLong("the prompt has 9,000 tokens"))).write(second)

    [(outcome, reason)] = shelftalk.rows("SELECT outcome, reason FROM app.inbox_event")
    assert outcome == "dead_lettered"
    assert reason == "1 of 2 profiles failed: the prompt has 9,000 tokens"
    assert shelftalk.copy() is not None


def test_the_third_failed_attempt_makes_a_dead_letter(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    writer = FailingWriter(EngineFault("no memory"))
    said = []
    for _ in range(3):
        said += shelftalk.write(writer)
        shelftalk.pass_time(60)

    again = "failed, will be tried again: no memory"
    assert said == [again, again, "dead letter: no memory"]
    assert shelftalk.outcomes() == [("KET-42:1", "dead_lettered")]
    assert shelftalk.rows("SELECT stage, reason FROM app.dead_letter") == [("generate", "no memory")]
    assert statuses(shelftalk) == ["dead"]


def test_the_last_attempt_has_a_batch_of_its_own(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    writer = FailingWriter(EngineFault("no memory"))
    for _ in range(3):
        shelftalk.write(writer)
        shelftalk.pass_time(60)

    assert writer.alone == [False, False, True]


def test_after_a_dead_letter_the_next_event_of_the_product_asks_again(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    shelftalk.write(FailingWriter(PromptTooLong("too long")))
    shelftalk.describe(changed(version=2))

    assert shelftalk.outcomes() == [("KET-42:1", "dead_lettered"), ("KET-42:2", "described")]
    assert shelftalk.copy() is not None


def test_a_dead_letter_keeps_the_copy_that_was_there(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    before = shelftalk.copy()
    shelftalk.take_in(changed(version=2, title="Kettle K3"))
    shelftalk.write(FailingWriter(PromptTooLong("too long")))

    assert shelftalk.copy() == before is not None


def test_a_failed_attempt_waits_before_the_next_and_longer_each_time(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    waits = []
    for _ in range(2):
        shelftalk.write(FailingWriter(EngineFault("no memory")))
        [(wait,)] = shelftalk.rows("SELECT round(extract(epoch FROM due_at - now())) FROM app.generation")
        waits.append(float(wait))
        assert shelftalk.write() == ["nothing to do"]
        shelftalk.pass_time(60)

    assert waits == [5.0, 10.0]
    shelftalk.write()
    assert shelftalk.outcomes() == [("KET-42:1", "described")]


def test_a_permanent_failure_is_not_tried_again(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [said] = shelftalk.write(FailingWriter(PromptTooLong("the prompt has 9,000 tokens")))

    assert said == "dead letter: the prompt has 9,000 tokens"
    assert shelftalk.outcomes() == [("KET-42:1", "dead_lettered")]


def test_a_failure_that_nobody_foresaw_is_recorded_by_its_kind(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()
    desk = shelftalk.desk(FailingWriter(ZeroDivisionError("division by zero\x00")))
    with pytest.raises(ZeroDivisionError) as raised:
        desk.write(id_)

    assert desk.record_failure(id_, raised.value).startswith("failed, will be tried again: ZeroDivisionError")
    assert shelftalk.rows("SELECT error, status FROM app.generation") == [
        ("ZeroDivisionError: division by zero", "pending")
    ]


def test_a_failure_of_work_that_was_lost_changes_nothing(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    [(id_,)] = shelftalk.rows("SELECT id FROM app.generation")

    shelftalk.desk().record_failure(id_, EngineFault("too late"))
    assert shelftalk.outcomes() == [("KET-42:1", "described")]
    assert shelftalk.rows("SELECT count(*) FROM app.dead_letter") == [(0,)]


def test_a_profile_that_is_gone_makes_a_dead_letter_that_names_it(shelftalk: Service) -> None:
    shelftalk.take_in(changed(profiles=["teaser"]))
    with service(without=["teaser"]) as later:
        later.write()

    [(reason,)] = shelftalk.rows("SELECT reason FROM app.dead_letter")
    assert reason == "the profile 'teaser' is no longer in force; add it back and activate it"


def test_of_those_with_one_attempt_left_only_one_is_claimed_at_a_time(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(sku, id=sku) for sku in ("A", "B", "C")])
    shelftalk.execute("UPDATE app.generation SET attempts = 2")
    running: list[int] = []

    def look() -> None:
        running.extend(
            count for (count,) in shelftalk.rows("SELECT count(*) FROM app.generation WHERE status = 'running'")
        )

    desk = shelftalk.desk(Writer(look))
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(desk.write, shelftalk.pending()))

    assert running == [1, 1, 1]
    assert statuses(shelftalk) == ["done", "done", "done"]
