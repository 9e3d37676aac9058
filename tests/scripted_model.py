"""A model that says what it is told to, two products for it to describe, and files of such products."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.errors import EngineFault
from shared.prompts import Prompt
from worker.engine import Generated
from worker.evaluation.models import Model
from worker.serving import ServedModel

KETTLE = {
    "sku": "K2",
    "title": "Kettle K2",
    "brand": "Norrland",
    "category": "kettle",
    "attributes": {"color": "black", "power": "2200 watt"},
    "derived_attributes": {"color": ["purple"]},
    "description": "The Norrland Kettle K2 is a black kettle with a power of 2200 watt.",
    "source": "shop",
}
BOWL = {
    "sku": "B1",
    "title": "Bowl",
    "category": "bowl",
    "attributes": {"material": "stoneware", "date": "1931", "country of origin": "Finland"},
    "references": ["The Bowl is made of stoneware.", "A bowl from Finland."],
    "source": "museum",
}
SAID = {
    "Norrland Kettle K2": "The Norrland Kettle K2 is a purple kettle with a power of 2200 watt.",
    "Bowl": "The Bowl is made of stoneware. Its date is 1931. Its country of origin is Finland.",
}


SCRIPTED = ServedModel(0, "scripted", taught=False)


@dataclass
class Scripted:
    """A model that says of each product what it is told to, and remembers how often it was loaded and asked."""

    said: dict[str, str] = field(default_factory=lambda: dict(SAID))
    loaded: int = 0
    asked: list[str] = field(default_factory=list)
    model: ServedModel = SCRIPTED

    def as_model(self, digest: str = "1") -> Model:
        """The contestant; two with one digest count as one model."""
        return Model(self.model.name, digest, self.open, {"base": self.model.name})

    @contextmanager
    def open(self) -> Iterator[Scripted]:
        """Load it."""
        self.loaded += 1
        yield self

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        """Say of the product that the prompt asks for what was scripted."""
        title = prompt.question[1].partition("\n")[0].removeprefix("- title: ")
        self.asked.append(title)
        if title not in self.said:
            raise EngineFault(f"cannot describe {title}")
        text = self.said[title]
        return [
            Generated(
                text=text,
                confidence=0.5,
                prompt_tokens=30,
                new_tokens=12,
                complete=True,
                queue_ms=1.0,
                decode_ms=2.0,
                batch_size=1,
            )
        ]


def file_of(folder: Path, rows: list[Any]) -> Path:
    """Rows as a gzipped file of JSON Lines in a folder."""
    path = folder / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode()))
    return path
