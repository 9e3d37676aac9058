"""Reads labelled files for the commands of ``shelftalk eval``: JSON Lines, ``.gz`` too, each line for itself."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from shared.errors import ConfigurationError, InvalidEvent
from shared.events import Product, parse_json, product_changed, validate

SOURCE = "evaluation"


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | InvalidEvent]]:
    """Each line's number with its JSON object, or with the reason why it is none; empty lines are passed over.

    Raises:
        ConfigurationError: when the file cannot be read.
    """
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            yield number, _object(line)


def _lines(path: Path) -> io.StringIO:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig", "surrogateescape")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigurationError(f"{path}: is no whole gzip file: {error}; write it anew or drop .gz") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; name a file of JSON Lines") from None
    return io.StringIO(text, newline="\n")


def _object(line: str) -> dict[str, Any] | InvalidEvent:
    try:
        document = parse_json(line.encode("utf-8", "surrogateescape"))
    except InvalidEvent as error:
        return error
    return document if isinstance(document, dict) else InvalidEvent('holds no JSON object; write {"product": …}')


def product_of(row: dict[str, Any]) -> Product:
    """The product of a row, read as ``shelftalk publish`` reads one; its version is of no account here.

    Raises:
        InvalidEvent: naming the field, for example ``product.title``, and what is expected there.
    """
    product = row.get("product")
    if not isinstance(product, dict):
        raise InvalidEvent('give the product as an object with "sku", "title" and "attributes"', "product")
    try:
        event = validate(product_changed({**product, "source": SOURCE, "version": 0}))
    except InvalidEvent as error:
        raise InvalidEvent(error.reason, f"product{error.field.removeprefix('data')}") from None
    return cast(Product, event.data)
