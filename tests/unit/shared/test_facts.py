"""The facts of a product, as a reader sees them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events import Product, Quantity
from shared.facts import Fact, product_facts, value_text


def product(**members: Any) -> Product:
    return Product(**{"sku": "A1", "version": 1, "title": "Lamp", **members})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("red", "red"),
        ("  dark \n red ", "dark red"),
        (3, "3"),
        (1.5, "1.5"),
        (2.0, "2"),
        (0.1 + 0.2, "0.3"),
        (1e20, "1e+20"),
        (True, "yes"),
        (False, "no"),
        (Quantity(value=1.2, unit="kg"), "1.2 kg"),
        (Quantity(value="2-3", unit="years"), "2-3 years"),
        (["red", 2, True, Quantity(value=1, unit="m")], "red, 2, yes, 1 m"),
        ([], ""),
        ("", ""),
    ],
)
def test_a_value_is_told_as_a_reader_sees_it(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_the_facts_begin_with_what_the_product_is_and_keep_its_order() -> None:
    found = product_facts(product(brand="Norrland", category=["Home", "Lamps"], attributes={"z": "1", "a": True}))

    assert found == [
        Fact("title", "Lamp"),
        Fact("brand", "Norrland"),
        Fact("category", "Home > Lamps"),
        Fact("z", "1"),
        Fact("a", "yes"),
    ]


def test_what_is_empty_is_no_fact() -> None:
    assert product_facts(product(brand="", attributes={"color": " ", "sizes": []})) == [Fact("title", "Lamp")]
