"""How a text is written: repetition, copying, readability, length, keywords, language, personal data."""

from __future__ import annotations

import pytest

from shared.factcheck.lexicon import load_lexicon
from shared.facts import Fact
from shared.scoring.keywords import keyword_density, keyword_recall
from shared.scoring.language import language_match
from shared.scoring.privacy import holds_pii
from shared.scoring.style import length_fit, readability, repetition, source_copying

ENGLISH = load_lexicon("en")
SUPPLIED = "Bring light into your home with this charming lamp made by hand in Finland."


def test_repetition_is_the_share_of_repeated_four_grams() -> None:
    assert repetition("a b c d a b c d") == pytest.approx(1 - 4 / 5)
    assert repetition("a b c") == 0


def test_source_copying_is_the_share_of_words_in_long_runs_of_the_supplier_s_text() -> None:
    text = "The Lamp K2. Bring light into your home with this charming lamp, which is red."
    assert source_copying(text, SUPPLIED) == pytest.approx(9 / 15)
    assert source_copying(SUPPLIED.upper(), SUPPLIED) == 1


def test_short_runs_and_missing_sources_are_no_copying() -> None:
    assert source_copying("Bring light into your home with a lamp.", SUPPLIED) == 0
    assert source_copying(SUPPLIED, None) == source_copying(SUPPLIED, "") == source_copying("", SUPPLIED) == 0


def test_a_long_title_that_the_supplier_names_as_well_is_not_copied() -> None:
    title = "Norrland Patch Cable 2 m RJ-45 shielded in grey"
    assert source_copying(f"The {title}.", f"Buy the {title}!", [Fact("title", title)]) == 0


def test_readability_is_lix() -> None:
    # 8 words in 2 sentences; "charming", "reading" and "Finland" have more than 6 letters.
    text = "A charming lamp for reading. Made by Finland."
    assert readability(text, "en") == pytest.approx(8 / 2 + 100 * 3 / 8)


@pytest.mark.parametrize(("text", "locale"), [("", "en"), ("这个杯子是红色的。", "zh-CN")])
def test_lix_means_nothing_without_words_or_without_spaces(text: str, locale: str) -> None:
    assert readability(text, locale) is None


@pytest.mark.parametrize(("count", "fit"), [(0, 0), (4, 0.5), (8, 1), (40, 1), (60, 0.5), (80, 0), (200, 0)])
def test_length_fit_falls_outside_the_profile(count: int, fit: float) -> None:
    assert length_fit("word " * count, 8, 40) == pytest.approx(fit)


def test_length_fit_heeds_a_bound_on_characters() -> None:
    text = "word " * 20  # 100 characters
    assert length_fit(text, 8, 40, max_characters=100) == 1
    assert length_fit(text, 8, 40, max_characters=80) == pytest.approx(0.75)
    assert length_fit("word " * 60, 8, 40, max_characters=1_000) == pytest.approx(0.5)


def test_keywords_are_found_in_any_form_and_only_whole() -> None:
    text = "Two reading lamps with a USB-C cable"
    assert keyword_recall(text, ["reading lamp", "usb-c cable", "floor lamp", "ables"], ENGLISH) == 0.5


def test_keyword_density_counts_each_word_once() -> None:
    assert keyword_density("A red desk lamp lights", ["desk lamp", "red desk"], ENGLISH) == pytest.approx(3 / 5)
    assert keyword_density("", ["lamp"], ENGLISH) == 0


def test_keywords_in_chinese_are_found_within_the_text() -> None:
    assert keyword_recall("这款保温杯很轻", ["保温杯", "不锈钢"], load_lexicon("zh")) == 0.5


def test_nothing_is_said_of_keywords_where_none_are_asked() -> None:
    assert keyword_recall("A lamp", [], ENGLISH) is None
    assert keyword_density("A lamp", [], ENGLISH) is None


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("This chair is made of wood and comes with a warranty of two years.", "en"),
        ("Dieser Stuhl ist aus Holz und kommt mit einer Garantie von zwei Jahren.", "de"),
        ("Esta silla es de madera y tiene una garantía de dos años.", "es"),
        ("这把椅子由木头制成，保修期为两年。", "zh"),
    ],
)
def test_each_language_matches_itself_alone(text: str, locale: str) -> None:
    assert language_match(text, (), locale) > 0.9
    assert language_match(text, (), "de" if locale == "en" else "en") < 0.1


def test_the_language_of_names_alone_is_not_judged() -> None:
    assert language_match("Satellite Eros 20.", [Fact("title", "Satellite Eros 20")], "de") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Write to jane.doe@example.com.",
        "See https://example.com/offer.",
        "Visit www.example.com now.",
        "Call +49 30 1234567.",
        "Ring (555) 123-4567.",
        "Ring 555-123-4567.",
        "Phone: 030 1234567",
        "Pay to DE89 3704 0044 0532 0130 00.",
    ],
)
def test_personal_data_is_found(text: str) -> None:
    assert holds_pii(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("jane.doe@example.com", "e-mail"), ("https://example.com", "url"), ("Call +49 30 1234567.", "phone")],
)
def test_what_the_profile_allows_is_no_personal_data(text: str, kind: str) -> None:
    assert not holds_pii(text, [kind])
    assert holds_pii(text, {"e-mail", "url", "phone"} - {kind})


@pytest.mark.parametrize(
    "text",
    [
        "The HD4419/20 measures 45.7 x 215.1 x 266.7 mm.",
        "The Xerox 006R90321 prints 23000 pages at 220-240 V.",
        "The StarTech.com DB9 RS232 adapter, model 1440-900-1080.",
        "It dates from 1930-1940 and has 10/100/1000 Ethernet.",
        "Part DE89 3704 0044 0532 0130 01 fits.",
        "Runs at -30 to +60 degrees.",
    ],
)
def test_model_numbers_and_dimensions_are_no_personal_data(text: str) -> None:
    assert not holds_pii(text)
