"""The products that are measured: rows of a catalogue file, and a sample of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from shared.curation.pairs import Pair, read_pairs
from shared.errors import ConfigurationError, InvalidEvent
from shared.evaluation.rows import product_of, read_rows
from shared.events import Product

NO_SOURCE = "unnamed"


@dataclass(frozen=True)
class Row:
    """A product, the line that it stands on, the data set that it comes from, and what people wrote of it; ``profile``
    is the kind of copy that this is, empty where the row names none."""

    line: int
    product: Product
    source: str
    references: tuple[str, ...] = ()
    profile: str = ""


def read_catalogue(file: Path) -> tuple[list[Row], list[str]]:
    """All rows of a file that can be measured, and what is wrong with each other one, with its line and its field.

    Raises:
        ConfigurationError: when the file cannot be read, or no row of it can.
    """
    rows: list[Row] = []
    problems: list[str] = []
    for line, row in _read(file):
        if isinstance(row, InvalidEvent):
            problems.append(f"{file}: line {line}: {row}")
        else:
            rows.append(row)
    if not rows:
        first = f"; the first fault: {problems[0]}" if problems else ""
        raise ConfigurationError(f"{file}: holds no product; docs/evaluation.md shows how a row looks{first}")
    return rows, problems


def _read(file: Path) -> Iterator[tuple[int, Row | InvalidEvent]]:
    if ".csv" in file.suffixes:
        for line, pair in read_pairs(file):
            yield line, pair if isinstance(pair, InvalidEvent) else _row_of_pair(line, pair)
        return
    for line, document in read_rows(file):
        try:
            if isinstance(document, InvalidEvent):
                raise document
            yield line, _row(line, document)
        except InvalidEvent as error:
            yield line, error


def _row_of_pair(line: int, pair: Pair) -> Row:
    references = (pair.text,) if pair.text.strip() else ()
    return Row(line, pair.product, pair.source or NO_SOURCE, references, pair.profile)


def _row(line: int, document: dict[str, Any]) -> Row:
    try:
        product = product_of({"product": _named(line, document)})
    except InvalidEvent as error:
        raise InvalidEvent(error.reason, error.field.removeprefix("product.")) from None
    source = document.get("source") or NO_SOURCE
    if not isinstance(source, str):
        raise InvalidEvent("write the name of the data set as a text, or leave it out", "source")
    profile = document.get("profile") or ""
    if not isinstance(profile, str):
        raise InvalidEvent("write the name of a profile, or leave it out", "profile")
    return Row(line, product, source, _references(document), profile)


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


def merged(rows: Sequence[Row]) -> list[Row]:
    """Each product once, with all texts that people wrote of it: a file may have a line for each of these.

    Two rows are of one product when title, brand, category, attributes and profile agree, whatever their SKUs are.
    """
    found: dict[str, Row] = {}
    for row in rows:
        content = row.product.model_dump(mode="json", include={"title", "brand", "category", "attributes", "locale"})
        key = json.dumps([content, row.profile], ensure_ascii=False)
        first = found.get(key, row)
        references = dict.fromkeys((*first.references, *row.references)) if first is not row else row.references
        found[key] = replace(first, references=tuple(references))
    return list(found.values())


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
