"""The measurements as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from shared.cli.terminal import plain
from shared.factcheck.evidence import Span
from shared.scoring.quality import DEFINITIONS
from shared.text import printable
from worker.drafting import Brief
from worker.evaluation.measuring import Measured
from worker.evaluation.metrics import METRICS, Metric

BEST_MARK = "*"
UNSUPPORTED_MARKS = ("⟦", "⟧")

# Which way is better. A score without a best value, such as the density of keywords, is not here.
_HIGH, _LOW = ("1",), ("0", "no", "lower is easier")
_IN_SHORT = (
    "quality",
    "attribute_coverage",
    "slot_error_rate",
    "numeric_fidelity",
    "unsupported_spans",
    "parent_f",
    "bleu",
    "published",
)


def print_metrics(report: Mapping[str, Any], out: Console) -> None:
    """All metrics of the contestants side by side with their 95% confidence intervals; the best are marked."""
    contestants = report["contestants"]
    title = f"{report['rows']} products of {report['file']}, with 95% confidence intervals; {BEST_MARK} marks the best"
    table = Table(title=plain(title), title_justify="left")
    table.add_column("metric", no_wrap=True)
    for name in contestants:
        table.add_column(plain(name), justify="right")
    for metric in METRICS:
        found = [each["metrics"][metric.name] for each in contestants.values()]
        best = best_of(metric, found)
        cells = [f"{estimate_text(metric, each)}{BEST_MARK if at in best else ' '}" for at, each in enumerate(found)]
        table.add_row(metric.name, *cells)
    out.print(table)


def estimate_text(metric: Metric, found: Mapping[str, float] | None) -> str:
    """A value with its interval, as ``0.812 (0.780–0.840)``."""
    if found is None:
        return "–"
    value, low, high = (f"{found[bound]:.{metric.digits}f}" for bound in ("value", "low", "high"))
    return f"{value} ({low}–{high})"


def best_of(metric: Metric, found: Sequence[Mapping[str, float] | None]) -> set[int]:
    """The places of the best values of a metric as they are printed; none where all are alike, or none is better."""
    shown = {at: round(each["value"], metric.digits) for at, each in enumerate(found) if each is not None}
    if not metric.best or len(set(shown.values())) < 2:
        return set()
    best = max(shown.values(), key=lambda value: metric.best * value)
    return {at for at, value in shown.items() if value == best}


def _directions() -> dict[str, int]:
    """1 for what is best when high, -1 for what is best when low."""
    known = {each.name: int(each.best in _HIGH) - int(each.best in _LOW) for each in DEFINITIONS}
    return known | {"bleu": 1, "published": 1}


def print_facts(report: Mapping[str, Any], out: Console) -> None:
    """All scores of the contestants side by side, then the chief ones for each source; the best are marked."""
    names = list(report)
    rows = report[names[0]]["rows"]
    table = Table(title=f"Means over {rows} products; {BEST_MARK} marks the best", title_justify="left")
    table.add_column("score")
    for name in names:
        table.add_column(name, justify="right")
    for score in (*(each.name for each in DEFINITIONS), "bleu", "published"):
        table.add_row(score, *_cells(score, [report[name][score] for name in names]))
    out.print(table)
    _print_sources(report, out)
    for name in names:
        if note := report[name].get("note"):
            out.print(note, markup=False)


def _print_sources(report: Mapping[str, Any], out: Console) -> None:
    names = list(report)
    table = Table(title="By source", title_justify="left")
    table.add_column("source", no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("text of", no_wrap=True)
    for score in _IN_SHORT:
        longest_word = max(map(len, score.split("_")))
        table.add_column(score.replace("_", " "), justify="right", min_width=longest_word)
    for source, first in report[names[0]]["sources"].items():
        columns = [_cells(score, [report[name]["sources"][source][score] for name in names]) for score in _IN_SHORT]
        for at, name in enumerate(names):
            named = (plain(source), str(first["rows"])) if at == 0 else ("", "")
            table.add_row(*named, name, *(column[at] for column in columns), end_section=at == len(names) - 1)
    out.print(table)


def _cells(score: str, values: Sequence[float | None]) -> list[str]:
    """The values of one score, with a mark at the best where they differ as they are printed."""
    digits = 1 if score in ("bleu", "readability") else 3
    shown = ["–" if value is None else f"{value:.{digits}f}" for value in values]
    direction = _directions()[score]
    known = [direction * value for value in values if value is not None]
    if not direction or len(set(shown)) == 1 or not known:
        return [f"{cell} " for cell in shown]
    best = f"{direction * max(known):.{digits}f}"
    return [f"[bold]{cell}{BEST_MARK}[/bold]" if cell == best else f"{cell} " for cell in shown]


def print_samples(
    texts: Mapping[str, Sequence[Measured]], briefs: Mapping[int, Brief], count: int, out: Console
) -> None:
    """Some products, of all parts of the file, with the text of each contestant; what nothing supports is marked."""
    first = next(iter(texts.values()))
    step = max(1, len(first) // count)
    for at in range(0, len(first), step)[:count]:
        row = first[at].row
        facts = "; ".join(f"{fact.attribute}: {fact.value}" for fact in briefs[row.line].facts)
        table = Table(title=f"line {row.line}, {plain(row.source)}: {plain(facts)}", title_justify="left")
        for name in texts:
            table.add_column(name, ratio=1)
        table.add_row(*(marked(found[at].text, found[at].spans) for found in texts.values()))
        out.print(table)
    out.print(f"Nothing supports what stands in {''.join(UNSUPPORTED_MARKS)}.", markup=False)


def marked(text: str, spans: Sequence[Span]) -> Styled:
    """A text in which what nothing supports stands in marks, and is red where there are colors."""
    shown = Styled()
    at = 0
    for span in (span for span in spans if span.kind == "unsupported"):
        shown.append(printable(text[at : span.start]))
        shown.append(printable(span.text).join(UNSUPPORTED_MARKS), "bold red")
        at = span.end
    return shown.append(printable(text[at:]))
