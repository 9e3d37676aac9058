"""The facts of a product, and the digest that says whether copy has to be written again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Product, Quantity
from shared.facts import Fact, input_digest, product_facts, relevant_facts, value_text
from shared.profiles import Profile

PAGE = Profile(name="page", version="1", max_attributes=3, ignored_attributes=("price", "stock"))


def product(**members: Any) -> Product:
    return Product(**{"sku": "A1", "version": 1, "title": "Lamp", **members})


def digest(found: Product, profile: Profile = PAGE) -> str:
    return input_digest(relevant_facts(found, profile), profile)


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


def test_ignored_attributes_are_known_by_a_word_of_their_name() -> None:
    found = product(attributes={"Price (EUR)": 39, "in stock": 4, "color": "red"})

    assert relevant_facts(found, PAGE) == [Fact("title", "Lamp"), Fact("color", "red")]
    assert Fact("in stock", "4") in product_facts(found)


@pytest.mark.parametrize(
    "attribute", ["EAN", "ean-13", "Code (EAN)", "Visible in search", "Pieces per Master (outer) case"]
)
def test_a_whole_word_or_phrase_of_a_name_ignores_its_attribute(attribute: str) -> None:
    page = PAGE.model_copy(update={"ignored_attributes": ("ean", "visible in", "master (outer)")})

    assert relevant_facts(product(attributes={attribute: "1"}), page) == [Fact("title", "Lamp")]


@pytest.mark.parametrize("attribute", ["ocean view", "easy to clean", "visible inside", "invisible in water", "master"])
def test_a_part_of_a_word_or_of_a_phrase_ignores_nothing(attribute: str) -> None:
    page = PAGE.model_copy(update={"ignored_attributes": ("ean", "visible in", "master (outer)")})

    assert Fact(attribute, "yes") in relevant_facts(product(attributes={attribute: True}), page)


def test_copy_depends_on_so_many_attributes_as_the_profile_says() -> None:
    found = product(attributes={"price": 1, "a": "1", "b": "2", "c": "3", "d": "4"})

    assert [fact.attribute for fact in relevant_facts(found, PAGE)] == ["title", "a", "b", "c"]


def test_the_digest_changes_with_each_fact_that_the_copy_shows_and_no_other() -> None:
    before = digest(product(attributes={"color": "red"}))

    assert digest(product(attributes={"color": "red", "price": 39}, version=7, supplier_text="x")) == before
    different = [
        product(attributes={"color": "blue"}),
        product(attributes={"colour": "red"}),
        product(attributes={"color": "red", "size": "XL"}),
        product(title="Lamps", attributes={"color": "red"}),
        product(brand="B", attributes={"color": "red"}),
    ]
    assert len({before, *map(digest, different)}) == 6


def test_another_profile_or_another_version_of_it_is_another_digest() -> None:
    found = product()
    profiles = [PAGE, PAGE.model_copy(update={"version": "2"}), PAGE.model_copy(update={"name": "teaser"})]

    assert len({digest(found, profile) for profile in profiles}) == 3


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4), st.lists(st.tuples(st.text(), st.text()), max_size=4))
def test_two_lists_of_facts_have_the_same_digest_only_if_they_are_equal(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    digests = [input_digest([Fact(*pair) for pair in pairs], PAGE) for pairs in (first, second)]

    assert (digests[0] == digests[1]) == (first == second)
