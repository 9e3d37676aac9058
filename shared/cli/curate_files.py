"""``shelftalk curate export`` and ``import``: copy for review as a file, and the decisions that come back in one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from shared.cli.curate_decide import Editor, editor_of

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

    from shared.curation.selection import Waiting

EVERYTHING = 100_000


class Format(StrEnum):
    """What an exported file is made for."""

    own = "own"
    label_studio = "label-studio"


class Status(StrEnum):
    """The statuses of copy that can be asked for."""

    published = "published"
    needs_review = "needs_review"
    rejected = "rejected"


def export(
    file: Annotated[Path, typer.Argument(help="A file that ends in .csv, .jsonl, or for Label Studio in .json.")],
    format_: Annotated[Format, typer.Option("--format", help="Whom it is for.")] = Format.own,
    count: Annotated[int, typer.Option(min=1, max=EVERYTHING, help="Export at most so many.")] = 500,
    status: Annotated[
        Status | None, typer.Option(help="All undecided copy of this status, instead of what is most wanted.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="The copy of one profile only.")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin a CSV with a byte-order mark, for Excel.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
) -> None:
    """Export copy for review: what is most wanted first, or all of one status."""
    from shared import db
    from shared.cli.terminal import console, plain
    from shared.errors import ConfigurationError

    kinds = (".jsonl", ".json") if format_ is Format.label_studio else (".csv", ".jsonl")
    if file.suffix not in kinds:
        raise ConfigurationError(f"{file}: must end in {' or '.join(kinds)}, and be written as that")
    try:
        with (
            file.open("w" if force else "x", encoding="utf-8-sig" if bom else "utf-8", newline="") as out,
            db.engine().connect() as connection,
        ):
            waiting = wanted(connection, count, profile, status)
            written = _write(out, file.suffix, format_, waiting, connection)
    except FileExistsError:
        raise ConfigurationError(f"{file}: is there already; name another file, or add --force") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from None
    console().print(f"{written} {'description' if written == 1 else 'descriptions'} in {plain(file)}", soft_wrap=True)


def wanted(connection: Connection, count: int, profile: str | None, status: Status | None = None) -> list[Waiting]:
    """At most ``count`` undecided texts: what is most wanted first, or all of one status in a random order."""
    from random import Random

    from shared.curation.reviews import next_for_review
    from shared.curation.selection import select_for_review
    from shared.repository import curation
    from shared.settings import settings

    if status is None and profile is None:
        return next_for_review(connection, count)
    share = settings().review_random_share if status is None else 1
    doubtful = curation.doubtful(connection, EVERYTHING, share) if status is None else []
    sampled = curation.sampled(connection, EVERYTHING, share)
    doubtful, sampled = (
        [each for each in found if profile in (None, each.profile) and status in (None, each.status)]
        for found in (doubtful, sampled)
    )
    return select_for_review(doubtful, sampled, count, share, Random())


def _write(out: TextIO, suffix: str, format_: Format, waiting: list[Waiting], connection: Connection) -> int:
    from shared.curation.exchange_files import write_csv, write_jsonl
    from shared.curation.label_studio import write_tasks

    if format_ is Format.label_studio:
        return write_tasks(out, _with_models(connection, waiting), as_lines=suffix == ".jsonl")
    return write_csv(out, waiting) if suffix == ".csv" else write_jsonl(out, waiting)


def _with_models(connection: Connection, waiting: list[Waiting]) -> Iterator[tuple[Waiting, str]]:
    """Each copy with the name of the model that wrote it."""
    from shared.repository import reading

    for copy in waiting:
        rows = reading.copy_of(connection, copy.sku, copy.source)
        written = next((row for row in rows if row["description_id"] == copy.description_id), None)
        yield copy, str(written["adapter"] or written["base_model"]) if written else ""


def import_(
    file: Annotated[Path, typer.Argument(help="Decisions as CSV, JSON Lines, or Label Studio's JSON; or pairs.")],
    pairs: Annotated[
        bool, typer.Option("--pairs", help="The file holds human copy: products with descriptions.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Pairs: leave out sentences that fail, where the rest can stand.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Pairs: take them in whatever is found.")] = False,
    editor: Editor = None,
) -> None:
    """Bring in decisions, or with --pairs existing human copy. Exits 1 if rows had to be left out."""
    from shared.cli.curate_pairs import import_pair_file
    from shared.cli.terminal import console
    from shared.errors import ConfigurationError

    out = console()
    if pairs:
        report = import_pair_file(file, editor, repair=repair, force=force, dry_run=dry_run, out=out)
        left_out = report.counts["refused"] + report.counts["unreadable"]
    elif repair or force:
        raise ConfigurationError(
            "--repair and --force are for --pairs: a decision that is refused is mended in its row"
        )
    else:
        left_out = _import_decisions(file, editor, dry_run=dry_run, out=out)
    if dry_run:
        out.print("nothing was stored: this was a dry run")
    raise typer.Exit(int(left_out > 0))


def _import_decisions(file: Path, editor: str | None, *, dry_run: bool, out: Console) -> int:
    """Take in the decisions of a file, and name each row that is left out; returns how many."""
    from shared import db
    from shared.cli.terminal import plain, progress
    from shared.curation.decisions import Intake
    from shared.curation.exchange_files import read_rows

    def tell(place: int, sku: str, what: str) -> None:
        row = f"{'object' if file.suffix == '.json' else 'line'} {place}"
        out.print(": ".join(map(plain, filter(None, (file, row, sku, what)))), soft_wrap=True)

    total = sum(1 for _ in read_rows(file))
    intake = Intake(editor_of(editor), overrules=editor is not None, tell=tell)
    with progress("importing") as bar, db.engine().connect() as connection:
        intake.take_all(connection, read_rows(file), dry_run=dry_run, progress=lambda done: bar(done, total))
    counted = ", ".join(f"{count} {outcome}" for outcome, count in intake.counts.most_common())
    out.print(f"{total} rows: {counted or 'none'}")
    return intake.left_out
