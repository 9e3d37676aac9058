"""The name in a title that is a data sheet."""

from __future__ import annotations

import pytest

from shared.content.names import name_of
from shared.content.planning import plan_copy
from shared.content.salience import Salience
from shared.events import AttributeValue, Product
from shared.factcheck.evidence import find_spans
from shared.gate import names_product
from shared.profiles import Profile

NOTEBOOK = 'Acme Nova 15-dx Notebook Black 39.6 cm (15.6") 1440 x 900 pixels 8 GB Windows 7'
PAGE = Profile(name="page", version="1", max_attributes=3)


def product(title: str, **attributes: AttributeValue) -> Product:
    named = {name.replace("_", " "): value for name, value in attributes.items()}
    return Product(sku="N-1", version=1, title=title, brand="Acme", attributes=named)


@pytest.mark.parametrize(
    ("title", "attributes", "name"),
    [
        (NOTEBOOK, {"color": "black"}, "Acme Nova 15-dx Notebook"),
        (NOTEBOOK, {}, "Acme Nova 15-dx Notebook Black"),
        ("Acme LJ2420 Printer 1200 x 1200 DPI A4", {}, "Acme LJ2420 Printer"),
        ("Acme B45 motherboard LGA 775 (Socket T) ATX", {"socket": "LGA 775 (Socket T)"}, "Acme B45 motherboard"),
        ("Acme Cat.5e SF/UTP Patch Cable, 3.0m, Red", {"color": "Red"}, "Acme Cat.5e SF/UTP Patch Cable"),
        ('Acme ZR22w 54.6 cm (21.5") 1920 x 1080 pixels', {}, "Acme ZR22w"),
    ],
)
def test_the_name_ends_where_the_data_sheet_begins(
    title: str, attributes: dict[str, AttributeValue], name: str
) -> None:
    assert name_of(product(title, **attributes), "en") == name


@pytest.mark.parametrize(
    ("title", "attributes"),
    [
        ("Acme Nova 15 Notebook 8 GB", {}),
        ("Acme 1.5 m CAT6 Patch Cable with Copper Wire", {}),
        ("Acme Ultra Fast Black Gaming mouse pad", {"color": "black"}),
        ("Acme 3m DVI-I Cable Single Link Digital", {"connector": "DVI-I"}),
        ("Acme Fiber Extender Over IP with 3 m", {}),
        ("Acme Moto G 8 phone with dual camera", {"cores": "8"}),
    ],
    ids=["short", "kind at the end", "kind after a value", "measure", "unfinished", "number of the name"],
)
def test_a_title_that_says_what_it_is_at_its_end_is_kept(title: str, attributes: dict[str, AttributeValue]) -> None:
    assert name_of(product(title, **attributes), "en") == title


def test_the_kind_behind_a_model_is_left_to_the_category() -> None:
    known = product("Acme Core T2500 processor 2 GHz 2 MB L2")

    assert name_of(known, "en") == "Acme Core T2500 processor"
    assert name_of(known.model_copy(update={"category": ["Processor"]}), "en") == "Acme Core T2500"


def test_of_a_long_product_what_stood_behind_the_name_may_be_told() -> None:
    plan = plan_copy(
        product(NOTEBOOK, color="black", memory="8 GB", screen_size="39.6 cm", battery="Lithium-Ion"), PAGE, Salience()
    )

    assert plan.facts[0].value == "Acme Nova 15-dx Notebook"
    assert {"color", "memory"} < {fact.attribute for fact in plan.facts}


def test_a_product_with_few_attributes_keeps_its_title() -> None:
    plan = plan_copy(product(NOTEBOOK, color="black", memory="8 GB"), PAGE, Salience())

    assert plan.facts[0].value == NOTEBOOK
    assert [name for name, _ in plan.left_out] == ["color", "memory"]


@pytest.mark.parametrize("called", ["Acme Nova 15-dx Notebook", NOTEBOOK])
def test_the_name_and_the_whole_title_both_name_the_product(called: str) -> None:
    known = product(NOTEBOOK, color="black", memory="8 GB", battery="Lithium-Ion", lid="matt")
    plan = plan_copy(known, PAGE, Salience())
    text = f"The {called} is black."

    assert names_product(text, plan.facts, "en")
    assert [span.text for span in find_spans(text, plan.facts) if span.kind == "unsupported"] == []


def test_of_two_values_that_begin_at_one_place_the_longer_ends_the_name() -> None:
    known = product("Acme Nova Fast Cable Red Brick Grey", color="Red", finish="Red Brick Grey")
    assert name_of(known, "en") == "Acme Nova Fast Cable"
