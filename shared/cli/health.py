"""``shelftalk health``: what container health checks call."""

from __future__ import annotations

import time
from typing import Annotated, Literal

import typer

MAX_AGE_S = 30

Name = Literal["ingest", "worker", "beat", "trainer"]


def health(name: Annotated[Name, typer.Argument(help="The process.")]) -> None:
    """Say whether a process of this machine lives, by the age of its heartbeat file; the exit status tells."""
    from shared.settings import settings

    file = settings().home / "run" / f"{name}.heartbeat"
    try:
        age = time.time() - file.stat().st_mtime
    except FileNotFoundError:
        typer.echo(f"{name}: no heartbeat in {file}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{name}: last heartbeat {age:.0f} s ago", err=age > MAX_AGE_S)
    raise typer.Exit(int(age > MAX_AGE_S))
