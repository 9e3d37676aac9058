"""What ``shelftalk bench scale`` is asked for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class ScaleOptions(BaseModel):
    """How much there is of everything.

    ``stored`` are the numbers of descriptions that are there already when ``probe`` events are measured; ``burst``
    events come at once, while no worker runs; ``workers`` are the numbers of workers that share ``probe`` events. What
    has no number is left out. Before each part ``warm_up`` events are sent. ``out`` is where the report is written as
    JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stored: tuple[int, ...] = (10_000, 1_000_000)
    probe: int = Field(2_000, ge=10)
    burst: int = Field(100_000, ge=0)
    workers: tuple[int, ...] = (1, 2)
    warm_up: int = Field(200, ge=1)
    out: Path | None = None
    as_json: bool = False
