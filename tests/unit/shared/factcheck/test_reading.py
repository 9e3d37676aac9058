"""How a text is read once, and facts are made ready once, without either changing what is found."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.factcheck.entries import entry_of
from shared.factcheck.evidence import find_spans, spans_in
from shared.factcheck.index import FactIndex
from shared.factcheck.quantities import is_year
from shared.factcheck.reading import read, sentence_bounds
from shared.factcheck.wording import load_wording
from shared.facts import Fact
from shared.text import sentences

KETTLE = (
    Fact("title", "Steelbrook Kettle K2"),
    Fact("brand", "Steelbrook"),
    Fact("category", "kettle"),
    Fact("material", "stainless steel"),
    Fact("capacity", "1.7 l"),
    Fact("dishwasher safe", "no"),
)
PIECES = (
    "The kettle",
    "holds 1.7 l",
    ".",
    "  ",
    "\n",
    "\u3000",
    "It is",
    "steel",
    "。",
    "\ud800",
    "approx. 5",
    '16"',
    "(a)",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map(" ".join)


def signs(text: str) -> str:
    """A text without white space, in which lone surrogates are question marks."""
    return "".join(text.encode("utf-8", "replace").decode().split())


@given(TEXTS, st.sampled_from(("en", "de", "es", "zh")))
def test_bounds_hold_the_sentences_of_the_text_and_nothing_but_white_space_is_between(text: str, locale: str) -> None:
    bounds = sentence_bounds(text, locale)
    assert [signs(text[start:end]) for start, end in bounds] == [signs(found) for found in sentences(text, locale)]
    edges = [0, *(edge for bound in bounds for edge in bound), len(text)]
    assert all(not text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))


@given(TEXTS)
def test_what_surrounds_each_term_is_told_for_each_term(text: str) -> None:
    for words in read(text, "en"):
        size = len(words.terms)
        assert size > 0
        assert {len(each) for each in (words.keys, words.words, words.gaps, words.parted, words.ends, words.plain)} == {
            size
        }
        assert not words.parted[0]


@given(st.lists(st.sampled_from(KETTLE), max_size=8), st.lists(st.sampled_from(KETTLE), max_size=8))
def test_facts_that_other_products_share_are_found_alike(facts: list[Fact], others: list[Fact]) -> None:
    text = "The Steelbrook Kettle K2 is a stainless steel kettle with a capacity of 1.7 l. It is dishwasher safe."
    before = spans_in(text, FactIndex(facts, load_wording("en")), "en")
    FactIndex([*others, *facts], load_wording("en"))
    assert spans_in(text, FactIndex(facts, load_wording("en")), "en") == before
    assert find_spans(text, facts, "en") == before


def test_a_fact_that_is_given_twice_has_two_entries() -> None:
    index = FactIndex([*KETTLE, Fact("brand", "Steelbrook")], load_wording("en"))
    assert len(set(index.entries)) == len(KETTLE) + 1


def test_a_word_that_stands_often_in_a_value_has_few_places() -> None:
    entry = entry_of(Fact("note", "steel " * 500), ("note",), frozenset(), load_wording("en"))
    assert len(entry.values["steel"]) == 8


def test_the_first_of_several_attributes_that_share_a_word_is_named() -> None:
    facts = (Fact("processor model", "i5"), Fact("processor cores", "8"), Fact("processor family", "Core"))
    (span,) = find_spans("It has no processor.", facts)
    assert span.reason == "the facts say processor model: i5"


@pytest.mark.parametrize(("number", "expected"), [(1952, True), (999, False), (2100, False), (1999.5, False)])
def test_a_year_is_a_whole_number_of_four_digits(number: float, expected: bool) -> None:
    assert is_year(Fraction(number)) is expected
