"""``shelftalk curate``: what waits for a curator, decisions on it, and the files in which both travel."""

from __future__ import annotations

import typer

from shared.cli import curate_decide, curate_files, curate_next, curate_pairs

app = typer.Typer(name="curate", help="Approve, edit and reject copy; curated pairs.", no_args_is_help=True)

app.command("next")(curate_next.next_)
app.command()(curate_decide.approve)
app.command()(curate_decide.edit)
app.command()(curate_decide.reject)
app.command("export")(curate_files.export)
app.command("import")(curate_files.import_)
app.command("pairs")(curate_pairs.pairs)


@app.command()
def stats() -> None:
    """Show what was decided by editor, day and profile, what waits, and how much of all copy is accepted."""
    from rich.table import Table

    from shared import db
    from shared.cli.terminal import console, plain
    from shared.curation import reviews

    with db.engine().connect() as connection:
        found = reviews.stats(connection)
    out = console()
    if found.groups:
        table = Table("day", "editor", "profile", box=None)
        for name in ("approved", "edited", "rejected", "accepted as is", "median seconds"):
            table.add_column(name, justify="right")
        for each in found.groups:
            counts = map(str, (each.approved, each.edited, each.rejected))
            spent = "–" if each.median_seconds is None else f"{each.median_seconds:.0f}"
            named = (str(each.day), plain(each.editor), plain(each.profile))
            table.add_row(*named, *counts, f"{each.acceptance:.0%}", spent)
        out.print(table)
    else:
        out.print("nothing has been decided yet")
    out.print(f"{found.waiting} wait for review")
    sample = found.sample
    if sample.share is None:
        out.print("accepted of all copy: not known, since nothing of the random sample has been decided")
    else:
        out.print(
            f"accepted of all copy: {sample.share:.0%}, between {sample.low:.0%} and {sample.high:.0%} with 95%"
            f" confidence, by the random sample ({sample.decisions} decided)"
        )
