"""The files in which copy leaves for curators and their decisions come back: CSV and JSON Lines.

A file is read row by row, so that its size is of no account; only a list of JSON is read whole.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from shared.curation import label_studio
from shared.curation.exchange import COLUMNS, Row, readable_facts, row_of
from shared.curation.selection import Waiting
from shared.curation.spreadsheet import guarded, unguarded
from shared.errors import ConfigurationError, InvalidEvent
from shared.events import parse_json

NEEDED = ("id", "content_hash", "decision", "edited_text", "reason")
DELIMITERS = ",;\t"
_DECISION = COLUMNS.index("decision")
_NUMBER = re.compile(r"[0-9]+(?:e[0-9]+)?")


def write_csv(out: TextIO, waiting: Iterable[Waiting]) -> int:
    """Write a header and a row for each; returns how many. Open ``out`` with ``newline=""``."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for each in waiting:
        # Spreadsheet programs round a hash that looks like a number, such as 12e4567812345678.
        digest = f"'{each.content_hash}" if _NUMBER.fullmatch(each.content_hash) else each.content_hash
        texts = (each.sku, each.profile, each.title, digest, each.status, readable_facts(each.facts), each.text)
        writer.writerow((each.description_id, *map(guarded, texts), "", "", "", ""))
        count += 1
    return count


def write_jsonl(out: TextIO, waiting: Iterable[Waiting]) -> int:
    """Write an object for each on a line of its own, with ``facts`` as a list of pairs; returns how many."""
    count = 0
    for each in waiting:
        known = {"id": each.description_id} | {name: getattr(each, name) for name in COLUMNS[1:_DECISION]}
        empty = {"decision": "", "edited_text": "", "reason": "", "seconds": None}
        out.write(json.dumps(known | empty, ensure_ascii=False) + "\n")
        count += 1
    return count


def check_encoding(path: Path) -> None:
    """See that a file is UTF-8, with or without a byte-order mark; it is read line by line.

    Raises:
        ConfigurationError: naming the encoding that it seems to have, the line, and the fix.
    """
    fix = "save it as UTF-8 (in a spreadsheet program: CSV UTF-8)"
    try:
        with path.open("rb") as file:
            head = file.read(2)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head:
                raise ConfigurationError(f"{path}: is UTF-16, not UTF-8; {fix}")
            file.seek(0)
            for number, line in enumerate(file, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    seen = _as_windows_1252(line, error.start)
                    raise ConfigurationError(f"{path}: line {number}: is {seen}, not UTF-8; {fix}") from None
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error.strerror}; name a .csv, .jsonl or .json file"
        ) from None


def _as_windows_1252(line: bytes, at: int) -> str:
    """What a line that is not UTF-8 seems to be, with the word at that byte as proof."""
    try:
        before, after = line[:at].decode("cp1252"), line[at:].decode("cp1252")
    except UnicodeDecodeError:
        return "of an unknown encoding"
    word = re.split(r"[\s,;\"]", before)[-1] + re.split(r"[\s,;\"]", after)[0]
    return f"Windows-1252 ({word[:40]!r})"


def read_rows(path: Path) -> Iterator[tuple[int, Row | InvalidEvent]]:
    """The rows of a file with their places: the line, or in a list of JSON the number of the object.

    Tasks of Label Studio are known by what they look like.

    Raises:
        ConfigurationError: when the file cannot be read as what its name says it is.
    """
    if path.suffix == ".csv":
        yield from _read_csv(path)
    elif path.suffix in (".jsonl", ".json"):
        for number, document in _read_objects(path):
            try:
                if isinstance(document, InvalidEvent):
                    raise document
                is_task = label_studio.is_task(document)
                yield number, label_studio.row(document) if is_task else row_of(document)
            except InvalidEvent as error:
                yield number, error
    else:
        raise ConfigurationError(f"{path}: is none of .csv, .jsonl and .json; save it as one of these")


def _read_csv(path: Path) -> Iterator[tuple[int, Row | InvalidEvent]]:
    """The rows of a CSV file with the lines where they begin; commas, semicolons or tabs part the cells."""
    check_encoding(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        delimiter = max(DELIMITERS, key=header.count)
        names = [name.strip().casefold() for name in next(csv.reader([header], delimiter=delimiter), [])]
        if missing := [name for name in NEEDED if name not in names]:
            raise ConfigurationError(
                f"{path}: line 1: lacks {', '.join(missing)}; put the columns back under their names, or export anew"
            )
        yield from _rows(csv.reader(file, delimiter=delimiter, strict=True), names)


def _rows(reader: Any, names: list[str]) -> Iterator[tuple[int, Row | InvalidEvent]]:
    while True:
        line = reader.line_num + 2  # the header is line 1, and this row begins after what was read
        try:
            cells = next(reader)
            if not any(cells):
                continue
            if len(cells) > len(names):
                raise InvalidEvent("has more cells than there are columns; put a text that holds commas into quotes")
            yield line, row_of(dict(zip(names, map(unguarded, cells), strict=False)))
        except StopIteration:
            return
        except csv.Error as error:
            yield line, InvalidEvent(f"is no row of CSV: {error}; mend its quotes")
        except InvalidEvent as error:
            yield line, error


def _read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | InvalidEvent]]:
    """The objects of a JSON Lines file with their lines, or of a JSON file that holds one list, with their places."""
    check_encoding(path)
    with path.open(encoding="utf-8-sig") as file:
        if path.suffix == ".jsonl":
            documents: Iterable[tuple[int, Any]] = _json_lines(file)
        else:
            documents = enumerate(_json_list(path, file.read()), start=1)
        for number, document in documents:
            if isinstance(document, dict | InvalidEvent):
                yield number, cast(dict[str, Any] | InvalidEvent, document)
            else:
                yield number, InvalidEvent("is no JSON object; write one for each decision")


def _json_lines(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, parse_json(line.encode("utf-8", "surrogatepass"))
            except InvalidEvent as error:
                yield number, error


def _json_list(path: Path, text: str) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is no JSON: {error}; export it anew") from None
    if not isinstance(document, list):
        raise ConfigurationError(f"{path}: holds no list; JSON Lines belong into a file that ends in .jsonl")
    return document
