"""The scores of a description, taken together."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.models import description
from shared.profiles import Profile
from shared.scoring.calibration import Calibration
from shared.scoring.quality import SCORES_VERSION, WEIGHTS, Context, Scores, composite, score

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
ALONE = Context()
PERFECT = Scores(
    attribute_coverage=1,
    attribute_recall=1,
    grounded_precision=1,
    parent_f=None,
    slot_error_rate=0,
    numeric_fidelity=1,
    unsupported_spans=0,
    repetition=0,
    near_duplicate=0,
    source_copying=0,
    readability=16 / 2 + 100 * 2 / 16,
    length_fit=1,
    keyword_recall=None,
    keyword_density=None,
    compliance=1,
    language_match=1,
    pii=False,
    refusal=False,
    confidence=1,
    p_accept=None,
    quality=1,
)


def scored(
    text: str, *, confidence: float = 1, refusal: bool = False, profile: Profile = PROFILE, context: Context = ALONE
) -> Scores:
    return score(text, FACTS, find_spans(text, FACTS), profile, confidence=confidence, refusal=refusal, context=context)


def test_true_and_complete_copy_has_full_marks() -> None:
    found = scored(GOOD)
    assert found.language_match > 0.9
    assert replace(found, language_match=1, quality=1) == PERFECT


def test_what_is_known_from_elsewhere_is_among_the_scores() -> None:
    calibration = Calibration((0.0, 1.0), (0.0, 0.5), decisions=200, brier=0.2, ece=0.1)
    context = Context(
        compliance=0.5, near_duplicate=0.7, supplier_text=GOOD, references=(GOOD,), calibration=calibration
    )
    found = scored(GOOD, context=context)

    assert (found.compliance, found.near_duplicate, found.source_copying) == (0.5, 0.7, 1)
    assert found.parent_f == pytest.approx(1)
    assert found.p_accept == pytest.approx(found.quality / 2)


def test_the_profile_s_keywords_and_permissions_count() -> None:
    asked = PROFILE.model_copy(update={"keywords": ("laptops", "tablet"), "allowed": ("url",)})
    found = scored(f"{GOOD} See www.example.com.", profile=asked)

    assert (found.keyword_recall, found.pii) == (0.5, False)
    assert scored(f"{GOOD} See www.example.com.").pii


def test_refused_and_empty_copy_has_no_quality() -> None:
    assert scored(GOOD, refusal=True).quality == scored("").quality == 0


def test_a_hit_of_a_rule_lowers_the_quality() -> None:
    assert scored(GOOD, context=Context(compliance=0)).quality < scored(GOOD).quality


def test_the_weights_of_the_composite_add_up_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_the_composite_counts_errors_against_the_copy() -> None:
    best = dict.fromkeys(WEIGHTS, 1.0) | {"repetition": 0.0, "slot_error_rate": 0.0}
    assert composite(best) == pytest.approx(1)
    assert composite(best | {"repetition": 1.0}) == pytest.approx(1 - WEIGHTS["repetition"])
    assert composite(best | {"slot_error_rate": 3.0}) == pytest.approx(1 - WEIGHTS["slot_error_rate"])


def test_each_score_is_a_column_of_the_description_but_the_one_that_needs_a_reference() -> None:
    columns = scored(GOOD).columns
    assert set(columns) == {*asdict(PERFECT), "scores_version"} - {"parent_f"}
    assert set(columns) <= set(description.c.keys())
    assert columns["scores_version"] == SCORES_VERSION


@given(st.text(max_size=150), st.floats(-1, 2), st.booleans())
def test_any_text_has_scores_within_their_bounds(text: str, confidence: float, refusal: bool) -> None:
    context = Context(supplier_text=text, references=(text, GOOD))
    found = scored(text, confidence=confidence, refusal=refusal, context=context)
    shares = [value for name, value in asdict(found).items() if name not in ("unsupported_spans", "readability")]
    rates = [found.slot_error_rate, found.readability or 0, found.unsupported_spans]

    assert all(0 <= share <= 1 + 1e-9 for share in shares if share is not None and share != found.slot_error_rate)
    assert all(rate >= 0 for rate in rates)
