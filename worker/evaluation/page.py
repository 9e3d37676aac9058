"""The page of ``shelftalk eval models``: the table of metrics, and some products with the texts of all contestants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from shared.factcheck.evidence import Span
from shared.text import printable
from worker.drafting import Brief
from worker.evaluation.catalogue import Row
from worker.evaluation.display import best_of
from worker.evaluation.measuring import Measured
from worker.evaluation.metrics import METRICS, Metric, Part

IN_SHORT = ("bleu", "parent_f", "slot_error_rate", "coverage", "faithfulness", "quality")
"""The metrics that stand under each text."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; ``reason`` says why nothing supports it, and is empty where something does."""

    text: str
    reason: str = ""


def page(
    report: Mapping[str, Any],
    rows: Sequence[Row],
    briefs: Mapping[int, Brief],
    measured: Mapping[str, Mapping[int, Measured]],
    parts: Mapping[str, Mapping[int, Mapping[str, Part]]],
    samples: int,
) -> str:
    """One HTML page that needs nothing else. Products are taken from all parts of the file, ``samples`` at most."""
    names = list(report["contestants"])
    step = max(1, len(rows) // samples) if samples else len(rows)
    shown = rows[::step][:samples]
    return _template().render(
        report=report,
        names=names,
        metrics=[_metric_row(metric, report) for metric in METRICS],
        products=[
            {
                "row": row,
                "facts": [(fact.attribute, printable(fact.value)) for fact in briefs[row.line].facts],
                "texts": [_text(measured[name][row.line], parts[name][row.line]) for name in names],
            }
            for row in shown
        ],
    )


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("worker.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _metric_row(metric: Metric, report: Mapping[str, Any]) -> dict[str, Any]:
    found = [each["metrics"][metric.name] for each in report["contestants"].values()]
    best = best_of(metric, found)
    cells = [
        None
        if each is None
        else {bound: f"{each[bound]:.{metric.digits}f}" for bound in ("value", "low", "high")} | {"best": at in best}
        for at, each in enumerate(found)
    ]
    return {"metric": metric, "cells": cells}


def _text(found: Measured, parts: Mapping[str, Part]) -> dict[str, Any]:
    digits = {metric.name: metric.digits for metric in METRICS}
    scores = [(name, parts[name].value) for name in IN_SHORT]
    return {
        "pieces": pieces(found.text, found.spans),
        "scores": [(name, "–" if value is None else f"{value:.{digits[name]}f}") for name, value in scores],
        "reasons": "; ".join(map(printable, found.reasons)),
    }


def pieces(text: str, spans: Sequence[Span]) -> list[Piece]:
    """A text, divided into what nothing supports and the rest; put together again they are the printable text."""
    found: list[Piece] = []
    at = 0
    for span in (span for span in spans if span.kind == "unsupported"):
        found += [Piece(printable(text[at : span.start])), Piece(printable(span.text), span.reason or "no evidence")]
        at = span.end
    found.append(Piece(printable(text[at:])))
    return [piece for piece in found if piece.text]
