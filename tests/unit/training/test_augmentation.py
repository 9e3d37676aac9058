"""Augmented examples: as true to their facts as the ones that they were made of."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.curation.pairs import Pair, read_pairs
from shared.factcheck.evidence import find_spans
from shared.facts import Fact, product_facts
from shared.profiles import Profile
from training.augmentation import augmented, has_vowel_sound
from training.dataset import Example
from training.options import RECIPES, Augmentation
from training.swaps import Swaps

PROFILE = Profile(name="product_page", version="1")
IDENTITY = ("title", "brand", "category")


def example(text: str, **values: str) -> Example:
    return Example(tuple(Fact(name.replace("_", " "), value) for name, value in values.items()), PROFILE, text)


# Rows of RNNLG (Apache-2.0) and of our own.
EXAMPLES = (
    example(
        "The Satellite Aeolus 45 is a laptop with a 320 GB drive. It comes with Windows 8.1, and weighs 2.3 KG.",
        title="Satellite Aeolus 45",
        category="laptop",
        drive="320 GB",
        platform="Windows 8.1",
        weight="2.3 KG",
    ),
    example(
        "The Portege Cerus 31 laptop has a 500 GB drive and an 8 hour battery. It weighs 1.5 KG.",
        title="Portege Cerus 31",
        category="laptop",
        drive="500 GB",
        battery="8 hour",
        weight="1.5 KG",
    ),
    example(
        "The Tecra Eurus 93 laptop runs Windows 7 and has a 6 hour battery. Its design is matt black.",
        title="Tecra Eurus 93",
        category="laptop",
        platform="Windows 7",
        battery="6 hour",
        design="matt black",
    ),
    example(
        "The Satellite Notus 19 is a laptop in the Satellite product family with an ice blue design.",
        title="Satellite Notus 19",
        category="laptop",
        product_family="Satellite",
        design="ice blue",
    ),
    example(
        "The Velmora Kettle is made of steel and is available in black, white and blue. It holds 1.7 l, and the "
        "Velmora Kettle has an automatic shut-off.",
        title="Velmora Kettle",
        brand="Velmora",
        category="Kitchen > Kettles",
        material="steel",
        colour="Black, White, Blue",
        capacity="1.7 l",
        automatic_shut_off="yes",
    ),
    example(
        "The Arbeth Teapot is made of porcelain and is available in red and green. It holds 1.2 l.",
        title="Arbeth Teapot",
        brand="Arbeth",
        category="Kitchen > Kettles",
        material="porcelain",
        colour="Red, Green",
        capacity="1.2 l",
    ),
)
SWAPS = Swaps.of(EXAMPLES)


def house_examples() -> list[Example]:
    """The pairs that every fine-tuning learns."""
    pairs = [pair for _, pair in read_pairs(RECIPES / "house_pairs.jsonl") if isinstance(pair, Pair)]
    examples = [Example(tuple(product_facts(pair.product)), PROFILE, pair.text, pair.product.sku) for pair in pairs]
    return [each for each in examples if all(span.kind != "unsupported" for span in find_spans(each.text, each.facts))]


def attributes_told(told: Example) -> set[str | None]:
    return {span.attribute for span in find_spans(told.text, told.facts)}


@settings(deadline=None)
@given(st.sampled_from(EXAMPLES), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_an_augmented_example_states_all_its_facts_and_nothing_else(
    given_example: Example, seed: int, order: float, dropout: float, swap: float
) -> None:
    options = Augmentation(attribute_order=order, attribute_dropout=dropout, value_swap=swap)
    found = augmented(given_example, Random(seed), options, SWAPS)
    spans = find_spans(found.text, found.facts)
    assert [span for span in spans if span.kind == "unsupported"] == []
    told = {span.attribute for span in spans}
    assert {fact.attribute for fact in found.facts if fact.attribute not in IDENTITY} <= told
    assert "title" in told
    assert augmented(given_example, Random(seed), options, SWAPS) == found


def test_variations_of_the_house_pairs_are_many_and_true() -> None:
    examples = house_examples()
    swaps = Swaps.of(examples)
    options = Augmentation(attribute_order=0.5, attribute_dropout=0.5, value_swap=0.5)
    changed = 0
    some = examples[::8]
    for seed, each in enumerate(some):
        found = augmented(each, Random(seed), options, swaps)
        changed += found.text != each.text
        assert all(span.kind != "unsupported" for span in find_spans(found.text, found.facts)), found.text
        gone = {fact.attribute for fact in each.facts} - {fact.attribute for fact in found.facts}
        assert attributes_told(each) - attributes_told(found) <= gone | {*IDENTITY}, found.text
    assert changed > len(some) / 3


@settings(deadline=None)
@given(st.sampled_from(EXAMPLES), st.integers(0, 2**32))
def test_only_the_order_of_what_is_no_name_changes(given_example: Example, seed: int) -> None:
    found = augmented(given_example, Random(seed), Augmentation(attribute_order=1), SWAPS)
    assert found.text == given_example.text
    assert sorted(found.facts, key=str) == sorted(given_example.facts, key=str)
    named = [fact for fact in given_example.facts if fact.attribute in IDENTITY]
    assert list(found.facts[: len(named)]) == named


def test_a_sentence_goes_with_the_facts_that_it_alone_states() -> None:
    found = augmented(EXAMPLES[1], Random(0), Augmentation(attribute_dropout=1), SWAPS)
    assert found.text == "The Portege Cerus 31 laptop has a 500 GB drive and an 8 hour battery."
    assert [fact.attribute for fact in found.facts] == ["title", "category", "drive", "battery"]


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("it has the only name", "It has a 500 GB drive. The Corvus laptop weighs 2 kg."),
        ("both state the drive", "The Corvus has a 500 GB drive. The 500 GB drive weighs 2 kg."),
        ("there is one sentence", "The Corvus laptop has a 500 GB drive and weighs 2 kg."),
    ],
)
def test_no_fact_goes_whose_sentence_is_needed(why: str, text: str) -> None:
    kept = example(text, title="Corvus", category="laptop", drive="500 GB", weight="2 kg")
    for seed in range(10):
        found = augmented(kept, Random(seed), Augmentation(attribute_dropout=1), SWAPS)
        assert "Corvus" in found.text, why
        assert attributes_told(found) - {*IDENTITY} == {fact.attribute for fact in found.facts} - {*IDENTITY}, why
        if why != "it has the only name":
            assert found == kept


def test_a_number_is_swapped_in_fact_and_text_and_keeps_its_unit() -> None:
    found = {augmented(EXAMPLES[0], Random(seed), Augmentation(value_swap=1), SWAPS) for seed in range(5)}
    for each in found:
        drive = next(fact.value for fact in each.facts if fact.attribute == "drive")
        assert drive == "500 GB"
        assert "with a 500 GB drive" in each.text


def test_an_article_follows_the_new_word() -> None:
    texts = [augmented(EXAMPLES[at], Random(1), Augmentation(value_swap=1), SWAPS).text for at in (1, 2, 3)]
    assert "and a 6 hour battery" in texts[0]
    assert "has an 8 hour battery" in texts[1]
    assert "with a matt black design" in texts[2]


@pytest.mark.parametrize(
    ("phrase", "article"),
    [
        ("8 GB", "an"),
        ("18 V", "an"),
        ("11 in", "an"),
        ("80 cm", "an"),
        ("1 year", "a"),
        ("180 W", "a"),
        ("118 g", "a"),
        ("LED", "an"),
        ("USB", "a"),
        ("HDMI", "an"),
        ("OLED", "an"),
        ("AMOLED", "an"),
        ("European", "a"),
        ("unidirectional", "a"),
        ("uninsulated", "an"),
        ("one-piece", "a"),
        ("hourly", "an"),
        ("ultrabook", "an"),
        ("entertainment", "an"),
        ("Eurus 61", "a"),
        ("X200", "an"),
        ("matt", "a"),
    ],
)
def test_an_article_is_chosen_by_ear(phrase: str, article: str) -> None:
    assert ("an" if has_vowel_sound(phrase) else "a") == article


def test_a_brand_is_replaced_wherever_it_stands() -> None:
    found = augmented(EXAMPLES[4], Random(3), Augmentation(value_swap=1), SWAPS)
    assert "Velmora" not in found.text
    assert found.text.count("Arbeth Kettle") == 2
    assert found.facts[:2] == (Fact("title", "Arbeth Kettle"), Fact("brand", "Arbeth"))


def test_a_word_of_the_title_that_another_fact_holds_stays() -> None:
    for seed in range(10):
        found = augmented(EXAMPLES[3], Random(seed), Augmentation(value_swap=1), SWAPS)
        assert found.facts[0].value == "Satellite Aeolus 45"


def test_items_of_a_list_are_swapped_for_items_that_it_does_not_hold() -> None:
    for seed in range(20):
        found = augmented(EXAMPLES[4], Random(seed), Augmentation(value_swap=1), SWAPS)
        colours = next(fact.value for fact in found.facts if fact.attribute == "colour").split(", ")
        assert len(set(colours)) == 3
        assert all(re.search(rf"\b{colour.lower()}\b", found.text) for colour in colours)


def test_an_example_with_an_unsupported_word_stays_as_it_was() -> None:
    wrong = replace(EXAMPLES[0], text=f"{EXAMPLES[0].text} It is waterproof.")
    assert augmented(wrong, Random(0), Augmentation(attribute_dropout=1, value_swap=1), SWAPS) == wrong


def test_a_one_never_takes_the_place_of_a_plural() -> None:
    seen = [
        example("The Corvus has 2 ports.", title="Corvus", ports="2"),
        example("The Kratos has 1 port.", title="Kratos", ports="1"),
    ]
    assert augmented(seen[0], Random(0), Augmentation(value_swap=1), Swaps.of(seen)).facts[1].value == "2"


def test_a_value_of_a_product_of_another_kind_is_not_taken() -> None:
    seen = [
        example("The kettle is made of steel.", title="kettle", category="kettle", material="steel", power="2 kW"),
        example(
            "The dress is made of silk.", title="dress", category="dress", material="silk", neck="round", fit="slim"
        ),
    ]
    assert Swaps.of(seen).another("material", "steel", seen[0].facts, Random(0)) is None


def test_copy_in_another_language_keeps_its_values() -> None:
    german = Profile(name="artikel", version="1", locale="de")
    told = [replace(each, profile=german) for each in EXAMPLES[:2]]
    assert augmented(told[0], Random(0), Augmentation(value_swap=1), Swaps.of(told)) == told[0]
