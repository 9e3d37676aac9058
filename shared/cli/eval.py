"""``shelftalk eval``: measures on labelled files. Needs neither Postgres nor Redis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli.eval_e2e import e2e

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from shared.evaluation.checker import Judged, Report
    from shared.evaluation.options import Options

app = typer.Typer(name="eval", help="Measure the copy and its checks on labelled files.", no_args_is_help=True)


@app.callback()
def _eval() -> None:
    """Measure the copy and its checks on labelled files."""


@app.command()
def checker(
    file: Annotated[Path, typer.Argument(help="Labelled texts as JSON Lines (.gz too); see docs/evaluation.md.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
    errors: Annotated[int, typer.Option(min=0, help="Show at most so many texts that the check got wrong.")] = 0,
) -> None:
    """Measure the fact check: precision and recall of "not supported". Exits 1 if rows had to be left out."""
    from shared.cli.terminal import console
    from shared.errors import ConfigurationError
    from shared.evaluation.checker import report

    judged, left_out = _judged(file, console(stderr=True))
    if not judged:
        raise ConfigurationError(f"{file}: holds no row that can be measured; docs/evaluation.md shows how one looks")
    found = report(judged)
    if as_json:
        typer.echo(json.dumps({**found.as_json(), "left_out": left_out}, ensure_ascii=False))
    else:
        _print(found, console())
    if errors:
        _print_errors(judged, errors, console(stderr=as_json))
    raise typer.Exit(int(left_out > 0))


def _judged(file: Path, out: Console) -> tuple[list[Judged], int]:
    """Every row that can be read with what the check says of it, and how many cannot; those are named."""
    from shared.errors import InvalidEvent
    from shared.evaluation.checker import judge, labelled_text
    from shared.evaluation.rows import read_rows

    judged: list[Judged] = []
    left_out = 0
    for number, row in read_rows(file):
        try:
            if isinstance(row, InvalidEvent):
                raise row
            judged.append(judge(number, labelled_text(row)))
        except InvalidEvent as error:
            left_out += 1
            out.print(f"{file}: line {number}: {error}", markup=False, soft_wrap=True)
    if left_out:
        out.print(f"{file}: left out {left_out} {'row' if left_out == 1 else 'rows'}", markup=False)
    return judged, left_out


def _print(found: Report, out: Console) -> None:
    from rich.table import Table

    from shared.cli.terminal import plain

    table = Table(title='The fact check: "not supported"', title_justify="left")
    table.add_column("kind")
    for name in ("rows", "wrong", "flagged", "precision", "recall", "F1", "falsely flagged"):
        table.add_column(name, justify="right")
    named = list(found.kinds.items())
    for name, each in named:
        rates = map(_percent, (each.precision, each.recall, each.f1, each.falsely_flagged))
        counts = map(str, (each.rows, each.positives, each.flagged))
        table.add_row(plain(name), *counts, *rates, end_section=name == named[-1][0])
    for name, each in (("core kinds", found.core), ("all", found.all)):
        rates = map(_percent, (each.precision, each.recall, each.f1, each.falsely_flagged))
        table.add_row(name, str(each.rows), str(each.positives), str(each.flagged), *rates, style="bold")
    out.print(table)
    out.print("core kinds: number, unit, color, material and boolean; falsely flagged: of the supported texts")


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"


def _print_errors(judged: Sequence[Judged], most: int, out: Console) -> None:
    """The first texts that the check got wrong, each with its line, what it should be, and what was flagged."""
    from shared.cli.terminal import plain

    wrong = [each for each in judged if not each.is_right]
    for each in wrong[:most]:
        flags = "; ".join(f"{span.text!r}: {span.reason}" for span in each.flags)
        verdict = f"flagged {flags}" if flags else "nothing flagged"
        out.print(f"line {each.line}, {plain(each.row.kind)}, {each.row.label}: {plain(each.row.text)}", soft_wrap=True)
        out.print(f"    [red]{plain(verdict)}[/red]", soft_wrap=True)
    if len(wrong) > most:
        out.print(f"… and {len(wrong) - most} more of {len(wrong)} that the check got wrong")


Products = Annotated[Path, typer.Argument(help="Products as JSON Lines (.gz too); see docs/evaluation.md.")]
ProfileName = Annotated[str, typer.Option(help="Write copy for this profile.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Measure so many products, by turns of each source.")]
Seed = Annotated[int, typer.Option(help="Draws the sample and the changes.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")]


@app.command()
def facts(
    file: Products,
    as_json: AsJson = False,
    profile: ProfileName = "product_page",
    limit: Limit = None,
    seed: Seed = 0,
    samples: Annotated[int, typer.Option(min=0, help="Show so many products with their texts.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Keep the texts here; a repeated run goes on from there.")] = None,
) -> None:
    """Score the champion, the untuned base and a trivial template side by side. Exits 1 if rows had to be left out."""
    from shared.evaluation.options import FactsOptions

    _measure(
        "facts",
        FactsOptions(file=file, as_json=as_json, profile=profile, limit=limit, seed=seed, samples=samples, out=out),
    )


@app.command()
def models(
    file: Annotated[Path, typer.Argument(help="Products or curated pairs, JSON Lines or CSV; see docs/evaluation.md.")],
    adapter: Annotated[
        list[str] | None, typer.Option(help="An adapter by name or folder, or as NAME=FOLDER; may be repeated.")
    ] = None,
    champion: Annotated[bool, typer.Option("--champion", help="Add the model that serves.")] = False,
    base: Annotated[bool, typer.Option("--base", help="Add the untuned base model.")] = False,
    template: Annotated[bool, typer.Option(help="Add the trivial template.")] = True,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only products that no training sees.")] = False,
    profile: Annotated[str, typer.Option(help="Write for this profile where a row names none.")] = "product_page",
    limit: Limit = None,
    seed: Seed = 0,
    candidates: Annotated[int | None, typer.Option(min=1, help="Texts per product, instead of the setting.")] = None,
    second_try: Annotated[bool | None, typer.Option(help="Ask again where it helps, instead of the setting.")] = None,
    samples: Annotated[int, typer.Option(min=0, help="So many products stand side by side in the report.")] = 20,
    report: Annotated[Path | None, typer.Option(help="Write the comparison as an HTML page.")] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the texts here; a repeated run goes on from there.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
) -> None:
    """Score adapters, champion, base and template side by side. Exits 1 if rows had to be left out."""
    from shared.evaluation.options import ModelsOptions

    options = ModelsOptions(
        file=file,
        adapters=tuple(adapter or ()),
        champion=champion,
        base=base,
        template=template,
        held_out=held_out,
        profile=profile,
        limit=limit,
        seed=seed,
        candidates=candidates,
        second_try=second_try,
        samples=samples,
        report=report,
        out=out,
        json_file=json_file,
    )
    _measure("models", options)


@app.command()
def metamorphic(
    file: Products,
    as_json: AsJson = False,
    profile: ProfileName = "product_page",
    limit: Limit = None,
    seed: Seed = 0,
    changes: Annotated[str, typer.Option(help="Which changes to make, with commas between.")] = "flip,drop,reword",
    examples: Annotated[int, typer.Option(min=0, help="Show at most so many products where more changed.")] = 0,
) -> None:
    """Change one attribute and see that only its words change. Exits 1 if rows had to be left out."""
    from typing import get_args

    from shared.errors import ConfigurationError
    from shared.evaluation.options import Change, MetamorphicOptions

    kinds = [each.strip() for each in changes.split(",")]
    if unknown := [each for each in kinds if each not in get_args(Change)]:
        known = ", ".join(get_args(Change))
        raise ConfigurationError(f"--changes: {unknown[0]!r} is no change; write some of {known}, with commas between")
    _measure(
        "metamorphic",
        MetamorphicOptions.model_validate(
            {
                "file": file,
                "as_json": as_json,
                "profile": profile,
                "limit": limit,
                "seed": seed,
                "changes": kinds,
                "examples": examples,
            }
        ),
    )


@app.command()
def injection(
    file: Annotated[Path, typer.Argument(help="Cases as JSON Lines, such as tests/data/injections.jsonl.")],
    as_json: AsJson = False,
    profile: ProfileName = "product_page",
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many cases; each goes into every field.")] = None,
    seed: Seed = 0,
) -> None:
    """Put orders into every field of a product, and see whether any is published. Exits 1 if one is."""
    from shared.evaluation.options import Options

    _measure("injection", Options(file=file, as_json=as_json, profile=profile, limit=limit, seed=seed))


app.command()(e2e)


def _measure(name: str, options: Options) -> None:
    """Become the process that loads the model, which nothing in this package may import."""
    import os

    from shared.stack.programs import python_module

    command = python_module("worker.evaluation", name, options.model_dump_json())
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
