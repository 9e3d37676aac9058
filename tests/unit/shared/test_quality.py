"""The scores of a description."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.evidence import find_spans
from shared.facts import Fact
from shared.profiles import Profile
from shared.quality import WEIGHTS, Scores, holds_pii, length_fit, repetition, score

PROFILE = Profile(name="product_page", version="1", min_words=8, max_words=40)
FACTS = (
    Fact("title", "Satellite Eros 20"),
    Fact("brand", "Satellite"),
    Fact("category", "laptop"),
    Fact("type", "laptop"),
    Fact("memory", "4 GB"),
    Fact("touchscreen", "no"),
)
GOOD = "The Satellite Eros 20 is a laptop with 4 GB of memory. It has no touchscreen."
PERFECT = Scores(
    attribute_coverage=1,
    numeric_fidelity=1,
    unsupported_spans=0,
    grounded_precision=1,
    repetition=0,
    length_fit=1,
    language_match=1,
    confidence=1,
    refusal=False,
    pii=False,
    quality=1,
)


def scored(text: str, *, facts: tuple[Fact, ...] = FACTS, confidence: float = 1, refusal: bool = False) -> Scores:
    return score(text, facts, find_spans(text, facts), PROFILE, confidence=confidence, refusal=refusal)


def test_true_and_complete_copy_has_full_marks() -> None:
    found = scored(GOOD)
    assert found.language_match > 0.9
    assert replace(found, language_match=1, quality=1) == PERFECT


def test_coverage_is_the_share_of_attributes_that_are_stated() -> None:
    assert scored("The Satellite Eros 20 has 4 GB.").attribute_coverage == 0.5
    assert scored("The Satellite Eros 20 is a laptop.").attribute_coverage == 0


def test_title_category_and_what_repeats_them_need_not_be_stated() -> None:
    facts = (Fact("title", "Satellite Eros 20"), Fact("category", "laptop"), Fact("product family", "Satellite"))
    assert scored("It is.", facts=facts).attribute_coverage == 1


def test_the_start_of_a_range_states_it() -> None:
    facts = (Fact("title", "Side Chair"), Fact("date", "1952–53"))
    assert scored("The Side Chair dates from 1952.", facts=facts).attribute_coverage == 1


def test_numeric_fidelity_is_the_share_of_supported_numbers() -> None:
    assert scored("The laptop has 4 GB and 12 ports.").numeric_fidelity == 0.5
    assert scored("It is a laptop.").numeric_fidelity == 1


def test_grounded_precision_is_the_share_of_content_words_with_evidence() -> None:
    assert scored("It is a golden laptop.").grounded_precision == 0.5
    assert scored("It is.").grounded_precision == 1


def test_repetition_is_the_share_of_repeated_four_grams() -> None:
    assert repetition("a b c d a b c d") == pytest.approx(1 - 4 / 5)
    assert repetition("a b c") == 0


@pytest.mark.parametrize(("count", "fit"), [(0, 0), (4, 0.5), (8, 1), (40, 1), (60, 0.5), (80, 0), (200, 0)])
def test_length_fit_falls_outside_the_profile(count: int, fit: float) -> None:
    assert length_fit("word " * count, 8, 40) == pytest.approx(fit)


def test_another_language_does_not_match() -> None:
    assert scored("Dieser Stuhl ist aus Holz und kommt mit einer Garantie von zwei Jahren.").language_match < 0.1


def test_the_language_of_names_alone_is_not_judged() -> None:
    assert scored("Satellite Eros 20.").language_match == 1


@pytest.mark.parametrize(
    "text",
    [
        "Write to jane.doe@example.com.",
        "See https://example.com/offer.",
        "Visit www.example.com now.",
        "Call +49 30 1234567.",
        "Ring (555) 123-4567.",
        "Ring 555-123-4567.",
        "Phone: 030 1234567",
        "Pay to DE89 3704 0044 0532 0130 00.",
    ],
)
def test_personal_data_is_found(text: str) -> None:
    assert holds_pii(text)


@pytest.mark.parametrize(
    "text",
    [
        "The HD4419/20 measures 45.7 x 215.1 x 266.7 mm.",
        "The Xerox 006R90321 prints 23000 pages at 220-240 V.",
        "The StarTech.com DB9 RS232 adapter, model 1440-900-1080.",
        "It dates from 1930-1940 and has 10/100/1000 Ethernet.",
        "Part DE89 3704 0044 0532 0130 01 fits.",
        "Runs at -30 to +60 degrees.",
    ],
)
def test_model_numbers_and_dimensions_are_no_personal_data(text: str) -> None:
    assert not holds_pii(text)


def test_the_weights_of_the_composite_add_up_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


@given(st.text(max_size=150), st.floats(-1, 2), st.booleans())
def test_any_text_has_scores_within_their_bounds(text: str, confidence: float, refusal: bool) -> None:
    found = scored(text, confidence=confidence, refusal=refusal)
    shares = [getattr(found, name) for name in (*WEIGHTS, "quality")]
    assert all(0 <= share <= 1 + 1e-9 for share in shares)
