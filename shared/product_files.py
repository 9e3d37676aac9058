"""Reads products and events out of JSON Lines and CSV files, line by line, for ``shelftalk publish``.

A row of JSON Lines is either a whole event, or a product: ``sku``, ``title``, and perhaps ``brand``, ``category``,
``attributes``, ``source``, ``version`` and the other members of :class:`shared.events.Product`. In a CSV file, columns
with these names are these members (``attributes`` as a JSON object, a path as ``Kitchen > Kettles``); every other
column is an attribute.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.errors import InvalidEvent
from shared.events import Event, Product, parse_json, product_changed, validate

_MEMBERS = frozenset(Product.model_fields)
_AS_JSON = ("attributes", "image_urls", "profiles")


@dataclass(frozen=True)
class Line:
    """One line of a file: its event, or why it has none; ``unknown`` are the members that no product has."""

    number: int
    event: Event | None = None
    error: InvalidEvent | None = None
    unknown: tuple[str, ...] = ()


def read_lines(lines: Iterable[str], *, as_csv: bool, source: str) -> Iterator[Line]:
    """The events of a file. ``source`` is that of rows which name none.

    A line that is wrong yields its error, and the next one is read. Rows without a version get the present time in
    microseconds, each a larger one.
    """
    rows = _csv_rows(lines) if as_csv else _json_rows(lines)
    versions = itertools.count(int(datetime.now(UTC).timestamp() * 1_000_000))
    for number, row in rows:
        if isinstance(row, InvalidEvent):
            yield Line(number, error=row)
            continue
        is_event = isinstance(row, dict) and "data" in row and "type" in row
        try:
            event = validate(row if is_event else _wrapped(row, source, next(versions)))
            yield Line(
                number, event=event, unknown=() if is_event else tuple(name for name in row if name not in _MEMBERS)
            )
        except InvalidEvent as error:
            field = error.field if is_event else error.field.removeprefix("data.")
            yield Line(number, error=InvalidEvent(error.reason, field))


def _wrapped(row: Any, source: str, version: int) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise InvalidEvent("a line holds one JSON object, a product or an event")
    return product_changed(row, source=source, version=version)


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, parse_json(line.encode("utf-8", "surrogatepass"))
            except InvalidEvent as error:
                yield number, error


def _csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(lines, restkey="", strict=True)
    try:
        names = reader.fieldnames or []
    except csv.Error as error:
        yield 1, InvalidEvent(f"not CSV: {error}")
        return
    if not {"sku", "title"} <= set(names):
        yield 1, InvalidEvent(f"the first line names the columns, sku and title among them; here: {', '.join(names)}")
        return
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, InvalidEvent(f"not CSV: {error}")
            continue
        try:
            yield reader.line_num, _product_row(cells)
        except InvalidEvent as error:
            yield reader.line_num, error


def _product_row(cells: dict[str, Any]) -> dict[str, Any]:
    if "" in cells:
        raise InvalidEvent("has more cells than the first line has columns; quote cells that hold commas")
    filled = {name.strip(): cell for name, cell in cells.items() if cell is not None and cell.strip()}
    row: dict[str, Any] = {name: cell for name, cell in filled.items() if name in _MEMBERS}
    for name in _AS_JSON:
        if name in row:
            row[name] = _cell_json(name, row[name])
    if not isinstance(row.setdefault("attributes", {}), dict):
        raise InvalidEvent("the cell must hold a JSON object", "attributes")
    if "version" in row:
        try:
            row["version"] = int(row["version"])
        except ValueError:
            raise InvalidEvent(f"must be a whole number, not {row['version']!r}", "version") from None
    others = {name: cell for name, cell in filled.items() if name not in _MEMBERS}
    return row | {"attributes": row["attributes"] | others}


def _cell_json(name: str, cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError as error:
        raise InvalidEvent(f"the cell must hold JSON: {error}", name) from None
