"""The products that are measured: rows of a catalogue file, and a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from shared.errors import ConfigurationError, InvalidEvent
from shared.evaluation.rows import product_of, read_rows
from shared.events import Product

NO_SOURCE = "unnamed"


@dataclass(frozen=True)
class Row:
    """A product, the line that it stands on, the data set that it comes from, and what people wrote of it."""

    line: int
    product: Product
    source: str
    references: tuple[str, ...] = ()


def read_catalogue(file: Path) -> tuple[list[Row], list[str]]:
    """All rows of a file that can be measured, and what is wrong with each other one, with its line and its field.

    Raises:
        ConfigurationError: when the file cannot be read, or no row of it can.
    """
    rows: list[Row] = []
    problems: list[str] = []
    for line, document in read_rows(file):
        try:
            if isinstance(document, InvalidEvent):
                raise document
            rows.append(_row(line, document))
        except InvalidEvent as error:
            problems.append(f"{file}: line {line}: {error}")
    if not rows:
        first = f"; the first fault: {problems[0]}" if problems else ""
        raise ConfigurationError(f"{file}: holds no product; docs/evaluation.md shows how a row looks{first}")
    return rows, problems


def _row(line: int, document: dict[str, Any]) -> Row:
    try:
        product = product_of({"product": _named(line, document)})
    except InvalidEvent as error:
        raise InvalidEvent(error.reason, error.field.removeprefix("product.")) from None
    source = document.get("source") or NO_SOURCE
    if not isinstance(source, str):
        raise InvalidEvent("write the name of the data set as a text, or leave it out", "source")
    return Row(line, product, source, _references(document))


def _named(line: int, document: dict[str, Any]) -> dict[str, Any]:
    """A row with a title. Those of the E2E challenge have it among the attributes, and are numbered by their lines."""
    attributes = document.get("attributes")
    if "title" in document or not isinstance(attributes, dict) or "name" not in attributes:
        return document
    others = {name: value for name, value in attributes.items() if name != "name"}
    return {"sku": f"line-{line}", **document, "title": attributes["name"], "attributes": others}


def _references(document: dict[str, Any]) -> tuple[str, ...]:
    """All texts that people wrote of a product; ``description`` is the first of them, or the only one."""
    given = document.get("references")
    if given is None:
        given = [document["description"]] if document.get("description") else []
        field = "description"
    else:
        field = "references"
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise InvalidEvent("write a text, or a list of texts as references", field)
    return tuple(each for each in given if each.strip())


def sample(rows: Sequence[Row], limit: int | None, seed: int) -> list[Row]:
    """At most ``limit`` rows, by turns one of each source, drawn at random; they keep the order of the file.

    So a small sample has rows of every source. It is no picture of the whole file: see the figures of each source.
    """
    if limit is None or limit >= len(rows):
        return list(rows)
    random = Random(seed)
    waiting: dict[str, list[Row]] = {}
    for row in rows:
        waiting.setdefault(row.source, []).append(row)
    for group in waiting.values():
        random.shuffle(group)
    taken: list[Row] = []
    while len(taken) < limit:
        for group in waiting.values():
            taken += group[:1]
            del group[:1]
    return sorted(taken[:limit], key=lambda row: row.line)
