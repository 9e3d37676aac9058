"""Pairs of a product and its description: what a model learns from.

A pair file is JSON Lines or CSV, ``.gz`` too, in the catalogue's shape: ``sku``, ``title``, ``brand``, ``category``,
``attributes``, ``description``, and perhaps ``profile``, ``source`` (where the text comes from) and ``editor``. In a
CSV file ``attributes`` is a JSON object, and each column with another name is an attribute.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.curation.families import Split, family_of, split_of
from shared.errors import ConfigurationError, InvalidEvent
from shared.events import Product, ProductChanged, parse_json, product_changed, validate
from shared.product_files import Line, read_lines

__all__ = ["Pair", "family_of", "read_pairs", "split_of"]

CATALOGUE = "import"
"""The catalogue that a pair's product belongs to when its row names none."""

_OWN = ("description", "profile", "editor")
_NOT_UTF8 = "is not UTF-8; save the file as UTF-8"


@dataclass(frozen=True)
class Pair:
    """A product and the description that a person gave it.

    ``profile`` names the kind of copy, and is empty for the default one; ``source`` says where the text comes from, and
    ``editor`` who approved it.
    """

    product: Product
    profile: str
    text: str
    source: str = ""
    editor: str | None = None

    @cached_property
    def family(self) -> str:
        """What the product shares with its near variants."""
        return family_of(self.product)

    @property
    def split(self) -> Split:
        """Whether it trains or is held out: the same for its whole family."""
        return split_of(self.family)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is learnt from it: the product, its facts in their order, the profile, and the text."""
        names = ("sku", "title", "brand", "category", "locale", "attributes")
        held = self.product.model_dump(mode="json", include={*names})
        # Keys are not sorted: the order of the attributes, which prompts follow, is part of what is learnt.
        written = json.dumps([held[name] for name in names] + [self.profile, self.text], ensure_ascii=False)
        return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()


def read_pairs(path: Path) -> Iterator[tuple[int, Pair | InvalidEvent]]:
    """Each row's line number with its pair, or with the reason why it is none; empty lines are passed over.

    A row that cannot be read does not keep the others from being read.

    Raises:
        ConfigurationError: when the file itself cannot be read.
    """
    lines = _lines(path)
    return _csv_pairs(lines) if ".csv" in path.suffixes else _json_pairs(lines)


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigurationError(f"{path}: is no whole gzip file: {error}; write it anew or drop .gz") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; name a file of pairs") from None
    # Spreadsheets save "Unicode text" as UTF-16, and say so in the first bytes.
    is_wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = raw.decode("utf-16", "replace") if is_wide else raw.decode("utf-8-sig", "surrogateescape")
    return list(io.StringIO(text, newline=""))


def _json_pairs(lines: Sequence[str]) -> Iterator[tuple[int, Pair | InvalidEvent]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, _pair_of(parse_json(line.encode("utf-8", "surrogateescape")))
            except InvalidEvent as error:
                yield number, error


def _pair_of(row: Any) -> Pair:
    """The pair of one row.

    Raises:
        InvalidEvent: naming the field and what is expected there.
    """
    if not isinstance(row, dict):
        raise InvalidEvent('a line holds one JSON object, {"sku": …, "title": …, "attributes": …, "description": …}')
    said = {name: row.get(name) for name in (*_OWN, "source")}
    for name, value in said.items():
        if not isinstance(value, str | None):
            raise InvalidEvent("must be a text", name)
    if said["description"] is None:
        raise InvalidEvent("is missing; give the text that the model is to learn", "description")
    try:
        event = validate(product_changed({**row, "source": said["source"] or CATALOGUE, "version": 0}))
    except InvalidEvent as error:
        raise InvalidEvent(error.reason, error.field.removeprefix("data.")) from None
    return _pair(event, said)


def _pair(event: Any, said: dict[str, Any]) -> Pair:
    product: Product = event.data
    profiles = product.profiles or []
    profile = (said["profile"] or "").strip() or (profiles[0] if len(profiles) == 1 else "")
    source = product.source if product.source != CATALOGUE else ""
    return Pair(product, profile, said["description"] or "", source or "", said["editor"] or None)


def _csv_pairs(lines: Sequence[str]) -> Iterator[tuple[int, Pair | InvalidEvent]]:
    names = [name.strip().strip('"') for name in lines[0].split(",")] if lines else []
    if "description" not in names:
        found = ", ".join(names) or "nothing"
        yield 1, InvalidEvent(f"the first line names the columns, sku, title and description among them; here: {found}")
        return
    for line in read_lines(lines, as_csv=True, source=CATALOGUE):
        yield line.number, _csv_pair(line, lines)


def _csv_pair(line: Line, lines: Sequence[str]) -> Pair | InvalidEvent:
    if not isinstance(line.event, ProductChanged):
        # What could not be decoded is named as such: the check of the product only sees that a text is none.
        is_garbled = any("\udc80" <= sign <= "\udcff" for sign in lines[line.number - 1])
        return InvalidEvent(_NOT_UTF8) if is_garbled or line.error is None else line.error
    read = line.event.data
    attributes = dict(read.attributes)
    said = {name: str(attributes.pop(name, "")) for name in _OWN}
    product = read.model_copy(update={"attributes": attributes, "version": 0})
    return _pair(line.event.model_copy(update={"data": product}), said)
