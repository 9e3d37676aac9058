"""``shelftalk knowledge``: approved facts beyond the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="knowledge", help="Approved facts beyond the catalogue.", no_args_is_help=True)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="Entries as TOML or CSV.")],
    approved_by: Annotated[str | None, typer.Option(help="Who approved the entries that name nobody.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
) -> None:
    """Import a file: all of it, or nothing where a line is wrong. The same file again changes nothing."""
    from shared import db
    from shared.cli.terminal import console, plain
    from shared.content.knowledge import read_entries
    from shared.policy import renew
    from shared.repository import knowledge

    entries = read_entries(file, approved_by)
    with db.engine().connect() as connection:
        imported = knowledge.store(connection, entries)
        if not dry_run:
            renew(connection)
            connection.commit()
    out = console()
    for verb, keys in (("added", imported.added), ("changed", imported.changed), ("unchanged", imported.unchanged)):
        out.print(f"{len(keys)} {verb}" + (f": {plain(', '.join(keys))}" if keys and verb != "unchanged" else ""))
    if dry_run:
        out.print("nothing was stored: this was a dry run")


@app.command(name="list")
def list_(
    retired: Annotated[bool, typer.Option("--retired", help="Show those that ended, too.")] = False,
) -> None:
    """List the entries that hold."""
    from rich.table import Table

    from shared import db
    from shared.cli.terminal import console, plain
    from shared.repository import knowledge

    with db.engine().connect() as connection:
        rows = knowledge.listing(connection, retired=retired)
    out = console()
    if not rows:
        out.print("There is no knowledge yet; import a file with `shelftalk knowledge import FILE`.")
        return
    table = Table("key", "holds for", "states", "source", "approved by", "since", "until")
    for row in rows:
        place = row["scope"] if row["scope_value"] is None else f"{row['scope']} {row['scope_value']}"
        condition = f", if {row['when_attribute']}: {row['when_value']}" if row["when_attribute"] else ""
        language = f" ({row['locale']})" if row["locale"] else ""
        until = f"{row['retired_at']:%Y-%m-%d}" if row["retired_at"] else ""
        cells = (row["key"], place + condition, f"{row['attribute']}: {row['value']}{language}", row["source"])
        table.add_row(*map(plain, cells), plain(row["approved_by"] or ""), f"{row['created_at']:%Y-%m-%d}", until)
    out.print(table)


@app.command()
def retire(key: Annotated[str, typer.Argument(help="The key of the entry, as `list` shows it.")]) -> None:
    """End an entry: no new copy states it, and copy that does is written anew."""
    from shared import db
    from shared.cli.terminal import console, plain
    from shared.errors import ConfigurationError
    from shared.policy import renew
    from shared.repository import knowledge

    with db.engine().begin() as connection:
        if not knowledge.retire(connection, key):
            raise ConfigurationError(f"no entry {key!r} holds; `shelftalk knowledge list` shows those that do")
        renew(connection)
    console().print(f"{plain(key)} is retired")
