"""Copy out to curators and their decisions back, as CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.curation.exchange import COLUMNS, Row, Verdict, row_of, verdict
from shared.curation.exchange_files import read_rows, write_csv, write_jsonl
from shared.curation.selection import Waiting
from shared.errors import ConfigurationError, InvalidEvent

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"))) | st.builds(
    "".join, st.lists(st.sampled_from(["'", '"', "=", "+", "-", "@", "\t", "\n", "\r\n", ",", ";", "é", "👩‍🚀", "ok"]))
)
HEADER = "id,content_hash,decision,edited_text,reason"


def waiting(**changes: Any) -> Waiting:
    known: dict[str, Any] = {
        "description_id": 7,
        "source": "erp",
        "sku": "KET-42",
        "title": "Kettle",
        "brand": None,
        "category": (),
        "profile": "product_page",
        "locale": "en",
        "text": "A black kettle.",
        "content_hash": "abc",
        "status": "needs_review",
        "reasons": (),
        "p_accept": None,
        "quality": 0.5,
        "facts": (("title", "Kettle"), ("color", "black")),
        "described_at": datetime(2026, 11, 23, tzinfo=UTC),
        "is_random": False,
    }
    return Waiting(**known | changes)


def row(**changes: Any) -> Row:
    return Row(**{"id": 7, "content_hash": "abc", "text": "A black kettle."} | changes)


def exported(copy: Waiting) -> tuple[str, str]:
    """The same copy as CSV and as JSON Lines."""
    as_csv, as_jsonl = io.StringIO(newline=""), io.StringIO()
    assert write_csv(as_csv, [copy]) == write_jsonl(as_jsonl, [copy]) == 1
    return as_csv.getvalue(), as_jsonl.getvalue()


def read(folder: Path, content: str | bytes, name: str = "back.csv") -> list[tuple[int, Row | InvalidEvent]]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(path))


def complaints(folder: Path, content: str | bytes, name: str = "back.csv") -> list[str]:
    return [f"{line}: {each}" for line, each in read(folder, content, name) if isinstance(each, InvalidEvent)]


def refusal(folder: Path, content: str | bytes, name: str = "back.csv") -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, content, name)
    return str(caught.value).replace(f"{folder}/", "")


@given(sku=TEXTS, text=TEXTS)
def test_any_text_comes_back_identical_from_both_formats(
    tmp_path_factory: pytest.TempPathFactory, sku: str, text: str
) -> None:
    folder = tmp_path_factory.mktemp("files")
    for content, name in zip(exported(waiting(sku=sku, text=text)), ("back.csv", "back.jsonl"), strict=True):
        [(_, found)] = read(folder, content, name)
        assert found == Row(id=7, content_hash="abc", sku=sku, text=text)


@given(st.binary())
def test_any_bytes_give_rows_or_reasons(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("files")
    for name in ("back.csv", "back.jsonl", "back.json"):
        for start in (b"", f"{HEADER}\n".encode()):
            try:
                found = read(folder, start + content, name)
            except ConfigurationError:
                continue
            assert all(isinstance(each, Row | InvalidEvent) for _, each in found)


def test_a_formula_in_the_copy_leaves_as_text() -> None:
    as_csv, _ = exported(waiting(title='=HYPERLINK("http://x")', text="+1 for tea.", facts=(("@a", "-1"),)))
    [cells] = csv.DictReader(io.StringIO(as_csv, newline=""))

    assert (cells["title"], cells["text"], cells["facts"]) == ('\'=HYPERLINK("http://x")', "'+1 for tea.", "'@a: -1")


@pytest.mark.parametrize("digest", ["1234567890123456", "12e4567812345678", "abcdef0123456789"])
def test_a_hash_that_looks_like_a_number_stays_a_text(tmp_path: Path, digest: str) -> None:
    as_csv, _ = exported(waiting(content_hash=digest))
    [cells] = csv.DictReader(io.StringIO(as_csv, newline=""))
    [(_, found)] = read(tmp_path, as_csv)

    assert not cells["content_hash"].replace("e", "").isdigit()
    assert isinstance(found, Row) and found.content_hash == digest


def test_json_lines_hold_the_facts_as_pairs() -> None:
    _, as_jsonl = exported(waiting())

    assert list(json.loads(as_jsonl)) == list(COLUMNS)
    assert json.loads(as_jsonl)["facts"] == [["title", "Kettle"], ["color", "black"]]


def test_each_row_has_the_line_where_it_begins(tmp_path: Path) -> None:
    found = read(tmp_path, f'{HEADER}\n1,a,edit,"two\nlines",\n\n2,b,reject,,dull\n')

    assert [(line, each.id) for line, each in found if isinstance(each, Row)] == [(2, 1), (5, 2)]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_separators_of_other_countries_are_understood(tmp_path: Path, delimiter: str) -> None:
    content = f"\ufeff{HEADER},seconds\r\n7,abc,Approved,,,#\r\n".replace(",", delimiter).replace("#", "12,5")

    assert read(tmp_path, content) == [(2, Row(7, "abc", decision="approve", seconds=12.5))]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ("x,abc,edit,t,", "2: id: must be the number of the description as exported, not 'x'"),
        ("7,,edit,t,", "2: content_hash: is empty; export the copy anew"),
        ("7,abc,maybe,,", "2: decision: 'maybe' is none; write approve, edit or reject, or leave it empty"),
        ("7,abc,edit,a\x00b,", "2: edited_text: has the character U+0000, which no text may hold; remove it"),
        (f"7,abc,edit,{'x' * 20_001},", "2: edited_text: has 20,001 characters; at most 20,000 are taken"),
        ("7,abc,edit,a,b,c", "2: has more cells than there are columns; put a text that holds commas into quotes"),
        ('7,abc,edit,"a"b,', "2: is no row of CSV: ',' expected after '\"'; mend its quotes"),
    ],
)
def test_a_wrong_row_is_named_and_the_next_one_is_read(tmp_path: Path, cells: str, complaint: str) -> None:
    content = f"{HEADER}\n{cells}\n8,def,approve,,\n"

    assert complaints(tmp_path, content) == [complaint]
    assert read(tmp_path, content)[-1] == (3, Row(8, "def", decision="approve"))


@pytest.mark.parametrize("seconds", ["-1", "soon", "nan", "inf"])
def test_seconds_are_a_number(tmp_path: Path, seconds: str) -> None:
    found = complaints(tmp_path, f"{HEADER},seconds\n7,abc,approve,,,{seconds}\n")

    assert found == [f"2: seconds: must be a number from 0 on, not {seconds!r}"]


def test_a_missing_column_refuses_the_file(tmp_path: Path) -> None:
    assert refusal(tmp_path, "id,decision,edited_text\n7,approve,\n") == (
        "back.csv: line 1: lacks content_hash, reason; put the columns back under their names, or export anew"
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (f"{HEADER}\n".encode("utf-16"), "back.csv: is UTF-16, not UTF-8; "),
        (f"{HEADER}\n".encode("utf-16-le"), "back.csv: is UTF-16, not UTF-8; "),
        (
            f"{HEADER}\n7,abc,edit,Ein Stövchen,\n".encode("cp1252"),
            "back.csv: line 2: is Windows-1252 ('Stövchen'), not UTF-8; ",
        ),
        (f"{HEADER}\n".encode() + b"7,\x81\x8d,", "back.csv: line 2: is of an unknown encoding, not UTF-8; "),
    ],
)
def test_another_encoding_is_named_with_the_fix(tmp_path: Path, content: bytes, complaint: str) -> None:
    assert refusal(tmp_path, content) == f"{complaint}save it as UTF-8 (in a spreadsheet program: CSV UTF-8)"


def test_a_file_that_is_not_there_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.csv: cannot be read: No such file or directory"):
        list(read_rows(tmp_path / "gone.csv"))
    assert (
        refusal(tmp_path, b"", "book.xlsx") == "book.xlsx: is none of .csv, .jsonl and .json; save it as one of these"
    )


def test_a_line_of_json_that_is_no_row_is_named(tmp_path: Path) -> None:
    content = '{"id": 7\n[]\n{"id": 7, "content_hash": 3}\n{"id": 7, "content_hash": "abc", "decision": "approve"}\n'
    found = complaints(tmp_path, content, "back.jsonl")

    assert [each.partition(": ")[0] for each in found] == ["1", "2", "3"]
    assert found[1:] == [
        "2: is no JSON object; write one for each decision",
        "3: content_hash: must be a text, not 3",
    ]
    assert read(tmp_path, content, "back.jsonl")[-1] == (4, Row(7, "abc", decision="approve"))


def test_an_edit_is_what_differs() -> None:
    edit = Verdict("edit", "A kettle, black.")

    assert verdict(row(decision="edit", edited_text="A kettle, black.\n"), "A black kettle.") == edit
    assert verdict(row(edited_text="A kettle, black."), "A black kettle.") == edit
    assert verdict(row(decision="approve", edited_text="A kettle, black."), "A black kettle.") == edit


def test_a_row_without_decision_and_without_another_text_stays_open() -> None:
    assert verdict(row(), "A black kettle.") is None
    assert verdict(row(edited_text="A black kettle.\r\n"), "A black kettle.\n") is None


def test_approval_and_rejection_hold_no_text() -> None:
    assert verdict(row(decision="approve"), "A black kettle.") == Verdict("approve")
    assert verdict(row(decision="reject", reason="dull"), "A black kettle.") == Verdict("reject")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"decision": "reject"}, "reason: is empty; say why the text is rejected"),
        (
            {"decision": "reject", "reason": "dull", "edited_text": "Other."},
            "edited_text: differs from the text that is rejected; empty it, or write edit",
        ),
        ({"decision": "edit"}, "edited_text: holds no other text than the copy; change it, or write approve"),
        ({"text": "Other."}, "text: has been changed; put it back, and write your text into edited_text"),
        (
            {"text": "Other.", "decision": "approve"},
            "text: has been changed; put it back, and write your text into edited_text",
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        verdict(row(**changes), "A black kettle.")
    assert str(caught.value) == complaint


@given(TEXTS, TEXTS)
def test_what_a_row_decides_is_a_verdict_or_a_reason(text: str, edited_text: str) -> None:
    for decision in ("", "approve", "edit", "reject"):
        cells = {"id": 7, "content_hash": "abc", "decision": decision, "edited_text": edited_text}
        try:
            found = verdict(row_of(cells), text)
        except InvalidEvent:
            continue
        assert found is None or (found.decision == "edit") == (found.edited_text is not None)
