"""Where sentences end decides what the cleaning keeps: measures, abbreviations and brackets of real copy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.text import joined, rewritten, sentences, words


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", ["It weighs 980 g.", "It is red."]),
        ("en", ["It holds 5 l.", "A lid is included."]),
        ("en", ["It is 12 in.", "It has 3 ft. of cable."]),
        ("en", ["It needs 5 V.", "USB is included."]),
        ("en", ["It has a 10 ft. USB cable.", "It is black."]),
        ("en", ["It is 5 in. long and weighs approx. 3 lb. when empty.", "It is new."]),
        ("en", ["The box is 5.5 in. H x 3 in. W and holds e.g. No. 5 bulbs.", "It is light."]),
        ("en", ["Is it cordless?", "No.", "It has a cord."]),
        ("en", ['The 16" case is red.', 'The 17" case is blue.', "Both are new."]),
        ("en", ["A case (41 cm) in black.", "A case (42 cm) in red.", "A lid (43 cm) is included."]),
        ("de-AT", ["Sie wiegt ca. 3 kg bzw. 3,5 kg.", "Die Nr. 5 ist z. B. rot."]),
        ("es", ["Mide aprox. 3 cm.", "Es rojo.", "¿Es nuevo?", "Sí."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(locale: str, expected: list[str]) -> None:
    assert sentences(" ".join(expected), locale) == expected


def test_chinese_sentences_need_no_space() -> None:
    parts = ["这款水壶容量为1.7升。", "颜色为黑色！", "保修2年。"]
    assert sentences("".join(parts), "zh") == parts
    assert joined(parts) == "".join(parts)


def test_missing_space_after_an_end_mark_is_added() -> None:
    assert joined(sentences("It is red.It is new.")) == "It is red. It is new."


def test_words_keep_numbers_and_compounds_whole_and_part_chinese_characters() -> None:
    assert words("A 1.5 kg T-shirt, 1/4 off") == ["A", "1.5", "kg", "T-shirt", "1/4", "off"]
    assert words("USB接口3.5英寸") == ["USB", "接", "口", "3.5", "英", "寸"]


def test_rewriting_leaves_out_what_becomes_empty() -> None:
    text = "Keep this. Drop this.\nDrop that.\nKeep that."
    assert rewritten(text, "en", lambda part: part if part.startswith("Keep") else "") == "Keep this.\nKeep that."


@settings(deadline=None)
@given(st.text(), st.sampled_from(["en", "de", "es", "zh", "xx", ""]))
def test_sentences_lose_and_add_nothing_but_white_space(text: str, locale: str) -> None:
    readable = text.encode("utf-8", "replace").decode()
    assert "".join("".join(sentences(text, locale)).split()) == "".join(readable.split())
