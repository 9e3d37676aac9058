"""The record of training runs: one at a time, and what becomes of those that are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from shared.curation.snapshots import take_snapshot
from shared.errors import TrainingFailed
from shared.repository import training as runs
from shared.repository.training import NewRun
from shared.settings import child_environment
from tests.event_fakes import Service, eventually

OPTIONS = {"stage": "finetune", "rank": 8}
NEW = NewRun("finetune", OPTIONS, "smol", "a" * 64, "20261123-finetune", "kim")

HOLD = """
import sys
from shared import db
from shared.repository import training
with training.alone(db.engine()):
    with db.engine().begin() as connection:
        training.begin_run(connection, training.NewRun("finetune", {}, "smol", "a" * 64, "other", "ada"))
    print("alone", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process() -> Iterator[subprocess.Popen[str]]:
    """A process that trains, as far as the database knows."""
    command = [sys.executable, "-c", HOLD]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=child_environment(), stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "alone\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def connection(shelftalk: Service) -> Iterator[Connection]:
    with shelftalk.database.begin() as connection:
        yield connection


def begun(connection: Connection, **changes: Any) -> int:
    return runs.begin_run(connection, replace(NEW, **changes))


def resumable(connection: Connection, snapshot_id: int, options: Any = OPTIONS, base_digest: str = "a" * 64) -> Any:
    found = runs.resumable_run(connection, snapshot_id, options, base_digest)
    return found and found["id"]


def is_free(shelftalk: Service) -> bool:
    try:
        with runs.alone(shelftalk.database):
            return True
    except TrainingFailed:
        return False


def test_a_second_run_is_refused_while_one_is_under_way(shelftalk: Service) -> None:
    with runs.alone(shelftalk.database):
        assert not is_free(shelftalk)
    assert is_free(shelftalk)


def test_the_refusal_names_the_run_that_is_under_way(shelftalk: Service) -> None:
    with another_process() as process:
        told = rf"another training run is under way \(run 1 on .*, process {process.pid}\): wait for its end"
        with pytest.raises(TrainingFailed, match=told), runs.alone(shelftalk.database):
            pass
    eventually(lambda: is_free(shelftalk))


def test_a_killed_process_frees_the_place_and_its_run_is_marked(shelftalk: Service) -> None:
    with another_process() as process:
        process.kill()
        process.wait()
    eventually(lambda: is_free(shelftalk))
    with runs.alone(shelftalk.database), shelftalk.database.begin() as connection:
        assert runs.close_interrupted(connection) == [1]
        assert runs.close_interrupted(connection) == []
        assert runs.running(connection) is None
        [run] = runs.runs(connection)
    assert run["status"] == "interrupted"
    assert run["reason"].startswith("its process ended without a word")
    assert run["ended_at"] is not None


def test_a_run_that_raises_frees_the_place(shelftalk: Service) -> None:
    with pytest.raises(KeyError), runs.alone(shelftalk.database):
        raise KeyError
    assert is_free(shelftalk)


def test_an_interrupted_run_goes_on_when_all_is_as_it_was(connection: Connection) -> None:
    snapshot = take_snapshot(connection).id
    run = begun(connection, snapshot_id=snapshot)
    assert resumable(connection, snapshot) is None  # it runs
    runs.close_interrupted(connection)
    assert resumable(connection, snapshot) == run


@pytest.mark.parametrize(
    "other",
    [{"options": OPTIONS | {"rank": 4}}, {"base_digest": "b" * 64}, {"snapshot_id": 99}],
    ids=lambda other: next(iter(other)),
)
def test_an_interrupted_run_does_not_go_on_with_another(connection: Connection, other: dict[str, Any]) -> None:
    snapshot = take_snapshot(connection).id
    begun(connection, snapshot_id=snapshot)
    runs.close_interrupted(connection)
    assert resumable(connection, **{"snapshot_id": snapshot} | other) is None


def test_an_interrupted_run_goes_on_only_on_its_machine(connection: Connection) -> None:
    snapshot = take_snapshot(connection).id
    begun(connection, snapshot_id=snapshot)
    runs.close_interrupted(connection)
    connection.execute(text("UPDATE app.training_run SET host = 'elsewhere'"))
    assert resumable(connection, snapshot) is None


@pytest.mark.parametrize("status", ["finished", "failed"])
def test_a_run_that_ended_does_not_go_on_nor_does_one_before_it(connection: Connection, status: runs.Ending) -> None:
    snapshot = take_snapshot(connection).id
    begun(connection, snapshot_id=snapshot)
    runs.close_interrupted(connection)
    runs.end_run(connection, begun(connection, snapshot_id=snapshot), status)
    assert resumable(connection, snapshot) is None


def test_what_stands_about_a_run_that_ended_is_not_changed(connection: Connection) -> None:
    run = begun(connection)
    runs.end_run(connection, run, "finished", metrics={"held_out_loss": 1.5})
    runs.end_run(connection, run, "failed", reason="the terminal is gone")
    [found] = runs.runs(connection)
    assert (found["status"], found["reason"], found["metrics"]) == ("finished", None, {"held_out_loss": 1.5})


def test_a_long_reason_is_cut(connection: Connection) -> None:
    runs.end_run(connection, begun(connection), "failed", reason="x" * 5_000)
    assert runs.runs(connection)[0]["reason"] == "x" * runs.MAX_REASON_CHARACTERS


def test_what_was_learnt_is_that_of_the_newest_finished_fine_tuning(connection: Connection) -> None:
    snapshot = take_snapshot(connection).id
    assert runs.learnt_snapshot(connection) is None
    runs.end_run(connection, begun(connection, snapshot_id=snapshot), "finished")
    for stage, status in (("domain", "finished"), ("finetune", "failed")):
        runs.end_run(connection, begun(connection, stage=stage), status)
    assert runs.learnt_snapshot(connection) == snapshot
