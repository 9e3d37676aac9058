"""What kind of match supports a statement, and claims of each kind that need evidence."""

from __future__ import annotations

import pytest

from shared.factcheck.evidence import Span, find_spans
from shared.facts import Fact

BOX = (
    Fact("title", "Halden Box"),
    Fact("brand", "Halden"),
    Fact("category", "storage box"),
    Fact("material", "stainless steel"),
    Fact("dimensions (H x W x D)", "10 x 20 x 30 cm"),
    Fact("weight", "1.5 kg"),
    Fact("color", "grey"),
    Fact("quantity", "4"),
    Fact("warranty", "1 year"),
    Fact("country of origin", "Germany"),
    Fact("dishwasher safe", "yes"),
    Fact("BPA free", "yes"),
    Fact("contains latex", "no"),
    Fact("lid", "faux leather"),
    Fact("trim", "gold-plated"),
    Fact("coating", "water-resistant"),
)
SHIRT = (
    Fact("title", "Fjord Shirt"),
    Fact("category", "shirt"),
    Fact("material", "60% cotton, 40% polyester"),
    Fact("fit", "slim"),
    Fact("certification", "OEKO-TEX Standard 100"),
    Fact("washable", "yes"),
)
GAME = (
    Fact("title", "Far Plains"),
    Fact("category", "video game"),
    Fact("genres", "role-playing, real-time strategy"),
    Fact("multiplayer", "no"),
    Fact("Linux release", "no"),
    Fact("Mac release", "no"),
    Fact("available on Steam", "yes"),
    Fact("minimum players", "2"),
    Fact("maximum players", "4"),
)
SAUTE_PAN = (
    Fact("title", "Norr 28"),
    Fact("category", "pan"),
    Fact("material", "copper"),
    Fact("lining", "stainless steel"),
    Fact("handle material", "cast iron"),
    Fact("color", "brass"),
    Fact("bulb", "E27"),
    Fact("bulb included", "no"),
)


def spans(text: str, facts: tuple[Fact, ...]) -> dict[str, Span]:
    return {span.text: span for span in find_spans(text, facts)}


def unsupported(text: str, facts: tuple[Fact, ...]) -> list[str]:
    return [span.text for span in find_spans(text, facts) if span.kind == "unsupported"]


@pytest.mark.parametrize(
    ("text", "facts", "said", "kind"),
    [
        ("It is made of stainless steel.", BOX, "stainless steel", "exact"),
        ("Its color is gray.", BOX, "gray", "normalised"),
        ("It weighs 1500 g.", BOX, "1500 g", "converted"),
        ("It is made of inox.", BOX, "inox", "synonym"),
        ("The boxes are grey.", BOX, "boxes", "inflection"),
        ("It is an RPG.", GAME, "RPG", "synonym"),
        ("It is dishwasher safe.", BOX, "dishwasher safe", "boolean"),
        ("It has no latex.", BOX, "latex", "boolean"),
    ],
)
def test_a_span_says_how_the_fact_supports_it(text: str, facts: tuple[Fact, ...], said: str, kind: str) -> None:
    assert spans(text, facts)[said].kind == kind


def test_a_span_says_which_kind_of_fact_supports_it() -> None:
    facts = (*BOX, Fact("Gore-Tex", "waterproof", knowledge="gore-tex"))
    found = spans("The Halden Box is a storage box of stainless steel. It is waterproof.", facts)
    assert {text: span.source for text, span in found.items()} == {
        "Halden Box": "title",
        "storage box": "category",
        "stainless steel": "attribute",
        "waterproof": "knowledge",
    }
    assert found["waterproof"].knowledge == "gore-tex"
    assert found["Halden Box"].knowledge is None


def test_an_approved_wording_of_a_value_supports_it() -> None:
    facts = (Fact("title", "Becher"), Fact("material", "Edelstahl", also=("brushed inox metal",)))
    assert spans("It is made of brushed inox metal.", facts)["brushed inox metal"].kind == "synonym"
    assert unsupported("It is made of brushed inox brass.", facts) == ["brass"]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("It weighs 2 kg.", "number"),
        ("It is made of brass.", "material"),
        ("It is red.", "color"),
        ("It is made in Italy.", "origin"),
        ("It is a superb box.", "praise"),
        ("It is lighter than others.", "comparison"),
        ("It is the best box.", "comparison"),
        ("It is ISO 9001 certified.", "certification"),
        ("It has a 2-year warranty.", "warranty"),
        ("It is not dishwasher safe.", "boolean"),
        ("It comes with a cushion.", "other"),
        ("It is made by a company.", "maker"),
    ],
)
def test_an_unsupported_span_says_what_it_is_about(text: str, claim: str) -> None:
    assert claim in [span.claim for span in find_spans(text, BOX) if span.kind == "unsupported"]


def test_what_a_product_goes_with_is_a_claim_of_compatibility() -> None:
    facts = (Fact("title", "Fuser"), Fact("compatibility", "LaserJet 5500"))
    assert spans("It is a LaserJet 5500.", facts)["LaserJet 5500"].claim == "compatibility"


@pytest.mark.parametrize(
    "text",
    [
        "It is 10 cm high, 20 cm wide and 30 cm deep.",
        "It has a width of 20 cm.",
        "It measures 10 x 20 x 30 cm.",
        "It weighs 1,500 g.",
        "It comes in a set of four.",
        "It has a 12-month warranty.",
        "It is BPA-free and free of latex.",
        "It is latex-free.",
        "It is made in Germany.",
        "It has a faux leather lid with gold-plated trim.",
        "It has an imitation leather lid.",
        "It is water-resistant.",
    ],
)
def test_true_claims_about_a_box_are_supported(text: str) -> None:
    assert unsupported(text, BOX) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is 20 cm high.", "20 cm"),
        ("Its width is 10 cm.", "10 cm"),
        ("It weighs over 1.5 kg.", "1.5 kg"),
        ("It weighs less than 1.5 kg.", "1.5 kg"),
        ("It comes in a set of six.", "six"),
        ("It has a 2-year warranty.", "2-year"),
        ("It is not BPA-free.", "BPA"),
        ("It contains latex.", "latex"),
        ("It has a leather lid.", "leather"),
        ("It has a genuine leather lid.", "genuine leather"),
        ("It has gold trim.", "gold"),
        ("It is waterproof.", "waterproof"),
        ("It is made in Italy.", "Italy"),
        ("It is FSC certified.", "FSC certified"),
        ("It is the most stainless steel box.", "most"),
        ("It has more stainless steel than others.", "than"),
    ],
)
def test_false_claims_about_a_box_are_not(text: str, wrong: str) -> None:
    assert any(wrong in said for said in unsupported(text, BOX))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is 60% cotton and 40% polyester.", []),
        ("It is certified to OEKO-TEX Standard 100.", []),
        ("It can be washed.", []),
        ("It cannot be washed.", ["washed"]),
        ("It is 100% cotton.", ["100% cotton"]),
        ("It has 60% polyester.", ["polyester"]),
        ("It is a cotton blend.", ["blend"]),
        ("It is FSC certified.", ["FSC"]),
    ],
)
def test_shares_and_certificates_are_checked(text: str, wrong: list[str]) -> None:
    assert unsupported(text, SHIRT) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It does not support Linux and Mac.", []),
        ("It is not available for Mac, Linux, or as a multiplayer.", []),
        ("It is on Steam rather than on Linux.", []),
        ("It is not for Mac but rather for Steam.", []),
        ("It is a single-player RPG for 2 to 4 players.", []),
        ("It is an RTS game.", []),
        ("It is not on Linux and Steam.", ["Steam"]),
        ("It is for 2 to 5 players.", ["2 to 5"]),
    ],
)
def test_negations_are_carried_on_and_ranges_may_have_two_attributes(text: str, wrong: list[str]) -> None:
    assert unsupported(text, GAME) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It is a copper pan with a cast iron handle.", []),
        ("It is made of copper and lined with stainless steel.", []),
        ("The bulb is not included. It takes an E27 bulb.", []),
        ("It is a steel pan.", ["steel"]),
        ("It is made of cast iron.", ["cast iron"]),
        ("It is made of brass.", ["brass"]),
        ("It is the number one pan.", ["number one"]),
        ("The bulb is included.", ["bulb"]),
    ],
)
def test_what_a_part_is_made_of_is_not_said_of_the_product(text: str, wrong: list[str]) -> None:
    assert unsupported(text, SAUTE_PAN) == wrong


@pytest.mark.parametrize(
    ("dimensions", "text", "wrong"),
    [
        ("cm: L: 18.6 x W: 3.4", "It is 18.6 cm long and 3.4 cm wide.", []),
        ("cm: L: 18.6 x W: 3.4", "It is 3.4 cm long.", ["3.4 cm"]),
        ("cm: 2.5 H x 3.5 W x 7.5 L", "It is 7.5 cm long.", []),
        ("cm: 2.5 H x 3.5 W x 7.5 L", "It is 2.5 cm long.", ["2.5 cm"]),
        ("height 5.3, width 9.8, depth 8 centimeters", "It is 5.3 centimeters high, 9.8 wide and 8 deep.", []),
        ("height 5.3, width 9.8, depth 8 centimeters", "It is 9.8 cm high.", ["9.8 cm"]),
        ("H x W: 10 x 20 cm", "It is 100 mm high.", []),
        ("H x W: 10 x 20 cm", "It is 200 mm high.", ["200 mm"]),
    ],
)
def test_a_number_belongs_to_its_dimension(dimensions: str, text: str, wrong: list[str]) -> None:
    assert unsupported(text, (Fact("title", "Bowl"), Fact("dimensions", dimensions))) == wrong


def test_letters_of_dimensions_are_no_units() -> None:
    facts = (Fact("title", "Car"), Fact("dimensions", "cm: 2.5 H x 3.5 W x 7.5 L"))
    assert unsupported("It holds 7.5 liters.", facts) != []
    assert unsupported("It needs 3.5 watts.", facts) != []


def test_contradictory_facts_support_either_value() -> None:
    facts = (Fact("title", "Cup"), Fact("color", "red"), Fact("colour", "blue"), Fact("color", "green"))
    assert unsupported("It is a red cup. It is a blue cup. It is a green cup.", facts) == []
    assert unsupported("It is a black cup.", facts) == ["black"]


def test_hostile_facts_are_read_in_part_and_copy_of_many_numbers_is_no_danger() -> None:
    facts = [Fact("title", "Cup"), Fact("text", "a b 1 cm red, " * 7000)]
    facts += [Fact(f"attribute {at}", "2 cm red") for at in range(500)]
    assert unsupported("The cup has 1 cm red.", tuple(facts)) == []
    assert find_spans("one " * 1900, facts[:1]) == []
    assert [span.end for span in find_spans("one " * 3000, facts[:1])] == [11_999]


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("The Fell Bottle is BPA-free.", True),
        ("It contains no BPA.", True),
        ("The Fell Bottle contains BPA.", False),
        ("The Fell Bottle is lead-free.", False),
        ("It contains lead.", True),
    ],
)
def test_what_a_product_is_free_of_it_does_not_contain(text: str, is_true: bool) -> None:
    facts = (Fact("title", "Fell Bottle"), Fact("bpa free", "yes"), Fact("lead free", "no"))
    assert all(span.kind != "unsupported" for span in find_spans(text, facts)) is is_true
