"""Which number of a value is its height, which its width: ``H x W: 10 x 20 cm``, ``height 5.3``, ``7.5 L``.

The letters of a dimension look like units ("7.5 L" is no volume), and its unit often stands once, before the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shared.factcheck.quantities import Term

Roles = tuple[str | None, ...]

_LETTERS = {"h": "height", "w": "width", "d": "depth", "l": "length", "b": "width", "t": "depth", "ø": "diameter"}
_LETTER = r"(?:[HWDLBT]|Diam|Dia|Ø)\.?"
_ORDER = re.compile(rf"(?<!\w){_LETTER}(?:\s*[x×/*,]\s*{_LETTER}|(?<=\w)[x×]{_LETTER})+(?!\w)", re.IGNORECASE)
_UNIT_FIRST = re.compile(r"^\s*(\w+)\s*:")
_LETTER_BEFORE = re.compile(r"(?<!\w)([HWDLØ]|Diam|Dia)\.?\s*[:=]?\s*$", re.IGNORECASE)
_LETTER_AFTER = re.compile(
    r"\d+(?:[.,/]\d+)*\s*(?:(?:[a-z]{1,4}\b\.?|[\"″])\s*)?\(?([HWDLØ]|Diam|Dia)\b", re.IGNORECASE
)
_LETTER_ALONE = re.compile(r"\d+(?:[.,/]\d+)*\s*([HWDL])\b", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"(\w+)\s*[:=]?\s*$")
_TIME = re.compile(r"\d\s*h\s*\d+\s*m(?:in)?\b", re.IGNORECASE)  # the "h" of "11 h 40 min" is no height
_REACH = 24  # a label stands right before its number


def role_of_letter(letter: str) -> str | None:
    """The dimension that a letter or sign such as ``H`` stands for."""
    folded = letter.casefold().rstrip(".")
    return "diameter" if folded.startswith("di") else _LETTERS.get(folded)


def measured(
    name: str, value: str, found: Sequence[Term], words: Mapping[str, str], units: Mapping[str, str]
) -> tuple[tuple[Term, ...], Roles]:
    """The terms of a value with the units of its dimensions, and the dimension of each, None where none is told.

    ``words`` lead from the word for a dimension to it, ``units`` from a unit's alias to its sign.
    """
    numbers = [at for at, term in enumerate(found) if term.number is not None and not _TIME.search(value)]
    roles: list[str | None] = [None] * len(found)
    order = _ordered(name) or _ordered(value)
    for count, at in enumerate(numbers):
        roles[at] = order[count] if len(order) == len(numbers) else _labelled(value, found[at], words)
    if sum(role is not None for role in roles) < 2:
        return tuple(found), tuple(roles)
    return _with_units(value, found, roles, units), tuple(roles)


def _ordered(text: str) -> list[str | None]:
    order = _ORDER.search(text)
    return [role_of_letter(letter) for letter in re.findall(_LETTER, order[0], re.IGNORECASE)] if order else []


def _labelled(value: str, term: Term, words: Mapping[str, str]) -> str | None:
    before = value[max(0, term.start - _REACH) : term.start]
    if letter := _LETTER_BEFORE.search(before):
        return role_of_letter(letter[1])
    if letter := _LETTER_AFTER.match(value, term.start):
        return role_of_letter(letter[1])
    word = _WORD_BEFORE.search(before)
    return words.get(word[1].casefold()) if word else None


def _with_units(
    value: str, found: Sequence[Term], roles: Sequence[str | None], units: Mapping[str, str]
) -> tuple[Term, ...]:
    """Letters are no units, and the one unit of a value is that of all its dimensions."""
    first = _UNIT_FIRST.match(value)
    shared = units.get(first[1].casefold()) if first else None
    bare = [
        term._replace(unit=None) if role and _LETTER_ALONE.match(value, term.start) else term
        for term, role in zip(found, roles, strict=True)
    ]
    given = {term.unit for term, role in zip(bare, roles, strict=True) if role and term.unit}
    unit = shared or (given.pop() if len(given) == 1 else None)
    return tuple(
        term._replace(unit=unit) if role and term.unit is None else term for term, role in zip(bare, roles, strict=True)
    )
