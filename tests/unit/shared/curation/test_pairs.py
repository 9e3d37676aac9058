"""Files of pairs: each row is a pair, or has a reason of its own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared.curation.pairs import Pair, read_pairs
from shared.errors import ConfigurationError, InvalidEvent

ROW = {
    "sku": "A1",
    "title": "Fjell Bottle",
    "brand": None,
    "category": "bottle",
    "attributes": {"capacity": "0.75 l", "colour": ["Blue", "Red"], "lid": True},
    "description": "The Fjell Bottle holds 0.75 l.",
}
HEADER = "sku,title,category,capacity,description"

here = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def written(path: Path, *rows: Any) -> list[tuple[int, Pair | InvalidEvent]]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(read_pairs(path))


def pair(found: tuple[int, Pair | InvalidEvent]) -> Pair:
    assert isinstance(found[1], Pair), found
    return found[1]


def complaint(found: tuple[int, Pair | InvalidEvent]) -> str:
    assert isinstance(found[1], InvalidEvent), found
    return str(found[1])


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    return tmp_path / "pairs.jsonl"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "pairs.csv"


def test_a_row_of_json_lines_is_a_pair(jsonl: Path) -> None:
    read = pair(written(jsonl, {**ROW, "profile": "search_ad", "source": "shop", "editor": "ada"})[0])

    assert (read.text, read.profile, read.source, read.editor) == (ROW["description"], "search_ad", "shop", "ada")
    assert (read.product.title, read.product.category) == ("Fjell Bottle", ["bottle"])
    assert list(read.product.attributes) == ["capacity", "colour", "lid"]


def test_a_row_of_csv_is_a_pair_and_other_columns_are_attributes(csv: Path) -> None:
    read = pair(
        written(csv, HEADER + ",profile", 'A1,Fjell Bottle,Kitchen > Bottles,0.75 l,"It holds 0.75 l, no more.",')[0]
    )

    assert read.text == "It holds 0.75 l, no more."
    assert read.profile == ""
    assert read.product.category == ["Kitchen", "Bottles"]
    assert dict(read.product.attributes) == {"capacity": "0.75 l"}


def test_compressed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    assert pair(next(read_pairs(path))).product.sku == "A1"


def test_a_wrong_row_is_named_and_the_rest_is_read(jsonl: Path) -> None:
    rows = written(jsonl, ROW, "", "{", "[]", {**ROW, "title": ""}, {**ROW, "description": 5}, {"sku": "A2"}, ROW)

    assert [number for number, _ in rows] == [1, 3, 4, 5, 6, 7, 8]
    assert [isinstance(row, Pair) for _, row in rows] == [True, False, False, False, False, False, True]
    assert complaint(rows[3]).startswith("title: ")
    assert complaint(rows[4]) == "description: must be a text"
    assert complaint(rows[5]).startswith("description: is missing")


def test_a_csv_file_without_the_column_of_the_text_is_refused_with_its_columns(csv: Path) -> None:
    [only] = written(csv, "sku,title", "A1,Lamp")
    assert only[0] == 1
    assert complaint(only).endswith("sku, title and description among them; here: sku, title")


def test_a_csv_file_without_the_column_of_the_title_is_refused(csv: Path) -> None:
    [only] = written(csv, "sku,description", "A1,Lamp")
    assert "title" in complaint(only)


def test_a_csv_row_with_more_cells_than_columns_is_refused_alone(csv: Path) -> None:
    rows = written(csv, HEADER, "A1,Lamp,lamp,1 l,It holds 1 l, no more.", "A2,Lamp,lamp,1 l,It holds 1 l.")
    assert complaint(rows[0]).startswith("has more cells")
    assert pair(rows[1]).product.sku == "A2"


def test_a_csv_row_without_text_is_a_pair_that_the_firewall_refuses(csv: Path) -> None:
    assert pair(written(csv, HEADER, "A1,Lamp,lamp,1 l,")[0]).text == ""


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl"])
def test_rows_in_another_encoding_are_refused_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    if name == "pairs.csv":
        lines = [HEADER, "A1,Lämp,lamp,1 l,It holds 1 l.", "A2,Lamp,lamp,1 l,It holds 1 l."]
    else:
        lines = [json.dumps({**ROW, "title": "Lämp"}, ensure_ascii=False), json.dumps({**ROW, "sku": "A2"})]
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode("cp1252"))

    wrong, right = read_pairs(path)
    assert "UTF-8" in complaint(wrong)
    assert pair(right).product.sku == "A2"


def test_the_utf_16_of_spreadsheets_is_read(csv: Path) -> None:
    csv.write_text(f"{HEADER}\nA1,Lämp,lamp,1 l,It holds 1 l.", encoding="utf-16")
    assert pair(next(read_pairs(csv))).product.title == "Lämp"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.jsonl: cannot be read"):
        read_pairs(tmp_path / "nowhere.jsonl")


def test_a_torn_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}" * 99)[:-9])
    with pytest.raises(ConfigurationError, match="no whole gzip file"):
        read_pairs(path)


@here
@given(st.binary(), st.sampled_from([".csv", ".jsonl"]))
def test_any_bytes_give_pairs_or_reasons(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"pairs{suffix}"
    path.write_bytes(content)
    assert all(isinstance(row, Pair | InvalidEvent) for _, row in read_pairs(path))


@here
@given(st.lists(st.sampled_from(["A1", "Lamp", '"', "{}", "", "é", "\r", "\x00", "attributes"])))
def test_any_table_gives_pairs_or_reasons(tmp_path: Path, cells: list[str]) -> None:
    path = tmp_path / "pairs.csv"
    path.write_bytes(f"sku,title,description,attributes\n{','.join(cells)}".encode("latin-1"))
    assert all(isinstance(row, Pair | InvalidEvent) for _, row in read_pairs(path))


def test_the_digest_is_of_what_is_learnt(jsonl: Path) -> None:
    turned = dict(reversed(ROW["attributes"].items()))  # type: ignore[attr-defined]
    changes = [{"source": "shop"}, {"editor": "ada"}, {"description": "Else."}, {"attributes": turned}, {"sku": "B"}]
    first, *others = (pair(row).digest for row in written(jsonl, ROW, *({**ROW, **change} for change in changes)))
    assert [other == first for other in others] == [True, True, False, False, False]
