"""Units of measure: their data, where they stand in a text, and how they are converted."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.factcheck.lexicon import load_lexicon
from shared.factcheck.units import chinese_measures, converted, convertible_units, dimension_of, unit_at

ENGLISH = load_lexicon("en")
SIGNS = sorted(convertible_units())
ALIKE = [
    (one, other)
    for one in SIGNS
    for other in SIGNS
    if one != other and dimension_of(one) == dimension_of(other) and dimension_of(one) != "data"
]


def sign(text: str) -> str | None:
    """The unit behind the number that the text starts with."""
    digits = len(text) - len(text.lstrip("0123456789"))
    found = unit_at(text, digits, ENGLISH)
    return found and found[1]


def test_each_unit_that_is_converted_is_written_somehow() -> None:
    assert set(SIGNS) <= set(ENGLISH.units.values())


def test_names_of_units_are_in_the_form_in_which_they_are_looked_up() -> None:
    assert [name for name in ENGLISH.units if name != name.casefold() or name != name.strip()] == []


def test_no_name_stands_for_two_units() -> None:
    units = tomllib.loads((files("shared.factcheck") / "words" / "units.toml").read_text(encoding="utf-8"))["units"]
    names = [name for listed in units.values() for name in listed]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 Zoll", "inch"),
        ("15 pulgadas", "inch"),
        ("15英寸", "inch"),
        ("15寸屏", "inch"),
        ("6 Fuß", "foot"),
        ("2 Zentimetern", "cm"),
        ("2 centímetros", "cm"),
        ("2厘米长", "cm"),
        ("2公斤", "kg"),
        ("2千克", "kg"),
        ("2斤", "jin"),
        ("2 Stunden", "hour"),
        ("2 horas", "hour"),
        ("2小时", "hour"),
        ("2个小时", "hour"),
        ("2 sq. ft. of", "sq ft"),
        ("2 m²", "m²"),
        ("2 metros cuadrados", "m²"),
        ("2 fl. oz.", "fl oz"),
        ("2 g/m² paper", "g/m²"),
        ("2 µm", "µm"),
        ("90 km/h", "km/h"),
        ("20 °C", "°C"),
        ("20 degrees Celsius", "°C"),
        ("20 degrees of", "degree"),
        ("360°camera", "degree"),
        ("2700 K", "K"),
        ("15 in x 3 in", "inch"),
        ("15 in W x 3 in D", "inch"),
        ("15 in", "inch"),
        ("5cmx7cm", "cm"),
    ],
)
def test_the_longest_name_that_stands_there_is_the_unit(text: str, expected: str) -> None:
    assert sign(text) == expected


@pytest.mark.parametrize(
    "text",
    ["5 zorks", "5 mmm", "5米色", "5 in D", "4-in-1", "2 a screen", "4K", "5G", "5  cm", "5", "5 ", "2天然"],
)
def test_what_only_looks_like_a_unit_is_none(text: str) -> None:
    assert sign(text) is None


@pytest.mark.parametrize(
    ("number", "unit", "other", "expected"),
    [
        (20_000, "mm", "m", {20}),
        (Fraction("15.6"), "inch", "cm", {Fraction("39.624")}),
        (2, "hour", "minute", {120}),
        (1, "TB", "GB", {1000, 1024}),
        (1, "GiB", "MiB", {1024}),
        (25, "°C", "°F", {77}),
        (-40, "°F", "°C", {-40}),
        (1, "m²", "cm²", {10_000}),
        (2, "year", "month", {24}),
        (5000, "mAh", "Ah", {5}),
        (1, "bar", "kPa", {100}),
        (36, "km/h", "m/s", {10}),
        (12, "MP", "pixel", {12_000_000}),
    ],
)
def test_conversion_is_exact(number: Fraction, unit: str, other: str, expected: set[int]) -> None:
    assert converted(Fraction(number), unit, other) == expected


@pytest.mark.parametrize(
    ("unit", "other"), [("cm", "kg"), ("dpi", "cm"), ("month", "day"), ("USD", "EUR"), ("V", "VA")]
)
def test_nothing_is_converted_into_another_dimension(unit: str, other: str) -> None:
    assert converted(Fraction(1), unit, other) == frozenset()


@given(st.fractions(), st.sampled_from(ALIKE))
def test_conversion_there_and_back_gives_the_number(number: Fraction, pair: tuple[str, str]) -> None:
    one, other = pair
    (there,) = converted(number, one, other)
    assert converted(there, other, one) == {number}


def test_chinese_counts_with_single_signs() -> None:
    assert {"个", "条", "件"} <= chinese_measures()
    assert {len(measure) for measure in chinese_measures()} == {1}
