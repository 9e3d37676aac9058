"""What ``shelftalk bench`` is asked for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import ROOT


class PeersOptions(BaseModel):
    """Which products are described by whom, how often, and where the report goes.

    ``model`` is ``adapter`` (the one that ships, merged into its base), ``base``, or the folder of a whole model.
    ``limit`` is how many of the ``products`` are described: 400 on a CPU and 2,000 on a GPU where it is None; those who
    answer one at a time describe only ``naive_products`` of them, drawn evenly. ``only`` names the contestants, all of
    them where it is empty. Plain ``generate()`` answers ``equality_products`` of them, for the comparison of texts.
    The report is written to ``json_file``, ``markdown`` and ``plot``, and between the two marks of ``docs``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    products: Path = ROOT / "samples" / "products.jsonl"
    model: str = "adapter"
    limit: int | None = Field(None, ge=2)
    new_tokens: int = Field(64, ge=2)
    repeats: int = Field(3, ge=1)
    naive_products: int = Field(24, ge=1)
    equality_products: int = Field(100, ge=0)
    only: tuple[str, ...] = ()
    llama_server: Path | None = None
    json_file: Path | None = None
    markdown: Path | None = None
    docs: Path | None = None
    plot: Path | None = None
