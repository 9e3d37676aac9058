"""What the public benchmark is asked for: the command line writes it, the process that trains reads it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class E2EOptions(BaseModel):
    """``shelftalk eval e2e``.

    ``limit`` is how many training pairs are learnt, and ``test_limit`` how many meanings of each test set are written;
    None for all where there is a GPU, and for a short run elsewhere. ``recipe``, ``epochs`` and ``start`` (the folder
    of a finished adapter) shape the training. Of several length ``penalties`` the dev set chooses one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path
    limit: int | None = None
    test_limit: int | None = None
    run: Path | None = None
    recipe: Path | None = None
    epochs: float | None = None
    start: Path | None = None
    beams: int = 10
    penalties: tuple[float, ...] = (0.8,)
    as_json: bool = False
