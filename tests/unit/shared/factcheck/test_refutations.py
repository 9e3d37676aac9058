"""Words that a fact holds, and that the copy turns into something it does not say."""

from __future__ import annotations

import pytest

from shared.factcheck.evidence import find_spans
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


TELEVISION = (
    Fact("title", "Notus 31"),
    Fact("category", "television"),
    Fact("audio", "nicam stereo"),
    Fact("accessories", "remote control"),
    Fact("power consumption", "18 watt"),
    Fact("USB port", "no"),
    Fact("screen size range", "medium"),
)
TEE = (
    Fact("title", "Radiant Tee"),
    Fact("category", "Women > Tops > Tees"),
    Fact("material", "Polyester"),
    Fact("performance fabric", "yes"),
    Fact("product line", "standard"),
    Fact("recipe book", "yes"),
    Fact("country of origin", "Italy"),
    Fact("dimensions", "10 x 20 cm"),
)
SHOOTER = (
    Fact("title", "Rainbow Six"),
    Fact("category", "video game"),
    Fact("genres", "role-playing, shooter"),
    Fact("player perspective", "third person"),
    Fact("release year", "2015"),
    Fact("rating", "excellent"),
    Fact("ESRB rating", "E 10+"),
)
KETTLE = (
    Fact("title", "Kettle"),
    Fact("category", "kettle"),
    Fact("material", "plastic, polycarbonate, metal, rubber"),
    Fact("color", "Black, Pink gold"),
)
SHADE = (
    Fact("title", "Hawaii"),
    Fact("category", "window shade"),
    Fact("material", "hand painted on canvas"),
    Fact("finish", "silver plate"),
)


def reasons(text: str, facts: tuple[Fact, ...]) -> list[str]:
    return [span.reason for span in find_spans(text, facts) if span.kind == "unsupported"]


@pytest.mark.parametrize(
    ("text", "facts", "reason"),
    [
        ("Its audio comes without USB port.", TELEVISION, "said of audio, but belongs to USB port"),
        (
            "Its accessories are a remote control and a 18 watt power supply.",
            TELEVISION,
            "said of accessories, but belongs to power consumption",
        ),
        ("Its fabric is Polyester.", TEE, "said of performance fabric, but belongs to material"),
        ("Its dimensions are in Italy.", TEE, "said of dimensions, but belongs to country of origin"),
        ("Its release is rated as excellent.", SHOOTER, "said of release year, but belongs to rating"),
    ],
)
def test_a_value_said_of_another_attribute_is_unsupported(text: str, facts: tuple[Fact, ...], reason: str) -> None:
    assert reason in reasons(text, facts)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Its audio is nicam stereo and it comes without USB port.", TELEVISION),
        ("Its screen is a medium size, with a remote control.", TELEVISION),
        ("The audio of the Notus 31 is nicam stereo, and its power consumption is 18 watt.", TELEVISION),
        ("Its features include performance fabric and its material is Polyester.", TEE),
    ],
)
def test_a_value_said_of_its_own_attribute_is_supported(text: str, facts: tuple[Fact, ...]) -> None:
    assert unsupported(text, facts) == []


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("The Radiant Tee is a fabric.", TEE),
        ("The Sidewall is a machine-printed.", SIDEWALL),
        ("The Hawaii is a painting.", SHADE),
        ("The Hawaii is a silver plate.", SHADE),
        ("The Rainbow Six is third person.", SHOOTER),
    ],
)
def test_a_product_is_no_attribute_of_its_own(text: str, facts: tuple[Fact, ...]) -> None:
    assert "an attribute of the product, not what it is" in reasons(text, facts)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("The Rainbow Six is a role-playing game.", SHOOTER),
        ("The Rainbow Six is a shooter.", SHOOTER),
        ("The Notus 31 is a medium television.", TELEVISION),
        ("The Radiant Tee is a Polyester product of Italy.", TEE[:3] + TEE[6:]),
    ],
)
def test_a_product_is_what_its_category_or_genre_names(text: str, facts: tuple[Fact, ...]) -> None:
    assert unsupported(text, facts) == []


@pytest.mark.parametrize(
    "text",
    ["Its title is Radiant Tee.", "Its product category is Recipe book.", "Its features are a tee."],
)
def test_copy_that_speaks_of_itself_is_unsupported(text: str) -> None:
    assert "speaks of the copy, not of the product" in reasons(text, TEE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The Kettle is made of plastic and metal.", "names 2 of 4 values of material"),
        ("The Kettle is Black.", "names 1 of 2 values of color"),
    ],
)
def test_part_of_the_materials_or_colors_is_not_told_as_all(text: str, reason: str) -> None:
    assert reason in reasons(text, KETTLE)


@pytest.mark.parametrize(
    "text",
    [
        "Its material is plastic, polycarbonate, metal, and rubber.",
        "It is Black and Pink gold.",
        "It is a Black kettle.",
    ],
)
def test_all_materials_or_colors_and_a_passing_one_are_supported(text: str) -> None:
    assert unsupported(text, KETTLE) == []


def test_another_perspective_than_the_facts_have_is_unsupported() -> None:
    assert unsupported("It is a first-person game. Its player perspective is third person.", SHOOTER) == ["first"]
