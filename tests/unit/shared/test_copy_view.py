"""What `shelftalk show` prints of one description."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from shared.cli.copy_view import SCORES, STYLES, marked, number, print_copy
from shared.scoring.definitions import DEFINITIONS

TEXT = "The Storm jacket is black, waterproof and made of silk. Best ever."


def span(words: str, kind: str, **values: Any) -> dict[str, Any]:
    start = TEXT.index(words)
    missing = {"attribute": None, "value": None, "reason": "", "source": None, "knowledge": None, "claim": None}
    return {"start": start, "end": start + len(words), "text": words, "kind": kind, **missing, **values}


SPANS = [
    span("Storm jacket", "exact", attribute="title", value="Storm jacket", source="title"),
    span("black", "synonym", attribute="color", value="noir", source="attribute"),
    span("waterproof", "exact", attribute="water", value="waterproof", source="knowledge", knowledge="gore-tex"),
    span("silk", "unsupported", reason="no fact says so", claim="material"),
]
HITS = [
    {
        "pack": "us",
        "rule": "superlatives",
        "severity": "review",
        "start": TEXT.index("Best ever"),
        "end": TEXT.index("Best ever") + 9,
        "text": "Best ever",
        "message": "prove it or leave it out",
    }
]
PLAN = {
    "facts": [],
    "lead": ["title", "color"],
    "groups": [["material", "lining"], ["weight"]],
    "close": ["warranty"],
    "left_out": [
        {"attribute": "pallet height", "reason": "logistics"},
        {"attribute": "carton", "reason": "logistics"},
        {"attribute": "EAN", "reason": "a code, not a feature"},
    ],
}
STEPS = [
    {
        "name": "candidates",
        "outcome": "1 statement without evidence",
        "texts": 4,
        "new_tokens": 90,
        "decode_ms": 1500.0,
    },
    {"name": "trimmed", "outcome": "published", "texts": 0, "new_tokens": 0, "decode_ms": 0.0},
]
COPY: dict[str, Any] = {
    "sku": "S1",
    "source": "erp",
    "profile": "product_page",
    "locale": "en",
    "status": "needs_review",
    "reasons": ["1 statement without evidence: 'silk'"],
    "text": TEXT,
    "html": "<p>The Storm jacket …</p>",
    "evidence": SPANS,
    "rule_hits": HITS,
    "plan": PLAN,
    "steps": STEPS,
    **{score.name: 0.5 for score in DEFINITIONS},
    "p_accept": None,
    "unsupported_spans": 1,
    "pii": False,
    "refusal": False,
}


def printed(copy: dict[str, Any], *, whole_plan: bool = False, html: bool = False, colors: bool = False) -> str:
    out = Console(file=io.StringIO(), width=160, force_terminal=colors, highlight=False)
    print_copy(out, copy, {"gore-tex": "gore-tex.com, 2026"}, whole_plan=whole_plan, html=html)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def line(page: str, beginning: str) -> str:
    """The first line of the page that begins with some words, its blanks made one."""
    return next(" ".join(each.split()) for each in page.splitlines() if each.strip().startswith(beginning))


def test_each_kind_of_match_has_a_style_of_its_own() -> None:
    assert len(set(STYLES.values())) == len(STYLES)
    shown = marked(TEXT, SPANS, HITS)

    styles = {shown.plain[each.start : each.end]: str(each.style) for each in shown.spans}
    assert styles == {
        "Storm jacket": "bold green",
        "black": "chartreuse4",
        "waterproof": "bold cyan",
        "silk": "bold red",
        "Best ever": "underline",
    }


def test_words_that_a_rule_hits_keep_the_style_of_their_evidence() -> None:
    hit = {**HITS[0], "start": 0, "end": TEXT.index(" jacket")}
    shown = marked(TEXT, SPANS, [hit])

    assert [(shown.plain[each.start : each.end], str(each.style)) for each in shown.spans][:3] == [
        ("The ", "underline"),
        ("Storm", "bold green underline"),
        (" jacket", "bold green"),
    ]


def test_without_colors_what_nothing_supports_stands_in_brackets() -> None:
    assert "made of ⟦silk⟧." in printed(COPY)
    assert "⟦…⟧ nothing supports it" in printed(COPY)
    assert "⟦" not in printed(COPY, colors=True)


def test_the_legend_explains_the_styles_that_occur() -> None:
    page = printed(COPY, colors=True)

    for name in ("exact", "synonym", "knowledge", "unsupported", "rule hit"):
        assert name in page
    assert "inflection" not in page


def test_each_span_names_what_supports_it() -> None:
    page = printed(COPY)

    assert line(page, "Storm jacket") == "Storm jacket exact title Storm jacket"
    assert line(page, "black") == "black synonym color noir"
    assert line(page, "waterproof") == "waterproof exact knowledge gore-tex (gore-tex.com, 2026) waterproof"
    assert line(page, "silk") == "silk unsupported nothing material: no fact says so"
    assert line(page, "review") == "review us.superlatives Best ever prove it or leave it out"


def test_scores_come_in_groups_and_never_as_the_composite_alone() -> None:
    page = printed(COPY)

    assert {name for group in SCORES.values() for name in group} == {score.name for score in DEFINITIONS} - {"parent_f"}
    assert line(page, "truth").startswith("truth attribute_coverage 0.50, attribute_recall 0.50")
    assert line(page, "in all") == "in all confidence 0.50, p_accept –, quality 0.50"


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (True, "yes"), (False, "no"), (3, "3"), (0.125, "0.12")])
def test_a_score_is_printed_as_people_read_it(value: Any, shown: str) -> None:
    assert number(value) == shown


def test_the_plan_counts_what_was_left_out_by_reason() -> None:
    page = printed(COPY)

    assert line(page, "leads") == "leads title, color"
    assert line(page, "then") == "then material, lining; weight"
    assert line(page, "closes") == "closes warranty"
    assert line(page, "left out") == "left out 3 (--plan names them): 2 logistics, 1 a code, not a feature"


def test_the_whole_plan_names_each_attribute_that_was_left_out() -> None:
    page = printed(COPY, whole_plan=True)

    assert "left out  pallet height: logistics" in page
    assert "left out  EAN: a code, not a feature" in page


def test_each_step_of_repair_has_its_cost_and_its_outcome() -> None:
    page = printed(COPY)

    assert line(page, "candidates") == "candidates 4 90 1,500 ms 1 statement without evidence"
    assert line(page, "trimmed") == "trimmed published"


def test_html_is_printed_only_when_asked_for() -> None:
    assert "<p>" not in printed(COPY)
    assert "<p>The Storm jacket …</p>" in printed(COPY, html=True)
    assert "no HTML: the profile asks for plain text" in printed({**COPY, "html": None}, html=True)


def test_a_description_of_an_older_version_is_shown_with_what_it_has() -> None:
    new = ("plan", "rule_hits", "steps", "html", "attribute_recall", "slot_error_rate", "compliance")
    kept = ("start", "end", "text", "attribute", "value", "kind", "reason")
    evidence = [{name: each[name] for name in kept} for each in SPANS]
    page = printed({**COPY, **dict.fromkeys(new), "evidence": evidence})

    assert "slot_error_rate –" in page
    assert line(page, "waterproof") == "waterproof exact water waterproof"
    assert line(page, "silk") == "silk unsupported nothing no fact says so"
    assert "leads" not in page and "candidates" not in page


def test_hostile_words_style_nothing_and_steer_no_terminal() -> None:
    hostile = "\x1b[31m[bold]\u202eevil[/bold]\x9b"
    evidence = [{**SPANS[0], "start": 0, "end": len(hostile), "text": hostile, "attribute": hostile, "value": hostile}]
    hits = [{**HITS[0], "text": hostile, "message": hostile, "start": 0, "end": 2}]
    plan = {**PLAN, "lead": [hostile], "left_out": [{"attribute": hostile, "reason": hostile}]}
    steps = [{**STEPS[0], "outcome": hostile}]
    copy = {**COPY, "text": hostile, "html": hostile, "reasons": [hostile], "evidence": evidence, "rule_hits": hits}
    page = printed({**copy, "plan": plan, "steps": steps}, whole_plan=True, html=True)

    assert not {"\x1b", "\u202e", "\x9b"} & set(page)
    assert page.count("[bold]evil[/bold]") >= 9
