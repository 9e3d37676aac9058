"""Reads rule packs from their files, and names the file, line and field of what is wrong in one."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.errors import ConfigurationError
from shared.rules.packs import RulePack

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_LINE = re.compile(r"\(at (?:line (\d+)|end of document)")


def load_pack(path: Path) -> RulePack:
    """Read one pack; its name is that of its file, its version a digest of it.

    Raises:
        ConfigurationError: with the file, and the line and field that is wrong.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; check its name and permissions") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}: line {line}: the pack: not UTF-8; save it as UTF-8") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: line {_line_said(error, text)}: the pack: not TOML: {error}") from None
    for member in ("name", "version"):
        if member in document:
            line = _line_of(text, (member,))
            raise ConfigurationError(f"{path}: line {line}: {member}: comes from the file itself; remove this line")
    try:
        return RulePack(name=path.stem, version=hashlib.sha256(raw).hexdigest()[:12], **document)
    except ValidationError as error:
        raise ConfigurationError(_complaint(path, text, document, error)) from None


def load_packs(folder: Path) -> dict[str, RulePack]:
    """All packs of a folder by name.

    Raises:
        ConfigurationError: when one is broken or there is none.
    """
    packs = {path.stem: load_pack(path) for path in sorted(folder.glob("*.toml"))}
    if not packs:
        raise ConfigurationError(f"{folder}: holds no rule pack; add one, or name the folder of the rules")
    return packs


def _line_said(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = _LINE.search(str(error))
    return int(found[1]) if found and found[1] else len(text.splitlines()) or 1


def _complaint(path: Path, text: str, document: dict[str, Any], error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = [part for part in first["loc"] if part not in ("[key]", "function-before[_by_language()]")]
    message = first["msg"].removeprefix("Value error, ")
    if place == ["name"]:
        return f"{path}: line 1: name: the file's name is the pack's: lower-case letters, digits and hyphens"
    if message == "Field required":
        message = "is missing; add it"
    if first["type"] == "extra_forbidden":
        message = "is no member of a pack; see docs/rules.md for those there are"
    return f"{path}: line {_line_of(text, place)}: {_field(document, place)}: {message}"


def _field(document: dict[str, Any], place: Sequence[str | int]) -> str:
    """The field as people name it: the rule by its id."""
    if len(place) < 2 or place[0] != "rules" or not isinstance(place[1], int):
        return ".".join(map(str, place)) or "the pack"
    rule = document["rules"][place[1]]
    name = rule.get("id", place[1] + 1) if isinstance(rule, dict) else place[1] + 1
    return ".".join((f"rules[{name}]", *map(str, place[2:])))


def _line_of(text: str, place: Sequence[str | int]) -> int:
    """The line of a member, or of the table that lacks it; 1 for the pack itself."""
    lines = text.splitlines()
    number = place[1] if len(place) > 1 and place[0] == "rules" and isinstance(place[1], int) else None
    headers = [at for at, line in enumerate(lines) if (header := _HEADER.match(line)) and header[1] == "rules"]
    if number is None:
        start, end = 0, headers[0] if headers and place[:1] != ("rules",) else len(lines)
    elif number < len(headers):
        start, end = headers[number], [*headers, len(lines)][number + 1]
    else:
        return 1
    members = [part for part in place[(0 if number is None else 2) :] if isinstance(part, str)]
    for wanted in (members[:2], members[:1]):
        written = re.compile(
            r"\s*" + r"\s*\.\s*".join(rf"[\"']?{re.escape(each)}[\"']?" for each in wanted) + r"\s*[.=]"
        )
        if wanted and (found := [at for at in range(start, end) if written.match(lines[at])]):
            return found[0] + 1
    return start + 1
