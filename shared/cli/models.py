"""``shelftalk models``: the language models: prepare, list, compare, promote, roll back."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from shared.stack.programs import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

app = typer.Typer(name="models", help="The language models: list, compare, promote, roll back.", no_args_is_help=True)

SWAP_S, POLL_S = 60.0, 0.5
"""How long workers may take to change their model, and how often they are looked at."""
SILENCE = timedelta(minutes=1)

Model = Annotated[str, typer.Argument(help="Its number or its adapter's name, an alias, or `base`.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")]


@app.command()
def prepare() -> None:
    """Prepare the default base model once; a second call returns at once."""
    command = python_module("training.base_model")
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """All models that were registered, with their aliases, how they were measured and how much they wrote."""
    from shared import db
    from shared.cli.models_view import models_table
    from shared.cli.terminal import console
    from shared.repository import registry

    with db.engine().connect() as connection:
        found = registry.models(connection)
    if as_json:
        typer.echo(json.dumps(found, default=str))
    elif not found:
        typer.echo("no model is registered yet: the first worker registers what it serves")
    else:
        console().print(models_table(found))


@app.command()
def compare(one: Model, other: Model, as_json: AsJson = False) -> None:
    """Two models side by side: how they were measured, and how their copy fared with checks and curators.

    `shelftalk eval models FILE --adapter ONE --adapter OTHER` has both write the same products.
    """
    from shared import db
    from shared.cli.models_view import comparison_table
    from shared.cli.terminal import console
    from shared.repository.model_records import record_of

    with db.engine().begin() as connection:
        found = [record_of(connection, model_id(connection, name)) for name in (one, other)]
    if as_json:
        typer.echo(json.dumps(found, default=str))
    else:
        console().print(comparison_table(found))


@app.command()
def add(folder: Annotated[str, typer.Argument(help="A finished adapter: the folder `adapter` of a run.")]) -> None:
    """Check an adapter, such as one from another machine, take it in and register it. It does not serve yet."""
    from pathlib import Path

    from shared import db

    with db.engine().begin() as connection:
        id_, name = _added(connection, Path(folder))
    typer.echo(f"model {id_} is {name}; `shelftalk models promote {id_}` makes it the champion")


@app.command()
def promote(model: Model, reason: Reason = "promoted by hand") -> None:
    """Make a model the champion. Every worker serves it within seconds, without a restart."""
    from shared import db
    from shared.repository import promotions
    from shared.repository.promotions import Decision

    with db.engine().begin() as connection:
        id_ = model_id(connection, model)
        promotions.promote(connection, id_, Decision(_person(), reason))
    typer.echo(f"model {id_} is the champion")


@app.command()
def rollback(
    recall: Annotated[
        bool, typer.Option("--recall", help="Withdraw what the bad model published, and write it anew.")
    ] = False,
    reason: Reason = "rolled back by hand",
) -> None:
    """Give the champion's place back to the model before it."""
    from shared import db
    from shared.repository import promotions
    from shared.repository.promotions import Decision

    with db.engine().begin() as connection:
        bad, good = promotions.roll_back(connection, Decision(_person(), reason))
    typer.echo(f"model {good} is the champion again, in place of {bad}")
    if recall:
        _recall(bad, reason)
    else:
        typer.echo(f"`shelftalk models recall {bad}` withdraws what it published, and has it written anew")


@app.command("recall")
def recall_model(model: Model, reason: Reason = "recalled by hand") -> None:
    """Withdraw the published copy of a model, and have it written anew. What a curator decided on stays."""
    from shared import db
    from shared.errors import ConfigurationError
    from shared.repository import promotions

    with db.engine().begin() as connection:
        id_ = model_id(connection, model)
        if promotions.holder(connection, "champion") == id_:
            raise ConfigurationError(
                f"model {id_} is the champion and would write the same again: `shelftalk models rollback --recall`, "
                "or promote another one first"
            )
    _recall(id_, reason)


@app.command()
def history(as_json: AsJson = False) -> None:
    """Every decision about which model serves, the newest first, with the gate's numbers."""
    from shared import db
    from shared.cli.models_view import history_table
    from shared.cli.terminal import console
    from shared.repository import promotions

    with db.engine().connect() as connection:
        found = promotions.decisions(connection)
    if as_json:
        typer.echo(json.dumps(found, default=str))
    else:
        console().print(history_table(found))


def model_id(connection: Connection, name: str) -> int:
    """The id of a model by its number, its adapter's name or an alias; ``base`` is the base model of the settings.

    Raises:
        ConfigurationError: when there is none.
    """
    from shared import checkpoints
    from shared.errors import ConfigurationError
    from shared.prompts import prompt_version
    from shared.repository import registry
    from shared.settings import settings

    if name == "base":
        base = checkpoints.resolve_base_model(settings())
        content = registry.ModelContent(base.name, base.digest, prompt_version(taught=False))
        return registry.register_model(connection, content)
    found = [
        row["id"] for row in registry.models(connection) if name in (str(row["id"]), row["adapter"], *row["aliases"])
    ]
    if not found:
        raise ConfigurationError(f"there is no model {name!r}: `shelftalk models list` shows all")
    return int(found[0])


def _added(connection: Connection, folder: Path) -> tuple[int, str]:
    """Take in an adapter that fits the base model of the settings. Returns its id and its name."""
    from shared import adapters, checkpoints
    from shared.repository import registry
    from shared.settings import settings

    base = checkpoints.resolve_base_model(settings())
    adapters.check_fit(adapters.read_adapter(folder), base)
    adapter = adapters.install_adapter(settings(), folder)
    content = registry.ModelContent(base.name, base.digest, adapter.prompt_version, adapter.name, adapter.digest)
    return registry.register_model(connection, content, metrics=dict(adapter.metrics)), adapter.name


def _recall(id_: int, reason: str) -> None:
    from shared import broker, db
    from shared.repository import recalls
    from shared.settings import settings

    _await_swap(id_)
    with db.engine().begin() as connection:
        count, nudges = recalls.recall_copy(connection, id_, actor=_person(), reason=reason)
    broker.nudge(broker.celery_app(settings().redis_dsn), nudges)
    typer.echo(f"withdrew {count} descriptions of model {id_}; {len(nudges)} are written anew on the bulk queue")


def _await_swap(id_: int) -> None:
    """Wait until no worker serves a model any more: it would write and publish what is recalled from it once more."""
    from shared import db
    from shared.repository import registry

    deadline = time.monotonic() + SWAP_S
    while True:
        with db.engine().connect() as connection:
            serving = [each for each in registry.living(connection, SILENCE) if each["model_version_id"] == id_]
        if not serving:
            return
        if time.monotonic() > deadline:
            typer.echo(
                f"{len(serving)} workers still serve model {id_}: once they have changed, recall what they wrote "
                f"meanwhile with `shelftalk models recall {id_}`",
                err=True,
            )
            return
        time.sleep(POLL_S)


def _person() -> str:
    """Who types."""
    import getpass

    return getpass.getuser()
