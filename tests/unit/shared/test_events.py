"""Reading events: whatever the bytes, there is an event or a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import InvalidEvent
from shared.events import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    ProductChanged,
    ProductDeleted,
    Quantity,
    decode,
    parse_json,
    product_changed,
    validate,
)
from shared.text import printable
from tests.event_fakes import changed, deleted

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(SCALARS, lambda children: st.lists(children) | st.dictionaries(st.text(), children), max_leaves=20)
MEMBERS = ("id", "source", "type", "time", "data", "specversion")
PRODUCT_MEMBERS = "sku version title brand category attributes locale image_urls supplier_text profiles source".split()


def is_an_event_or_has_a_reason(raw: bytes) -> None:
    try:
        event = decode(raw)
    except InvalidEvent as error:
        assert str(error)
        return
    assert decode(event.model_dump_json(exclude_none=True).encode()) == event


def read(document: dict[str, Any]) -> ProductChanged | ProductDeleted:
    return decode(json.dumps(document).encode())


@given(st.binary())
@example(b"\xff\xfe{\x00}\x00")
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
def test_any_bytes_are_an_event_or_have_a_reason(raw: bytes) -> None:
    is_an_event_or_has_a_reason(raw)


@given(JSON | st.floats())
def test_any_json_is_an_event_or_has_a_reason(document: Any) -> None:
    is_an_event_or_has_a_reason(json.dumps(document).encode())


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.dictionaries(st.sampled_from(PRODUCT_MEMBERS), JSON))
def test_an_event_with_any_members_is_an_event_or_has_a_reason(
    members: dict[str, Any], product: dict[str, Any]
) -> None:
    event = changed()
    document = {**event, "data": {**event["data"], **product}, **members}
    is_an_event_or_has_a_reason(json.dumps(document).encode())


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_any_attributes_are_taken_or_the_wrong_one_is_named(attributes: dict[str, Any]) -> None:
    try:
        event = validate(parse_json(json.dumps(changed(attributes=attributes)).encode()))
    except InvalidEvent as error:
        assert error.field.startswith("data.attributes")
        return
    assert isinstance(event, ProductChanged)
    assert list(event.data.attributes) == list(dict.fromkeys(name.strip() for name in attributes))


def test_every_kind_of_value_is_kept_as_it_is() -> None:
    values = {"text": "red", "whole": 3, "decimal": 1.5, "flag": True, "list": ["a", 1, False], "big": 10**300}
    event = read(changed(attributes={**values, "weight": {"value": 1.2, "unit": "kg"}}))

    assert isinstance(event, ProductChanged)
    assert event.data.attributes == {**values, "weight": Quantity(value=1.2, unit="kg")}
    assert [type(event.data.attributes[name]) for name in ("whole", "decimal", "flag")] == [int, float, bool]


def test_members_that_nobody_knows_are_ignored() -> None:
    event = read(changed(color_of_the_week="red") | {"traceparent": "00-1"})

    assert event.data.sku == "KET-42"


def test_a_product_belongs_to_the_source_of_its_event_unless_it_names_one() -> None:
    assert read(changed()).data.source == "erp"
    assert read(changed(source="shop")).data.source == "shop"


def test_a_category_may_be_a_path_or_one_text() -> None:
    def category(value: Any) -> Any:
        return read(changed(category=value)).data.category  # type: ignore[union-attr]

    assert category(["Kitchen", "Kettles"]) == category("Kitchen > Kettles") == ["Kitchen", "Kettles"]
    assert category("Kettles") == ["Kettles"]
    assert category("") == category([]) == []


def test_a_deletion_needs_no_more_than_the_key() -> None:
    event = read(deleted(version=9))

    assert isinstance(event, ProductDeleted)
    assert (event.data.source, event.data.sku, event.data.version) == ("erp", "KET-42", 9)


def test_versions_go_as_far_as_the_database_can_count() -> None:
    assert read(changed(version=2**63 - 1)).data.version == 2**63 - 1
    with pytest.raises(InvalidEvent, match=r"^data\.version: "):
        read(changed(version=2**63))


def test_as_many_attributes_as_allowed_are_taken_and_no_more() -> None:
    assert read(changed(attributes={f"a{number}": 1 for number in range(MAX_ATTRIBUTES)}))
    with pytest.raises(InvalidEvent, match=r"^data\.attributes: "):
        read(changed(attributes={f"a{number}": 1 for number in range(MAX_ATTRIBUTES + 1)}))


def test_json_is_read_as_deep_as_allowed_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        return b"[" * levels + b"1" + b"]" * levels

    assert parse_json(nested(MAX_DEPTH))
    with pytest.raises(InvalidEvent, match="nested deeper than 20 levels"):
        parse_json(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\ud800", "\udfff"])
def test_characters_that_no_text_may_hold_are_named_with_their_place(character: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        read(changed(attributes={"colors": ["red", f"bl{character}ue"]}))

    assert refused.value.field == "data.attributes.colors[1]"
    assert f"U+{ord(character):04X}" in refused.value.reason


def test_tabs_line_ends_and_any_script_are_text() -> None:
    text = "Zeile 1\n\tZeile 2 — 水壶 🫖 \u202bعربي"
    event = read(changed(supplier_text=text))

    assert isinstance(event, ProductChanged)
    assert event.data.supplier_text == text


def test_an_event_survives_being_written_and_read() -> None:
    event = read(changed(attributes={"weight": {"value": "2-3", "unit": "kg"}, "n": 0.1}, locale="de-AT"))

    assert decode(event.model_dump_json(exclude_none=True).encode()) == event


def test_a_row_becomes_an_event_that_can_be_read() -> None:
    event = validate(product_changed({"sku": "A1", "title": "Lamp", "brand": None}, source="mine"))

    assert (event.source, event.data.sku, event.data.source) == ("mine", "A1", "mine")


def test_rows_without_a_version_get_one_that_grows() -> None:
    versions = [product_changed({"sku": "A1", "title": "Lamp"})["data"]["version"] for _ in range(50)]

    assert versions == sorted(set(versions))


def test_the_row_knows_its_source_and_version_best() -> None:
    document = product_changed({"sku": "A1", "title": "Lamp", "source": "shop", "version": 3}, source="x", version=9)

    assert (document["source"], document["data"]["version"]) == ("shop", 3)


@given(st.text(st.characters()))
def test_what_is_printed_cannot_drive_a_terminal(text: str) -> None:
    assert not set(printable(text)) & {chr(code) for code in (*range(9), *range(11, 32), 0x7F, 0x9B, 0x202E)}
