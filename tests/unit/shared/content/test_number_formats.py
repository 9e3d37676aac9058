"""Numbers of a catalogue in the writing of the copy's language."""

from __future__ import annotations

import pytest

from shared.content.number_formats import AMBIGUOUS, in_numbers_of
from shared.content.planning import plan_copy
from shared.content.salience import Salience
from shared.events import Product
from shared.factcheck.evidence import find_spans
from shared.profiles import Profile


@pytest.mark.parametrize(
    ("value", "german"),
    [
        ("20,000 mm", "20.000 mm"),
        ("1.5 kg", "1,5 kg"),
        ("1,234.5 kg", "1.234,5 kg"),
        ("9.5 x 21.5 cm", "9,5 x 21,5 cm"),
        ("6,000", "6.000"),
        ("USB 2.0", "USB 2.0"),
        ("Windows 8.1, Android 9.0", "Windows 8.1, Android 9.0"),
        ("black", "black"),
    ],
)
def test_english_quantities_are_written_as_german_ones_and_names_are_kept(value: str, german: str) -> None:
    assert in_numbers_of("de", value, "en") == german


def test_the_way_back_is_the_same() -> None:
    assert in_numbers_of("en", "20.000 mm", "de") == "20,000 mm"
    assert in_numbers_of("en", "0,125 l", "de") == "0.125 l"
    assert in_numbers_of("zh", "1,5 kg", "es") == "1.5 kg"


@pytest.mark.parametrize(("locale", "written_in"), [("de", "de-AT"), ("es", "de"), ("en", "zh"), ("zh", "en")])
def test_languages_that_write_alike_change_nothing(locale: str, written_in: str) -> None:
    assert in_numbers_of(locale, "20.000 mm", written_in) == "20.000 mm"


def test_what_the_language_of_the_product_does_not_write_so_is_kept() -> None:
    assert in_numbers_of("de", "1,5 kg", "en") == "1,5 kg"


@pytest.mark.parametrize("value", ["20.000 mm", "1.234 kg"])
def test_a_quantity_that_may_be_meant_either_way_is_left_out(value: str) -> None:
    product = Product(sku="K-1", version=1, title="Kabel", attributes={"Maß": value, "Farbe": "rot"})
    plan = plan_copy(product, Profile(name="page", version="1", locale="de"), Salience())

    assert in_numbers_of("de", value, "en") is None
    assert plan.left_out == (("Maß", AMBIGUOUS),)


def test_no_copy_is_wrong_by_a_factor_of_a_thousand() -> None:
    product = Product(sku="K-1", version=1, title="Kabel", attributes={"Kabel": "20,000 mm"})
    facts = plan_copy(product, Profile(name="page", version="1", locale="de"), Salience()).facts
    found = {
        text: [span.kind for span in find_spans(f"Das Kabel misst {text}.", facts, "de") if span.attribute != "title"]
        for text in ("20 m", "20.000 mm", "20 mm")
    }

    assert "converted" in found["20 m"]
    assert "exact" in found["20.000 mm"]
    assert "unsupported" in found["20 mm"]
