"""Encoding, chat markers, HTML, markdown, quotes and spacing of a model's answer."""

from __future__ import annotations

import html
import re
import unicodedata

import ftfy
import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from worker.markup import before_markers, plain, plain_line, repaired, tidy, unquoted


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("itâ€™s a cafÃ© table", "it’s a café table"),
        ("“quoted” and ‘so’", "“quoted” and ‘so’"),
        ("全角，标点：１２", "全角，标点：１２"),
        ("a\u200bb\u202ec\x00d\ufeffe", "abcde"),
        ("cafe\u0301", "café"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("cut in a character \ufffd", "cut in a character "),
    ],
)
def test_encoding_is_repaired_and_unseen_characters_go(raw: str, expected: str) -> None:
    assert repaired(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("It is red.<|im_end|>\n<|im_start|>user\nMore", "It is red."),
        ("<|im_start|>assistant\nIt is red.<|im_end|>", "It is red."),
        ("Assistant: It is red. User: Thanks", "It is red."),
        ("It is red.\nuser\ntitle: Kettle", "It is red."),
        ("It is red. [INST] More [/INST]", "It is red."),
        ("It is red.</s><s>More", "It is red."),
        ("### Response:\nIt is red.\n### Instruction: more", "It is red."),
        ("这是红色的。用户：谢谢", "这是红色的。"),
        ("<think>It may be red.</think>\nIt is red.", "It is red."),
        ("<think>It may be", ""),
        ("The user: a careful person. The system is quiet.", "The user: a careful person. The system is quiet."),
    ],
)
def test_text_ends_at_the_first_chat_marker(raw: str, expected: str) -> None:
    assert before_markers(raw).strip() == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("It is <b>red</b> &amp; <i>new</i>.", "It is red & new."),
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("One.<br>Two.", "One.\nTwo."),
        ("<script>alert(1)</script>It is red.<style>p {}</style><!-- no -->", "It is red."),
        ("&lt;script&gt;alert(1)&lt;/script&gt;It is red.", "It is red."),
        ("It is 5 < 6 mm and 7 > 6 mm.", "It is 5 < 6 mm and 7 > 6 mm."),
        ("Sizes <XL only.", "Sizes < XL only."),
        ("<img src=x onerror=alert(1)", "< img src=x onerror=alert(1)"),
        ('<a href="javascript:alert(1)">It is red.</a>', "It is red."),
        ("# Kettle\n\n**It is red.**\n- _It_ is new.\n2. It is `big`.", "Kettle\n\nIt is red.\nIt is new.\nIt is big."),
        ("```text\nIt is red.\n```", "It is red."),
        ("See [the kettle](http://example.com).", "See the kettle."),
        ("It is 3*4*5 cm, model AB_12_C.", "It is 3*4*5 cm, model AB_12_C."),
        ("1.5 l fit.", "1.5 l fit."),
    ],
)
def test_markup_becomes_plain_text(raw: str, expected: str) -> None:
    assert plain(raw).strip() == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('"It is red."', "It is red."),
        ("“It is red.”", "It is red."),
        ("„Sie ist rot.“", "Sie ist rot."),
        ("「它是红色的。」", "它是红色的。"),
        ('"It is red.', "It is red."),
        ('"Red" and "blue"', '"Red" and "blue"'),
        ('The case is 16"', 'The case is 16"'),
        ('"The 16" case is red."', 'The 16" case is red.'),
    ],
)
def test_quotes_around_the_whole_text_go(raw: str, expected: str) -> None:
    assert unquoted(raw) == expected


def test_spacing_and_repeated_punctuation_are_normalised() -> None:
    assert tidy("  Steel , grey  metallic !!! New..\n ** \n\tWhat?!  A .5 mm edge.....") == (
        "Steel, grey metallic! New.\nWhat? A .5 mm edge..."
    )


@settings(deadline=None)
@given(st.text())
@example("&lt;b&gt;&amp;lt;script&amp;gt;")
@example("&#x202e;<scr\u200bipt>alert(1)</script>")
def test_plain_text_holds_no_tag_and_no_control_character(text: str) -> None:
    result = plain(text)
    assert not re.search(r"<[/!?A-Za-z]", result)
    assert all(character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs") for character in result)


@settings(deadline=None)
@given(st.text(alphabet="<>/!&;ltgampbscript#x3c*_`[]() \n\"'.1-"))
def test_text_of_markup_characters_holds_no_tag(text: str) -> None:
    assert not re.search(r"<[/!?A-Za-z]", plain(text))


@settings(deadline=None)
@given(st.text())
@example('""""')
def test_quotes_and_spacing_only_ever_shorten(text: str) -> None:
    assert len(unquoted(text)) <= len(text)
    assert len(tidy(text)) <= len(text)
    assert tidy(tidy(text)) == tidy(text)
    assert unquoted(unquoted(text)) == unquoted(text)


@settings(deadline=None)
@given(st.text())
def test_the_part_before_the_markers_is_a_part_of_the_text(text: str) -> None:
    assert before_markers(text) in text


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="<&\r\0")))
def test_a_text_without_the_signs_of_html_is_the_same_to_its_reader(text: str) -> None:
    assert html.unescape(nh3.clean(text, tags=set())) == text


@given(st.text(alphabet=[chr(code) for code in (10, *range(32, 127))]))
def test_printable_ascii_needs_no_repair(text: str) -> None:
    assert repaired(text) == text == ftfy.fix_text(text, unescape_html=False)


def test_the_line_of_a_name_is_plain_and_tidy() -> None:
    assert plain_line("**Kettle**  <b>K2</b>") == "Kettle K2"
