"""``shelftalk models``: the language models on this machine."""

from __future__ import annotations

import os

import typer

from shared.stack.programs import python_module

app = typer.Typer(name="models", help="The language models on this machine.", no_args_is_help=True)


@app.callback()
def _models() -> None:
    """The language models on this machine."""


@app.command()
def prepare() -> None:
    """Prepare the default base model once; a second call returns at once."""
    command = python_module("training.base_model")
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
