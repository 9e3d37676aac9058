"""One generation from claim to commit: whoever comes too late stores nothing, and each event ends exactly once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from shared.repository import claims, descriptions, requesting
from shared.repository.claims import Claim
from shared.repository.descriptions import Written
from shared.repository.requesting import Request
from tests.event_fakes import Service, Writer, changed, deleted, eventually, service
from worker import pipeline
from worker.drafting import Brief
from worker.group_commit import GroupCommit

LEASE = timedelta(seconds=20)


def claim(shelftalk: Service, generation_id: int, worker: Any = None) -> Claim | None:
    with shelftalk.database.begin() as connection:
        return claims.claim(connection, [generation_id], worker or uuid4(), LEASE).held.get(generation_id)


def statuses(shelftalk: Service) -> list[str]:
    return [status for (status,) in shelftalk.rows("SELECT status FROM app.generation ORDER BY id")]


def test_copy_is_stored_with_its_evidence_scores_and_model(shelftalk: Service) -> None:
    shelftalk.describe(changed())

    [row] = shelftalk.rows(
        "SELECT text, raw_text, facts, evidence, quality, status, base_model, product_version, new_tokens"
        " FROM app.description d JOIN app.model_version m ON m.id = d.model_version_id"
    )
    text, raw_text, facts, evidence, quality, _, base_model, version, new_tokens = row
    assert "Kettle K2" in text and "Kettle K2" in raw_text
    assert ["title", "Kettle K2"] in facts
    assert [span for span in evidence if span["attribute"] == "title"]
    assert all(text[span["start"] : span["end"]] == span["text"] for span in evidence)
    assert 0 <= quality <= 1
    assert (base_model, version, new_tokens) == ("fake", 1, 12)
    assert shelftalk.outcomes() == [("KET-42:1", "described")]


def test_a_generation_that_is_claimed_is_given_to_nobody_else(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()

    assert claim(shelftalk, id_) is not None
    assert claim(shelftalk, id_) is None
    assert shelftalk.desk().write(id_) == "nothing to do"


def test_of_many_workers_that_claim_at_once_one_gets_it(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()
    with ThreadPoolExecutor(8) as workers:
        held = list(workers.map(lambda _: claim(shelftalk, id_), range(8)))

    assert len([each for each in held if each]) == 1


def test_a_claim_and_a_newer_change_at_once_never_wait_for_each_other(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()
    [(product_id, event_id)] = shelftalk.rows("SELECT product_id, inbox_event_id FROM app.generation")
    newer = Request(product_id, "product_page", "another digest", "generate", event_id)
    with ThreadPoolExecutor(1) as worker, shelftalk.database.connect() as ingest:
        requesting.standing_copy(ingest, [product_id])
        claimed = worker.submit(claim, shelftalk, id_)
        eventually(lambda: claimed.done() or _waits_for_a_lock(shelftalk))
        requesting.request_copy(ingest, [newer])
        requesting.supersede_pending(ingest, [product_id])
        ingest.commit()

        assert claimed.result() is None
    assert statuses(shelftalk) == ["superseded", "pending"]


def test_a_nudge_that_comes_twice_writes_one_description(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()
    desk = shelftalk.desk()

    assert desk.write(id_).startswith(("published", "needs_review", "rejected"))
    assert desk.write(id_) == "nothing to do"
    assert shelftalk.rows("SELECT count(*) FROM app.description") == [(1,)]


def test_a_nudge_for_a_generation_that_does_not_exist_does_nothing(shelftalk: Service) -> None:
    assert shelftalk.desk().write(4711) == "nothing to do"


def test_copy_is_written_from_the_newest_snapshot(shelftalk: Service) -> None:
    shelftalk.take_in(changed(version=1))
    shelftalk.take_in(changed(version=2, supplier_text="Boils water."))
    shelftalk.write()

    assert shelftalk.rows("SELECT product_version FROM app.description") == [(2,)]
    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "unchanged"]


def test_what_the_model_writes_after_its_lease_was_lost_is_discarded(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()
    other = shelftalk.desk()

    def another_worker_takes_over() -> None:
        shelftalk.pass_time(LEASE.total_seconds() + 1)
        shelftalk.sweep()
        other.write(id_)

    slow = shelftalk.desk(Writer(another_worker_takes_over))
    assert slow.write(id_).startswith("too late")
    assert shelftalk.rows(
        "SELECT g.worker_id FROM app.description d JOIN app.generation g ON g.id = generation_id"
    ) == [(other.worker_id,)]
    assert shelftalk.outcomes() == [("KET-42:1", "described")]


def test_what_was_given_back_and_not_yet_taken_again_cannot_be_saved(shelftalk: Service) -> None:
    shelftalk.take_in(changed())

    def the_lease_ends() -> None:
        shelftalk.pass_time(LEASE.total_seconds() + 1)
        shelftalk.sweep()

    [said] = shelftalk.write(Writer(the_lease_ends))
    assert said.startswith("too late")
    assert statuses(shelftalk) == ["pending"]
    assert shelftalk.copy() is None


def test_a_worker_that_took_its_own_generation_again_saves_the_second_try_only(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    [id_] = shelftalk.pending()
    worker = uuid4()
    first = claim(shelftalk, id_, worker)
    shelftalk.pass_time(LEASE.total_seconds() + 1)
    shelftalk.sweep()
    second = claim(shelftalk, id_, worker)

    assert first and second
    assert not save(shelftalk, first, worker)
    assert save(shelftalk, second, worker)


def save(shelftalk: Service, held: Claim, worker: Any) -> int | None:
    with shelftalk.database.begin() as connection:
        written = Written(held, values(shelftalk, held))
        return descriptions.save(connection, worker, [written]).get(held.generation_id)


def values(shelftalk: Service, held: Claim) -> dict[str, Any]:
    desk = shelftalk.desk()
    policy = shelftalk.policies.current()
    profile = policy.profiles[held.profile]
    copy = pipeline.describe(Brief(held.product, profile, policy.plan(held.product, profile)), Writer())
    return copy.values | {"model_version_id": desk.engine.serving().model.version_id}


def test_a_newer_change_while_the_model_runs_makes_the_copy_stale(shelftalk: Service) -> None:
    shelftalk.take_in(changed(version=1))
    newer = changed(version=2, title="Kettle K3")
    [said] = shelftalk.write(Writer(lambda: shelftalk.take_in(newer)))

    assert said == "too late: a newer change came first"
    assert shelftalk.outcomes() == [("KET-42:1", "stale"), ("KET-42:2", None)]
    assert shelftalk.rows("SELECT count(*) FROM app.description") == [(0,)]
    shelftalk.write()
    assert "Kettle K3" in (shelftalk.copy() or "")


def test_a_change_that_matters_not_while_the_model_runs_keeps_the_copy(shelftalk: Service) -> None:
    shelftalk.take_in(changed(version=1))
    newer = changed(version=2, supplier_text="Boils water.")
    shelftalk.write(Writer(lambda: shelftalk.take_in(newer)))

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "unchanged"]
    assert shelftalk.copy() is not None


def test_a_product_deleted_while_the_model_runs_gets_no_copy(shelftalk: Service) -> None:
    shelftalk.take_in(changed(version=1))
    shelftalk.write(Writer(lambda: shelftalk.take_in(deleted(version=2))))

    assert shelftalk.outcomes() == [("KET-42:1", "stale"), ("KET-42:2", "withdrawn")]
    assert shelftalk.rows("SELECT count(*) FROM app.description") == [(0,)]


def test_an_event_of_two_profiles_is_described_when_both_are(shelftalk: Service) -> None:
    shelftalk.take_in(changed(profiles=["product_page", "teaser"]))
    first, second = shelftalk.pending()

    shelftalk.desk().write(first)
    assert shelftalk.outcomes() == [("KET-42:1", None)]
    shelftalk.desk().write(second)
    assert shelftalk.outcomes() == [("KET-42:1", "described")]
    assert shelftalk.copy() and shelftalk.copy(profile="teaser")


def test_two_profiles_that_end_at_once_close_their_event_exactly_once(shelftalk: Service) -> None:
    shelftalk.take_in(changed(profiles=["product_page", "teaser"]))
    workers = uuid4(), uuid4()
    held = [claim(shelftalk, id_, worker) for id_, worker in zip(shelftalk.pending(), workers, strict=True)]
    assert held[0] and held[1]
    with ThreadPoolExecutor(1) as other, shelftalk.database.connect() as first:
        descriptions.save(first, workers[0], [Written(held[0], values(shelftalk, held[0]))])
        second = other.submit(save, shelftalk, held[1], workers[1])
        eventually(lambda: second.done() or _waits_for_a_lock(shelftalk))
        assert not second.done(), "the end of one profile must wait for the other's"
        first.commit()
        assert second.result()

    assert shelftalk.outcomes() == [("KET-42:1", "described")]
    assert statuses(shelftalk) == ["done", "done"]


def _waits_for_a_lock(shelftalk: Service) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return shelftalk.rows(waiting) != [(0,)]


def test_many_profiles_written_by_many_threads_close_each_event_once(shelftalk: Service) -> None:
    names = [f"p{number}" for number in range(4)]
    page = shelftalk.policies.current().profiles["product_page"]
    known = {name: page.model_copy(update={"name": name}) for name in names}
    with service(known) as many:
        many.take_in(*[changed(f"K{number}", profiles=names) for number in range(5)])
        start = threading.Barrier(4)
        desks = [many.desk(Writer(start.wait)) for _ in range(4)]
        # One profile of the same event for each of the four threads, so that they end together.
        for four in zip(*[iter(many.pending())] * 4, strict=True):
            with ThreadPoolExecutor(4) as threads:
                list(threads.map(lambda desk, id_: desk.write(id_), desks, four))

        assert [outcome for _, outcome in many.outcomes()] == ["described"] * 5
        assert many.rows("SELECT count(*), count(DISTINCT generation_id) FROM app.description") == [(20, 20)]


def test_leases_are_renewed_while_their_generation_is_held(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    left: list[float] = []

    def heartbeat() -> None:
        shelftalk.pass_time(15)
        with shelftalk.database.begin() as connection:
            desk.leases.renew(connection, desk.worker_id)
        query = "SELECT extract(epoch FROM lease_expires_at - now()) FROM app.generation"
        left.append(float(shelftalk.rows(query)[0][0]))

    desk = shelftalk.desk(Writer(heartbeat))
    desk.write(shelftalk.pending()[0])
    assert left[0] == pytest.approx(LEASE.total_seconds(), abs=2)
    assert shelftalk.outcomes() == [("KET-42:1", "described")]


@pytest.fixture
def described(shelftalk: Service) -> Iterator[Connection]:
    shelftalk.describe(changed())
    with shelftalk.database.connect() as connection:
        yield connection


@pytest.mark.parametrize("statement", ["UPDATE app.description SET text = 'better'", "DELETE FROM app.description"])
def test_descriptions_never_change(described: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"rows of app\.description never change; add a new one"):
        described.exec_driver_sql(statement)


def test_workers_that_claim_the_same_at_once_hold_disjoint_sets(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(12)])
    ids, start = shelftalk.pending(), threading.Barrier(3)

    def claim_all(order: list[int]) -> set[int]:
        start.wait()
        with shelftalk.database.begin() as connection:
            return set(claims.claim(connection, order, uuid4(), LEASE).held)

    with ThreadPoolExecutor(3) as workers:
        held = list(workers.map(claim_all, (ids, ids[::-1], ids[6:] + ids[:6])))
    assert sorted(id_ for each in held for id_ in each) == ids


def test_two_nudges_for_one_generation_in_one_group_write_it_once(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(4)])
    desk = shelftalk.desk()
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(desk.write, shelftalk.pending() * 2))

    assert said.count("nothing to do") == 4
    assert shelftalk.rows("SELECT count(*), count(DISTINCT generation_id) FROM app.description") == [(4, 4)]


def test_copy_that_postgres_refuses_costs_no_neighbour_its_own(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(3)])
    desk, worker = shelftalk.desk(), uuid4()
    held = [claim(shelftalk, id_, worker) for id_ in shelftalk.pending()]
    columns = [values(shelftalk, each) for each in held if each]
    columns[1]["text"] = None

    def save_all(written: Sequence[Written]) -> list[bool]:
        with desk.database.begin() as connection:
            stored = descriptions.save(connection, worker, written)
        return [each.held.generation_id in stored for each in written]

    grouped: GroupCommit[Written, bool] = GroupCommit("saves", save_all)
    with ThreadPoolExecutor(3) as threads:
        saved = [threads.submit(grouped, Written(each, row)) for each, row in zip(held, columns, strict=True) if each]
    assert [isinstance(each.exception(), DBAPIError) for each in saved] == [False, True, False]
    assert statuses(shelftalk) == ["done", "running", "done"]


def test_what_a_killed_worker_claimed_and_did_not_save_is_written_by_another(shelftalk: Service) -> None:
    shelftalk.take_in(*[changed(f"K{number}") for number in range(3)])
    with shelftalk.database.begin() as connection:
        killed = claims.claim(connection, shelftalk.pending(), uuid4(), LEASE)
    assert len(killed.held) == 3

    shelftalk.pass_time(LEASE.total_seconds() + 1)
    shelftalk.sweep()
    shelftalk.write()
    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described"] * 3
