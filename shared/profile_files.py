"""Files of profiles: which one extends which, and on what line a field stands."""

from __future__ import annotations

import difflib
import re
import tomllib
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from shared.errors import ConfigurationError
from shared.text import language_of

Place = tuple[str | int, ...]

GIVEN_BY_THE_FILE = ("name", "version")
# Not what a profile is like, but what it is for.
_NEVER_INHERITED = {"default"}
# A German page that extends an English one takes its lengths and rules, and none of its words.
_OF_ONE_LANGUAGE = {
    "campaign",
    "closing",
    "forbidden_words",
    "glossary",
    "keywords",
    "required_words",
    "voice_examples",
}
_LINE = re.compile(r" ?\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class Source:
    """One file as it was read: what it says itself, without what it extends."""

    path: Path
    text: str
    said: Mapping[str, Any]

    def fault(self, place: Place, what: str) -> str:
        """A fault as people read it: ``FILE: line N: field: what``. Without a line where the file does not say it."""
        own = place if place[:1] and place[0] in self.said else ("extends",)
        line = line_of(self.text, self.said, own)
        where = [str(self.path), *([f"line {line}"] if line else []), ".".join(map(str, place)) or "the profile"]
        return ": ".join([*where, what])


def lineage(path: Path) -> list[Source]:
    """A profile's file, what it extends, what that extends, and so on.

    Raises:
        ConfigurationError: with the first file that cannot be read, or that extends none or itself.
    """
    found = [_read(path)]
    while (parent := found[-1].said.get("extends")) is not None:
        seen = [source.path.stem for source in found]
        known = sorted(each.stem for each in path.parent.glob("*.toml") if each.stem not in seen)
        if parent in seen:
            circle = " → ".join([*seen[seen.index(parent) :], parent])
            raise ConfigurationError(found[-1].fault(("extends",), f"a circle: {circle}; remove one of them"))
        if parent not in known:
            beside = f"choose one of {', '.join(known)}" if known else "remove this line"
            raise ConfigurationError(found[-1].fault(("extends",), f"{parent!r} is no profile of the folder; {beside}"))
        found.append(_read(path.with_name(f"{parent}.toml")))
    return found


def _read(path: Path) -> Source:
    try:
        text = path.read_bytes().decode()
        return Source(path, text, tomllib.loads(text))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; make it readable or remove it") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}: line {line}: not UTF-8: {error.reason}; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        at = _LINE.search(str(error))
        line = int(at[1]) if at else len(text.splitlines())
        raise ConfigurationError(f"{path}: line {max(line, 1)}: not TOML: {_LINE.sub('', str(error))}") from None


def merged(sources: Sequence[Source]) -> dict[str, Any]:
    """What a file says together with what it extends. A key that the child gives replaces its parent's whole value."""
    content: dict[str, Any] = {}
    for source in reversed(sources):
        language = language_of(str(content.get("locale", "en")))
        translated = language != language_of(str(source.said.get("locale", language)))
        dropped = _NEVER_INHERITED | (_OF_ONE_LANGUAGE if translated else set())
        content = {key: value for key, value in content.items() if key not in dropped} | dict(source.said)
    return {key: value for key, value in content.items() if key not in ("extends", *GIVEN_BY_THE_FILE)}


def line_of(text: str, said: Mapping[str, Any], place: Place) -> int | None:
    """The line of a TOML text on which a place begins, or else the innermost part of it that is there.

    It is the line after which the text, parsed up to there, holds the place: no second reader of TOML is needed.
    """
    while place and not _holds(said, place):
        place = place[:-1]
    if not place:
        return None
    lines = text.splitlines(keepends=True)

    def whole(count: int) -> Mapping[str, Any] | None:
        try:
            return tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            return None  # within a value of several lines

    def holds(count: int) -> bool:
        while (parsed := whole(count)) is None:
            count -= 1
        return _holds(parsed, place)

    line = bisect_left(range(len(lines) + 1), True, key=holds)
    while whole(line - 1) is None:
        line -= 1
    return line


def _holds(content: Any, place: Place) -> bool:
    for part in place:
        if isinstance(content, Mapping) and part in content:
            content = content[str(part)]
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            return False
    return True


def described(error: ErrorDetails, known: Collection[str]) -> str:
    """What is wrong with a field, in words. ``known`` are the names of all fields."""
    if error["type"] == "extra_forbidden":
        alike = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        return f"is unknown; did you mean {alike[0]}?" if alike else "is unknown; remove it"
    if error["type"] == "missing":
        return "is missing; add it"
    what = error["msg"].removeprefix("Value error, ")
    return what if error["type"] in ("conflict", "value_error") else f"{what}; change {error['input']!r:.80}"
