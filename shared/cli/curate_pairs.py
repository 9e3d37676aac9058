"""``shelftalk curate pairs`` and ``curate import --pairs``: the curated pairs, from which models learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli.curate_decide import Editor, editor_of

if TYPE_CHECKING:
    from rich.console import Console

    from shared.curation.firewall import Firewall
    from shared.curation.intake import ImportReport
    from shared.repository.pairs import StoredPair

SHOWN_PROBLEMS = 50


def pairs(
    refused: Annotated[
        bool, typer.Option("--refused", help="Show those that were refused, with the findings.")
    ] = False,
    force: Annotated[
        list[int] | None, typer.Option(metavar="ID", help="Let this refused pair train all the same. May be repeated.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Show so many, the newest first.")] = 20,
    editor: Editor = None,
) -> None:
    """List the curated pairs. Decisions that are no pairs yet pass the firewall first."""
    from collections import Counter

    from shared import db
    from shared.cli.terminal import console
    from shared.curation.intake import collect_reviews, force_pair
    from shared.repository import pairs as repository

    out = console()
    with db.engine().connect() as connection:
        collected = collect_reviews(connection, _firewall())
        for pair_id in force or ():
            force_pair(connection, pair_id, editor_of(editor))
        connection.commit()
        counts = Counter(repository.statuses(connection).values())
        standing = repository.standing(connection)
        listed = repository.refused(connection, count) if refused else standing[: -count - 1 : -1]
    if collected.counts:
        out.print(f"from decisions: {_counted(collected)}")
    _print_pairs(out, listed)
    train = sum(pair.split == "train" for pair in standing)
    held_out = len(standing) - train
    out.print(f"{train} pairs to train on, {held_out} held out, {counts['refused']} refused")
    if refused and listed:
        out.print(f"`shelftalk curate pairs --force {listed[0].id}` lets one train all the same")


def _print_pairs(out: Console, listed: list[StoredPair]) -> None:
    from rich.table import Table

    from shared.cli.terminal import plain

    table = Table("id", "sku", "profile", "status", "split", "by", "text, and what was found", box=None)
    for each in listed:
        named = (each.id, each.pair.product.sku, each.pair.profile, each.status, each.split, each.pair.editor or "")
        found = "".join(f"\n[red]{plain(finding)}[/red]" for finding in each.findings)
        table.add_row(*map(plain, named), plain(_shortened(each.pair.text)) + found)
    if listed:
        out.print(table)


def _shortened(text: str, most: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def import_pair_file(
    file: Path, editor: str | None, *, repair: bool, force: bool, dry_run: bool, out: Console
) -> ImportReport:
    """Bring the human copy of a file in as curated pairs, and say what became of each row that does not pass."""
    from shared import db
    from shared.cli.terminal import plain
    from shared.curation.intake import import_pairs
    from shared.curation.pairs import read_pairs

    with db.engine().connect() as connection:
        report = import_pairs(
            connection, read_pairs(file), _firewall(), repair=repair, force=force, editor=editor_of(editor)
        )
        if not dry_run:
            connection.commit()
    for problem in report.problems[:SHOWN_PROBLEMS]:
        sku = f" {plain(problem.sku)}" if problem.sku else ""
        found = plain("; ".join(problem.findings))
        out.print(f"line {problem.row}:{sku} {problem.outcome}: {found}", soft_wrap=True)
    if (left := len(report.problems) - SHOWN_PROBLEMS) > 0:
        seen = "" if dry_run else "; `shelftalk curate pairs --refused` shows them"
        out.print(f"… and {left} more{seen}")
    out.print(f"{report.rows} rows: {_counted(report)}")
    return report


def _counted(report: ImportReport) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in report.counts.most_common()) or "none"


def _firewall() -> Firewall:
    """The checks under the policy in force, on this day."""
    from shared import db
    from shared.curation.firewall import Firewall
    from shared.policy import PolicyWatch
    from shared.settings import settings

    policies = PolicyWatch(db.engine(), settings().time_zone)
    return Firewall(policies.current(), policies.today())
