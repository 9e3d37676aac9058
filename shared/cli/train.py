"""``shelftalk train``: fine-tunes the model on curated pairs, and lets the gate decide about the result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def train(
    stage: Annotated[str, typer.Option(help="domain, finetune or preference.")] = "finetune",
    recipe: Annotated[Path | None, typer.Option(help="A recipe (TOML); docs/training.md lists its options.")] = None,
    change: Annotated[list[str] | None, typer.Option("--set", help="Change an option: NAME=VALUE; may repeat.")] = None,
    pairs: Annotated[list[Path] | None, typer.Option(help="A file of pairs to learn too; may repeat.")] = None,
    selections: Annotated[Path | None, typer.Option(help="Which rows of which pair files (TOML).")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the files of --selections are, if not beside it.")
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="The catalogue that the stage `domain` reads.")] = None,
    start: Annotated[
        str, typer.Option(help="champion, fresh, or the folder of an adapter to start from.")
    ] = "champion",
    run: Annotated[Path | None, typer.Option(help="The run directory; one with a part of this run goes on.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Take faulty pairs of files without their faults.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Learn from files alone; register nothing.")] = False,
) -> None:
    """Fine-tune on the curated pairs; the result is compared with the champion and promoted if the gate lets it pass.

    A killed run goes on when the same command is given again. Exits 1 when the run failed; `shelftalk models history`
    has the decision with its numbers.
    """
    import getpass
    from typing import get_args

    from shared.errors import ConfigurationError
    from shared.stack.programs import python_module
    from shared.training_request import Stage, TrainRequest

    if stage not in get_args(Stage):
        raise ConfigurationError(f"--stage: there is no {stage!r}; known are {', '.join(get_args(Stage))}")
    request = TrainRequest.model_validate(
        {
            "stage": stage,
            "recipe": recipe,
            "changes": _changes(change or []),
            "pairs": pairs or [],
            "selections": selections,
            "data_dir": data_dir,
            "texts": texts,
            "start": start,
            "directory": run,
            "repair": repair,
            "offline": offline,
            "asked_by": getpass.getuser(),
        }
    )
    command = python_module("training", "train", request.model_dump_json())
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _changes(given: list[str]) -> dict[str, object]:
    """``NAME=VALUE`` as options: a value is read as TOML, and as a plain word where it is none."""
    import tomllib

    from shared.errors import ConfigurationError

    found: dict[str, object] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator:
            raise ConfigurationError(f"--set {each}: write NAME=VALUE, such as --set epochs=3")
        try:
            found |= tomllib.loads(f"{name}={value}")
        except tomllib.TOMLDecodeError:
            found[name] = value
    return found
