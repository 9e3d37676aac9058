"""What a text states of a product, with what evidence, and what it leaves out, gets wrong or tells twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared.factcheck.evidence import Span, find_spans
from shared.factcheck.lexicon import load_lexicon
from shared.facts import Fact
from shared.scoring.grounded import grounded_precision, numeric_fidelity
from shared.scoring.slots import attribute_coverage, slot_error_rate, stated_attributes

ENGLISH = load_lexicon("en")
FACTS = (
    Fact("title", "Satellite Eros 20"),
    Fact("brand", "Satellite"),
    Fact("category", "laptop"),
    Fact("type", "laptop"),
    Fact("memory", "4 GB"),
    Fact("touchscreen", "no"),
)
GOOD = "The Satellite Eros 20 is a laptop with 4 GB of memory. It has no touchscreen."


def coverage(text: str, facts: Sequence[Fact] = FACTS) -> float:
    return attribute_coverage(facts, find_spans(text, facts), ENGLISH)


def slot_errors(text: str, facts: Sequence[Fact] = FACTS) -> float:
    return slot_error_rate(facts, find_spans(text, facts), ENGLISH)


def span(text: str, fact: Fact, kind: str) -> Span:
    """A span as the fact check gives it, for kinds of evidence that depend on its word lists."""
    return Span(0, len(text), text, fact.attribute, fact.value, kind)  # type: ignore[arg-type]


def test_coverage_is_the_share_of_attributes_that_are_stated() -> None:
    assert coverage("The Satellite Eros 20 has 4 GB.") == 0.5
    assert coverage("The Satellite Eros 20 is a laptop.") == 0


def test_title_category_and_what_repeats_them_need_not_be_stated() -> None:
    facts = (Fact("title", "Satellite Eros 20"), Fact("category", "laptop"), Fact("product family", "Satellite"))
    assert coverage("It is.", facts) == 1


def test_approved_knowledge_need_not_be_stated() -> None:
    facts = (*FACTS, Fact("membrane", "waterproof", knowledge="gore-tex"))
    assert stated_attributes(facts, [], ENGLISH) == stated_attributes(FACTS, [], ENGLISH) == (0, 2)


def test_the_start_of_a_range_states_it() -> None:
    assert coverage("The Side Chair dates from 1952.", (Fact("title", "Side Chair"), Fact("date", "1952–53"))) == 1


@pytest.mark.parametrize(
    ("said", "fact", "kind"),
    [
        ("Eiche", Fact("material", "oak", also=("Eiche",)), "exact"),
        ("20 m", Fact("length", "20,000 mm"), "converted"),
        ("pink", Fact("color", "rose"), "synonym"),
        ("rotes", Fact("color", "rot"), "inflection"),
    ],
)
def test_a_value_in_other_words_is_stated(said: str, fact: Fact, kind: str) -> None:
    assert stated_attributes([fact], [span(said, fact, kind)], ENGLISH) == (1, 1)


def test_true_and_complete_copy_has_no_slot_error() -> None:
    assert slot_errors(GOOD) == 0


def test_a_missing_slot_is_an_error_and_the_name_is_a_slot() -> None:
    assert slot_errors("The Satellite Eros 20 has 4 GB.") == pytest.approx(1 / 3)
    assert slot_errors("It has 4 GB of memory and no touchscreen.") == pytest.approx(1 / 3)


def test_a_wrong_value_is_one_missing_and_one_redundant_slot() -> None:
    assert slot_errors("The Satellite Eros 20 has 8 GB of memory and no touchscreen.") == pytest.approx(2 / 3)


def test_a_value_told_again_is_an_error() -> None:
    assert slot_errors(f"{GOOD} It has 4 GB of memory.") == pytest.approx(1 / 3)
    assert slot_errors(f"{GOOD} The Satellite Eros 20 is a laptop.") == 0


def test_the_values_of_a_list_are_told_one_by_one() -> None:
    facts = (Fact("title", "Lamp"), Fact("color", "Blue, Red"))
    assert slot_errors("The Lamp is Blue and Red.", facts) == 0
    assert slot_errors("The Lamp is Blue and Red. It is Blue and Red.", facts) == 0.5


def test_praise_is_about_no_slot() -> None:
    assert slot_errors(f"{GOOD} It is a great laptop.") == 0


def test_errors_are_counted_where_there_is_no_slot() -> None:
    assert slot_errors("It has 4 ports.", ()) == 1


def test_numeric_fidelity_is_the_share_of_supported_numbers() -> None:
    text = "The laptop has 4 GB and 12 ports."
    assert numeric_fidelity(text, find_spans(text, FACTS), ENGLISH) == 0.5
    assert numeric_fidelity("It is a laptop.", [], ENGLISH) == 1


def test_grounded_precision_is_the_share_of_content_words_with_evidence() -> None:
    text = "It is a golden laptop."
    assert grounded_precision(text, find_spans(text, FACTS), ENGLISH) == 0.5
    assert grounded_precision("It is.", [], ENGLISH) == 1
