"""A description as people see it: which of its words rest on what, its scores, its plan, and how it came to be.

Everything that a catalogue, a model or a profile said is escaped: it styles nothing and steers no terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.cli.show import STATUS_STYLES
from shared.cli.terminal import plain
from shared.text import printable

STYLES = {
    "exact": "bold green",
    "normalised": "green",
    "converted": "bold chartreuse4",
    "synonym": "chartreuse4",
    "inflection": "italic green",
    "boolean": "italic chartreuse4",
    "knowledge": "bold cyan",
    "unsupported": "bold red",
    "rule hit": "underline",
}
SEVERITY_STYLES = {"block": "red", "review": "yellow", "note": "dim"}
SCORES = {
    "truth": (
        "attribute_coverage",
        "attribute_recall",
        "grounded_precision",
        "slot_error_rate",
        "numeric_fidelity",
        "unsupported_spans",
    ),
    "style": (
        "repetition",
        "near_duplicate",
        "source_copying",
        "readability",
        "keyword_recall",
        "keyword_density",
    ),
    "form": ("length_fit", "language_match", "compliance", "pii", "refusal"),
    "in all": ("confidence", "p_accept", "quality"),
}

Json = dict[str, Any]


def print_copy(out: Console, copy: Json, sources: Mapping[str, str], *, whole_plan: bool, html: bool) -> None:
    """Print one description. ``sources`` say where the approved knowledge comes from, by key."""
    style = STATUS_STYLES[copy["status"]]
    reasons = f": {plain('; '.join(copy['reasons']))}" if copy["reasons"] else ""
    named = f"[bold]{plain(copy['sku'])}[/bold] of {plain(copy['source'])}"
    out.print(f"\n{named}, profile {plain(copy['profile'])} ({plain(copy['locale'])})", soft_wrap=True)
    out.print(f"[{style}]{copy['status']}[/{style}]{reasons}\n", soft_wrap=True)
    hits = copy["rule_hits"] or []
    out.print(marked(copy["text"], copy["evidence"], hits, colored=_is_colored(out)), soft_wrap=True)
    if legend := _legend(copy["evidence"], hits, colored=_is_colored(out)):
        out.print("", legend, sep="\n")
    if html:
        out.print(f"\n{plain(copy['html'] or 'no HTML: the profile asks for plain text')}", soft_wrap=True)
    for part in (
        _evidence(copy["evidence"], sources),
        _hits(hits),
        _scores(copy),
        _plan(copy["plan"], whole=whole_plan),
        _steps(copy["steps"] or []),
    ):
        if part is not None:
            out.print()
            out.print(part)


def marked(text: str, evidence: Sequence[Json], hits: Sequence[Json] = (), *, colored: bool = True) -> Text:
    """The text with each span in the style of its match, and what rules hit underlined.

    Without colors, what nothing supports stands in double brackets.
    """
    styles = [(span["start"], span["end"], STYLES[_match(span)]) for span in evidence]
    styles += [(hit["start"], hit["end"], STYLES["rule hit"]) for hit in hits]
    edges = sorted({0, len(text), *(edge for start, end, _ in styles for edge in (start, end))})
    shown = Text()
    for start, end in pairwise(edges):
        style = " ".join(dict.fromkeys(style for first, last, style in styles if first <= start and end <= last))
        words = printable(text[start:end])
        shown.append(words if colored or STYLES["unsupported"] not in style else f"⟦{words}⟧", style)
    return shown


def _is_colored(out: Console) -> bool:
    return out.is_terminal and not out.no_color


def _match(span: Json) -> str:
    """What a span is shown as: its kind of match, but for approved knowledge."""
    if span["kind"] == "unsupported":
        return "unsupported"
    return "knowledge" if span.get("knowledge") else str(span["kind"])


def _legend(evidence: Sequence[Json], hits: Sequence[Json], *, colored: bool) -> Text:
    """What the colors of this text mean, or without colors the brackets; empty where there is nothing to explain."""
    found = {_match(span) for span in evidence} | ({"rule hit"} if hits else set())
    if not colored:
        return Text("⟦…⟧ nothing supports it" if "unsupported" in found else "")
    return Text("  ").join(Text(name, style) for name, style in STYLES.items() if name in found)


def table(title: str, *columns: str) -> Table:
    """A table in the manner of this page: without lines, its title before it."""
    return Table(*columns, box=None, title=title, title_justify="left", title_style="bold", header_style="dim")


def _evidence(evidence: Sequence[Json], sources: Mapping[str, str]) -> Table | None:
    if not evidence:
        return None
    shown = table("evidence", "words", "match", "supported by", "value, or what is wrong")
    for span in evidence:
        match = _match(span)
        claim = f"{span['claim']}: " if span.get("claim") not in (None, "other") else ""
        said = span["value"] if match != "unsupported" else f"{claim}{span['reason']}"
        words, kind = (Text(printable(each), STYLES[match]) for each in (span["text"], span["kind"]))
        shown.add_row(words, kind, plain(_support(span, sources)), plain(said or ""))
    return shown


def _support(span: Json, sources: Mapping[str, str]) -> str:
    if span["kind"] == "unsupported":
        return "nothing"
    key = span.get("knowledge")
    if not key:
        return str(span["attribute"])
    return f"knowledge {key} ({sources[key]})" if key in sources else f"{span['attribute']} of {key}"


def _hits(hits: Sequence[Json]) -> Table | None:
    if not hits:
        return None
    shown = table("rules", "severity", "rule", "words", "what it says")
    for hit in hits:
        style = SEVERITY_STYLES[hit["severity"]]
        cells = (hit["severity"], f"{hit['pack']}.{hit['rule']}", hit["text"], hit["message"])
        shown.add_row(*map(plain, cells), style=style)
    return shown


def _scores(copy: Json) -> Table:
    shown = table("scores", "", "")
    shown.show_header = False
    for group, names in SCORES.items():
        shown.add_row(f"[bold]{group}[/bold]", ", ".join(f"{name} {number(copy[name])}" for name in names))
    return shown


def number(value: Any) -> str:
    """A score as people read it; one that has no meaning here is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _plan(plan: Json | None, *, whole: bool) -> Table | None:
    if plan is None:
        return None
    shown = table("plan", "", "")
    shown.show_header = False
    groups = "; ".join(", ".join(group) for group in plan["groups"])
    rows = [("leads", ", ".join(plan["lead"])), ("then", groups), ("closes", ", ".join(plan["close"]))]
    for name, told in (*((name, told) for name, told in rows if told), *_left_out(plan["left_out"], whole=whole)):
        shown.add_row(name, plain(told))
    return shown


def _left_out(pairs: Sequence[Json], *, whole: bool) -> Iterator[tuple[str, str]]:
    if whole:
        yield from ((("left out", f"{each['attribute']}: {each['reason']}")) for each in pairs)
    elif pairs:
        counts = Counter(each["reason"] for each in pairs).most_common()
        yield "left out", f"{len(pairs)} (--plan names them): " + ", ".join(f"{count} {why}" for why, count in counts)


def _steps(steps: Sequence[Json]) -> Table | None:
    if not steps:
        return None
    shown = table("how it came to be", "step", "texts", "tokens", "in the model", "outcome")
    for step in steps:
        cost = (str(step["texts"] or ""), str(step["new_tokens"] or ""))
        took = f"{step['decode_ms']:,.0f} ms" if step["decode_ms"] else ""
        shown.add_row(step["name"], *cost, took, plain(step["outcome"]))
    return shown
