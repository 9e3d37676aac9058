"""How rules find words and patterns in a text. The time it takes grows evenly with the text, whatever stands in it."""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_REPEAT = 200
MAX_WAYS = 10_000

Place = tuple[int, int]

_UNPARTED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Without regard to case these wide ranges would take seconds to compile.
_LETTER = rf"(?-i:(?![{_UNPARTED}])[^\W_])"
_CLUSTER = re.compile(r".[\u0300-\u036f\ufe00-\ufe0f]*", re.DOTALL)
_VOWEL_BEFORE_Y = re.compile(r"[aeou]y$")


@dataclass(frozen=True)
class Folded:
    """A text as rules read it, and where each of its characters stands in the text as written.

    Full-width letters are ordinary ones, accents are joined to their letters, and what nobody sees (soft hyphens,
    zero-width spaces, direction marks) is gone, so that none of these hides a word.
    """

    raw: str
    text: str
    places: Sequence[Place] | None

    def raw_place(self, start: int, end: int) -> Place:
        """The place in the text as written of a place in this one."""
        return (start, end) if self.places is None else (self.places[start][0], self.places[end - 1][1])


def folded(raw: str) -> Folded:
    """A text as rules read it."""
    if raw.isascii():
        return Folded(raw, raw, None)
    signs: list[str] = []
    places: list[Place] = []
    for match in _CLUSTER.finditer(raw):
        kind = unicodedata.category(match[0][0])
        if kind == "Cf":
            continue
        # A symbol such as ™ would become letters, and hide the end of the word before it.
        plain = match[0] if kind == "So" else unicodedata.normalize("NFKC", match[0])
        signs.append(plain)
        places += [match.span()] * len(plain)
    return Folded(raw, "".join(signs), places)


@lru_cache(maxsize=1_024)
def phrases(wanted: tuple[str, ...], language: str, inflections: bool) -> re.Pattern[str]:
    """A pattern of these words and phrases, the longest first.

    They stand for themselves between word boundaries, without regard to case; in Chinese and Japanese, which have no
    boundaries, anywhere. A space or hyphen in a phrase stands for either, and a hyphen for none as well. With
    ``inflections`` each word may have the regular endings of the language (English, German, Spanish).
    """
    at_words: list[str] = []
    anywhere: list[str] = []
    for each in sorted(wanted, key=len, reverse=True):
        phrase = unicodedata.normalize("NFKC", each).strip()
        part = _phrase(phrase, language, inflections)
        (at_words if re.match(_LETTER, phrase) else anywhere).append(part)
    # One look behind for all of them: within a word no phrase needs to be tried.
    parts = [rf"(?<!{_LETTER})(?:{'|'.join(at_words)})", *anywhere] if at_words else anywhere
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=1_024)
def sequences(first: tuple[str, ...], then: tuple[str, ...], language: str, inflections: bool) -> re.Pattern[str]:
    """A pattern of one of the first phrases and, after at most three more words of the sentence, one of the others."""
    starts, ends = phrases(first, language, inflections).pattern, phrases(then, language, inflections).pattern
    return re.compile(
        rf"(?:{starts})(?:[\s,'’-]{{1,3}}+[\w'’-]{{1,30}}+){{0,3}}?[\s,-]{{1,3}}(?:{ends})", re.IGNORECASE
    )


def _phrase(phrase: str, language: str, inflections: bool) -> str:
    pieces = re.split(r"([\s-]+)", phrase)
    written = ""
    for at, piece in enumerate(pieces):
        if at % 2:
            written += rf"[\s‐-―-]{{{0 if '-' in piece else 1},3}}"
        else:
            written += _word(piece.lower(), language if inflections else "")
    after = rf"(?!{_LETTER})" if re.match(_LETTER, pieces[-1][-1:]) else ""
    return f"{written}{after}"


def _word(word: str, language: str) -> str:
    """A word with the regular endings of its language: too many rather than too few, for most of them are no words."""
    start = re.escape(word[:-1])
    if len(word) < 3 or not word.isalpha() or not re.match(_LETTER, word):
        return re.escape(word)
    if language == "en" and word.endswith("e"):
        return rf"{start}(?:e(?:s|d|['’]s)?|ing)"
    if language == "en" and word.endswith("y") and not _VOWEL_BEFORE_Y.search(word):
        return rf"{start}(?:y(?:['’]s|ing)?|ie[sd])"
    if language == "en":
        return rf"{re.escape(word)}(?:{re.escape(word[-1])}?(?:ed|ing)|e?s|['’]s)?"
    if language == "de":
        return rf"{re.escape(word)}[nrms]?" if word.endswith("e") else rf"{re.escape(word)}(?:e(?:rn|[nrms])?|[ns])?"
    if language == "es":
        return rf"{start}[oa]s?" if word[-1] in "oa" else rf"{re.escape(word)}(?:e?s|as?)?"
    return re.escape(word)


def matches(pattern: re.Pattern[str], text: Folded) -> Iterator[Place]:
    """The places of a pattern in a text; none is empty."""
    for match in pattern.finditer(text.text):
        if match.end() > match.start():
            yield text.raw_place(*match.span())


def outside(found: Iterable[Place], exceptions: Sequence[Place]) -> Iterator[Place]:
    """The places that do not lie within one of the exceptions."""
    for start, end in found:
        if not any(first <= start and end <= last for first, last in exceptions):
            yield start, end


@lru_cache(maxsize=1_024)
def bounded_pattern(written: str) -> re.Pattern[str]:
    """A regular expression, without regard to case, that takes bounded time at each place of a text.

    Raises:
        ValueError: when it is none, matches the empty text, refers back to a group, has a repeat without an upper
            limit, or can be tried in more than :data:`MAX_WAYS` ways at one place.
    """
    try:
        # The parser of `re` itself, so that nothing here can read a pattern in another way than `re` does.
        tree = importlib.import_module("re._parser").parse(written)
        pattern = re.compile(written, re.IGNORECASE)
    except (re.error, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if pattern.search(""):
        raise ValueError("matches the empty text; let it need at least one character")
    ways = _ways(tree)
    if ways > MAX_WAYS:
        raise ValueError(
            f"can be tried in {ways} ways at one place, {MAX_WAYS} are allowed; make its repeats possessive, "
            "such as (?:\\w{1,30}+ ){0,3}, or shorter"
        )
    return pattern


def _ways(tree: Any) -> int:
    """How many ways through a part of a pattern there are at most, for one start."""
    product = 1
    for operation, argument in tree:
        product = min(product * _ways_of(operation.name, argument), 10 * MAX_WAYS)
    return product


def _ways_of(operation: str, argument: Any) -> int:
    if operation.startswith("GROUPREF"):
        raise ValueError("refers back to a group; write the words out")
    if operation.endswith("REPEAT"):
        return _ways_of_repeat(operation, *argument)
    if operation == "BRANCH":
        return _ways_of_branch(argument[1])
    if operation in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return _ways(argument[-1])
    return _ways(argument) if operation == "ATOMIC_GROUP" else 1


def _ways_of_repeat(operation: str, least: int, most: int, tree: Any) -> int:
    if most > MAX_REPEAT:
        raise ValueError(f"has a repeat without an upper limit; write {{{least},30}} (at most {MAX_REPEAT}) for * or +")
    inner = _ways(tree)
    if operation == "POSSESSIVE_REPEAT":
        return inner
    total, power = 0, inner**least if least < 16 or inner == 1 else 10 * MAX_WAYS
    for _ in range(least, most + 1):
        total, power = total + power, min(power * inner, 10 * MAX_WAYS)
    return min(total, 10 * MAX_WAYS)


def _ways_of_branch(branches: Sequence[Any]) -> int:
    """Only the branches that begin with the same letter can be tried one after the other."""
    by_start: dict[str, int] = {}
    others = 0
    for branch in branches:
        ways = _ways(branch)
        if len(branch) and branch[0][0].name == "LITERAL":
            letter = chr(branch[0][1]).lower()
            by_start[letter] = by_start.get(letter, 0) + ways
        else:
            others += ways
    return max(by_start.values(), default=0) + others
