"""The command ``shelftalk``.

Each command lives in a module of its own and imports what it needs when it runs, so that ``--help`` is instant.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from shared.cli import (
    audit,
    bench,
    curate,
    demo,
    doctor,
    drift,
    health,
    knowledge,
    models,
    policy,
    processes,
    profiles,
    publish,
    rules,
    salience,
    scores,
    show,
    stack,
    status,
    train,
)
from shared.cli import db as database
from shared.cli import eval as evaluation
from shared.errors import ShelftalkError

app = typer.Typer(
    name="shelftalk",
    help="Writes product descriptions for a catalogue and keeps them true as the catalogue changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

STACK, CATALOGUE, GOVERNING = "Run the whole stack", "Products and copy", "What governs the copy"
LEARNING, SERVICE, CARE = "The model, and what it learns from", "Single processes", "Look after it"

app.command(rich_help_panel=STACK)(stack.up)
app.command(rich_help_panel=STACK)(stack.down)
app.command(rich_help_panel=STACK)(stack.env)
app.command(rich_help_panel=STACK)(demo.demo)
app.command(rich_help_panel=CATALOGUE)(publish.publish)
app.command(rich_help_panel=CATALOGUE)(show.show)
app.add_typer(profiles.app, rich_help_panel=GOVERNING)
app.add_typer(rules.app, rich_help_panel=GOVERNING)
app.add_typer(knowledge.app, rich_help_panel=GOVERNING)
app.add_typer(salience.app, rich_help_panel=GOVERNING)
app.add_typer(policy.app, rich_help_panel=GOVERNING)
app.add_typer(scores.app, rich_help_panel=GOVERNING)
app.add_typer(curate.app, rich_help_panel=LEARNING)
app.command(rich_help_panel=LEARNING)(train.train)
app.add_typer(models.app, rich_help_panel=LEARNING)
app.command(rich_help_panel=LEARNING)(drift.drift)
app.add_typer(evaluation.app, rich_help_panel=LEARNING)
app.command(rich_help_panel=CARE)(status.status)
app.command(rich_help_panel=CARE)(audit.audit)
app.command(rich_help_panel=CARE)(doctor.doctor)
app.command(rich_help_panel=CARE)(health.health)
app.add_typer(bench.app, rich_help_panel=CARE)
app.add_typer(database.app, rich_help_panel=CARE)
app.command(rich_help_panel=SERVICE)(processes.ingest)
app.command(rich_help_panel=SERVICE)(processes.worker)
app.command(rich_help_panel=SERVICE)(processes.trainer)
app.command(rich_help_panel=SERVICE)(processes.beat)


def main() -> None:
    """The entry point: an error that Shelftalk foresees is one line on standard error and status 1."""
    try:
        app()
    except SystemExit:
        raise  # first, since the tuple below is made, with its imports, for whatever gets so far
    except ShelftalkError as error:
        _end(error)
    except _server_errors() as error:
        _end(_explained(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _end(error: Exception) -> NoReturn:
    sys.stderr.write(f"shelftalk: {error}\n")
    sys.exit(1)


def _server_errors() -> tuple[type[Exception], ...]:
    """What is raised when Postgres or Redis is away, or is not as it must be. Asked for only when something is."""
    from redis.exceptions import RedisError
    from sqlalchemy.exc import OperationalError, ProgrammingError

    return RedisError, OperationalError, ProgrammingError


def _explained(error: Exception) -> Exception:
    """The finding of the checks that every process makes at its start; the error itself when they find nothing."""
    from shared import db, redis_server

    try:
        db.check(db.engine())
        redis_server.check(redis_server.redis())
    except ShelftalkError as found:
        return found
    return error
