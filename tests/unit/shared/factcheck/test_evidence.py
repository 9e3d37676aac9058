"""The fact check: what is supported by which fact, and what is not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.factcheck.evidence import Span, find_spans, without_restatements, without_unsupported
from shared.facts import Fact

TELEVISION = (
    Fact("title", "Helios 96"),
    Fact("category", "television"),
    Fact("HDMI ports", "2"),
    Fact("USB port", "no"),
    Fact("screen size", "32 inch"),
    Fact("price", "419 dollars"),
    Fact("color", "matt black bezel with silver trim"),
    Fact("drive range", "medium"),
)
LAPTOP = (
    Fact("title", "Satellite Eros 20"),
    Fact("category", "laptop"),
    Fact("memory", "4 GB"),
    Fact("drive", "500 GB"),
    Fact("for business computing", "no"),
    Fact("touchscreen", "yes"),
    Fact("weight", "91"),
)
CHAIR = (
    Fact("title", "Matt Denmark Chair"),
    Fact("brand", "Norrland"),
    Fact("category", "chair"),
    Fact("material", "oak"),
    Fact("color", "blue"),
    Fact("designer", "Arne Olsen"),
)


def unsupported(text: str, facts: tuple[Fact, ...]) -> list[str]:
    return [span.text for span in find_spans(text, facts) if span.kind == "unsupported"]


def supported(text: str, facts: tuple[Fact, ...]) -> list[tuple[str, str | None]]:
    return [(span.text, span.attribute) for span in find_spans(text, facts) if span.kind != "unsupported"]


def test_each_statement_names_the_fact_that_bears_it_out() -> None:
    text = "The Helios 96 television has a 32-inch screen, two HDMI ports and no USB port, and costs $419."
    assert find_spans(text, TELEVISION) == [
        Span(4, 13, "Helios 96", "title", "Helios 96", "exact", source="title"),
        Span(14, 24, "television", "category", "television", "exact", source="category"),
        Span(31, 38, "32-inch", "screen size", "32 inch", "normalised", source="attribute"),
        Span(47, 50, "two", "HDMI ports", "2", "normalised", source="attribute"),
        Span(69, 77, "USB port", "USB port", "no", "boolean", source="attribute"),
        Span(89, 93, "$419", "price", "419 dollars", "normalised", source="attribute"),
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It has a 40 inch screen.", ["40 inch"]),
        ("It has a 32 cm screen.", ["32 cm"]),
        ("It has 3 HDMI ports.", ["3"]),
        ("It has a 4-in-1 design.", ["4", "1"]),
        ("It is the 96 inch Helios.", ["96 inch"]),
        ("The Helios 97 is a television.", ["97"]),
        ("It has 2 USB sticks.", ["2 USB sticks"]),
        ("It has a 15-inch AMOLED display.", ["15-inch AMOLED"]),
    ],
)
def test_a_number_needs_the_same_number_with_the_same_unit(text: str, wrong: list[str]) -> None:
    assert unsupported(text, TELEVISION) == wrong


def test_a_unit_that_the_facts_do_not_give_is_not_added() -> None:
    assert unsupported("It weighs 91.", LAPTOP) == []
    assert unsupported("It is a 91-gigabyte laptop.", LAPTOP) == ["91-gigabyte"]


@pytest.mark.parametrize(
    "text",
    [
        "It has no USB port.",
        "It comes without a USB port.",
        "It does not have a USB port.",
        "It doesn’t have any USB ports.",
        "A USB port is not included.",
        "It lacks a USB port but has 2 HDMI ports.",
    ],
)
def test_a_no_supports_its_negation(text: str) -> None:
    assert unsupported(text, TELEVISION) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It has a USB port.", ["USB port"]),
        ("It has 2 HDMI ports and a USB port.", ["USB port"]),
        ("It has no HDMI ports.", ["HDMI"]),
        ("It is not black.", ["black"]),
        ("It does not cost 419 dollars.", ["419 dollars"]),
    ],
)
def test_a_statement_that_the_facts_contradict_is_unsupported(text: str, wrong: list[str]) -> None:
    assert unsupported(text, TELEVISION) == wrong


@pytest.mark.parametrize("text", ["It is available for business use.", "It is designed for business."])
def test_part_of_a_name_contradicts_a_no(text: str) -> None:
    assert unsupported(text, LAPTOP) == ["business"]


def test_a_yes_is_supported_by_its_name_and_contradicted_by_a_negation() -> None:
    assert supported("It has a touch screen.", (Fact("touchscreen", "yes"),)) == [("touch screen", "touchscreen")]
    assert supported("It has a touchscreen.", (Fact("touch screen", "yes"),)) == [("touchscreen", "touch screen")]
    assert supported("It has a touchscreen.", LAPTOP) == [("touchscreen", "touchscreen")]
    assert unsupported("It has no touchscreen.", LAPTOP) == ["touchscreen"]


def test_a_negation_reaches_no_further_than_what_follows_it() -> None:
    text = "It is not for business computing and has a touchscreen."
    assert unsupported(text, LAPTOP) == []
    assert unsupported("It is not only blue.", CHAIR) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It is made of steel.", "material not in the facts"),
        ("It comes in red.", "color not in the facts"),
        ("It comes from Italy.", "place not in the facts"),
        ("It is durable.", "claim with no evidence"),
        ("It comes with a cushion.", "not in the facts"),
        ("It has a USB port.", "the facts say USB port: no"),
    ],
)
def test_an_unsupported_span_says_why_it_matters(text: str, reason: str) -> None:
    (span,) = find_spans(text, TELEVISION)
    assert span.reason == reason


def test_neighbouring_words_without_evidence_are_one_span() -> None:
    assert unsupported("It is made of molded beech plywood.", CHAIR) == ["molded beech plywood"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The drive range is medium.", []),
        ("It has a medium drive.", []),
        ("It has a medium price.", ["medium"]),
        ("It is medium.", ["medium"]),
    ],
)
def test_a_common_value_counts_only_beside_the_name_of_its_attribute(text: str, wrong: list[str]) -> None:
    assert unsupported(text, TELEVISION) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The material is blue.", ["blue"]),
        ("The color is oak.", ["oak"]),
        ("It is made of oak, and the color is blue.", []),
    ],
)
def test_a_value_is_not_stated_of_another_attribute(text: str, wrong: list[str]) -> None:
    assert unsupported(text, CHAIR) == wrong


@pytest.mark.parametrize(
    "text", ["It has 500 GB of memory.", "It has a 4 GB hard drive.", "The drive is 4 GB.", "It has 500 GB of RAM."]
)
def test_quantities_are_not_swapped(text: str) -> None:
    assert len(unsupported(text, LAPTOP)) == 1


def test_a_name_like_a_function_word_is_a_name() -> None:
    facts = (Fact("title", "Ares 11"), Fact("category", "television"))
    assert supported("The Ares 11 is a television.", facts)[0] == ("Ares 11", "title")


def test_words_of_one_value_keep_their_order() -> None:
    facts = (Fact("design", "matt black finish, white keyboard"), Fact("genres", "adventure, indie, shooter"))
    assert unsupported("It has a black finish and a white keyboard.", facts) == []
    assert unsupported("It has a white finish.", facts) == ["finish"]
    assert unsupported("It has a black keyboard.", facts) == ["keyboard"]
    assert unsupported("It is an indie adventure shooter.", facts) == []


def test_a_year_of_a_dated_product_stands_by_itself() -> None:
    facts = (Fact("category", "video game"), Fact("release year", "2011"))
    assert unsupported("It is a video game from 2011.", facts) == []
    assert unsupported("It is a video game from 2012.", facts) == ["2012"]


@pytest.mark.parametrize(
    ("date", "text", "kind"),
    [
        ("1875–1925", "It dates from 1875–1925.", "exact"),
        ("1875–1925", "It was made between 1875 and 1925.", "normalised"),
        ("1952–53", "It dates from 1952–1953.", "normalised"),
        ("1952–53", "It dates from 1952.", "normalised"),
        ("1952–53", "It is a 1952 piece.", "unsupported"),
        ("1875–1925", "It dates from 1925.", "unsupported"),
        ("1875–1925", "It dates from 1900.", "unsupported"),
        ("1875–1925", "It dates from 1900–1925.", "unsupported"),
        ("1925", "It dates from 1875–1925.", "unsupported"),
        ("ca. 1915", "It dates from ca. 1915.", "exact"),
        ("ca. 1915", "It dates from 1915.", "normalised"),
    ],
)
def test_a_year_and_a_range_are_supported_as_what_they_are(date: str, text: str, kind: str) -> None:
    assert [span.kind for span in find_spans(text, (Fact("title", "Sidewall"), Fact("date", date)))] == [kind]


def test_a_range_that_is_none_is_unsupported() -> None:
    text = "This Sidewall is a 1925–1925 piece."
    wrong = [span for span in find_spans(text, (Fact("title", "Sidewall"), Fact("date", "1875–1925"))) if span.reason]
    assert {span.reason for span in wrong} == {"the facts hold this number only as the end of a range"}
    assert [span.text for span in wrong] == ["1925", "1925"]


def test_a_size_stands_beside_the_thing_itself() -> None:
    facts = (Fact("category", "television"), Fact("audio", "nicam stereo"), Fact("screen size range", "small"))
    assert unsupported("It is a small television with nicam stereo.", facts) == []
    assert unsupported("It has a small price.", facts) == ["small"]


def test_copy_in_a_language_without_a_lexicon_is_not_taken_on_trust() -> None:
    spans = find_spans("La chaise est en chêne.", [Fact("title", "Chaise"), Fact("matière", "chêne")], "fr")
    assert any(span.kind == "unsupported" for span in spans)


def test_sentences_with_unsupported_statements_are_left_out() -> None:
    text = "The Helios 96 is a television.  It is made of gold. It costs 419 dollars."
    assert without_unsupported(text, find_spans(text, TELEVISION)) == (
        "The Helios 96 is a television. It costs 419 dollars."
    )


def test_nothing_is_left_of_copy_that_is_wrong_throughout() -> None:
    text = "A perfect gift!"
    assert without_unsupported(text, find_spans(text, TELEVISION)) == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "This Helios 96 is a Helios 96. It costs 419 dollars. It is a television. This is a television.",
            "It costs 419 dollars. It is a television.",
        ),
        (
            "The Helios 96 is a television. It costs 419 dollars.",
            "The Helios 96 is a television. It costs 419 dollars.",
        ),
        ("This Helios 96 is a Helios 96.", "This Helios 96 is a Helios 96."),
    ],
)
def test_sentences_that_only_name_the_product_again_are_left_out(text: str, left: str) -> None:
    assert without_restatements(text, find_spans(text, TELEVISION), TELEVISION) == left


PIECES = st.sampled_from(
    [fact.value for fact in TELEVISION + CHAIR]
    + ["the", "has", "not", "no", "without", "gold", "15", "inch", "$", "by", "USB", "port", ",", ".", ";", "1/2"]
)
FACTS = st.lists(st.builds(Fact, st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=20)), max_size=5)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map(" ".join)), FACTS)
def test_any_text_gives_ordered_disjoint_spans_that_hold_their_text(text: str, facts: list[Fact]) -> None:
    end = 0
    for span in find_spans(text, [*TELEVISION, *facts]):
        assert end <= span.start < span.end
        assert text[span.start : span.end] == span.text
        assert (span.attribute is None) == (span.kind == "unsupported") == bool(span.reason)
        end = span.end
    without_unsupported(text, find_spans(text, [*TELEVISION, *facts]))


WORDS = st.text(string.ascii_lowercase, min_size=4, max_size=9).map(lambda word: f"{word}q")
NEUTRAL = st.sampled_from(["the", "it", "has", "a", "comes", "with", "this", "product", "offers"])


@given(st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4), st.data())
def test_values_among_neutral_words_are_supported(values: list[str], data: st.DataObject) -> None:
    facts = [Fact(f"feature {at}", value) for at, value in enumerate(values)]
    text = " ".join(data.draw(st.lists(st.one_of(st.sampled_from(values), NEUTRAL), max_size=20)))
    assert [span for span in find_spans(text, facts) if span.kind == "unsupported"] == []
