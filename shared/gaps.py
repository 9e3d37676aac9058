"""The event that tells a catalogue what a product's record lacks, on the stream ``catalog:gaps``.

It has the CloudEvents shape of the events that catalogues publish, and travels as JSON in the field ``event`` of an
entry. Its id stays the same when it is sent again, so that a reader can tell a repeat. The committed JSON Schema in
``schemas/`` is made from these models by ``python -m shared.gaps``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

STREAM_FIELD = "event"


class Gap(BaseModel):
    """What one version of a product lacks for a description."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="The catalogue that owns the product.")
    sku: str = Field(description="The product's key within its source.")
    version: int = Field(description="The version that lacks them.")
    profile: str = Field(description="The kind of copy that could not be written in full.")
    missing: list[str] = Field(description="Attributes that shoppers ask for in this category, most wanted first.")


class CatalogGaps(BaseModel):
    """A product says too little of itself; a short plain text stands for its description until it says more."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(description="Unique; the same id again is the same event.")
    source: Literal["shelftalk"] = "shelftalk"
    type: Literal["catalog.gaps.v1"] = "catalog.gaps.v1"
    time: datetime = Field(description="When it was found.")
    data: Gap


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the event, as committed in ``schemas/``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://shelftalk.example/schemas/catalog-gaps.v1.json",
        **CatalogGaps.model_json_schema(mode="serialization"),
        "title": "A Shelftalk event about gaps in a catalogue",
    }


def _write_schema(write: Callable[[str], object]) -> None:
    write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    import sys

    _write_schema(sys.stdout.write)
