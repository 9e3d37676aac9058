"""Files of products and events: each line is an event, or has a reason of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidEvent
from shared.events import ProductChanged, ProductDeleted
from shared.product_files import Line, read_lines
from tests.event_fakes import changed, deleted

ROW = {"sku": "A1", "title": "Lamp"}


def jsonl(*rows: Any) -> list[Line]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return list(read_lines(lines, as_csv=False, source="mine"))


def csv(*lines: str) -> list[Line]:
    return list(read_lines(lines, as_csv=True, source="mine"))


def product(line: Line) -> Any:
    assert isinstance(line.event, ProductChanged), line.error
    return line.event.data


def complaint(line: Line) -> str:
    assert isinstance(line.error, InvalidEvent)
    return str(line.error)


@given(st.lists(st.text(st.characters())), st.booleans())
def test_any_text_gives_events_or_reasons(lines: list[str], as_csv: bool) -> None:
    for line in read_lines(lines, as_csv=as_csv, source="mine"):
        assert (line.event is None) != (line.error is None)


@given(st.lists(st.lists(st.sampled_from(["sku", "title", "version", "attributes", "profiles", "1", "{}", '"', ""]))))
def test_any_table_gives_events_or_reasons(rows: list[list[str]]) -> None:
    lines = ["sku,title,version,attributes,profiles", *map(",".join, rows)]
    for line in read_lines(lines, as_csv=True, source="mine"):
        assert (line.event is None) != (line.error is None)


def test_a_product_becomes_the_event_that_it_changed() -> None:
    [line] = jsonl({**ROW, "brand": "Norrland", "attributes": {"color": "red"}})

    assert line.event is not None and line.event.source == "mine"
    assert (product(line).brand, product(line).attributes) == ("Norrland", {"color": "red"})


def test_whole_events_are_taken_as_they_are() -> None:
    first, second = jsonl(changed(version=7), deleted(version=8))

    assert first.event is not None and first.event.id == "KET-42:7"
    assert isinstance(second.event, ProductDeleted)


def test_a_wrong_line_is_named_with_its_number_and_field_and_the_others_are_read() -> None:
    lines = jsonl(ROW, {"sku": "A2"}, "", "{half", [1], {**ROW, "version": "x"}, ROW)

    assert [line.number for line in lines] == [1, 2, 4, 5, 6, 7]
    assert [line.event is not None for line in lines] == [True, False, False, False, False, True]
    assert complaint(lines[1]) == "title: field required"
    assert complaint(lines[2]).startswith("not JSON")
    assert complaint(lines[3]) == "a line holds one JSON object, a product or an event"
    assert complaint(lines[4]).startswith("version: ")


def test_the_same_product_on_two_lines_has_growing_versions() -> None:
    versions = [product(line).version for line in jsonl(*[ROW] * 100)]

    assert versions == sorted(set(versions))


def test_a_row_may_name_its_source_and_version() -> None:
    [line] = jsonl({**ROW, "source": "shop", "version": 7})

    assert (product(line).source, product(line).version) == ("shop", 7)


def test_text_that_is_not_utf_8_is_refused_with_its_line() -> None:
    good, bad = jsonl(ROW, b'{"sku": "A1", "title": "K\xe9ttle"}'.decode("utf-8", "surrogateescape"))

    assert good.event is not None
    assert complaint(bad) == "not UTF-8 at byte 25"


def test_columns_that_are_no_members_are_attributes() -> None:
    [line] = csv("sku,title,brand,category,color,weight", "A1,Lamp,Norrland,Home > Lamps,red,1.2 kg")

    assert product(line).category == ["Home", "Lamps"]
    assert product(line).attributes == {"color": "red", "weight": "1.2 kg"}


def test_empty_cells_are_left_out() -> None:
    [line] = csv("sku,title,brand,color,weight", "A1,Lamp,,,")

    assert (product(line).brand, product(line).attributes) == (None, {})


def test_columns_of_json_join_those_of_attributes() -> None:
    [line] = csv("sku,title,attributes,color,profiles", 'A1,Lamp,"{""watt"": 40}",red,"[""teaser""]"')

    assert product(line).attributes == {"watt": 40, "color": "red"}
    assert product(line).profiles == ["teaser"]


def test_cells_may_hold_line_ends_and_commas() -> None:
    first, second = csv("sku,title,note\n", 'A1,"Lamp, red","one\n', 'two"\n', "A2,Chair,x\n")

    assert (product(first).title, product(first).attributes) == ("Lamp, red", {"note": "one\ntwo"})
    assert second.number == 4


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A1,Lamp,seven,", "version: must be a whole number, not 'seven'"),
        ("A1,Lamp,1,{half", "attributes: the cell must hold JSON"),
        ("A1,Lamp,1,[1]", "attributes: the cell must hold a JSON object"),
        ("A1,Lamp,1,5", "attributes: the cell must hold a JSON object"),
        ("A1,Lamp,1,null", "attributes: the cell must hold a JSON object"),
        ("A1,,1,", "title: field required"),
        ("A1,Lamp,1,,extra", "has more cells than the first line has columns; quote cells that hold commas"),
    ],
)
def test_a_wrong_row_of_a_table_is_named_with_its_field(row: str, reason: str) -> None:
    bad, good = csv("sku,title,version,attributes", row, "A2,Chair,1,")

    assert complaint(bad).startswith(reason)
    assert bad.number == 2
    assert product(good).sku == "A2"


def test_a_table_without_sku_and_title_says_what_its_first_line_must_hold() -> None:
    [line] = csv("id,name", "A1,Lamp")

    assert complaint(line) == "the first line names the columns, sku and title among them; here: id, name"


def test_an_empty_file_holds_nothing() -> None:
    assert jsonl() == []
    assert [line.event for line in csv()] == [None]
