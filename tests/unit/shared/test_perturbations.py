"""Perturbed products differ in one attribute only: in its value, in its wording, or in having it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.evaluation.perturbations import dropped, flipped, reworded, value_pools
from shared.events import AttributeValue, Product, Quantity
from shared.facts import product_facts, value_text


def product(value: Any, locale: str = "en") -> Product:
    attributes = {"before": "1", "it": value, "after": "yes"}
    row = {"sku": "A1", "version": 1, "title": "Lamp", "locale": locale, "attributes": attributes}
    return Product.model_validate(row)


def of(changed: Product | None) -> AttributeValue | None:
    return None if changed is None else changed.attributes["it"]


@pytest.mark.parametrize(
    ("value", "locale", "opposite"),
    [
        (True, "en", False),
        ("yes", "en", "no"),
        ("No", "en", "yes"),
        ("ja", "de", "nein"),
        ("sí", "es", "no"),
        ("否", "zh", "是"),
    ],
)
def test_a_yes_or_no_is_turned_around(value: Any, locale: str, opposite: Any) -> None:
    assert of(flipped(product(value, locale), "it")) == opposite


@pytest.mark.parametrize("seed", range(5))
def test_a_number_changes_visibly_and_keeps_its_unit(seed: int) -> None:
    changed = of(flipped(product("4.5 hour"), "it", seed))

    assert isinstance(changed, str) and changed != "4.5 hour"
    assert changed.endswith(".5 hour") and len(changed) == len("4.5 hour")


def test_a_small_number_changes_in_its_first_digit_that_counts() -> None:
    changed = of(flipped(product(0.05), "it"))

    assert isinstance(changed, float) and changed != 0.05 and 0.01 <= changed <= 0.09


def test_the_number_of_a_quantity_changes_and_its_unit_stays() -> None:
    changed = of(flipped(product({"value": 12, "unit": "kg"}), "it"))

    assert isinstance(changed, Quantity) and changed.unit == "kg" and changed.value != 12


@pytest.mark.parametrize("seed", range(5))
def test_a_range_of_years_moves_as_a_whole(seed: int) -> None:
    changed = of(flipped(product("ca. 1958–64"), "it", seed))

    assert isinstance(changed, str)
    start, _, end = changed.removeprefix("ca. ").partition("–")
    assert start != "1958" and (int(end) - int(start)) % 100 == 6


@pytest.mark.parametrize(
    ("value", "locale"),
    [("black keyboard", "en"), ("Brass", "en"), ("schwarz", "de"), ("acero inoxidable", "es"), ("不锈钢", "zh")],
)
def test_a_color_or_material_becomes_another_of_its_kind(value: str, locale: str) -> None:
    changed = of(flipped(product(value, locale), "it"))

    assert isinstance(changed, str) and changed.casefold() != value.casefold()
    assert changed[0].isupper() == value[0].isupper()


def test_a_color_is_exchanged_wherever_the_value_names_it() -> None:
    changed = of(flipped(product("gloss black bezel with gloss black stand"), "it"))

    assert isinstance(changed, str) and "black" not in changed


def test_a_pool_gives_values_of_the_same_attribute() -> None:
    pool = ("Intel Celeron", "intel pentium", "Intel Pentium")

    assert of(flipped(product("Intel Pentium"), "it", pool=pool)) == "Intel Celeron"


def test_one_item_of_a_list_changes_into_one_that_it_does_not_hold() -> None:
    changed = of(flipped(product(["Slate", "Moss"]), "it", pool=("Moss", "Coral")))

    assert isinstance(changed, list) and len(changed) == 2
    assert "Coral" in changed and ("Slate" in changed or "Moss" in changed)


def test_a_value_without_a_known_alternative_is_not_flipped() -> None:
    assert flipped(product("nicam stereo"), "it") is None


@pytest.mark.parametrize(
    ("value", "locale", "other"),
    [
        ("2.7 KG", "en", "2700 g"),
        ("15.5 inch", "en", "39.37 cm"),
        ("2,5 kg", "de", "2500 g"),
        ("1,25 cm", "es", "12,5 mm"),
        ("max. 2 h runtime", "en", "max. 120 min runtime"),
        ("max. 2,5 m", "de", "max. 250 cm"),
        ("1 year European", "en", "1 year european"),
        (4, "en", "4.0"),
        ("2,5", "de", "2,50"),
        (True, "en", "Yes"),
        ("black", "en", "Black"),
        ("steel, stainless", "en", "stainless, steel"),
        ("Intel Core i5", "en", "intel Core i5"),
    ],
)
def test_a_reworded_value_means_the_same(value: Any, locale: str, other: str) -> None:
    assert of(reworded(product(value, locale), "it")) == other


def test_a_reworded_list_has_another_order() -> None:
    assert of(reworded(product(["Blue", "Red"]), "it")) == ["Red", "Blue"]


def test_a_reworded_quantity_has_a_smaller_unit() -> None:
    assert of(reworded(product({"value": 1.2, "unit": "kg"}), "it")) == Quantity(value=1200, unit="g")


@pytest.mark.parametrize("value", ["不锈钢", "5 mW", "1,000 m", ["Blue"], {"value": 1.2, "unit": "lumen"}])
def test_a_value_with_one_form_is_not_reworded(value: Any) -> None:
    assert reworded(product(value), "it") is None


def test_a_dropped_attribute_is_gone_and_the_others_stay() -> None:
    assert list(dropped(product("black"), "it").attributes) == ["before", "after"]


def test_an_unknown_attribute_is_an_error() -> None:
    for change in (flipped, reworded, dropped):
        with pytest.raises(KeyError, match="weight"):
            change(product("black"), "weight")


def test_pools_hold_the_different_texts_of_each_attribute() -> None:
    pools = value_pools([product("black"), product("red"), product("black"), product(4)])

    assert pools["it"] == ("black", "red")


_TEXTS = st.text(st.sampled_from('0159 .,-–/abAKkg"黑色是'), max_size=12)
_SCALARS = st.booleans() | st.integers() | st.floats(-1e9, 1e9) | _TEXTS
_VALUES = _SCALARS | st.lists(_SCALARS, max_size=3)


@given(_VALUES, st.integers(0, 3), st.sampled_from(["en", "de", "es", "zh"]))
def test_any_value_changes_alone_and_in_the_same_way_each_time(value: Any, seed: int, locale: str) -> None:
    original = product(value, locale)
    for changed, again in (
        (flipped(original, "it", seed), flipped(original, "it", seed)),
        (reworded(original, "it"), reworded(original, "it")),
    ):
        assert changed == again
        if changed is not None:
            assert value_text(changed.attributes["it"]) != value_text(original.attributes["it"])
            kept = [fact for fact in product_facts(changed) if fact.attribute != "it"]
            assert kept == [fact for fact in product_facts(original) if fact.attribute != "it"]
