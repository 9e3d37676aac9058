"""Words, numbers and units of a text, and which quantities are the same."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.factcheck.conversions import quantity_key, same_quantity
from shared.factcheck.lexicon import load_lexicon
from shared.factcheck.quantities import Term, terms
from shared.factcheck.units import converted

LANGUAGES = ("en", "de", "es", "zh")


def read(text: str, locale: str = "en") -> tuple[Term, ...]:
    return terms(text, load_lexicon(locale))


def quantities(text: str, locale: str = "en") -> list[tuple[float, str | None]]:
    return [(float(term.number), term.unit) for term in read(text, locale) if term.number is not None]


def quantity(text: str, locale: str = "en") -> Term:
    (found,) = [term for term in read(text, locale) if term.number is not None]
    return found


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
        ("-30 °C", -30, "°C"),
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


def test_words_are_divided_as_the_lexicon_knows_them() -> None:
    assert [term.word for term in read("防水手表", "zh")] == ["防水", "手表"]
    text = "Edelstahlgehäuse aus Öl"
    assert "".join(text[term.start : term.end] for term in read(text, "de")) == text.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["93x24.5 cm", "93cm x 24.5cm", "93cmx24.5cm", "93×24.5cm", "93*24.5cm", "93×24,5 cm", "９３×２４．５厘米"]
)
def test_a_dimension_needs_no_space(text: str) -> None:
    assert quantities(text) == [(93, "cm"), (24.5, "cm")]


@pytest.mark.parametrize("text", ["2 x 4 GB", "2x4GB"])
def test_a_count_has_no_unit(text: str) -> None:
    assert quantities(text) == [(2, None), (4, "GB")]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "between 5 and 10 cm"),
        ("de", "zwischen 5 und 10 Zentimetern"),
        ("de", "5 bis 10 cm"),
        ("es", "entre 5 y 10 centímetros"),
        ("es", "de 5 a 10 cm"),
        ("zh", "5～10厘米"),
        ("zh", "5至10厘米"),
    ],
)
def test_a_range_is_read_in_each_language(locale: str, text: str) -> None:
    found = quantity(text, locale)
    assert (found.key, found.unit) == ("5–10", "cm")


@pytest.mark.parametrize("text", ["100 ± 5 mm", "100±5 mm", "100 +/- 5 mm"])
def test_a_tolerance_is_a_range_around_nothing(text: str) -> None:
    number, tolerance = read(text)
    assert (number.key, number.unit) == ("100", "mm")
    assert (tolerance.key, tolerance.unit) == ("-5–5", "mm")


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("15.6 inches", '15.6"'),
        ("1.50 kg", "1.5 kg"),
        ("5 to 10 cm", "5–10 cm"),
        ("31.2", "31.20"),
        ("two", "2"),
        ('1-9/16"', "1 9/16 in."),
    ],
)
def test_the_same_number_with_the_same_unit_is_exact(said: str, held: str) -> None:
    assert same_quantity(quantity(said), quantity(held)) == "exact"


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("39.6 cm", "15.6 inch"),
        ("40 cm", "15.6 inch"),
        ("1450 g", "1.45 kg"),
        ("120 minutes", "2 h"),
        ("20 m", "20,000 mm"),
        ("1 TB", "1000 GB"),
        ("1 TB", "1024 GB"),
        ("77 °F", "25 °C"),
        ("10.2–15.2 cm", "4 to 6 inches"),
        ("2 years", "24 months"),
        ("39.6875 mm", "1-9/16 inch"),
        ("2 kg", "4斤"),
        ("5 Ah", "5000 mAh"),
        ("0.5 m²", "5000 cm2"),
    ],
)
def test_a_converted_quantity_is_borne_out(said: str, held: str) -> None:
    assert same_quantity(quantity(said), quantity(held)) == "converted"


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("39 cm", "15.6 inch"),
        ("39.7 cm", "15.6 inch"),
        ("15.5 inch", "15.6 inch"),
        ("16 inch", "15.6 inch"),
        ("31.2 inches", "31.2"),
        ("31.2", "31.2 inches"),
        ("31.2 zorks", "31.2 inches"),
        ("15 kg", "15 cm"),
        ('9/16"', '1-9/16"'),
        ('1-9/16"', '9/16"'),
        ("5 cm", "5–10 cm"),
        ("5–10 cm", "5 cm"),
        ("10–16 cm", "4 to 6 inches"),
        ("5 mm", "±5 mm"),
        ("2 m", "1.6 m"),
        ("1 inch", "2.4 cm"),
        ("5 cm", "2 inch"),
        ("12 VDC", "12 VAC"),
        ("0 °F", "-18 °C"),
    ],
)
def test_another_quantity_is_not(said: str, held: str) -> None:
    assert same_quantity(quantity(said), quantity(held)) is None


@given(st.integers(100, 99_999), st.integers(0, 2), st.sampled_from([("inch", "cm"), ("kg", "lb"), ("l", "fl oz")]))
def test_a_rounded_conversion_is_borne_out_and_the_next_number_is_not(
    digits: int, decimals: int, units: tuple[str, str]
) -> None:
    held = quantity(f"{digits} {units[0]}")
    (exact,) = converted(Fraction(digits), *units)
    said = round(exact, decimals)
    assert same_quantity(quantity(f"{float(said):.{decimals}f} {units[1]}"), held) == "converted"
    beyond = float(said + Fraction(2, 10**decimals))
    assert same_quantity(quantity(f"{beyond:.{decimals}f} {units[1]}"), held) is None


def test_a_word_is_no_quantity() -> None:
    (word,) = read("steel")
    assert same_quantity(word, word) is None
    assert quantity_key(word) is None


def test_quantities_of_one_dimension_are_found_together() -> None:
    assert quantity_key(quantity("15 inch")) == quantity_key(quantity("40 cm")) == "length"
    assert quantity_key(quantity("300 dpi")) == "dpi"
    assert quantity_key(quantity("31.2")) is None


SIGNS = "0123456789.,-–±/x×½一两百万个米半$\"'’ \u00a0aé"
PARTS = st.sampled_from([*SIGNS, "cm", " in ", "1,000", "百分之", "to", "inch"])


@given(st.text(max_size=200) | st.lists(PARTS, max_size=60).map("".join), st.sampled_from(LANGUAGES))
def test_terms_are_ordered_disjoint_and_within_the_text(text: str, locale: str) -> None:
    end = 0
    for term in read(text, locale):
        assert end <= term.start < term.end <= len(text)
        end = term.end


@settings(max_examples=8, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=4).map("".join), st.sampled_from(LANGUAGES))
def test_a_hostile_text_is_read_to_its_end(part: str, locale: str) -> None:
    text = (part * 100_000)[:100_000]
    assert all(term.end <= len(text) for term in read(text, locale))
