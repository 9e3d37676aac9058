"""``shelftalk audit``: does the ledger add up?"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

GRACE_S = 60
STREAM_PAGE = 1_000


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Check that each event ended in exactly one outcome, or is still on its way. Exits 1 if anything is amiss."""
    found = examine()
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _print(found)
    raise typer.Exit(int(bool(found["amiss"])))


def examine() -> dict[str, Any]:
    """The ledger's counts, and everything that does not add up."""
    from datetime import timedelta

    from shared import db
    from shared.repository import reading

    with db.engine().connect() as connection:
        amiss = [
            {"what": what, "id": id_, "name": name}
            for what, id_, name in reading.audit(connection, timedelta(seconds=GRACE_S))
        ]
        outcomes = reading.outcome_counts(connection)
    amiss += [{"what": "a stream entry that was acknowledged but is not in the ledger", "name": e} for e in _lost()]
    return {"events": sum(outcomes.values()), "outcomes": outcomes, "amiss": amiss}


def _lost() -> list[str]:
    """Entries that are still in the stream, were acknowledged, and are unknown to Postgres."""
    from shared import db, redis_server
    from shared.repository import reading
    from shared.settings import settings

    config = settings()
    server = redis_server.redis()
    position, lost = "-", []
    delivered = redis_server.last_delivered(server, config.stream, config.stream_group)
    pending = redis_server.unacknowledged(server, config.stream, config.stream_group)
    with db.engine().connect() as connection:
        while page := redis_server.entry_ids(server, config.stream, position, delivered, STREAM_PAGE):
            missing = reading.entries_missing(connection, page)
            lost += [entry for entry in missing if entry not in pending]
            position = f"({page[-1]}"
    return lost


def _print(found: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from shared.cli.terminal import console

    out = console()
    table = Table(title=f"{found['events']} events", title_justify="left", show_header=False, box=None)
    for outcome, count in sorted(found["outcomes"].items()):
        table.add_row(outcome, str(count))
    out.print(table)
    for each in found["amiss"]:
        out.print(f"[red]amiss[/red] {each['what']}: {each.get('id', '')} {escape(each['name'])}")
    if not found["amiss"]:
        still_open = found["outcomes"].get("open", 0)
        on_the_way = f"; {still_open} still on their way" if still_open else ""
        out.print(f"[green]everything adds up[/green]{on_the_way}")
