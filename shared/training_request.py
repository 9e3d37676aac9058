"""What a training run is asked for: the command line or the periodic task writes it, the trainer reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

CHAMPION, FRESH = "champion", "fresh"

Stage = Literal["domain", "finetune", "preference"]


class TrainRequest(BaseModel):
    """A training run.

    ``recipe`` is a TOML file, None for the one of the stage; ``changes`` are options that differ from it. ``pairs`` are
    files of pairs that are learnt beside the curated ones of the database, ``selections`` a TOML file that says which
    rows of which files; its files are looked for beside it and in ``data_dir``. ``directory`` is the run directory.
    ``start`` is what the adapter begins as: the ``champion``'s, a ``fresh`` one, or another one, by its folder.
    ``least_new_pairs`` ends the run at once when fewer pairs are new. ``offline`` touches no database: nothing is
    registered, compared or promoted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage = "finetune"
    recipe: Path | None = None
    changes: dict[str, Any] = {}
    pairs: tuple[Path, ...] = ()
    selections: Path | None = None
    data_dir: Path | None = None
    texts: Path | None = None
    directory: Path | None = None
    start: str = CHAMPION
    repair: bool = False
    asked_by: str = "schedule"
    least_new_pairs: int = 0
    offline: bool = False
