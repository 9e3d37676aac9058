"""Words, numbers and units of a text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.lexicon import load_lexicon
from shared.quantities import Term, terms

ENGLISH = load_lexicon("en")


def read(text: str) -> tuple[Term, ...]:
    return terms(text, ENGLISH)


def quantities(text: str) -> list[tuple[float, str | None]]:
    return [(float(term.number), term.unit) for term in read(text) if term.number is not None]


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("15 inches", 15, "inch"),
        ("15-inch", 15, "inch"),
        ('15"', 15, "inch"),
        ("15 in.", 15, "inch"),
        ("500GB", 500, "GB"),
        ("500 gigabytes", 500, "GB"),
        ("2.3 KG", 2.3, "kg"),
        ("$1,000", 1000, "USD"),
        ("1000 dollars", 1000, "USD"),
        ("31.40 watts", 31.4, "W"),
        ("9/16 inch", 9 / 16, "inch"),
        ("six feet", 6, "foot"),
        ("20%", 20, "percent"),
        ("-30 °C", -30, "degree"),
    ],
)
def test_a_number_takes_the_unit_beside_it(text: str, number: float, unit: str) -> None:
    found, named = quantities(text)[0]
    assert found == pytest.approx(number)
    assert named == unit


@pytest.mark.parametrize("text", ["the Helios 96 in white", "a 4-in-1 design", "HDMI 2 a screen"])
def test_a_preposition_or_article_is_no_unit(text: str) -> None:
    assert all(unit is None for _, unit in quantities(text))


@pytest.mark.parametrize("text", ["1080p", "i5", "a++", "dv7-1211ea", "16th"])
def test_digits_within_a_word_are_no_number(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize("text", ["93 x 24.5 cm", "93 by 24.5 cm", "93 × 24.5 cm", "93-24.5 cm", "93 to 24.5 cm"])
def test_the_numbers_of_a_dimension_share_its_unit(text: str) -> None:
    assert quantities(text) == [(93, "cm"), (24.5, "cm")]


@pytest.mark.parametrize(
    "text", ["1952–1953", "1952-53", "1952 – 53", "1952 to 1953", "1952 through 1953", "between 1952 and 1953"]
)
def test_a_range_is_one_term_however_it_is_written(text: str) -> None:
    found = read(text)[-1]
    assert (found.key, found.number, found.last) == ("1952–1953", Fraction(1952), Fraction(1953))


def test_a_range_has_the_unit_of_its_end() -> None:
    (found,) = read("50-60 Hz")
    assert (found.key, found.unit) == ("50–60", "Hz")


@pytest.mark.parametrize("text", ["1440-900-1080", "2011-03-05", "1925–1925", "9-5", "15 inch - 20 GB", "1 and 2"])
def test_what_does_not_rise_from_one_number_to_one_other_is_no_range(text: str) -> None:
    assert [term for term in read(text) if term.last is not None] == []


def test_equal_numbers_have_equal_keys() -> None:
    assert {read(text)[0].key for text in ("1.50", "1.5", "3/2")} == {str(Fraction(3, 2))}


def test_a_word_is_known_in_its_other_forms() -> None:
    keys = [
        [term.key for term in read(text)] for text in ("Batteries", "battery", "printed", "prints", "colours", "color")
    ]
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert keys[4] == keys[5]


def test_a_chinese_sentence_is_read_sign_by_sign() -> None:
    assert [term.word for term in read("纯棉")] == ["纯", "棉"]


@given(st.text(max_size=200))
def test_terms_are_ordered_disjoint_and_within_the_text(text: str) -> None:
    end = 0
    for term in read(text):
        assert end <= term.start < term.end <= len(text)
        end = term.end
