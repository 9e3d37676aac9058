"""The words of each language: their stems, their parts, and what needs evidence."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from shared.factcheck.lexicon import load_lexicon

_LANGUAGES = ("de", "es", "zh")
_TELLING = ("material not in the facts", "color not in the facts", "place not in the facts", "claim with no evidence")


def pairs(kind: str) -> list[tuple[str, str, str]]:
    tables = tomllib.loads((Path(__file__).parents[3] / "data" / "stems.toml").read_text(encoding="utf-8"))
    found = [(language, *pair.split()) for language, table in tables.items() for pair in table[kind].split(",")]
    return [(language, word, other) for language, word, other in found]


@pytest.mark.parametrize(("language", "word", "other"), pairs("same"))
def test_forms_of_one_word_have_one_stem(language: str, word: str, other: str) -> None:
    lexicon = load_lexicon(language)
    assert lexicon.stem(word) == lexicon.stem(other)


@pytest.mark.parametrize(("language", "word", "other"), pairs("different"))
def test_words_of_another_meaning_have_another_stem(language: str, word: str, other: str) -> None:
    lexicon = load_lexicon(language)
    assert lexicon.stem(word) != lexicon.stem(other)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Edelstahlgehäuse", ["Edelstahl", "gehäuse"]),
        ("Stahlgehäuse", ["Stahl", "gehäuse"]),
        ("Gehäusematerial", ["Gehäuse", "material"]),
        ("Akkulaufzeit", ["Akku", "laufzeit"]),
        ("Speicherkarte", ["Speicher", "karte"]),
        ("Herkunftsland", ["Herkunfts", "land"]),
        ("Lederimitat", ["Lederimitat"]),
        ("Baumwollmischung", ["Baumwollmischung"]),
        ("Übergröße", ["Übergröße"]),
        ("Temperatur", ["Temperatur"]),
        ("Deutschland", ["Deutschland"]),
        ("x" * 100_000 + "gehäuse", ["x" * 100_000 + "gehäuse"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_german_compound_is_divided_before_a_known_end(word: str, parts: list[str]) -> None:
    found = list(load_lexicon("de").parts(word))
    assert [part for _, part in found] == parts
    assert all(word[at : at + len(part)] == part for at, part in found)


def test_words_of_other_languages_are_not_divided() -> None:
    assert list(load_lexicon("en").parts("touchscreen")) == [(0, "touchscreen")]
    assert list(load_lexicon("es").parts("portalámparas")) == [(0, "portalámparas")]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("这款水壶为黑色", "这款 水壶 为 黑色"),
        ("不锈钢不含塑料", "不锈钢 不含 塑料"),
        ("无线无盖", "无线 无盖"),
        ("支持蓝牙", "支持 蓝牙"),
        ("晨光", "晨 光"),
    ],
)
def test_chinese_is_divided_by_the_longest_known_words(text: str, parts: str) -> None:
    lexicon, at, found = load_lexicon("zh"), 0, []
    while at < len(text):
        end = lexicon.word_end(text, at)
        found.append(text[at:end])
        at = end
    assert found == parts.split()


@pytest.mark.parametrize(
    ("locale", "yes", "no"),
    [("de", "Ja", "nein"), ("es", "Sí", "No"), ("zh", "是", "否"), ("zh", "有", "无"), ("de", "yes", "no")],
)
def test_yes_and_no_are_known_in_the_language_and_in_english(locale: str, yes: str, no: str) -> None:
    lexicon = load_lexicon(locale)
    assert (lexicon.polarity(yes), lexicon.polarity(no), lexicon.polarity("Edelstahl")) == (True, False, None)


@pytest.mark.parametrize("language", _LANGUAGES)
def test_no_word_that_a_shopper_could_rely_on_is_neutral(language: str) -> None:
    source = files("shared.factcheck") / "words" / f"{language}.toml"
    reasons = tomllib.loads(source.read_text(encoding="utf-8"))["reasons"]
    lexicon = load_lexicon(language)
    assert [word for reason in _TELLING for word in reasons[reason].split() if lexicon.is_neutral(word)] == []


@pytest.mark.parametrize("language", _LANGUAGES)
def test_a_language_has_no_section_that_nobody_reads(language: str) -> None:
    folder = files("shared.factcheck") / "words"
    own = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
    english = tomllib.loads((folder / "en.toml").read_text(encoding="utf-8"))
    assert set(own) - set(english) <= {"language", "compounds", "words"}


def test_a_decimal_comma_belongs_to_german_and_spanish() -> None:
    assert {locale: load_lexicon(locale).decimal_comma for locale in ("en", "de-AT", "es", "zh")} == {
        "en": False,
        "de-AT": True,
        "es": True,
        "zh": False,
    }


def test_a_language_without_a_file_has_no_neutral_word() -> None:
    lexicon = load_lexicon("fi")
    assert not lexicon.is_neutral("ja")
    assert list(lexicon.parts("teräs")) == [(0, "teräs")]
