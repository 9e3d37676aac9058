"""Approved knowledge: facts beyond the catalogue that copy may state, such as "Gore-Tex is waterproof".

An entry holds for any product, for a brand, a category or one product, and perhaps only where an attribute of the
product holds some words. Entries come from TOML or CSV files; ``docs/content.md`` tells what stands in them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from shared.content.attributes import counted_name, plain_name, says_nothing
from shared.errors import ConfigurationError
from shared.events import Locale, Product
from shared.facts import value_text
from shared.text import printable

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Scope = Literal["any", "brand", "category", "product"]
_TOML_LINE = re.compile(r"at line (\d+)")
SURPLUS = "cells beyond the header"


class KnowledgeEntry(BaseModel):
    """One approved fact: the products that ``scope`` and ``when_attribute`` name have ``attribute`` with ``value``.

    ``scope_value`` is the brand, the SKU, or the category: a path such as ``Clothing > Jackets``, which holds for what
    is below it too, or one name that may stand anywhere in the path. ``locale`` is the language of the words, None for
    words that all languages share.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    scope: Scope
    scope_value: Line | None = None
    when_attribute: Line | None = None
    when_value: Line | None = None
    attribute: Line
    value: Line
    source: Line
    approved_by: Line
    locale: Locale | None = None

    @field_validator("attribute", "value")
    @classmethod
    def _one_plain_line(cls, text: str) -> str:
        if "\n" in text or printable(text) != text:
            raise ValueError("must be one line without control characters; remove them")
        if says_nothing(text):
            raise ValueError(f"{text!r} says nothing; write what is known, or remove the entry")
        return text

    @model_validator(mode="after")
    def _complete(self) -> KnowledgeEntry:
        if (self.scope == "any") != (self.scope_value is None):
            fix = "remove scope_value" if self.scope == "any" else f"name the {self.scope} in scope_value"
            raise ValueError(f"scope is {self.scope!r}: {fix}")
        if (self.when_attribute is None) != (self.when_value is None):
            raise ValueError("when_attribute and when_value belong together: give both or none")
        return self

    def applies_to(self, product: Product) -> bool:
        """Whether the product has the words that the entry asks for; its scope is not looked at."""
        if self.when_attribute is None or self.when_value is None:
            return True
        wanted, words = counted_name(self.when_attribute), f" {plain_name(self.when_value)} "
        return any(
            counted_name(name) == wanted and words in f" {plain_name(value_text(value))} "
            for name, value in product.attributes.items()
        )


def own_attributes(product: Product) -> set[str]:
    """The attributes of which a product itself says something, by the names under which they are counted."""
    return {counted_name(name) for name, value in product.attributes.items() if not says_nothing(value_text(value))}


class KnowledgeBase:
    """Approved entries in memory, found by brand, category and product without looking at the others."""

    def __init__(self, entries: Iterable[KnowledgeEntry] = ()) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: entry.key))
        self._by_place: dict[tuple[Scope, str], list[KnowledgeEntry]] = defaultdict(list)
        for entry in self.entries:
            self._by_place[entry.scope, _place(entry.scope, entry.scope_value or "")].append(entry)

    @property
    def digest(self) -> str:
        """The version of these entries."""
        content = json.dumps([entry.model_dump() for entry in self.entries], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def of(self, product: Product) -> list[KnowledgeEntry]:
        """The entries that hold for a product, the narrowest scope first.

        The product wins: where it has an attribute itself no entry speaks of it, whether it agrees or not. Of two
        entries for one attribute the narrower wins, for each language by itself.
        """
        placed = [entry for place in _places(product) for entry in self._by_place.get(place, ())]
        own = own_attributes(product) if placed else set()
        found: dict[tuple[str, str | None], KnowledgeEntry] = {}
        for entry in placed:
            name = counted_name(entry.attribute)
            if name not in own and entry.applies_to(product):
                found.setdefault((name, entry.locale), entry)
        return list(found.values())


def _place(scope: Scope, value: str) -> str:
    parts = value.split(" > ") if scope == "category" else [value]
    return " > ".join(" ".join(part.split()).casefold() for part in parts)


def _places(product: Product) -> Iterator[tuple[Scope, str]]:
    """Where entries for a product may stand, the narrowest first."""
    yield "product", _place("product", product.sku)
    path = [_place("product", name) for name in product.category]
    for length in range(len(path), 0, -1):
        yield "category", " > ".join(path[:length])
        if length > 1:
            yield "category", path[length - 1]
    if product.brand:
        yield "brand", _place("brand", product.brand)
    yield "any", ""


def read_entries(file: Path, approved_by: str | None = None) -> list[KnowledgeEntry]:
    """Read the entries of a TOML or CSV file. ``approved_by`` is for those that name nobody.

    Raises:
        ConfigurationError: with a line for each fault, naming file, line and field. A file is taken whole or not.
    """
    entries: list[KnowledgeEntry] = []
    faults: list[str] = []
    lines_of_keys: dict[str, int] = {}
    for lines, row in _read_rows(file):
        line = lines["entry"]
        given = {name: value for name, value in row.items() if value not in ("", None)}
        try:
            entry = KnowledgeEntry(**({"approved_by": approved_by} if approved_by else {}) | given)
        except ValidationError as error:
            faults += [_fault(file, lines, item) for item in error.errors(include_url=False, include_context=False)]
            continue
        if entry.key in lines_of_keys:
            where, first = lines.get("key", line), lines_of_keys[entry.key]
            faults.append(f"{file}: line {where}: key: {entry.key!r} stands in line {first} already; name it anew")
        lines_of_keys.setdefault(entry.key, line)
        entries.append(entry)
    if faults:
        raise ConfigurationError("\n".join(faults))
    if not entries:
        raise ConfigurationError(
            f"{file}: line 1: entry: there is none; add one that begins with [[entry]], or a row below the header"
        )
    return entries


_Row = tuple[Mapping[str, int], Mapping[str, Any]]


def _read_rows(file: Path) -> list[_Row]:
    """The rows of a file, each with the line where it begins (``entry``) and those of its fields."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}; name a TOML or CSV file") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    if file.suffix == ".csv":
        return _csv_rows(file, text)
    if file.suffix == ".toml":
        return _toml_rows(file, text)
    raise ConfigurationError(f"{file}: is neither .toml nor .csv; name it by what it holds")


def _csv_rows(file: Path, text: str) -> list[_Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[_Row] = []
    try:
        for row in reader:
            line = {"entry": reader.line_num}
            # Cells beyond the header come under None, and a text with an unquoted comma is the usual cause.
            rows.append((line, {name or SURPLUS: value for name, value in row.items()}))
    except csv.Error as error:
        line_number = reader.reader.line_num
        raise ConfigurationError(f"{file}: line {line_number}: not CSV: {error}; mend the quotes") from None
    return rows


def _toml_rows(file: Path, text: str) -> list[_Row]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_LINE.search(str(error))
        at = f"line {place[1]}: " if place else ""
        raise ConfigurationError(f"{file}: {at}not TOML: {error}; mend this place") from None
    entries = document.pop("entry", [])
    if document or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        name = next(iter(document), "entry")
        raise ConfigurationError(f"{file}: {name}: is not known here; begin each entry with [[entry]]")
    places: list[dict[str, int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if re.match(r"\s*\[\[\s*entry\s*\]\]", line):
            places.append({"entry": number})
        elif places and (field := re.match(r"\s*\"?(\w+)\"?\s*=", line)):
            places[-1].setdefault(field[1], number)
    if len(places) != len(entries):  # written in another way, such as one array: then no line is known
        places = [{"entry": 1}] * len(entries)
    return list(zip(places, entries, strict=True))


def _fault(file: Path, lines: Mapping[str, int], item: Mapping[str, Any]) -> str:
    field = ".".join(map(str, item["loc"])) or "entry"
    line = lines.get(field, lines["entry"])
    if item["type"] == "missing":
        return f"{file}: line {line}: {field}: is missing; add it"
    if field == SURPLUS:
        return f"{file}: line {line}: {SURPLUS}: put a text that holds a comma into quotes"
    if item["type"] == "extra_forbidden":
        return f"{file}: line {line}: {field}: is not known; remove it or mend its name"
    return f"{file}: line {line}: {field}: {item['msg'].removeprefix('Value error, ')}"
