"""Shows what the benchmark measured beside what others published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Published:
    """A system's scores on the 630 meanings of the test set, as its authors give them. ``parameters`` in millions."""

    system: str
    bleu: float
    nist: float | None = None
    rouge_l: float | None = None
    parameters: str = "–"
    trained: str = "–"


PUBLISHED = (
    Published("TGen, the challenge's baseline", 65.93, 8.61, 68.5),
    Published("Slug2Slug, its winner", 66.19, 8.61, 67.7),
    Published("GPT-2 medium, fully fine-tuned", 68.2, 8.62, 71.0, "355 M", "355 M"),
    Published("GPT-2 medium, prefix layers", 69.7, 8.81, 71.4, "355 M", "0.35 M"),
    Published("GPT-2 medium, LoRA", 70.4, 8.85, 71.8, "355 M", "0.35 M"),
    Published("GPT-2 large, LoRA", 70.4, 8.89, 72.0, "774 M", "0.77 M"),
)
"""Dušek et al. (2020), "Evaluating the state-of-the-art of end-to-end NLG", and Hu et al. (2021), "LoRA", table 3."""


def show(report: Mapping[str, Any], out: TextIO, *, as_json: bool) -> None:
    """Print a report of the benchmark, as tables or as one JSON object."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False), file=out)
        return
    console = Console(file=out, width=None if out.isatty() else 120)
    if report["note"]:
        console.print(report["note"], style="bold", markup=False)
    console.print(_table(report))
    console.print(_slot_table(report))
    training = report["training"]
    since = f" from {training['resumed_from']} on" if training["resumed_from"] else ""
    minutes = f"{training['seconds'] / 60:.0f} min{since}"
    console.print(
        f"learnt {report['pairs']:,} pairs in {training['steps']:,} steps and {minutes} "
        f"({training['precision']}) on {report['hardware']}; {report['beams']} beams, length penalty "
        f"{report['penalty']:g}; strict: BLEU in the LoRA paper's tokens",
        markup=False,
    )


def _table(report: Mapping[str, Any]) -> Table:
    table = Table(title="E2E, test set", title_justify="left")
    table.add_column("system")
    for name in ("size", "trained", "BLEU", "strict", "NIST", "ROUGE-L"):
        table.add_column(name, justify="right")
    for each in PUBLISHED:
        table.add_row(
            each.system, each.parameters, each.trained, f"{each.bleu:g}", "–", _number(each.nist), _number(each.rouge_l)
        )
    table.add_section()
    size = report["parameters"]
    sizes = (_millions(size["model"]), _millions(size["trained"] or size["model"]))
    label = f"{report['base']}{' (PARTIAL)' if report['partial'] else ''}"
    for name, key in ((label, "scores"), ("  its first beam", "first_beam")):
        measured = report[key]
        values = (f"{measured[each]:.2f}" for each in ("bleu", "bleu_tokenised", "nist", "rouge_l"))
        table.add_row(name, *sizes, *values, style="bold" if key == "scores" else None)
    return table


def _slot_table(report: Mapping[str, Any]) -> Table:
    table = Table(title="Slot errors, cleaned test set", title_justify="left")
    table.add_column("texts")
    for name in ("rate", "missing", "added", "wrong", "slots"):
        table.add_column(name, justify="right")
    rows = (
        (report["base"], "slots"),
        ("  its first beam", "slots_first_beam"),
        ("the references themselves", "slots_of_references"),
    )
    for name, key in rows:
        errors = report[key]
        counts = (f"{errors[each]:,}" for each in ("missing", "added", "wrong", "slots"))
        table.add_row(name, f"{errors['rate']:.2%}", *counts)
    return table


def _millions(count: int) -> str:
    return f"{count / 1e6:.0f} M" if count >= 1e7 else f"{count / 1e6:.2f} M"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
