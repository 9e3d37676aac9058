"""The commands: what they print, and the exit status that scripts rely on."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ConfigurationError
from shared.heartbeat import Heartbeat
from shared.settings import settings
from tests.event_fakes import FailingWriter, Service, changed, deleted, run

ROW = {"sku": "A1", "title": "Lamp", "attributes": {"color": "red"}}


def write_lines(path: Path, *rows: Any) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


@contextmanager
def at_work(shelftalk: Service, writer: FailingWriter | None = None) -> Iterator[None]:
    """The service works in another thread while the block runs."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            shelftalk.take_in()
            shelftalk.write(writer)

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(work)
        try:
            yield
        finally:
            stop.set()
        done.result()


def test_publish_names_each_wrong_line_with_its_field_and_publishes_the_others(
    shelftalk: Service, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "rows.jsonl", ROW, {"sku": "A2"}, "{half", {**ROW, "sku": "A3", "version": "x"}, ROW)
    result = run("publish", file)

    assert result.exit_code == 1
    complaints = [line for line in result.stderr.splitlines() if line.startswith(f"{file}:")]
    assert complaints[0] == f"{file}:2: title: field required"
    assert complaints[1].startswith(f"{file}:3: not JSON")
    assert complaints[2].startswith(f"{file}:4: version: ")
    assert "published 2 events, left out 3 wrong lines" in result.stderr
    shelftalk.take_in()
    assert shelftalk.rows("SELECT DISTINCT sku, source FROM app.inbox_event") == [("A1", "shelftalk-cli")]


def test_publish_takes_tables_compressed_files_and_whole_events(shelftalk: Service, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("\ufeffsku,title,color\nC1,Lamp,red\n", encoding="utf-8")
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    events = write_lines(tmp_path / "events.jsonl", changed(version=7), deleted("GONE", 3))
    results = [run("publish", file, "--source", "mine") for file in (table, packed, events)]

    assert [result.exit_code for result in results] == [0, 0, 0], [result.stderr for result in results]
    shelftalk.take_in()
    assert shelftalk.rows("SELECT source, sku FROM app.inbox_event ORDER BY id") == [
        ("mine", "C1"),
        ("mine", "A1"),
        ("erp", "KET-42"),
        ("erp", "GONE"),
    ]


@pytest.mark.parametrize("given", [json.dumps(ROW), "sku,title\nA1,Lamp\n"], ids=["JSON Lines", "CSV"])
def test_publish_reads_standard_input(shelftalk: Service, given: str) -> None:
    assert run("publish", "-", given=given).exit_code == 0
    shelftalk.take_in()
    assert shelftalk.rows("SELECT sku FROM app.product") == [("A1",)]


def test_publish_shows_so_many_complaints_and_counts_the_rest(shelftalk: Service, tmp_path: Path) -> None:
    result = run("publish", write_lines(tmp_path / "bad.jsonl", *["[]"] * 70))

    assert result.stderr.count("bad.jsonl:") == 50
    assert "and 20 more wrong lines" in result.stderr


def test_publish_and_wait_ends_well_when_every_event_did(shelftalk: Service, tmp_path: Path) -> None:
    with at_work(shelftalk):
        result = run("publish", write_lines(tmp_path / "rows.jsonl", ROW, {**ROW, "sku": "A2"}), "--wait")

    assert result.exit_code == 0, result.stderr
    assert "2 described" in result.stderr


def test_publish_and_wait_fails_with_the_reason_of_a_dead_letter(shelftalk: Service, tmp_path: Path) -> None:
    wrong = {**ROW, "profiles": ["poem"]}
    with at_work(shelftalk):
        result = run("publish", write_lines(tmp_path / "rows.jsonl", ROW, wrong), "--wait")

    assert result.exit_code == 1
    assert "data.profiles: 'poem' is unknown" in result.stderr


def test_publish_and_wait_fails_when_the_time_is_up(shelftalk: Service, tmp_path: Path) -> None:
    result = run("publish", write_lines(tmp_path / "rows.jsonl", ROW), "--wait", "--timeout", "0")

    assert result.exit_code == 1
    assert "1 have not ended after 0 s: see `shelftalk status` and `shelftalk doctor`" in result.stderr


def test_publish_of_a_file_that_is_not_there_names_it(shelftalk: Service, tmp_path: Path) -> None:
    result = run("publish", tmp_path / "gone.jsonl")

    assert isinstance(result.exception, ConfigurationError)
    assert str(result.exception) == f"{tmp_path / 'gone.jsonl'}: cannot be read: No such file or directory"


def test_publish_of_a_file_that_only_pretends_to_be_compressed_names_it(shelftalk: Service, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl.gz"
    file.write_text(json.dumps(ROW))

    assert str(run("publish", file).exception).startswith(f"{file}: ")


def test_publish_of_a_compressed_file_that_was_cut_off_names_it(shelftalk: Service, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(ROW).encode())[:-12])
    result = run("publish", file)

    assert isinstance(result.exception, ConfigurationError), result.exception
    assert str(result.exception).startswith(f"{file}: ")


def test_status_says_what_waits_what_runs_and_who_lives(shelftalk: Service) -> None:
    shelftalk.describe(changed("DONE"))
    shelftalk.take_in(changed("WAITS"), b"no JSON")
    shelftalk.send(changed("UNREAD"))
    with Heartbeat("ingest", shelftalk.database, settings().home / "run" / "ingest.heartbeat", every_s=60):
        result = run("status", "--json")

    found = json.loads(result.stdout)
    assert set(found) == {
        *("stream", "queues", "pending", "running", "done", "superseded", "failed", "dead"),
        *("oldest_wait_s", "outcomes", "champion", "workers", "ingests", "beats", "trainers", "last_run"),
    }
    assert found["stream"] == {"unread": 1, "unacknowledged": 0}
    assert set(found["queues"]) == {"generate", "generate.bulk", "maintenance", "training"}
    assert (found["pending"], found["running"], found["done"], found["dead"]) == (1, 0, 1, 1)
    assert found["outcomes"] == {"described": 1, "open": 1, "dead_lettered": 1}
    assert len(found["ingests"]) == 1
    assert "1 pending, 0 running, 1 done" in run("status").stdout


def test_status_of_a_new_service_is_all_zeros(shelftalk: Service) -> None:
    found = json.loads(run("status", "--json").stdout)

    assert found["stream"] == {"unread": 0, "unacknowledged": 0}
    assert (found["pending"], found["champion"], found["workers"]) == (0, None, [])


def test_show_prints_copy_evidence_and_history(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.describe(changed(version=2, title="Kettle K3"))
    shelftalk.take_in(changed(version=1, id="late"))
    result = run("show", "KET-42")

    assert result.exit_code == 0, result.exception
    for wanted in (
        "This is the Norrland Kettle K3",
        "quality",
        "supported by",
        "title",
        "history",
        "This is the Norrland Kettle K2",
    ):
        assert wanted in result.stdout
    assert "version 1 is not newer than version 2, which is known" in " ".join(result.stdout.split())
    found = json.loads(run("show", "KET-42", "--json").stdout)
    assert [copy["is_current"] for copy in found["copy"]] == [True, False]
    assert [event["outcome"] for event in found["events"]] == ["stale", "described", "described"]


def test_show_of_a_product_that_never_came_says_so(shelftalk: Service) -> None:
    assert "no event of a product 'KET-42' has arrived" in str(run("show", "KET-42").exception)


def test_show_of_a_deleted_product_says_that_it_has_no_copy(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.take_in(deleted(version=2))

    assert "KET-42 of erp has no copy now" in run("show", "KET-42").stdout


def test_show_tells_two_sources_of_one_sku_apart(shelftalk: Service) -> None:
    shelftalk.describe(changed(), changed(id="2", title="Other") | {"source": "shop"})

    assert "This is the Norrland Other" in run("show", "KET-42", "--source", "shop").stdout
    assert "This is the Norrland Other" not in run("show", "KET-42", "--source", "erp").stdout


def test_square_brackets_of_a_catalogue_are_printed_as_they_are(shelftalk: Service) -> None:
    sku, title = "K[/b]2", "Kettle [/red] [bold]K2[/bold]"
    shelftalk.describe(changed(sku, version=1, title=title, attributes={"[/i]color": "[blue]"}))
    shelftalk.describe(changed(sku, version=2, title=f"{title} II"))
    shelftalk.take_in(changed(sku, version=3, id="[/x]", attributes={"[/b]": {}}))
    shown = run("show", sku)

    assert shown.exit_code == 0, repr(shown.exception)
    assert sku in shown.stdout and title in shown.stdout


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_an_event_at_the_end_of_time_can_be_shown(shelftalk: Service, time: str) -> None:
    shelftalk.describe(changed() | {"time": time})

    assert json.loads(run("show", "KET-42", "--json").stdout)["events"]
