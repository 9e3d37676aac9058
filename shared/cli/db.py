"""``shelftalk db``: the schema of the database."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(name="db", help="The schema of the database.", no_args_is_help=True)


@app.command()
def upgrade(
    revision: Annotated[str, typer.Argument(help="How far up.")] = "head",
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL for a database administrator instead.")] = False,
) -> None:
    """Bring the schema up to date. Safe to repeat, and to start on several machines at once."""
    from shared import db
    from shared.settings import settings

    if sql:
        db.print_upgrade(settings().database_dsn, revision)
        return
    db.upgrade(settings().database_dsn, revision)
    typer.echo(f"the database is at migration {db.current(db.engine())}")


@app.command()
def downgrade(revision: Annotated[str, typer.Argument(help="How far down; `base` removes everything.")]) -> None:
    """Take the schema back. Data of what is removed is lost."""
    from shared import db
    from shared.settings import settings

    db.downgrade(settings().database_dsn, revision)
    typer.echo(f"the database is at migration {db.current(db.engine()) or 'none'}")
