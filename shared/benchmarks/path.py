"""What ``shelftalk bench path`` is asked for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class PathOptions(BaseModel):
    """How many events go the whole way, and how fast.

    ``events`` are published at once, to find out how many a second are written; then as many at a steady ``rate`` (a
    second; half of what was reached where it is None), to find out how long one takes, for ``steady_s`` seconds at
    most. ``replay`` takes the texts of a model (JSON Lines with ``sku`` and ``text``) for the products of
    ``products``; without it products and texts are invented. ``out`` is where the report is written as JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int = Field(3_000, ge=1)
    rate: float | None = Field(None, gt=0)
    steady_s: float = Field(15, gt=0)
    warm_up: int = Field(200, ge=0)
    workers: int = Field(1, ge=1)
    replay: Path | None = None
    products: Path | None = None
    out: Path | None = None
