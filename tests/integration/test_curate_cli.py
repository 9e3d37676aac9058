"""`shelftalk curate`: what a curator sees, decides and sends back in files."""

from __future__ import annotations

import csv
import io
import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from shared.cli.curate import app
from shared.cli.curate_files import wanted
from shared.cli.curate_next import Desk, Offer
from shared.cli.text_editor import edited
from shared.errors import ShelftalkError
from shared.repository.curation import InvalidDecision
from shared.settings import settings
from tests.event_fakes import Service, Writer, changed
from tests.written_copy import add_description, add_product

FALSE = Writer(answer="The {title} is red and has a power of 2200 watt.")
WRONG = "The Norrland Kettle K2 is red and has a power of 2200 watt."
RIGHT = "The Norrland Kettle K2 is black and has a power of 2200 watt."
SECONDS = 12.0


def curate(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def refusal(*arguments: object) -> str:
    error = curate(*arguments).exception
    assert isinstance(error, ShelftalkError), repr(error)
    return str(error)


def decisions(shelftalk: Service) -> list[tuple[Any, ...]]:
    return shelftalk.rows(
        "SELECT sku, decision, edited_text, reason, editor, via FROM analytics.review ORDER BY review_id"
    )


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(autouse=True)
def _nothing_at_random(monkeypatch: pytest.MonkeyPatch, configured: None) -> Iterator[None]:
    """Nothing is drawn at random, so that each test says what waits."""
    monkeypatch.setenv("SHELFTALK_REVIEW_RANDOM_SHARE", "0")
    settings.cache_clear()
    yield


@pytest.fixture
def waiting(shelftalk: Service) -> Service:
    """The service, with one text that waits: it says red of a black kettle."""
    shelftalk.describe(changed(), writer=FALSE)
    return shelftalk


@pytest.fixture
def three(shelftalk: Service) -> Service:
    """The service, with three texts that wait and have nothing in common."""
    with shelftalk.database.begin() as connection:
        for sku, text in (("A-1", "A lamp of brass."), ("=B2", "=SUM(A1) boils water."), ("C-3", "'Tea' for two ☕.")):
            add_description(connection, add_product(connection, sku), text, status="needs_review", reasons=["short"])
    return shelftalk


def test_next_shows_the_text_with_what_nothing_supports_and_how_to_decide(waiting: Service) -> None:
    page = curate("next").stdout
    [(id_,)] = waiting.rows("SELECT max(id) FROM app.description")

    assert f"1 of 1: KET-42 of erp, profile product_page (en), description {id_}" in page
    assert "is ⟦red⟧ and has a power of 2200 watt" in page
    assert "'red': " in page
    assert "needs_review: " in page
    assert all(f"shelftalk curate {verb} {id_}" in page for verb in ("approve", "edit", "reject"))


def test_nothing_that_waits_is_said(shelftalk: Service) -> None:
    assert curate("next").stdout == "nothing waits for review\n"
    assert curate("next", "--profile", "teaser").stdout == "nothing waits for review in profile teaser\n"


def test_next_can_be_kept_to_one_profile(shelftalk: Service) -> None:
    shelftalk.describe(changed(profiles=["product_page", "teaser"]), writer=FALSE)

    assert "1 of 1: KET-42 of erp, profile teaser" in curate("next", "--profile", "teaser").stdout


def test_approval_publishes(waiting: Service) -> None:
    done = curate("approve", "KET-42", "--editor", "kim", "--seconds", "9").stdout

    assert done.startswith("approved: KET-42 of erp, profile product_page, description ")
    assert decisions(waiting) == [("KET-42", "approved", None, None, "kim", "cli")]
    assert waiting.rows("SELECT status FROM analytics.current_description") == [("published",)]
    assert waiting.rows("SELECT seconds_spent FROM app.review") == [(9,)]


def test_an_edit_publishes_the_curators_text(waiting: Service) -> None:
    [(id_,)] = waiting.rows("SELECT max(id) FROM app.description")
    done = curate("edit", id_, "--text", RIGHT, "--reason", "wrong color", "--editor", "kim").stdout

    assert done.startswith("edited: KET-42")
    assert decisions(waiting) == [("KET-42", "edited", RIGHT, "wrong color", "kim", "cli")]
    assert waiting.copy() == RIGHT


def test_a_rejection_has_its_reason(waiting: Service) -> None:
    assert curate("reject", "KET-42").exit_code == 2
    assert isinstance(curate("reject", "KET-42", "--reason", " ").exception, InvalidDecision)
    assert curate("reject", "KET-42", "--reason", "it is not red", "--editor", "kim").stdout.startswith("rejected: ")
    assert decisions(waiting) == [("KET-42", "rejected", None, "it is not red", "kim", "cli")]


def test_what_is_not_there_or_not_clear_is_refused(shelftalk: Service) -> None:
    shelftalk.describe(changed(profiles=["product_page", "teaser"]))

    assert refusal("approve", "NONE").startswith("no description has the sku or the id 'NONE'; ")
    assert refusal("approve", "99999999999999999999").startswith("no description has the sku or the id '9")
    assert refusal("approve", "KET-42", "--profile", "poem").startswith("no description in profile 'poem' has ")
    assert refusal("approve", "KET-42").startswith("'KET-42' has copy in product_page of erp (")
    assert curate("approve", "KET-42", "--profile", "teaser").stdout.startswith("approved: KET-42 of erp, profile tea")


def editor_program(folder: Path, source: str) -> str:
    """A program that changes the file it is given, as an editor does."""
    path = folder / "editor.py"
    path.write_text(f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\ntext = path.read_text()\n{source}\n")
    return shlex.join([sys.executable, str(path)])


def test_an_edit_opens_the_editor_and_measures_the_time(
    waiting: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor_program(tmp_path, "path.write_text(text.replace('red', 'black'))"))

    assert curate("edit", "KET-42", "--editor", "kim").stdout.startswith("edited: ")
    assert decisions(waiting) == [("KET-42", "edited", RIGHT, None, "kim", "cli")]
    assert waiting.rows("SELECT seconds_spent >= 0 FROM app.review") == [(True,)]


def test_an_editor_that_changes_nothing_or_fails_decides_nothing(
    waiting: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor_program(tmp_path, ""))
    assert refusal("edit", "KET-42").startswith("nothing was changed: `shelftalk curate approve ")
    monkeypatch.setenv("VISUAL", editor_program(tmp_path, "sys.exit(3)"))
    assert "ended with status 3; set EDITOR to a program that waits" in refusal("edit", "KET-42")
    monkeypatch.setenv("VISUAL", "no-such-editor")
    assert "cannot be used: " in refusal("edit", "KET-42")
    assert decisions(waiting) == []


class Terminal:
    """A curator's keys and answers, and a clock that goes on by some seconds at each look."""

    def __init__(self, keys: Iterable[str], reason: str = "it is not red", text: str | None = RIGHT) -> None:
        self.keys, self.reason, self.text, self.now = iter(keys), reason, text, 0.0

    def tick(self) -> float:
        self.now += SECONDS
        return self.now

    def sit(self, shelftalk: Service) -> str:
        """Decide on what waits by these keys; the page that was shown."""
        with shelftalk.database.connect() as connection:
            offers = [Offer(copy, (), ()) for copy in wanted(connection, 10, None)]
        out = Console(file=io.StringIO(), width=200, record=True)
        Desk(out, "kim", lambda: next(self.keys), lambda _: self.text, lambda _: self.reason, self.tick).sit(offers)
        return out.export_text()


def test_keys_decide_and_the_seconds_are_kept(three: Service) -> None:
    page = Terminal("xaer").sit(three)

    assert "approved after 12 s" in page
    assert [row[1] for row in decisions(three)] == ["approved", "edited", "rejected"]
    assert three.rows("SELECT DISTINCT editor, seconds_spent, via FROM app.review") == [("kim", SECONDS, "cli")]


def test_skipping_and_leaving_decide_nothing(three: Service) -> None:
    assert "2 of 3" in Terminal("sq").sit(three)
    assert "2 of 3" not in Terminal("q").sit(three)
    assert decisions(three) == []


def test_an_edit_or_a_rejection_that_is_given_up_leaves_the_choice_open(three: Service) -> None:
    Terminal("eraq", reason="", text=None).sit(three)

    assert [row[1] for row in decisions(three)] == ["approved"]


def test_what_was_decided_meanwhile_is_told_and_the_next_one_comes(three: Service) -> None:
    def keys() -> Iterator[str]:
        curate("reject", "A-1", "--reason", "dull", "--editor", "ada")
        yield from "aq"

    page = Terminal(keys()).sit(three)

    assert "ada rejected it at" in page and "2 of 3" in page
    assert [row[:2] for row in decisions(three)] == [("A-1", "rejected")]


def test_the_statistics_name_who_decided_what(waiting: Service) -> None:
    assert "nothing has been decided yet" in curate("stats").stdout
    curate("approve", "KET-42", "--editor", "kim", "--seconds", "9")
    page = curate("stats").stdout

    assert "kim" in page and "product_page" in page and "100%" in page
    assert "0 wait for review" in page


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_decisions_come_back_from_a_file(three: Service, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    assert curate("export", file, "--bom" if name == "out.csv" else "--force").exit_code == 0
    decide = {
        "A-1": {"decision": "approve", "seconds": "3"},
        "=B2": {"edited_text": "-1 is boiled."},
        "C-3": {"decision": "reject", "reason": "=tea"},
    }
    if name == "out.csv":
        rows = [each | decide[each["sku"].removeprefix("'")] for each in read_csv(file)]
        write_csv(file, rows)
    else:
        documents = [json.loads(line) for line in file.read_text().splitlines()]
        file.write_text("\n".join(json.dumps(each | decide[each["sku"]]) for each in documents))
    done = curate("import", file, "--editor", "kim")

    assert done.exit_code == 0, done.output
    assert "3 rows: 1 approved, 1 edited, 1 rejected" in done.output
    assert sorted(decisions(three)) == [
        ("=B2", "edited", "-1 is boiled.", None, "kim", "file"),
        ("A-1", "approved", None, None, "kim", "file"),
        ("C-3", "rejected", None, "=tea", "kim", "file"),
    ]
    again = curate("import", file, "--editor", "kim")
    assert "3 rows: 3 decided before" in again.output and again.exit_code == 0
    assert len(decisions(three)) == 3


def test_a_dry_run_says_the_same_and_changes_nothing(three: Service, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    curate("export", file)
    write_csv(file, [each | {"decision": "approve"} for each in read_csv(file)])
    done = curate("import", file, "--dry-run").output

    assert "3 rows: 3 approved" in done and "nothing was stored: this was a dry run" in done
    assert decisions(three) == []


def test_a_conflict_is_named_in_its_row_and_the_others_go_on(three: Service, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    curate("export", file)
    rows = [each | {"decision": "approve"} for each in read_csv(file)]
    rows.append(rows[1])
    write_csv(file, rows)
    curate("edit", "A-1", "--text", "A brass lamp.", "--editor", "ada")
    done = curate("import", file, "--editor", "kim")

    assert done.exit_code == 1
    [line] = [number for number, each in enumerate(rows, start=2) if each["sku"] == "A-1"]
    assert f"{file}: line {line}: A-1: conflict: description {rows[line - 2]['id']}: ada edited it at " in done.output
    assert "line 5: " in done.output and "id: stands at 3 already; keep one of the two" in done.output
    assert "4 rows: 2 approved, 1 conflict, 1 refused" in done.output
    assert ("A-1", "edited", "A brass lamp.", None, "ada", "cli") in decisions(three)


def test_a_row_without_its_description_is_refused(three: Service, tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "mine.csv",
        [{"id": "999", "content_hash": "ab", "decision": "approve", "edited_text": "", "reason": ""}],
    )
    done = curate("import", file)

    assert done.exit_code == 1
    assert f"{file}: line 2: id: there is no description 999; export the copy anew" in done.output


def test_another_encoding_stores_nothing(three: Service, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    curate("export", file)
    rows = [each | {"decision": "approve"} for each in read_csv(file)]
    rows[-1] |= {"decision": "edit", "edited_text": "Ein Stövchen."}
    text = write_csv(file, rows).read_text(encoding="utf-8").replace("☕", "")
    file.write_bytes(text.encode("cp1252"))

    assert "is Windows-1252 ('Stövchen.'), not UTF-8; save it as UTF-8" in refusal("import", file)
    assert decisions(three) == []


def test_an_export_does_not_write_over_a_curators_work(three: Service, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    assert curate("export", file).output.strip() == f"3 descriptions in {file}"

    assert "is there already; name another file, or add --force" in refusal("export", file)
    assert curate("export", file, "--force", "--count", "1").output.startswith("1 description in ")
    assert refusal("export", tmp_path / "out.xlsx").endswith("must end in .csv or .jsonl, and be written as that")
    assert "cannot be written: No such file or directory" in refusal("export", tmp_path / "none" / "out.csv")


def test_an_export_can_hold_all_of_one_status(three: Service, tmp_path: Path) -> None:
    three.describe(changed(), writer=Writer(answer="The {title} is black and has a power of 2200 watt."))
    file = tmp_path / "out.jsonl"
    curate("export", file, "--status", "published", "--profile", "product_page")

    assert [json.loads(line)["sku"] for line in file.read_text().splitlines()] == ["KET-42"]


def test_label_studio_takes_tasks_and_gives_decisions(three: Service, tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    assert curate("export", file, "--format", "label-studio").exit_code == 0
    tasks = json.loads(file.read_text())
    assert {each["predictions"][0]["model_version"] for each in tasks} == {"fake"}
    for number, task in enumerate(tasks):
        result = {"from_name": "edited_text", "type": "textarea", "value": {"text": [f"Text {number}."]}}
        task["annotations"] = [{"completed_by": {"email": "ada@shop.example"}, "lead_time": 5, "result": [result]}]
    file.write_text(json.dumps(tasks))
    done = curate("import", file)

    assert "3 rows: 3 edited" in done.output, done.output
    assert {row[4:] for row in decisions(three)} == {("ada@shop.example", "label_studio")}


PAIR = {
    "sku": "LAMP-1",
    "title": "Brass lamp",
    "brand": "Norrland",
    "attributes": {"color": "black", "power": "40 watt"},
    "description": "The Norrland brass lamp is black and has a power of 40 watt.",
}


def test_pairs_are_imported_listed_and_forced(shelftalk: Service, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    steel = PAIR | {"sku": "LAMP-2", "description": "This lamp is made of steel and it shines with 60 watt."}
    file.write_text("\n".join(json.dumps(each) for each in (PAIR, steel, {"sku": "LAMP-3"})))
    dry = curate("import", "--pairs", file, "--dry-run")
    assert "3 rows: " in dry.output and shelftalk.rows("SELECT count(*) FROM app.curated_pair") == [(0,)]

    done = curate("import", "--pairs", file, "--editor", "kim")
    assert done.exit_code == 1
    assert "line 2: LAMP-2 refused: " in done.output and "line 3: unreadable: " in done.output
    page = curate("pairs").output
    assert "LAMP-1" in page and "LAMP-2" not in page and "1 refused" in page
    [(id_,)] = shelftalk.rows("SELECT id FROM app.curated_pair WHERE status = 'refused'")
    assert f"`shelftalk curate pairs --force {id_}` lets one train all the same" in curate("pairs", "--refused").output
    assert "0 refused" in curate("pairs", "--force", id_, "--editor", "ada").output
    assert shelftalk.rows("SELECT status, editor FROM app.curated_pair WHERE sku = 'LAMP-2'") == [("forced", "ada")]


def test_decisions_become_curated_pairs(waiting: Service) -> None:
    curate("edit", "KET-42", "--text", RIGHT, "--editor", "kim")

    assert "from decisions: 1 accepted" in curate("pairs").output
    assert waiting.rows("SELECT origin, text, editor FROM app.curated_pair") == [("review", RIGHT, "kim")]


def test_repair_and_force_belong_to_pairs(shelftalk: Service, tmp_path: Path) -> None:
    assert refusal("import", tmp_path / "x.csv", "--force").startswith("--repair and --force are for --pairs")


def test_an_editor_returns_nothing_for_an_empty_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", editor_program(tmp_path, "path.write_text('  ')"))
    assert edited("A kettle.") is None
