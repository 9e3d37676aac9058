"""What the measurements of a model are asked for: the command line writes it, the process with the model reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

Change = Literal["flip", "drop", "reword"]


class Options(BaseModel):
    """What each measurement of a model takes. ``limit`` is how many products are measured at most, None for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path
    profile: str = "product_page"
    limit: int | None = None
    seed: int = 0
    as_json: bool = False


class FactsOptions(Options):
    """``shelftalk eval facts``. ``samples`` products are shown with their texts; texts are kept in ``out``."""

    samples: int = 0
    out: Path | None = None


class MetamorphicOptions(Options):
    """``shelftalk eval metamorphic``. So many ``examples`` of what did not hold are shown."""

    changes: tuple[Change, ...] = ("flip", "drop", "reword")
    examples: int = 0


class ModelsOptions(Options):
    """``shelftalk eval models``.

    ``adapters`` are names or folders, each perhaps as ``NAME=FOLDER``; ``champion``, ``base`` and ``template`` say who
    else takes part. ``candidates`` and ``second_try`` stand for the settings' where they are not None. Texts are kept
    in ``out``; the report is written to ``json_file``, and as a page with ``samples`` products to ``report``.
    """

    adapters: tuple[str, ...] = ()
    champion: bool = False
    base: bool = False
    template: bool = True
    held_out: bool = False
    candidates: int | None = None
    second_try: bool | None = None
    samples: int = 20
    out: Path | None = None
    json_file: Path | None = None
    report: Path | None = None
