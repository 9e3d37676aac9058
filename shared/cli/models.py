"""``shelftalk models``: the language models on this machine."""

from __future__ import annotations

import os
import sys

import typer

app = typer.Typer(name="models", help="The language models on this machine.", no_args_is_help=True)


@app.callback()
def _models() -> None:
    """The language models on this machine."""


@app.command()
def prepare() -> None:
    """Prepare the default base model once; a second call returns at once."""
    os.execv(sys.executable, [sys.executable, "-m", "training.base_model"])  # noqa: S606 - no shell is wanted
