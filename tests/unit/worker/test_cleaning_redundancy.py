"""Words, clauses and sentences said twice, and loops."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.redundancy import (
    mended,
    without_loops,
    without_repeated_clauses,
    without_repeated_sentences,
    without_stutter,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The HP HP Compaq has a the the screen.", "The HP Compaq has a the screen."),
        ("It is made of silk, is made of silk and is red.", "It is made of silk and is red."),
        (
            "It is light, and is available in black, and is available in black.",
            "It is light, and is available in black.",
        ),
        ("It has 2100+ 1.6 kg 2100+ 1.6 kg of it.", "It has 2100+ 1.6 kg of it."),
        ("It measures 5 cm x 5 cm x 5 cm or 1.5 x 1.5 x 1.5 inch.", None),
        ("He had had the dog that that man saw.", None),
        ("Das sind Taschen, die die Familie liebt.", None),
        ("It is for Walla Walla, on and on.", None),
        ("It is very, very soft, in dark brown, brown and tan.", None),
        ("The cup serves as a cap; cap and cup are steel.", None),
        ("It is a classic, classic, classic sweater.", "It is a classic sweater."),
    ],
)
def test_stutter_goes_but_dimensions_names_and_grammar_stay(text: str, expected: str | None) -> None:
    assert without_stutter(text, ["Walla Walla"], "en") == (expected or text)


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        (
            "en",
            "It has a surface with a tray storage, a lid, and a tray storage.",
            "It has a surface with a tray storage and a lid.",
        ),
        ("en", "It is made of silk, is red, and is made of silk.", "It is made of silk and is red."),
        (
            "en",
            "It has a remote control, a warranty, and a remote control.",
            "It has a remote control and a warranty.",
        ),
        ("en", "It comes with a lid, a pan, a lid, and a pan.", "It comes with a lid, a pan, and a lid."),
        ("en", "The back is pierced at the sides of the rail, and at the sides of the back.", None),
        ("en", "It has a yellow and white border; the strap is blue, red, and white.", None),
        ("en", "The top has four feet; the base has a molded edge, four feet.", None),
        ("en", "It runs on Windows, on Linux, and not on Windows.", None),
        ("zh", "采用真丝面料，颜色为红色，采用真丝面料。", "采用真丝面料，颜色为红色。"),
    ],
)
def test_clause_said_before_goes(locale: str, text: str, expected: str | None) -> None:
    assert without_repeated_clauses(text, locale) == (expected or text)


@pytest.mark.parametrize(
    "loop",
    [
        "A baby-baby-baby-baby-baby toy.",
        "It has 2100+ 1.6 kg 2100+ 1.6 kg 2100+ 1.6 kg 2100+ 1.6 kg 2100+.",
        "It is a 2.000.000.000.000.000 module.",
        "It prints 300000000000000000000 pages.",
        "A classic, classic, classic, classic, classic jacket.",
    ],
)
def test_sentence_that_loops_goes(loop: str) -> None:
    assert without_loops(f"It is red. {loop} It is new.", "en") == "It is red. It is new."


@pytest.mark.parametrize("text", ["It prints 1,000,000,000 pages.", "It is XXXX large.", "A cha-cha-cha record."])
def test_long_numbers_and_sizes_are_no_loops(text: str) -> None:
    assert without_loops(text, "en") == text


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("en", "It has a USB port. It has a USB port.", "It has a USB port."),
        ("en", "It is from the Nokia 3310. It's also from Nokia 3310!", "It is from the Nokia 3310."),
        ("en", "The red kettle has two ports and a lid. It has a port.", "The red kettle has two ports and a lid."),
        ("en", "It has 2 HDMI ports. It has 3 HDMI ports.", None),
        ("en", "It is available on Mac. It is not available on Mac.", None),
        ("en", "It is available on Linux. It is available on Mac.", None),
        ("de", "Der Topf ist aus Stahl und rot. Er ist rot.", "Der Topf ist aus Stahl und rot."),
        ("zh", "这款水壶采用不锈钢，容量大。采用不锈钢。", "这款水壶采用不锈钢，容量大。"),
        ("zh", "容量为1.7升。容量为1.5升。", None),
    ],
)
def test_sentence_that_says_nothing_new_goes(locale: str, text: str, expected: str | None) -> None:
    assert without_repeated_sentences(text, locale) == (expected or text)


STEPS: list[Callable[[str, str], str]] = [
    without_loops,
    without_repeated_clauses,
    without_repeated_sentences,
    lambda text, locale: without_stutter(text, [], locale),
]
FEW_WORDS = st.lists(
    st.sampled_from(
        ["red", "red,", "and", "or", "it", "is", "not", "5", "cm", "x", "silk;", "end.", "The", "壶，", "壶"]
    ),
    max_size=40,
).map(" ".join)


@pytest.mark.parametrize("step", STEPS)
@settings(deadline=None)
@given(text=st.one_of(st.text(), FEW_WORDS), locale=st.sampled_from(["en", "de", "zh"]))
def test_redundancy_only_ever_shortens(step: Callable[[str, str], str], text: str, locale: str) -> None:
    assert len("".join(step(text, locale).split())) <= len("".join(text.split())) + len("and")


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        (
            "The Mug is red. Its weight is 1.45 kg and its size is 5 cm. It is new and its weight is 1.45 kg.",
            "The Mug is red. Its weight is 1.45 kg and its size is 5 cm. It is new.",
        ),
        (
            "It is new. Its release is 2008 and its rating is good. Its release is 2008 and its genre is shooter.",
            "It is new. Its release is 2008 and its rating is good. its genre is shooter.",
        ),
        ("The Mug is brass. Its material is brass. It is old.", "The Mug is brass. It is old."),
        (
            "The drive of the Eros is large. Its memory is large.",
            "The drive of the Eros is large. Its memory is large.",
        ),
        ("The Eros is a laptop. Its drive is large. Its memory is large.",) * 2,
    ],
)
def test_statement_that_an_earlier_sentence_made_goes(text: str, shorter: str) -> None:
    assert without_repeated_clauses(text, "en") == shorter


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Its comes without multiplayer.", "It comes without multiplayer."),
        (
            "It is 4 GB and its comes without for business computing.",
            "It is 4 GB and it comes without business computing.",
        ),
        ("Its features include for business computing.", "Its features include business computing."),
        ("Its use is for offices.", "Its use is for offices."),
    ],
)
def test_broken_grammar_of_the_model_is_mended(text: str, whole: str) -> None:
    assert mended(text, "en") == whole


def test_only_english_is_mended() -> None:
    assert mended("Its comes", "de") == "Its comes"


@given(
    st.text(alphabet="abc", min_size=1, max_size=40),
    st.integers(min_value=12, max_value=20),
)
def test_no_loop_is_overlooked(unit: str, times: int) -> None:
    assert not without_loops(f"It is {unit * times}", "en")
