"""The published contract: the schema, its page and the samples say what the models do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from shared.errors import InvalidEvent
from shared.events import ProductChanged, ProductDeleted, decode, product_changed, validate
from shared.gaps import CatalogGaps, Gap
from tests.deployment import ROOT

SCHEMA = ROOT / "schemas" / "catalog-event.v1.json"
GAPS_SCHEMA = ROOT / "schemas" / "catalog-gaps.v1.json"
PAGE = (ROOT / "docs" / "publishing.md").read_text()
SAMPLES = [json.loads(line) for line in (ROOT / "samples" / "products.jsonl").read_text().splitlines()]

KETTLE = {"sku": "KET-42", "version": 7, "title": "Kettle K2"}
EVENT = {
    "specversion": "1.0",
    "id": "KET-42:7",
    "source": "shop",
    "type": "catalog.product.changed.v1",
    "time": "2026-11-23T10:00:00Z",
    "data": KETTLE,
}


def event(**members: Any) -> dict[str, Any]:
    """The kettle's event with other members; None removes one."""
    return {name: value for name, value in {**EVENT, **members}.items() if value is not None}


def product(**members: Any) -> dict[str, Any]:
    """The kettle's event with other members of its product; None removes one."""
    return event(data={name: value for name, value in {**KETTLE, **members}.items() if value is not None})


VALID = {
    "the least that is needed": event(specversion=None),
    "every kind of value": product(
        attributes={"a": "text", "b": 1, "c": 1.5, "d": True, "e": {"value": 2, "unit": "kg"}, "f": ["x", 2]}
    ),
    "all members": product(
        source="erp",
        brand="Norrland",
        category=["Kitchen", "Kettles"],
        locale="de-AT",
        image_urls=["https://shop.example/kettle.jpg"],
        supplier_text="Boils.",
        profiles=["product_page"],
        segments=["gift buyers"],
    ),
    "members of one's own": event(traceparent="00-1-2-01", datacontenttype="application/json"),
    "a deletion": event(type="catalog.product.deleted.v1", data={"sku": "KET-42", "version": 8}),
}
INVALID = {
    "no version": (product(version=None), "data.version: field required"),
    "a version as text": (product(version="7"), "data.version: input should be a valid integer (given: '7')"),
    "a negative version": (product(version=-1), "data.version: "),
    "no title": (product(title=None), "data.title: field required"),
    "no id": (event(id=None), "id: field required"),
    "an unknown type": (
        event(type="product.updated"),
        "type: 'product.updated' is unknown; known are catalog.product.changed.v1 and catalog.product.deleted.v1",
    ),
    "a value without its number": (product(attributes={"weight": {"unit": "kg"}}), "data.attributes.weight: must be"),
    "a list of lists": (product(attributes={"size": [["S"], ["M"]]}), "data.attributes.size: must be"),
    "too many attributes": (product(attributes={f"a{n}": n for n in range(501)}), "data.attributes: "),
    "a locale that is none": (product(locale="English"), "data.locale: "),
    "another CloudEvents version": (event(specversion="0.3"), "specversion: "),
}


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    """The committed schema, itself checked."""
    document = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


@pytest.mark.parametrize(("module", "committed"), [("shared.events", SCHEMA), ("shared.gaps", GAPS_SCHEMA)])
def test_a_committed_schema_is_the_one_that_the_models_make(module: str, committed: Path) -> None:
    made = subprocess.run([sys.executable, "-m", module], cwd=ROOT, capture_output=True, check=True).stdout

    assert committed.read_bytes() == made, f"run `python -m {module} > schemas/{committed.name}`"


def test_a_gap_on_the_wire_is_as_its_schema_says() -> None:
    schema = json.loads(GAPS_SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    [example] = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    found = CatalogGaps.model_validate_json(example)
    sent = json.loads(found.model_dump_json())

    assert list(Draft202012Validator(schema).iter_errors(sent)) == []
    assert sent == json.loads(example)
    assert not Draft202012Validator(schema).is_valid({name: value for name, value in sent.items() if name != "type"})


def test_the_page_for_publishers_names_every_member_of_a_gap() -> None:
    assert [name for name in Gap.model_fields if f"`{name}`" not in PAGE.partition("## What")[2]] == []


@pytest.mark.parametrize("document", VALID.values(), ids=VALID)
def test_schema_and_models_take_the_same_events(schema: Draft202012Validator, document: dict[str, Any]) -> None:
    assert list(schema.iter_errors(document)) == []
    assert decode(json.dumps(document).encode()).id == "KET-42:7"


@pytest.mark.parametrize(("document", "reason"), INVALID.values(), ids=INVALID)
def test_schema_and_models_refuse_the_same_events(
    schema: Draft202012Validator, document: dict[str, Any], reason: str
) -> None:
    assert not schema.is_valid(document)
    with pytest.raises(InvalidEvent) as refusal:
        decode(json.dumps(document).encode())
    assert str(refusal.value).startswith(reason)


def test_the_page_for_publishers_names_every_member_of_an_event() -> None:
    events = {*ProductChanged.model_fields, *ProductDeleted.model_fields}
    products = {name for model in (ProductChanged, ProductDeleted) for name in _members_of_data(model)}

    assert [name for name in sorted(events | products) if f"| `{name}` |" not in PAGE] == []


def _members_of_data(model: Any) -> list[str]:
    return list(model.model_fields["data"].annotation.model_fields)


@pytest.mark.parametrize("name", ["no version", "a version as text", "an unknown type"])
def test_the_page_for_publishers_quotes_the_reasons_as_they_are(name: str) -> None:
    assert f"`{INVALID[name][1]}`" in PAGE


@pytest.mark.parametrize("row", SAMPLES, ids=[row["sku"] for row in SAMPLES])
def test_each_sample_is_a_product_that_can_be_published(schema: Draft202012Validator, row: dict[str, Any]) -> None:
    document = product_changed(row)
    event = validate(document)

    assert isinstance(event, ProductChanged)
    assert event.data.sku == row["sku"]
    assert set(row) == {"sku", "title", "category", "brand", "attributes", "source"}
    assert 3 <= len(row["attributes"]) <= 9
    # The schema takes the path only; one name is a convenience of the models.
    document["data"]["category"] = event.data.category
    assert list(schema.iter_errors(document)) == []


def test_samples_are_many_different_products_whose_sources_are_credited() -> None:
    notice = (ROOT / "NOTICE").read_text()

    assert len({row["sku"] for row in SAMPLES}) == len(SAMPLES) == 30
    assert [source for source in {row["source"] for row in SAMPLES} if source not in notice] == []
