"""The form of copy: each channel its own, no sentence cut that need not be, and nothing added but the shop's words."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.layout import BULLET, as_html, laid_out
from shared.profiles import Profile
from shared.text import words

TEXT = "The Corvus 15 is a laptop. Its memory is 8 GB, and its weight is 2 kg. It comes without a printer."
CLOSING = "Free returns."
PLAIN = Profile(name="page", version="1")
BULLETS = Profile(name="bullets", version="1", channel="marketplace bullet list")
PROFILES = [
    Profile(
        name="any",
        version="1",
        locale=locale,
        channel=channel,
        min_words=1,
        max_characters=limit,
        closing=closing,
    )
    for locale in ("en", "de", "zh")
    for channel in ("product page", "marketplace bullet list", "search ad")
    for limit in (None, 40, 80)
    for closing in (None, CLOSING)
]
# Text that is more likely than chance to be divided into sentences in another way when it is laid out once more.
PIECES = [
    "It is red. ",
    "Nice, ",
    "12 in. ",
    "a (b, ",
    "c) ",
    "• ",
    "\n",
    "。",
    "，",
    "它",
    CLOSING,
    "No. 5 ",
    '"',
    "! ",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text(max_size=60)


def ad(limit: int, locale: str = "en", closing: str | None = None) -> Profile:
    return Profile(
        name="ad",
        version="1",
        locale=locale,
        channel="search ad",
        min_words=1,
        max_characters=limit,
        closing=closing,
    )


def test_a_product_page_stays_as_it_is() -> None:
    assert laid_out(TEXT, PLAIN) == TEXT


def test_a_bullet_list_has_a_sentence_on_each_line() -> None:
    assert laid_out(TEXT, BULLETS).split("\n") == [
        "• The Corvus 15 is a laptop.",
        "• Its memory is 8 GB, and its weight is 2 kg.",
        "• It comes without a printer.",
    ]


def test_a_bullet_list_divides_the_sentences_of_its_language() -> None:
    chinese = BULLETS.model_copy(update={"locale": "zh"})

    assert laid_out("这款灯是红色的。重量为2千克。", chinese) == "• 这款灯是红色的。\n• 重量为2千克。"


@pytest.mark.parametrize("profile", [PLAIN, BULLETS, ad(60)])
def test_the_closing_sentence_stands_last_and_once(profile: Profile) -> None:
    closed = profile.model_copy(update={"closing": CLOSING})
    once = laid_out("It is red.", closed)

    assert once.endswith(CLOSING)
    assert laid_out(f"It is red. {CLOSING}", closed) == once


def test_chinese_sentences_have_no_space_between_them() -> None:
    closed = PLAIN.model_copy(update={"locale": "zh", "closing": "欢迎选购。"})

    assert laid_out("这款灯是红色的。", closed) == "这款灯是红色的。欢迎选购。"


def test_of_no_copy_nothing_is_made() -> None:
    assert laid_out(" \n", PLAIN.model_copy(update={"closing": CLOSING})) == ""


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (len(TEXT), TEXT),
        (len(TEXT) - 1, "The Corvus 15 is a laptop. Its memory is 8 GB, and its weight is 2 kg."),
        (60, "The Corvus 15 is a laptop. It comes without a printer."),
        (30, "The Corvus 15 is a laptop."),
    ],
)
def test_the_sentences_stay_that_fit(limit: int, kept: str) -> None:
    assert laid_out(TEXT, ad(limit)) == kept


def test_the_closing_sentence_has_its_room() -> None:
    assert laid_out(TEXT, ad(45, closing=CLOSING)) == f"The Corvus 15 is a laptop. {CLOSING}"


def test_bullets_count_within_the_limit() -> None:
    shown = laid_out(TEXT, BULLETS.model_copy(update={"max_characters": 60}))

    assert shown == "• The Corvus 15 is a laptop.\n• It comes without a printer."


@pytest.mark.parametrize(
    ("text", "locale", "kept"),
    [
        ("The lamp is red, weighs 1,500 g, and runs for nine long hours.", "en", "The lamp is red, weighs 1,500 g."),
        ("The lamp (of steel, brass and many other metals) is red.", "en", None),
        ("The lamp is waterproof, but only down to a depth of ten metres.", "en", None),
        ("Die Lampe ist wasserdicht, jedoch schwer, außer in großer Tiefe.", "de", "Die Lampe ist wasserdicht."),
        ("这款灯采用不锈钢材质，重量为两千克，适合放在客厅和卧室里使用，也适合书房和办公室。", "zh", None),
    ],
)
def test_a_sentence_is_shortened_at_a_clause_only_where_none_fits(text: str, locale: str, kept: str | None) -> None:
    limit = 35 if locale != "zh" else 20
    expected = "这款灯采用不锈钢材质，重量为两千克。" if locale == "zh" else kept or text

    assert laid_out(text, ad(limit, locale)) == expected


@given(TEXTS, st.sampled_from(PROFILES))
def test_laid_out_twice_is_once(text: str, profile: Profile) -> None:
    once = laid_out(text, profile)

    assert laid_out(once, profile) == once


@given(TEXTS, st.sampled_from([profile for profile in PROFILES if profile.max_characters is None]))
def test_without_a_limit_all_that_is_said_stays_in_order(text: str, profile: Profile) -> None:
    closing = profile.closing if profile.closing and text.strip() else ""
    own = text.strip().removesuffix(closing)

    assert _signs(laid_out(text, profile)) == _signs(f"{own} {closing}")


def _signs(text: str) -> str:
    return "".join(text.replace("•", " ").split())


@given(TEXTS, st.sampled_from([profile for profile in PROFILES if profile.max_characters]))
def test_a_limit_adds_no_word(text: str, profile: Profile) -> None:
    added = set(laid_out(text, profile)) - set(f"{text} {profile.closing} {BULLET}\n.。")

    assert not added


@given(TEXTS | st.text(st.sampled_from("<>&\"'/ab• \n")), st.sampled_from(PROFILES))
def test_html_says_what_the_text_says_and_escapes_all_of_it(text: str, profile: Profile) -> None:
    shown = laid_out(text, profile)
    dressed = as_html(shown, profile)
    inner = re.sub(r"</?(?:p|ul|li)>", "\n", dressed)

    assert not set(inner) & set("<>\"'")
    assert words(html.unescape(inner)) == words(shown)


def test_bullets_become_a_list() -> None:
    assert as_html("• It is <b>red</b>.\n• 5 & 6", BULLETS) == (
        "<ul><li>It is &lt;b&gt;red&lt;/b&gt;.</li><li>5 &amp; 6</li></ul>"
    )


def test_sentences_become_a_paragraph() -> None:
    assert as_html('It is 5" long.', PLAIN) == "<p>It is 5&quot; long.</p>"
