"""Sentences and words in the four languages."""

from __future__ import annotations

import pytest

from shared.text import sentences, words


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("de", ["Die Kanne hat z. B. einen Deckel.", "Sie fasst 1,7 l.", "Sie wiegt ca. 1,2 kg."]),
        ("de", ["Der Preis inkl. MwSt. beträgt 20 Euro.", "Zzgl. Versand."]),
        ("de", ["Das Gerät hat u.a. WLAN, d. h. Funk.", "Die Tasche, z.B. für Laptops, ist grau."]),
        ("de", ["Gegr. 1890 von der Fa. Berg.", "Im 19. Jahrhundert gebaut.", "Der 1. Gang ist leicht."]),
        ("de", ["Leistung: 2.200 W.", "Sie misst 20 Zoll.", "Baujahr 2020.", "Inkl. Zubehör."]),
        ("es", ["Tiene varios usos, p. ej. en la cocina.", "Pesa 1,5 kg.", "Mide aprox. 20 cm."]),
        ("es", ["Fabricado en EE. UU. por la Cía. Norte.", "Es rojo.", "¿Es grande?", "¡Sí!"]),
        ("es", ["Viene con tapa, asa, etc.", "Es azul.", "Capacidad máx. 2 l.", "El cable mide 2 m."]),
        ("es", ["Dispone de 5 vel. y temporizador.", "Incluye 3 uds. de repuesto."]),
        ("zh", ["这款水壶为黑色。", "容量1.7升！", "是否防水？", "是。", "功率2200瓦；重1.2千克。"]),
        ("zh", ["尺寸20.5厘米。", "USB 3.0接口。"]),
        ("en", ["It has bags, purses, etc.", "Keep it in mind.", "It is 5 in. long."]),
    ],
)
def test_abbreviations_do_not_end_a_sentence_and_marks_do(locale: str, expected: list[str]) -> None:
    text = ("" if locale == "zh" else " ").join(expected)
    assert sentences(text, locale) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,5 kg und 2.200 W", ["1,5", "kg", "und", "2.200", "W"]),
        ("Ein E-Bike-Akku für 20 °C", ["Ein", "E-Bike-Akku", "für", "20", "C"]),
        ("Pesa 1,5 kg más", ["Pesa", "1,5", "kg", "más"]),
        ("水壶USB接口2个", ["水", "壶", "USB", "接", "口", "2", "个"]),
    ],
)
def test_words_are_counted_by_spaces_and_in_chinese_by_characters(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_sentences_and_words_belong_to_who_asked_for_them() -> None:
    text = "It is red. It is light."
    sentences(text).append("It is mine.")
    words(text).clear()
    assert sentences(text) == ["It is red.", "It is light."]
    assert words(text) == ["It", "is", "red", "It", "is", "light"]


def test_a_long_text_is_divided_like_a_short_one() -> None:
    assert sentences("It is red. " * 200) == ["It is red."] * 200
    assert words("red light " * 200) == ["red", "light"] * 200
