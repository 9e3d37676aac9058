"""The gate: what is published, and why the rest is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.gate import Standards, Verdict, judge, names_product
from shared.profiles import Profile
from shared.rules.hits import Hit
from shared.scoring.quality import Scores, score

PROFILE = Profile(name="product_page", version="1", min_words=8, max_words=20)
FACTS = (
    Fact("title", "Satellite Eros 20"),
    Fact("brand", "Toshiba"),
    Fact("category", "laptop"),
    Fact("memory", "4 GB"),
    Fact("drive", "500 GB"),
    Fact("touchscreen", "no"),
)
GOOD = "The Toshiba Satellite Eros 20 is a laptop with 4 GB of memory. It has no touchscreen."


def scored(text: str, facts: tuple[Fact, ...] = FACTS, *, refusal: bool = False) -> Scores:
    return score(text, facts, find_spans(text, facts), PROFILE, confidence=0.9, refusal=refusal)


def judged(
    text: str,
    facts: tuple[Fact, ...] = FACTS,
    *,
    scores: Scores | None = None,
    publish: float = 0.6,
    profile: Profile = PROFILE,
    hits: tuple[Hit, ...] = (),
    short: bool = False,
) -> Verdict:
    return judge(
        text,
        facts,
        find_spans(text, facts),
        scores or scored(text, facts),
        profile,
        standards=Standards(publish, 0.3),
        hits=hits,
        short=short,
    )


def test_true_copy_that_says_enough_is_published() -> None:
    assert judged(GOOD) == Verdict("published", ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{GOOD} It is made of oak.", "1 statement without evidence: 'oak'"),
        (f"{GOOD} It is a perfect gift.", "1 statement without evidence: 'perfect gift'"),
        (f"{GOOD} It is made of oak in red.", "2 statements without evidence: 'oak' and 'red'"),
        (f"{GOOD} Call +49 30 1234567.", "holds an e-mail or web address, a telephone number or an IBAN"),
        ("This laptop has 4 GB of memory and a drive of 500 GB.", "does not name the product"),
        ("The Satellite has 4 GB of memory.", "has 7 words; the profile asks for at least 8"),
        (f"{GOOD} {GOOD}", "has 34 words; the profile asks for at most 20"),
    ],
)
def test_a_doubt_sends_copy_to_review(text: str, reason: str) -> None:
    verdict = judged(text)
    assert verdict.status == "needs_review"
    assert reason in verdict.reasons


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The Toshiba Satellite Eros 20 is a product and a laptop.", "states only 1 of 4 attributes"),
        ("The Satellite Eros 20 is a product that one calls a laptop.", "states none of 4 attributes"),
    ],
)
def test_true_copy_that_says_too_little_is_not_published(text: str, reason: str) -> None:
    assert judged(text) == Verdict("needs_review", (reason,))


def test_an_attribute_in_the_singular() -> None:
    facts = (Fact("title", "Notus 31"), Fact("category", "television"), Fact("HDMI ports", "2"))
    text = "The Notus 31 is a product that one calls a television."
    assert judged(text, facts).reasons == ("states none of 1 attribute",)


def test_many_and_long_statements_are_named_in_part() -> None:
    text = f"{GOOD} It has oak, red, steel, blue and {'golden ' * 12}."
    (reason, *_) = judged(text).reasons
    assert reason == "5 statements without evidence: 'oak', 'red', 'steel' and others"
    (reason, *_) = judged(f"{GOOD} A {'golden ' * 12}.").reasons
    assert reason == f"1 statement without evidence: '{'golden ' * 8}…'"


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("The Notus weighs 3 kg.", False),
        ("This Philips set weighs 3 kg.", False),
        ("It is 31 inch wide.", False),
        ("It weighs 3 kg.", False),
    ],
)
def test_the_whole_of_a_short_title_names_a_product(text: str, is_named: bool) -> None:
    assert names_product(text, (Fact("title", "Notus 31"), Fact("brand", "Philips")), "en") is is_named


def test_the_profile_s_language_and_a_low_quality_are_doubts() -> None:
    assert judged(GOOD, scores=replace(scored(GOOD), language_match=0.2)).reasons == (
        "not in the language of the profile",
    )
    assert judged(GOOD, scores=replace(scored(GOOD), quality=0.5)).reasons == ("quality 0.50 is below 0.60",)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (scored(GOOD, refusal=True), "the model declined to write a description"),
        (scored(""), "the text is empty"),
        (scored(" … "), "the text is empty"),
        (replace(scored(GOOD), quality=0.2), "quality 0.20 is below 0.30"),
    ],
)
def test_worthless_copy_is_rejected(scores: Scores, reason: str) -> None:
    assert judged(GOOD, scores=scores) == Verdict("rejected", (reason,))


def test_empty_copy_is_rejected_whatever_the_settings() -> None:
    verdict = judge("", FACTS, [], scored(""), PROFILE, standards=Standards(0, 0))
    assert verdict.status == "rejected"


@given(st.one_of(st.text(max_size=150), st.text(max_size=40).map(lambda text: f"{GOOD} {text}")))
def test_nothing_with_an_unsupported_statement_is_published(text: str) -> None:
    verdict = judged(text, publish=0)
    if any(span.kind == "unsupported" for span in find_spans(text, FACTS)):
        assert verdict.status != "published"
    assert (verdict.status == "published") == (not verdict.reasons)


LONG_TITLE = (Fact("title", "KYOCERA TK-550C Original Cyan toner cartridge 6000"),)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("The KYOCERA TK-550C Original is a toner.", True),
        ("The KYOCERA Original Cyan toner cartridge is new.", False),
        ("The TK-550C is new.", False),
    ],
)
def test_most_of_a_long_title_and_its_model_name_a_product(text: str, is_named: bool) -> None:
    assert names_product(text, LONG_TITLE, "en") is is_named


def test_product_of_which_only_the_name_is_known_goes_to_a_curator() -> None:
    verdict = judged("The Mug is a mug, and it is a mug for you.", (Fact("title", "Mug"), Fact("category", "mug")))
    assert verdict.status == "needs_review"
    assert "nothing is known of it but its name" in verdict.reasons


def hit(severity: Literal["block", "review", "note"], text: str = "the best") -> Hit:
    return Hit("us", "superlative", severity, 4, 4 + len(text), text, "qualify it")


@pytest.mark.parametrize("severity", ["block", "review"])
def test_a_broken_rule_keeps_copy_from_being_published_and_is_named(severity: Literal["block", "review"]) -> None:
    assert judged(GOOD, hits=(hit(severity),)) == Verdict("needs_review", ("breaks us.superlative: 'the best'",))


def test_what_breaks_a_rule_by_its_absence_is_told_in_the_rule_s_words() -> None:
    absent = Hit("profile", "required_words", "review", 0, 0, "", "profile page requires 'genuine'")

    (reason,) = judged(GOOD, hits=(absent,)).reasons
    assert reason == "breaks profile.required_words: profile page requires 'genuine'"


def test_a_note_is_no_doubt() -> None:
    assert judged(GOOD, hits=(hit("note"),)) == Verdict("published", ())


def test_many_broken_rules_are_named_in_part_and_each_once() -> None:
    hits = tuple(hit("block", text) for text in ("a", "b", "b", "c", "d"))

    (reason,) = judged(GOOD, hits=hits).reasons
    assert reason == "breaks us.superlative: 'a', us.superlative: 'b', us.superlative: 'c' and others"


def test_copy_beyond_the_characters_of_its_channel_goes_to_a_curator() -> None:
    short = PROFILE.model_copy(update={"max_characters": len(GOOD) - 1})

    (reason,) = judged(GOOD, profile=short).reasons
    assert reason == f"has {len(GOOD)} characters; the profile allows {len(GOOD) - 1}"
    assert judged(GOOD, profile=PROFILE.model_copy(update={"max_characters": len(GOOD)})).status == "published"


def test_copy_too_much_like_another_product_s_goes_to_a_curator() -> None:
    own = PROFILE.model_copy(update={"near_duplicate_limit": 0.8})
    alike = replace(scored(GOOD), near_duplicate=0.9)

    (reason,) = judged(GOOD, scores=alike, profile=own).reasons
    assert reason == "too much like the copy of another product (0.90, limit 0.80)"
    assert judged(GOOD, scores=alike).status == "published"


def test_where_little_is_known_a_short_text_is_published() -> None:
    facts = (Fact("title", "Mug"), Fact("category", "mug"))

    assert judged("This is the Mug.", facts, short=True) == Verdict("published", ())
    assert judged("This is the Mug.", facts).status == "needs_review"


def test_a_short_text_is_held_to_the_truth_like_any_other() -> None:
    facts = (Fact("title", "Mug"), Fact("category", "mug"))

    assert judged("This is the golden Mug.", facts, short=True).status == "needs_review"
