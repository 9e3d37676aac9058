"""``shelftalk eval e2e``: the public benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def e2e(
    data_dir: Annotated[Path, typer.Option(help="The folder of train.jsonl.gz, test.jsonl.gz and so on.")] = Path(
        "../shared/data/e2e"
    ),
    limit: Annotated[int | None, typer.Option(min=8, help="Learn so many training pairs.")] = None,
    test_limit: Annotated[int | None, typer.Option(min=1, help="Write so many meanings of each test set.")] = None,
    run: Annotated[Path | None, typer.Option(help="The run directory; one with a part of this run goes on.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="A recipe (TOML) instead of training/recipes/e2e.toml.")] = None,
    epochs: Annotated[float | None, typer.Option(min=0.01, help="Instead of the recipe's.")] = None,
    start: Annotated[Path | None, typer.Option(help="Train on from this finished adapter.")] = None,
    beams: Annotated[int, typer.Option(min=1, max=50, help="Beams of the search.")] = 10,
    penalty: Annotated[list[float] | None, typer.Option(help="Length penalty; of several, dev chooses one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Fine-tune on the E2E challenge, write its test sets, and show the scores beside the published ones.

    Without --limit it takes all pairs on a GPU, and a small part of them elsewhere. A partial run says so.
    """
    import os

    from shared.evaluation.benchmark import E2EOptions
    from shared.stack.programs import python_module

    wanted = E2EOptions(
        data_dir=data_dir,
        limit=limit,
        test_limit=test_limit,
        run=run,
        recipe=recipe,
        epochs=epochs,
        start=start,
        beams=beams,
        penalties=tuple(penalty or (0.8,)),
        as_json=as_json,
    )
    command = python_module("training.e2e", wanted.model_dump_json())
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
