"""The fact check in German, Spanish and Chinese: what is true passes, and what is false is found where it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from shared.factcheck.evidence import find_spans, without_fragments
from shared.facts import Fact

_TABLES = Path(__file__).parents[3] / "data"
_WRONG = re.compile(r"\[(.+?)\]")


def facts_of(values: dict[str, str | list[str]]) -> tuple[Fact, ...]:
    return tuple(Fact(name, ", ".join(value) if isinstance(value, list) else value) for name, value in values.items())


def sentences_of(kind: str) -> list[tuple[str, tuple[Fact, ...], str]]:
    tables = {
        language: tomllib.loads((_TABLES / f"languages_{language}.toml").read_text(encoding="utf-8"))
        for language in ("de", "es", "zh")
    }
    return [
        (language, facts_of(product["facts"]), sentence)
        for language, table in tables.items()
        for product in table["product"]
        for sentence in product[kind]
    ]


def unsupported(text: str, facts: tuple[Fact, ...], locale: str) -> list[str]:
    return [span.text for span in find_spans(text, facts, locale) if span.kind == "unsupported"]


@pytest.mark.parametrize(("locale", "facts", "sentence"), sentences_of("true"))
def test_plain_true_copy_is_supported(locale: str, facts: tuple[Fact, ...], sentence: str) -> None:
    assert unsupported(sentence, facts, locale) == []


@pytest.mark.parametrize(("locale", "facts", "sentence"), sentences_of("false"))
def test_a_false_statement_is_found_where_it_stands(locale: str, facts: tuple[Fact, ...], sentence: str) -> None:
    wrong = _WRONG.search(sentence)
    assert wrong is not None
    text = _WRONG.sub(r"\1", sentence)
    start, end = wrong.start(), wrong.end() - 2
    found = [span for span in find_spans(text, facts, locale) if span.kind == "unsupported"]
    assert any(span.start < end and start < span.end for span in found), text


@pytest.mark.parametrize(
    ("locale", "fact", "text"),
    [
        ("de", Fact("USB-Anschluss", "ja"), "Der USB-Anschluss ist vorhanden."),
        ("de", Fact("USB-Anschluss", "nein"), "Ein USB-Anschluss ist nicht vorhanden."),
        ("de", Fact("USB-Anschluss", "no"), "Es gibt keinen USB-Anschluss."),
        ("es", Fact("puerto USB", "sí"), "Tiene puerto USB."),
        ("es", Fact("puerto USB", "no"), "Viene sin puerto USB."),
        ("zh", Fact("USB接口", "有"), "配有USB接口。"),
        ("zh", Fact("USB接口", "无"), "没有USB接口。"),
        ("zh", Fact("是否防水", "否"), "不防水。"),
    ],
)
def test_yes_and_no_are_stated_in_the_words_of_the_language(locale: str, fact: Fact, text: str) -> None:
    assert [span.kind for span in find_spans(text, [fact], locale)] == ["boolean"]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Der beste Wasserkocher."),
        ("de", "Ein hochwertiger Wasserkocher."),
        ("de", "Made in Germany."),
        ("es", "El mejor hervidor."),
        ("es", "Un hervidor de alta calidad."),
        ("zh", "最好的水壶。"),
        ("zh", "顶级水壶。"),
        ("zh", "国家级水壶。"),
        ("zh", "这款水壶产自德国。"),
    ],
)
def test_praise_and_origin_that_no_fact_holds_are_unsupported(locale: str, text: str) -> None:
    facts = (Fact("category", {"de": "Wasserkocher", "es": "hervidor", "zh": "水壶"}[locale]),)
    assert unsupported(text, facts, locale)


def test_parts_of_a_german_compound_find_their_facts() -> None:
    facts = (Fact("Material", "Edelstahl"), Fact("Gehäuse", "matt"))
    assert unsupported("Das Edelstahlgehäuse ist vorhanden.", facts, "de") == []
    assert unsupported("Das Stahlgehäuse ist vorhanden.", facts, "de") == ["Stahl"]


def test_a_german_number_is_read_with_its_comma_and_its_points() -> None:
    facts = (Fact("Länge", "20.000 mm"), Fact("Gewicht", "1,5 kg"))
    assert unsupported("Die Länge beträgt 20 m. Das Gewicht beträgt 1.500 g.", facts, "de") == []
    assert unsupported("Die Länge beträgt 20 mm. Das Gewicht beträgt 15 kg.", facts, "de") == ["20 mm", "15 kg"]


def test_a_chinese_sentence_without_a_verb_is_no_fragment() -> None:
    assert without_fragments("这款水壶为黑色。容量1.7升。", "zh") == "这款水壶为黑色。容量1.7升。"
    assert without_fragments("Sie ist rot. Maße: 20 x 30 cm.", "de") == "Sie ist rot."
