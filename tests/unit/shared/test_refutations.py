"""Words that a fact holds, and that the copy turns into something it does not say."""

from __future__ import annotations

import pytest

from shared.evidence import find_spans
from shared.facts import Fact

FUSER = (
    Fact("title", "HP C9736A fuser 150000 pages"),
    Fact("brand", "HP"),
    Fact("category", "Fusers"),
    Fact("compatibility", "LaserJet 5500, LaserJet 5550"),
    Fact("windows operating systems supported", "Windows 7,Windows 8"),
    Fact("component for", "Server"),
)
GAME = (
    Fact("title", "Bus Driver"),
    Fact("category", "video game"),
    Fact("available on Steam", "yes"),
    Fact("Linux release", "no"),
    Fact("Mac release", "no"),
    Fact("multiplayer", "no"),
)
SIDEWALL = (
    Fact("title", "Sidewall"),
    Fact("material", "machine-printed"),
    Fact("technique", "screen printed"),
    Fact("ground", "printed paper, woven"),
)
CHAIR = (
    Fact("title", "Matt Denmark Chair"),
    Fact("brand", "Norrland"),
    Fact("category", "chair"),
    Fact("material", "oak"),
    Fact("designer", "Arne Olsen"),
)
LAPTOP = (Fact("title", "Eros"), Fact("category", "laptop"), Fact("for business computing", "no"))


def unsupported(text: str, facts: tuple[Fact, ...]) -> list[str]:
    return [span.text for span in find_spans(text, facts) if span.kind == "unsupported"]


@pytest.mark.parametrize(
    "text",
    [
        "The HP C9736A fuser is compatible with the LaserJet 5500 and LaserJet 5550.",
        "It fits the LaserJet 5500 and supports Windows 7 and Windows 8.",
        "It is a LaserJet 5500 compatible fuser.",
        "It works with Windows 7.",
        "Windows 7 and Windows 8 are supported.",
        "The HP fuser is for a server.",
    ],
)
def test_what_a_product_goes_with_needs_a_word_that_says_so(text: str) -> None:
    assert unsupported(text, FUSER) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The HP C9736A fuser 150000 pages is a LaserJet 5500.", ["LaserJet 5500"]),
        ("The fuser is for a server and is a LaserJet 5500.", ["LaserJet 5500"]),
        ("It is a LaserJet 5500 and is compatible.", ["LaserJet 5500"]),
        ("It has Windows 7.", ["Windows 7"]),
        ("It is a server.", ["server"]),
    ],
)
def test_a_product_is_not_what_it_goes_with(text: str, wrong: list[str]) -> None:
    assert unsupported(text, FUSER) == wrong
    reasons = [span.reason for span in find_spans(text, FUSER) if span.kind == "unsupported"]
    assert all(reason.endswith("stated of the product itself") for reason in reasons)


@pytest.mark.parametrize(
    "text",
    [
        "It is available on Steam and is not available on Linux. It is not available on Mac.",
        "It is available on Steam, but Linux and Mac are not supported.",
        "It is not available on Linux or Mac.",
        "The game was released on Steam.",
        "You play it solo.",
    ],
)
def test_a_yes_stated_and_a_no_denied_are_supported(text: str) -> None:
    assert unsupported(text, GAME) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is available on Linux and Mac.", ["Linux", "Mac"]),
        ("It is available on Linux and Mac is not supported.", ["Linux"]),
        ("It is not available on Steam.", ["Steam"]),
        ("It is not available on Windows.", ["Windows"]),
        ("Steam and Linux are not supported.", ["Steam"]),
        ("You do not play it solo.", ["solo"]),
    ],
)
def test_a_no_stated_and_a_yes_denied_are_not(text: str, wrong: list[str]) -> None:
    assert unsupported(text, GAME) == wrong


@pytest.mark.parametrize("text", ["It is for personal use.", "It is a nonbusiness laptop.", "It is for computing."])
def test_the_opposite_of_a_name_denies_it(text: str) -> None:
    assert unsupported(text, LAPTOP) == []


@pytest.mark.parametrize(
    "text", ["It is for business use.", "It is not for personal use.", "It is for business computing."]
)
def test_a_name_contradicts_a_no(text: str) -> None:
    assert len(unsupported(text, LAPTOP)) == 1


def test_a_name_of_its_own_is_no_opposite() -> None:
    facts = (Fact("for business computing", "yes"), Fact("for personal computing", "yes"))
    assert unsupported("It is for personal computing.", facts) == []


def test_the_opposite_of_a_yes_is_unsupported() -> None:
    assert unsupported("It is for personal use.", (Fact("for business computing", "yes"),)) == ["personal"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is made of machine-printed.", ["printed"]),
        ("It is made of screen printed.", ["screen printed"]),
        ("It is made of woven.", ["woven"]),
        ("It is made of printed paper.", []),
        ("It is made of paper, woven.", []),
        ("It is machine-printed.", []),
    ],
)
def test_a_product_is_made_of_a_material_not_of_a_technique(text: str, wrong: list[str]) -> None:
    assert unsupported(text, SIDEWALL) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is designed by Matt.", ["Matt"]),
        ("It is made by a company.", ["company"]),
        ("It is made in Denmark.", ["Denmark"]),
        ("It is made by oak.", ["oak"]),
        ("It is made by Norrland.", []),
        ("It is designed by Arne Olsen.", []),
        ("It is made from oak.", []),
    ],
)
def test_a_title_tells_neither_maker_nor_origin(text: str, wrong: list[str]) -> None:
    assert unsupported(text, CHAIR) == wrong


def test_a_negation_within_a_name_negates_nothing() -> None:
    facts = (Fact("category", "grill"), Fact("non slip feet", "yes"))
    assert unsupported("The grill has non-slip feet.", facts) == []
