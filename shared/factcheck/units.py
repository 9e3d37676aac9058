"""Units of measure: where one stands in a text, and how much one unit is in another.

The data is ``shared/factcheck/words/units.toml``. Factors are exact fractions, so that a conversion there and back is
the same number again. Definitions: the international yard and pound of 1959, United States customary volumes, and IEC
80000-13 for binary prefixes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from typing import Any

from shared.factcheck.lexicon import Lexicon
from shared.text import CHINESE

_GAP = re.compile(r"[\s‑-]?")
_LETTER = rf"[^\W_{CHINESE.pattern[1:-1]}]"
_GOES_ON = re.compile(rf"{_LETTER}(?![xX]\d){_LETTER}")  # the word does; "5cmx7cm" holds two
_AFTER_INCHES = re.compile(
    r"[.)×/]|(?:\s*[,;])?\s*(?:$|×|(?:x|by|wide|high|long|deep|tall|thick|[lwhd](?=\s*[x×)]))\b)", re.IGNORECASE
)

_OF_ARTICLE = re.compile(r"(?:\ban? |^)\d+(?:\.\d+)?$", re.IGNORECASE)  # "a 6.4 in smartphone"
_NOUN = re.compile(r" (?!(?:an?|the|its|one|two|three|four|all|each|this|these)\b)[^\W\d_]{3}", re.IGNORECASE)
_REACH = 16  # characters


@dataclass(frozen=True)
class Unit:
    """A unit that can be converted: ``factors`` of it make one of its dimension's base unit, one for each usual reading
    (a gigabyte has two), after ``offset`` is added to the number."""

    dimension: str
    factors: tuple[Fraction, ...]
    offset: Fraction


@lru_cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((files("shared.factcheck") / "words" / "units.toml").read_text(encoding="utf-8"))


@lru_cache
def convertible_units() -> Mapping[str, Unit]:
    """The units that can be converted, by their sign."""
    data = _data()
    return {
        sign: Unit(
            dimension,
            tuple(Fraction(factor) for factor in ([factors] if isinstance(factors, str) else factors)),
            Fraction(data["offsets"].get(sign, 0)),
        )
        for dimension, signs in data["dimensions"].items()
        for sign, factors in signs.items()
    }


@lru_cache
def chinese_measures() -> frozenset[str]:
    """The signs with which Chinese counts things."""
    return frozenset(_data()["words"]["measures"])


def dimension_of(sign: str) -> str:
    """The dimension of a unit; a unit that is never converted is its own."""
    unit = convertible_units().get(sign)
    return unit.dimension if unit else sign


def converted(number: Fraction, sign: str, wanted: str) -> frozenset[Fraction]:
    """A number of one unit in another, in each usual reading: 1 TB is 1000 GB and 1024 GB; empty across dimensions."""
    unit, other = convertible_units().get(sign), convertible_units().get(wanted)
    if unit is None or other is None or unit.dimension != other.dimension:
        return frozenset()
    base = number + unit.offset
    pairs = zip(unit.factors, other.factors, strict=True)
    return frozenset(base * factor / divisor - other.offset for factor, divisor in pairs)


def unit_at(text: str, at: int, lexicon: Lexicon) -> tuple[int, str] | None:
    """The unit of the number that ends at this place, by the longest name that stands there: its end and its sign."""
    gap = _GAP.match(text, at)
    start = gap.end() if gap else at
    for size in _sizes(lexicon).get(text[start : start + 1].casefold(), ()):
        name = text[start : start + size].casefold()
        end = min(start + size, len(text))
        if name in lexicon.units and not _GOES_ON.match(text, end - 1) and _is_meant(name, text, at, start, end):
            return None if text.startswith(_no_units(), start) else (end, lexicon.units[name])
    return None


@lru_cache
def _sizes(lexicon: Lexicon) -> Mapping[str, tuple[int, ...]]:
    """How long the units are that begin with a sign, the longest first."""
    found: dict[str, set[int]] = {}
    for name in lexicon.units:
        found.setdefault(name[0], set()).add(len(name))
        if "ss" in name:  # "ß" is one letter
            found[name[0]].add(len(name) - 1)
    return {first: tuple(sorted(sizes, reverse=True)) for first, sizes in found.items()}


@lru_cache
def _no_units() -> tuple[str, ...]:
    return tuple(_data()["words"]["no_units"])


def _is_meant(name: str, text: str, at: int, start: int, end: int) -> bool:
    """Whether a name that is also a word or a model's letter is a unit here."""
    if name == "in" and text[at:start] == "-":  # "4-in-1" holds no inches,
        return text[end : end + 1] != "-"
    if name == "in":  # nor does "Model 96 in white"
        is_article = _OF_ARTICLE.search(text[max(0, at - _REACH) : at]) and _NOUN.match(text, end)
        return start == at or bool(is_article or _AFTER_INCHES.match(text, end))
    if name == "k":  # "4K" is a resolution, "2700 K" the colour of light
        return text[max(0, at - 3) : at].isdecimal() and at >= 3
    if name == "g":  # "5G" is a network
        return start > at or text[start] == "g"
    return name != "a" or start == at  # "with HDMI 2 a screen" holds no ampere
