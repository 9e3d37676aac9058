"""The prompt in the answer: lines of the question, the instruction, and the examples of the preamble."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import Prompt, description_prompt
from shared.text import sentences
from worker.echo import without_echo

PROFILE = Profile(name="product_page", version="1", locale="en")
FACTS = (
    Fact("title", "Tecra Eurus 20"),
    Fact("category", "laptop"),
    Fact("dimension", "25.4 inch"),
    Fact("warranty", "1 year international"),
)
PROMPT = description_prompt(FACTS, PROFILE)


@pytest.mark.parametrize(
    "echo",
    [
        "title: Tecra Eurus 20",
        "Warranty: 1 year international",
        "Dimension: 14 inch",
        "Write the description.",
        "You write product descriptions in English for a product page, for shoppers, in a plain and factual tone, with "
        "at most 60 words.",
        "Use only the facts given.",
        "Invent nothing.",
        "It comes from Denmark and dates from 1952.",
        "The Norrland Trailhead 30 Backpack holds 30 l and weighs 980 g.",
        "It is a 25.4 inch laptop made of molded beech plywood.",
        "capacity: 1.7 l",
    ],
)
def test_echo_of_the_prompt_goes_and_copy_stays(echo: str) -> None:
    copy = "The Tecra Eurus 20 is a 25.4 inch laptop."
    assert without_echo(f"{echo}\n{copy}", PROMPT, "en") == copy
    assert without_echo(f"{copy} {echo}", PROMPT, "en") == copy


def test_what_the_product_shares_with_an_example_is_no_echo() -> None:
    prompt = description_prompt((Fact("title", "Side Chair"), Fact("material", "molded beech plywood")), PROFILE)
    copy = "This Side Chair is made of molded beech plywood."
    assert without_echo(copy, prompt, "en") == copy


@pytest.mark.parametrize("copy", ["It is dark green.", "Warranty.", "Kettles are black or white."])
def test_words_that_a_prompt_may_share_with_any_copy_are_no_echo(copy: str) -> None:
    assert without_echo(copy, PROMPT, "en") == copy


def test_label_before_a_whole_sentence_goes_alone() -> None:
    assert without_echo("Warranty: It has a warranty of 1 year.", PROMPT, "en") == "It has a warranty of 1 year."


def test_prompt_without_examples_has_only_its_own_echo() -> None:
    prompt = Prompt((("system", "Schreibe kurz."),), ("user", "title: Wasserkocher\nWrite the description."))
    assert without_echo("Schreibe kurz.\nDer Wasserkocher ist rot.", prompt, "de") == "Der Wasserkocher ist rot."


@settings(deadline=None)
@given(st.text())
def test_what_is_left_are_whole_sentences_or_what_followed_a_label(text: str) -> None:
    kept = without_echo(text, PROMPT, "en")
    assert len(kept.split()) <= len(" ".join(sentences(text.replace("\n", " \n "))).split())
    assert without_echo(kept, PROMPT, "en") == kept
