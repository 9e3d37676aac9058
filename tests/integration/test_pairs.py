"""Curated pairs: human copy from files and from curators' decisions, and the snapshots that models learn from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from shared import db
from shared.curation.families import split_of
from shared.curation.firewall import Firewall
from shared.curation.intake import ImportReport, collect_reviews, force_pair, import_pairs
from shared.curation.pairs import read_pairs
from shared.curation.snapshots import held_out_pairs, new_pairs_since, take_snapshot, training_pairs
from shared.errors import ConfigurationError
from shared.models import curated_pair, inbox_event, product, review
from shared.policy import Policy, read_policy
from shared.repository import pairs as repository
from shared.settings import settings
from tests.written_copy import add_description, add_product

STEEL = {"material": "stainless steel", "capacity": "0.75 l", "colour": "blue"}
GOOD = "The Fjell Bottle is made of stainless steel and holds 0.75 l."
COPPER = f"{GOOD} It has a handle of copper."


@lru_cache
def policy() -> Policy:
    return read_policy(settings())


def firewall() -> Firewall:
    return Firewall(policy(), date(2026, 11, 23))


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    database = db.connect(database_url)
    with database.begin() as connection:
        yield connection
    database.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pairs.jsonl"


def row(text: str, title: str = "Fjell Bottle", **members: Any) -> dict[str, Any]:
    return {"sku": title, "title": title, "category": "bottle", "attributes": STEEL, "description": text, **members}


def imported(connection: Connection, file: Path, *rows: dict[str, Any] | str, **options: Any) -> ImportReport:
    lines: Iterable[str] = (line if isinstance(line, str) else json.dumps(line) for line in rows)
    file.write_text("\n".join(lines), encoding="utf-8")
    return import_pairs(connection, read_pairs(file), firewall(), editor="ada", **options)


def stored(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.execute(select(curated_pair.c.status, curated_pair.c.text).order_by(curated_pair.c.id))
    return [(row.status, row.text) for row in rows]


def titles(count: int, split: str) -> list[str]:
    """Titles of families on one side of the split."""
    names = (f"Fjell Bottle {chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(676))
    # The family is the words in the order of the alphabet.
    return [name for name in names if split_of(" ".join(sorted(name.casefold().split()))) == split][:count]


def told(title: str) -> dict[str, Any]:
    return row(GOOD.replace("Fjell Bottle", title), title)


def test_each_row_is_stored_with_what_was_found(connection: Connection, file: Path) -> None:
    report = imported(connection, file, row(GOOD), "{", row(COPPER, "Fjell Bottle 2"), row(GOOD, "Fjell Bottle 3"))

    assert dict(report.counts) == {"accepted": 1, "unreadable": 1, "refused": 2}
    assert report.rows == 4
    assert [(problem.row, problem.outcome) for problem in report.problems] == [
        (2, "unreadable"),
        (3, "refused"),
        (4, "refused"),
    ]
    assert "duplicate of line 1" in report.problems[2].findings
    assert [status for status, _ in stored(connection)] == ["accepted", "refused", "refused"]


def test_the_same_file_again_changes_nothing(connection: Connection, file: Path) -> None:
    imported(connection, file, row(GOOD), row(COPPER, "Fjell Bottle 2"))
    before = stored(connection)
    report = imported(connection, file, row(GOOD), row(COPPER, "Fjell Bottle 2"))

    assert dict(report.counts) == {"known": 1, "refused": 1}
    assert stored(connection) == before


def test_repair_leaves_out_the_sentence_that_fails(connection: Connection, file: Path) -> None:
    report = imported(connection, file, row(COPPER), repair=True)

    assert dict(report.counts) == {"repaired": 1}
    assert report.problems[0].findings == ("states 'copper': material not in the facts",)
    assert stored(connection) == [("repaired", GOOD)]
    assert dict(imported(connection, file, row(COPPER), repair=True).counts) == {"known": 1}


def test_what_was_refused_may_be_repaired_later(connection: Connection, file: Path) -> None:
    imported(connection, file, row(COPPER))
    imported(connection, file, row(COPPER), repair=True)
    assert stored(connection) == [("repaired", GOOD)]


def test_force_lets_a_pair_train_and_keeps_what_was_found(connection: Connection, file: Path) -> None:
    report = imported(
        connection, file, row(COPPER), row("", "Nova Lamp"), row(GOOD, "Nova Lamp", profile="x"), force=True
    )

    assert dict(report.counts) == {"forced": 1, "refused": 2}
    [pair] = repository.standing(connection)
    assert pair.findings == ("states 'copper': material not in the facts",)


def test_a_curator_forces_a_refused_pair(connection: Connection, file: Path) -> None:
    imported(connection, file, row(COPPER))
    [refused] = repository.refused(connection)
    force_pair(connection, refused.id, "grace")

    [pair] = repository.standing(connection)
    assert (pair.status, pair.pair.editor, pair.pair.text) == ("forced", "grace", COPPER)
    with pytest.raises(ConfigurationError, match=rf"pair {pair.id}: is not among"):
        force_pair(connection, pair.id, "grace")


def test_a_text_of_an_earlier_import_is_found_again(connection: Connection, file: Path) -> None:
    imported(connection, file, row(GOOD))
    [first] = repository.standing(connection)
    report = imported(connection, file, row(GOOD, "Fjell Bottle 2"))
    assert report.problems[0].findings[-1] == f"duplicate of pair {first.id}"


def test_training_never_sees_a_held_out_family(connection: Connection, file: Path) -> None:
    mine, theirs = titles(3, "train"), titles(2, "holdout")
    imported(connection, file, *map(told, [*mine, *theirs]))

    assert [stored.pair.product.title for stored in training_pairs(connection)] == mine
    assert [stored.pair.product.title for stored in held_out_pairs(connection)] == theirs


def test_a_snapshot_is_the_same_until_a_pair_is_added(connection: Connection, file: Path) -> None:
    assert new_pairs_since(connection, None) == 0
    imported(connection, file, *map(told, [*titles(2, "train"), *titles(1, "holdout")]))
    assert new_pairs_since(connection, None) == 2
    first = take_snapshot(connection)
    assert (first.train_pairs, first.held_out_pairs) == (2, 1)
    assert take_snapshot(connection) == first == repository.newest_snapshot(connection)
    assert new_pairs_since(connection, first) == 0

    imported(connection, file, *map(told, titles(4, "train")[2:]))
    assert new_pairs_since(connection, first) == 2
    second = take_snapshot(connection)
    assert second.id > first.id
    assert len(repository.pairs_of(connection, first.id)) == 3
    assert second.distribution["pairs"] == 4
    assert second.distribution["attributes"] == {"capacity": 4, "colour": 4, "material": 4}
    assert second.distribution["categories"] == {"bottle": 4}
    assert len(second.distribution["length_quantiles"]) == 19


def described(connection: Connection, text: str, sku: str = "A1", **columns: Any) -> int:
    """The description of a product whose event is in the ledger."""
    product_id = add_product(connection, sku)
    description_id = add_description(connection, product_id, text, **columns)
    data = {"sku": sku, "version": 1, "title": "Fjell Bottle", "category": ["bottle"], "attributes": STEEL}
    event = {
        "id": sku,
        "source": "erp",
        "type": "catalog.product.changed.v1",
        "time": "2026-11-23T10:00:00Z",
        "data": data,
    }
    connection.execute(
        insert(inbox_event).values(
            stream_entry=sku, payload_digest=sku, sku=sku, product_id=product_id, product_version=1, payload=event
        )
    )
    return description_id


def decide(connection: Connection, description_id: int, decision: str, text: str | None = None) -> int:
    values = {"description_id": description_id, "decision": decision, "editor": "grace", "edited_text": text}
    return int(connection.execute(insert(review).values(values).returning(review.c.id)).scalar_one())


def test_approvals_and_edits_become_pairs_once_and_rejections_none(connection: Connection) -> None:
    edited = GOOD.replace(" is ", ", blue, is ")
    decide(connection, described(connection, GOOD), "approved")
    decide(connection, described(connection, "It is nice.", "A2"), "edited", edited)
    decide(connection, described(connection, f"{GOOD} Blue.", "A3"), "rejected")

    assert dict(collect_reviews(connection, firewall()).counts) == {"accepted": 2}
    assert stored(connection) == [("accepted", GOOD), ("accepted", edited)]
    assert collect_reviews(connection, firewall()).rows == 0
    [first, _] = repository.standing(connection)
    assert (first.pair.source, first.pair.editor) == ("review", "grace")


def test_an_edit_may_state_any_fact_of_the_version_it_was_written_from(connection: Connection) -> None:
    written = described(connection, GOOD, facts=[["title", "Fjell Bottle"], ["capacity", "0.75 l"]])
    connection.execute(update(product).values(version=2, title="Fjell Bottle", attributes={"material": "copper"}))
    decide(connection, written, "edited", f"{GOOD} It is blue.")
    assert dict(collect_reviews(connection, firewall()).counts) == {"accepted": 1}


def test_without_the_event_the_facts_of_the_prompt_stand_in(connection: Connection) -> None:
    written = described(connection, GOOD, facts=[["title", "Fjell Bottle"], ["capacity", "0.75 l"]])
    connection.execute(update(inbox_event).values(payload=None))
    connection.execute(update(product).values(version=2))
    report_of = decide(connection, written, "approved")

    [problem] = collect_reviews(connection, firewall()).problems
    assert (problem.row, problem.findings) == (report_of, ("states 'stainless steel': material not in the facts",))


def test_an_approval_that_fails_the_checks_is_refused_and_can_be_forced(connection: Connection) -> None:
    decide(connection, described(connection, COPPER), "approved")
    assert dict(collect_reviews(connection, firewall()).counts) == {"refused": 1}
    [refused] = repository.refused(connection)
    force_pair(connection, refused.id, "grace")
    assert [pair.status for pair in repository.standing(connection)] == ["forced"]
    assert collect_reviews(connection, firewall()).rows == 0


def test_a_later_decision_replaces_the_pair_of_an_earlier_one(connection: Connection) -> None:
    written = described(connection, GOOD)
    decide(connection, written, "approved")
    collect_reviews(connection, firewall())
    decide(connection, written, "rejected")
    collect_reviews(connection, firewall())
    assert stored(connection) == [("refused", GOOD)]

    decide(connection, written, "approved")
    for _ in range(2):
        collect_reviews(connection, firewall())
        assert stored(connection) == [("accepted", GOOD)]


def test_ten_thousand_rows_of_which_most_are_bad_are_all_accounted_for(connection: Connection, file: Path) -> None:
    rows = [told(title) for title in titles(20, "train")] + ["{"] * 9_980
    report = imported(connection, file, *rows)
    assert dict(report.counts) == {"accepted": 20, "unreadable": 9_980}
    assert connection.scalar(select(func.count()).select_from(curated_pair)) == 20
