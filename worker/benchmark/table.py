"""The comparison as people read it: on a terminal, and as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.cli.terminal import plain
from shared.errors import ConfigurationError
from worker.benchmark.machine import sentence

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
COLUMNS = (
    "products",
    "descriptions/s",
    "new tokens/s",
    "CPU ms each",
    "ours is faster by",
    "of the roofline",
    "texts as generate()",
)


def show(found: Mapping[str, Any], out: Console) -> None:
    """Print the table, and what stands below it."""
    table = Table(title=plain(_title(found)), title_justify="left")
    table.add_column("contestant")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for each in found["contestants"]:
        if "descriptions_per_s" in each:
            table.add_row(plain(each["label"]), *_cells(each))
    out.print(table)
    for line in [*_absences(found), *_notes(found)]:
        out.print(line, markup=False, soft_wrap=True)


def markdown(found: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    rows = [["", *COLUMNS], ["---", *["---:"] * len(COLUMNS)]]
    rows += [[each["label"], *_cells(each)] for each in found["contestants"] if "descriptions_per_s" in each]
    lines = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows]
    notes = [f"- {line}" for line in [*_absences(found), *_notes(found)]]
    return "\n".join([f"{_title(found)}.", "", *lines, "", *notes]) + "\n"


def replace(file: Path, written: str) -> None:
    """Put the report between the two marks of a document.

    Raises:
        ConfigurationError: when the document does not hold them.
    """
    before, after = around(file)
    file.write_text(f"{before}{BEGIN}\n\n{written}\n{END}{after}")


def around(file: Path) -> tuple[str, str]:
    """What a document holds before and after the two marks; raises as ``replace`` does."""
    try:
        before, begin, rest = file.read_text().partition(BEGIN)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}; name a document with --docs") from None
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigurationError(f"{file}: does not hold the lines {BEGIN} and {END}; write both where the report goes")
    return before, after


def _title(found: Mapping[str, Any]) -> str:
    return (
        f"{found['products']} products of {found['file']}, at most {found['new_tokens']} new tokens each, greedy; "
        f"model {found['model']}; median of {found['repeats']} interleaved runs"
    )


def _cells(each: Mapping[str, Any]) -> list[str]:
    share, same, ratio = each["roofline_share"], each["same_text"], each["ratio"]
    return [
        str(each["products"]),
        f"{each['descriptions_per_s']:.2f}",
        f"{each['tokens_per_s']:.0f}",
        f"{each['cpu_ms']:.0f}",
        "–" if ratio is None else f"{ratio:.2f}",
        "–" if share is None else f"{share:.1%}",
        "–" if same is None else f"{same:.0%}",
    ]


def _absences(found: Mapping[str, Any]) -> list[str]:
    """Who did not take part, and why: the last line that it gave."""
    return [
        f"{each['label']}: {kind}, {each[kind].splitlines()[-1]}"
        for each in found["contestants"]
        for kind in ("skipped", "failed")
        if kind in each
    ]


def _notes(found: Mapping[str, Any]) -> list[str]:
    notes = [f"Machine: {sentence(found['machine'])}."]
    if limit := found["roofline"]:
        rates = limit["rates"]
        notes.append(
            f"Roofline: {rates['flops'] / 1e9:,.0f} GFLOPS ({rates['flops_by']}) and {rates['bytes'] / 1e9:,.0f} GB/s "
            f"({rates['bytes_by']}) allow {limit['descriptions_per_s']:.1f} descriptions/s: the larger of "
            f"{limit['compute_seconds']:.2f} s of arithmetic and {limit['memory_seconds']:.2f} s of memory traffic "
            f"with {limit['rows']} rows in a step, for {limit['prompt_tokens']:,} prompt tokens, of which each product "
            f"shares {limit['shared_tokens']}, and {limit['new_tokens']:,} new ones."
        )
    if same := found["equality"]:
        notes.append(_equality(same))
    return notes


def _equality(same: Mapping[str, Any]) -> str:
    """How far the engine's texts are those of plain greedy decoding, and what parts the others."""
    parted = same["differences"]
    told = f"{same['equal']} of {same['products']} texts of the engine are those of plain generate(), both in float32"
    if not parted:
        return f"{told}."
    gaps = ", ".join(f"{each['gap']:.1e} at token {each['place']} of {each['sku']}" for each in parted[:10])
    return f"{told}; {same['ties']} of the other {len(parted)} part at a tie (difference of the two logits: {gaps})."
