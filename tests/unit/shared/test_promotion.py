"""The gate for models: who may become the champion."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.promotion import CHALLENGER, CHAMPION, TEMPLATE, GateStandards, Judgement, judge_challenger
from shared.settings import Settings

STANDARDS = GateStandards()
BETTER, WORSE = {"parent_f": 0.6}, {"parent_f": 0.3}
CHAMPIONS = {"parent_f": 0.5, "faithfulness": 0.95}
TEMPLATES = {"parent_f": 0.4, "faithfulness": 1.0}


def report(products: int = 40, **contestants: dict[str, float]) -> dict[str, Any]:
    """A report in which each contestant has these scores, give or take what is hard for all of a product."""
    random = Random(1)
    hardness = {f"sku-{at}": random.uniform(-0.05, 0.05) for at in range(products)}
    return {
        "contestants": {
            name: {"rows": {sku: {each: value + by for each, value in scores.items()} for sku, by in hardness.items()}}
            for name, scores in contestants.items()
        }
    }


def judged(standards: GateStandards = STANDARDS, products: int = 40, **challenger: float) -> Judgement:
    scores = CHAMPIONS | challenger
    return judge_challenger(report(products, challenger=scores, champion=CHAMPIONS, template=TEMPLATES), standards)


def test_a_better_one_that_is_as_faithful_passes() -> None:
    judgement = judged(**BETTER)
    assert judgement.passes
    assert judgement.reason == "it is as faithful as the champion, better, and better than the template"
    assert judgement.products == 40
    assert [(test.metric, test.against) for test in judgement.tests] == [
        ("faithfulness", CHAMPION),
        ("parent_f", CHAMPION),
        ("parent_f", TEMPLATE),
    ]


@pytest.mark.parametrize(
    ("challenger", "reasons"),
    [
        ({"parent_f": 0.6, "faithfulness": 0.9}, "it is less faithful than the champion"),
        ({}, "it is not better than the champion"),
        (WORSE, "it is not better than the champion; it does not beat the template"),
        (
            WORSE | {"faithfulness": 0.5},
            "it is less faithful than the champion; it is not better than the champion; it does not beat the template",
        ),
    ],
    ids=["less faithful", "the same", "worse", "worse in all"],
)
def test_one_that_fails_a_test_is_refused_with_each_reason(challenger: dict[str, float], reasons: str) -> None:
    judgement = judged(**challenger)
    assert not judgement.passes
    assert judgement.reason == reasons


def test_one_that_beats_a_bad_champion_but_not_the_template_is_refused() -> None:
    bad = CHAMPIONS | {"parent_f": 0.2}
    found = judge_challenger(report(challenger=bad | WORSE, champion=bad, template=TEMPLATES), STANDARDS)
    assert (found.passes, found.reason) == (False, "it does not beat the template")


@pytest.mark.parametrize(("faithfulness", "passes"), [(0.94, True), (0.9301, True), (0.9299, False)])
def test_a_little_less_faithfulness_within_the_margin_counts_as_not_worse(faithfulness: float, passes: bool) -> None:
    assert judged(faithfulness=faithfulness, parent_f=0.6).passes is passes


def test_without_a_margin_the_same_faithfulness_still_passes() -> None:
    assert judged(replace(STANDARDS, margin=0.0), parent_f=0.6).passes


def test_a_gain_that_chance_may_explain_is_not_enough() -> None:
    found = report(challenger=CHAMPIONS, champion=CHAMPIONS, template=TEMPLATES)
    rows = found["contestants"][CHALLENGER]["rows"]
    for at, scores in enumerate(rows.values()):
        scores["parent_f"] += 0.3 if at % 2 else -0.29
    judgement = judge_challenger(found, STANDARDS)
    assert judgement.tests[1].challenger > judgement.tests[1].other
    assert judgement.reason == "it is not better than the champion"


def test_without_a_champion_the_template_is_to_be_beaten() -> None:
    passed = judge_challenger(report(challenger=CHAMPIONS, template=TEMPLATES), STANDARDS)
    assert (passed.passes, passed.reason) == (True, "it is better than the template")
    assert not judge_challenger(report(challenger=CHAMPIONS | WORSE, template=TEMPLATES), STANDARDS).passes


def test_too_few_products_decide_nothing() -> None:
    judgement = judged(products=19, **BETTER)
    assert not judgement.passes
    assert judgement.reason == "19 held-out products are too few to decide: at least 20 are needed"
    assert judgement.tests == ()
    assert judged(products=20, **BETTER).passes


@pytest.mark.parametrize("gap", ["missing", None], ids=["no row", "no number"])
def test_only_products_that_all_have_numbers_for_count(gap: str | None) -> None:
    found = report(challenger=CHAMPIONS | BETTER, champion=CHAMPIONS, template=TEMPLATES)
    for at, name in enumerate((CHALLENGER, CHAMPION, TEMPLATE)):
        rows = found["contestants"][name]["rows"]
        if gap:
            del rows[f"sku-{at}"]
        else:
            rows[f"sku-{at}"]["parent_f"] = None
    judgement = judge_challenger(found, STANDARDS)
    assert (judgement.products, judgement.passes) == (37, True)


def test_another_score_can_be_the_target() -> None:
    scores = {"bleu": 0.4, "faithfulness": 0.95}
    rows = report(challenger=scores | {"bleu": 0.5}, champion=scores, template=scores | {"bleu": 0.2})
    judgement = judge_challenger(rows, replace(STANDARDS, target="bleu"))
    assert judgement.passes
    assert {test.metric for test in judgement.tests} == {"faithfulness", "bleu"}


@given(st.floats(0, 1), st.floats(0, 1))
def test_numbers_and_report_say_the_same(parent_f: float, faithfulness: float) -> None:
    judgement = judged(parent_f=parent_f, faithfulness=faithfulness)
    numbers, page = judgement.numbers(), judgement.report(STANDARDS)
    assert numbers["passes"] is judgement.passes is all(test["passes"] for test in numbers["tests"])
    assert page.startswith("**Passed**" if judgement.passes else "**Refused**")
    rows = [line for line in page.splitlines() if line.startswith(("| champion", "| template"))]
    for test, row in zip(numbers["tests"], rows, strict=True):
        assert row == (
            f"| {test['against']} | {test['metric']} | {test['challenger']:.3f} | {test['other']:.3f} "
            f"| {test['least_difference']:+.3f} | {test['threshold']:+.3f} "
            f"| {'passes' if test['passes'] else '**fails**'} |"
        )
        assert test["least_difference"] <= test["challenger"] - test["other"] + 1e-9


def test_the_standards_are_those_of_the_settings() -> None:
    config = Settings(gate_target="chrf", gate_confidence=0.9, gate_margin=0.01, gate_products=5)
    assert GateStandards.of(config) == GateStandards("chrf", 0.9, 0.01, 5)
