"""``shelftalk policy``: check and activate profiles, rule packs and salience."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(
    name="policy", help="Profiles, rule packs and salience: check them, put them in force.", no_args_is_help=True
)


@app.command()
def check() -> None:
    """Check all files. Changes nothing; exits 1 and names file, line and field of what is wrong."""
    from shared.policy import read_policy
    from shared.settings import settings

    found = read_policy(settings())
    typer.echo(f"all is right: {len(found.profiles)} profiles, {len(found.packs)} rule packs")


@app.command()
def activate() -> None:
    """Put the files in force in every process at once. A broken file changes nothing.

    Copy that is no longer as it should be is written anew, on the bulk queue. See first what new rules would do:
    `shelftalk rules check`.
    """
    from shared import db
    from shared.policy import activate as put_in_force
    from shared.policy import read_policy
    from shared.settings import settings

    found = read_policy(settings())
    db.check(db.engine())
    with db.engine().begin() as connection:
        id_, is_new = put_in_force(connection, found)
    typer.echo(f"policy {id_} is in force" if is_new else f"policy {id_} is in force already: nothing has changed")


@app.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print all that it holds, as one JSON object.")] = False,
) -> None:
    """Show what is in force, and how far the back-fill has come."""
    from shared import db
    from shared.errors import ConfigurationError
    from shared.repository import backfills, policies

    with db.engine().connect() as connection:
        row = policies.newest(connection)
        if row is None:
            raise ConfigurationError("no policy is in force: run `shelftalk policy activate`")
        progress = backfills.progress(connection, row["id"])
    if as_json:
        typer.echo(json.dumps(row | {"backfill": progress}, default=str))
        return
    typer.echo(f"policy {row['id']}, digest {row['digest']}, since {row['activated_at']:%Y-%m-%d %H:%M:%S %Z}")
    typer.echo(f"profiles: {', '.join(row['profiles'])}")
    typer.echo(f"rule packs: {', '.join(row['packs'])}")
    typer.echo(f"back-fill: {progress}")
