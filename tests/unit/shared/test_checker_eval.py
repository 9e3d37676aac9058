"""`shelftalk eval checker` compares the fact check with labels; the committed labels hold what they promise."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from shared.cli.eval import app
from shared.errors import ConfigurationError, InvalidEvent
from shared.evaluation.checker import LABELS, LabelledText, labelled_text, report
from shared.evaluation.rows import read_rows

DATA = Path(__file__).resolve().parents[2] / "data"
KETTLE = {
    "sku": "K1",
    "title": "Fell Kettle",
    "brand": "Fell",
    "category": "Kitchen > Kettles",
    "attributes": {"capacity": "1.7 l", "color": "red", "thermometer": "no"},
}


def row(text: str, label: str, kind: str = "number", **changes: Any) -> dict[str, Any]:
    return {"product": KETTLE, "text": text, "label": label, "kind": kind} | changes


GOOD = [
    row("The Fell Kettle holds 1.7 l.", "supported"),
    row("The Fell Kettle holds 2.5 l.", "contradicted"),
    row("The Fell Kettle is red.", "contradicted", "color"),  # mislabelled, so that something is missed
    row("The Fell Kettle is red.", "supported", "plain"),
]


def file_of(folder: Path, rows: list[Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in rows))
    return path


def checker(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["checker", *map(str, arguments)])


def measured(path: Path) -> dict[str, Any]:
    printed = checker(path, "--json")
    assert printed.exit_code == 0, printed.output
    found = json.loads(printed.stdout)
    assert isinstance(found, dict)
    return found


def test_precision_and_recall_are_those_of_not_supported(tmp_path: Path) -> None:
    found = measured(file_of(tmp_path, GOOD))

    assert found["all"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "falsely_flagged": 0.0,
        "rows": 4,
        "positives": 2,
        "flagged": 1,
        "rightly_flagged": 1,
    }
    assert found["left_out"] == 0


def test_each_kind_has_its_own_rates(tmp_path: Path) -> None:
    kinds = measured(file_of(tmp_path, GOOD))["kinds"]

    assert list(kinds) == ["color", "number", "plain"]
    assert (kinds["number"]["precision"], kinds["number"]["recall"]) == (1.0, 1.0)
    assert kinds["color"]["recall"] == 0.0


def test_a_kind_without_wrong_texts_has_only_the_share_falsely_flagged(tmp_path: Path) -> None:
    rows = [*GOOD, row("The Fell Kettle is of steel.", "supported", "plain")]
    plain = measured(file_of(tmp_path, rows))["kinds"]["plain"]

    assert (plain["precision"], plain["recall"], plain["f1"], plain["falsely_flagged"]) == (None, None, None, 0.5)


def test_the_core_kinds_are_summed_up_and_labels_counted(tmp_path: Path) -> None:
    found = measured(file_of(tmp_path, GOOD))

    assert (found["core"]["rows"], found["core"]["recall"]) == (3, 0.5)
    assert found["labels"] == {"contradicted": {"rows": 2, "flagged": 1}, "supported": {"rows": 2, "flagged": 0}}


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("{", "not JSON"),
        ("[1]", "holds no JSON object"),
        (row("Red.", "right"), "label: is 'right'; write one of supported, contradicted, unsupported"),
        ({"product": KETTLE, "text": "Red.", "kind": "color"}, "label: is missing"),
        (row("", "supported"), "text: is ''; write a text that is not empty"),
        (row("Red.", "supported", product="K1"), "product: give the product as an object"),
        (row("Red.", "supported", product={"sku": "K1"}), "product.title: field required"),
        (
            row("Red.", "supported", product=KETTLE | {"attributes": {"color": None}}),
            "product.attributes.color: must be a string",
        ),
        (row("Red.", "supported", kind=3), "kind: is '3'; write a text"),
    ],
)
def test_a_broken_row_is_named_and_the_others_are_measured(tmp_path: Path, broken: Any, complaint: str) -> None:
    path = file_of(tmp_path, [GOOD[0], broken, GOOD[1]])
    printed = checker(path, "--json")

    assert printed.exit_code == 1
    assert f"{path}: line 2: {complaint}" in printed.stderr
    found = json.loads(printed.stdout)
    assert (found["all"]["rows"], found["left_out"]) == (2, 1)


def test_a_compressed_file_with_empty_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(GOOD[0]).encode() + b"\n\n"))

    assert measured(path)["all"]["rows"] == 1


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b"{}")[:-4])
    for path, reason in ((cut, "no whole gzip file"), (tmp_path / "none.jsonl", "cannot be read")):
        with pytest.raises(ConfigurationError, match=reason):
            list(read_rows(path))


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    assert isinstance(checker(file_of(tmp_path, [])).exception, ConfigurationError)


def test_a_category_may_be_a_path_or_a_list_or_missing() -> None:
    for category, path in (("A > B", ["A", "B"]), (["A", "B"], ["A", "B"]), ("A", ["A"]), (None, [])):
        product = labelled_text(row("Red.", "supported", product=KETTLE | {"category": category})).product
        assert product.category == path


def test_the_products_language_is_that_of_the_check() -> None:
    kettle = labelled_text(row("Rot.", "supported", product=KETTLE | {"locale": "de"})).product

    assert kettle.locale == "de"


def test_the_table_shows_each_kind_and_the_errors_that_were_asked_for(tmp_path: Path) -> None:
    shown = checker(file_of(tmp_path, GOOD), "--errors", 5).stdout

    assert all(name in shown for name in ("color", "number", "plain", "core kinds", "falsely flagged"))
    assert "line 3, color, contradicted: The Fell Kettle is red." in shown
    assert "nothing flagged" in shown


def test_errors_beyond_those_asked_for_are_counted(tmp_path: Path) -> None:
    shown = checker(file_of(tmp_path, [GOOD[2], GOOD[2]]), "--errors", 1).stdout

    assert "and 1 more of 2" in shown


def test_markup_in_a_text_is_printed_as_it_is(tmp_path: Path) -> None:
    shown = checker(file_of(tmp_path, [row("The kettle is [bold]red[/bold].", "supported")]), "--errors", 1).stdout

    assert "[bold]red[/bold]" in shown


def test_an_empty_report_has_no_rates() -> None:
    assert report([]).all.as_json()["precision"] is None


def committed(name: str) -> list[LabelledText]:
    found = []
    for number, each in read_rows(DATA / name):
        assert not isinstance(each, InvalidEvent), (number, each)
        found.append(labelled_text(each))
    return found


def test_the_committed_set_is_large_balanced_and_of_many_kinds() -> None:
    rows = committed("checker.jsonl")
    labels = Counter(each.label for each in rows)
    kinds = Counter(each.kind for each in rows)

    assert len(rows) >= 450 and set(labels) == set(LABELS)
    assert 0.35 <= labels["supported"] / len(rows) <= 0.45
    assert len(kinds) >= 20 and min(kinds.values()) >= 10
    assert all(each.product.locale == "en" for each in rows)


def test_the_committed_sets_hold_no_text_twice() -> None:
    for name in ("checker.jsonl", "checker_languages.jsonl"):
        rows = committed(name)
        assert len({(each.product.sku, each.text) for each in rows}) == len(rows)


def test_the_other_languages_have_texts_of_each_label() -> None:
    found = {(each.product.locale, each.label) for each in committed("checker_languages.jsonl")}

    assert found == {(locale, label) for locale in ("de", "es", "zh") for label in LABELS}
