"""What the scores mean stands in one place, and nowhere else differently."""

from __future__ import annotations

from dataclasses import fields

from shared.scoring.quality import DEFINITIONS, WEIGHTS, Scores
from shared.settings import ROOT

NAMES = [definition.name for definition in DEFINITIONS]


def test_each_score_is_defined_once_in_the_order_of_its_field() -> None:
    assert [field.name for field in fields(Scores)] == NAMES


def test_each_definition_says_formula_source_range_and_best() -> None:
    assert all(score.range and score.best and score.formula and score.source for score in DEFINITIONS)
    assert all(score.version >= 1 for score in DEFINITIONS)


def test_the_formula_of_the_composite_shows_all_its_weights() -> None:
    formula = next(score.formula for score in DEFINITIONS if score.name == "quality")
    assert all(f"{weight:.2f} " in formula and name in formula for name, weight in WEIGHTS.items())


def test_the_documentation_explains_each_score() -> None:
    page = (ROOT / "docs" / "scores.md").read_text()
    section = page.partition("## Scores\n")[2].partition("\n## ")[0]
    assert [name for name in NAMES if f"| `{name}` |" not in section] == []
