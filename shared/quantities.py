"""Words, numbers and units of a text: the terms in which the fact check compares copy with facts.

``15-inch``, ``15"`` and ``15 inches`` are one term: the number 15 with the unit inch. ``1,000`` is 1000, ``1.50`` is
1.5, ``9/16`` is a fraction and ``two`` is 2. ``1875–1925`` is one term, the range, and equals neither of its ends.
``1080p`` and ``i5`` are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from shared.lexicon import Lexicon

_TERM = re.compile(
    r"(?P<number>(?:(?<![\w.])[-−](?=\d))?(?<![\w.])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,40})(?:\.\d{1,40})?"
    r"(?:/[1-9]\d{0,40})?)(?P<tail>(?!\d)\w+)?"
    r"|(?P<word>[^\W_]+(?:['’][^\W\d_]+)*\+{0,3})"
    r"|(?P<symbol>[$€£¥%°×]|[\"″”′]|'')"
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_UNIT_GAP = re.compile(r"[\s‑-]?")
_CURRENCIES = frozenset("$€£¥")
_TIMES = frozenset({"x", "by"})
_RANGES = frozenset({"to", "through", "until"})
_DASHES = re.compile(r"\s*[-–—]\s*")
_SHORT_YEAR = re.compile(r"\d\d")
YEARS = range(1000, 2100)


@dataclass(frozen=True)
class Term:
    """One word, or one number with its unit, at ``start:end`` of a text.

    ``key`` is what is compared: a word's stem, or the digits of a number as a fraction in lowest terms. ``number`` and
    ``unit`` are None for a word; a number's unit is None when none is written. ``word`` is the text in lower case.
    ``number`` of a range is its start and ``last`` its end, which other terms do not have.
    """

    start: int
    end: int
    word: str
    key: str
    number: Fraction | None = None
    unit: str | None = None
    last: Fraction | None = None


@lru_cache(maxsize=4096)
def terms(text: str, lexicon: Lexicon) -> tuple[Term, ...]:
    """The terms of a text in order; they do not overlap. Names and values of facts are read again and again."""
    found = [term for match in _TERM.finditer(text) for term in _read(match, lexicon)]
    return tuple(_join_ranges(_share_units(_join_units(found, text, lexicon), text), text))


def _read(match: re.Match[str], lexicon: Lexicon) -> Iterator[Term]:
    start, end = match.span()
    if match["symbol"]:
        sign = "x" if match[0] == "×" else match[0]
        yield Term(start, end, sign, sign)
    elif match["number"]:
        yield from _read_number(match, lexicon)
    elif _CJK.search(match[0]):
        yield from (Term(start + at, start + at + 1, sign, sign) for at, sign in enumerate(match[0]))
    else:
        folded = match[0].casefold()
        value = lexicon.numbers.get(folded)
        number = None if value is None else Fraction(value)
        yield Term(start, end, folded, lexicon.stem(folded) if number is None else str(number), number)


def _read_number(match: re.Match[str], lexicon: Lexicon) -> Iterator[Term]:
    tail = (match["tail"] or "").casefold()
    if tail and tail not in lexicon.units and tail not in _TIMES:
        yield Term(*match.span(), match[0].casefold(), lexicon.stem(match[0]))
        return
    whole, _, divisor = match["number"].replace(",", "").replace("−", "-").partition("/")
    value = Fraction(whole) / int(divisor or 1)
    end = match.end("number")
    unit = lexicon.units.get(tail)
    yield Term(match.start(), match.end() if unit else end, match["number"], str(value), value, unit)
    if tail in _TIMES:
        yield Term(end, match.end(), tail, "x")


def _join_units(found: list[Term], text: str, lexicon: Lexicon) -> list[Term]:
    """Give each number the unit that stands beside it."""
    joined: list[Term] = []
    for term in found:
        before = joined[-1] if joined else None
        if before and before.number is not None and before.unit is None and _is_unit(before, term, text, lexicon):
            joined[-1] = replace(before, end=term.end, unit=lexicon.units[term.word])
        elif before and before.word in _CURRENCIES and term.number is not None and term.start - before.end <= 1:
            joined[-1] = replace(term, start=before.start, unit=lexicon.units[before.word])
        else:
            joined.append(term)
    return [term for term in joined if term.number is not None or term.word[0].isalnum()]


def _is_unit(number: Term, term: Term, text: str, lexicon: Lexicon) -> bool:
    gap = text[number.end : term.start]
    if term.word not in lexicon.units or term.number is not None or not _UNIT_GAP.fullmatch(gap):
        return False
    following = text[term.end : term.end + 1]
    if term.word == "in":  # "Model 96 in white" and "4-in-1" hold no inches
        return following != "-" if gap == "-" else following == "."
    return term.word != "a" or not gap  # "with HDMI 2 a screen" holds no ampere


def _share_units(found: list[Term], text: str) -> list[Term]:
    """Give the earlier numbers of ``93 x 24.5 cm``, ``2 to 4 hours`` and ``50-60 Hz`` the unit of the last."""
    shared = list(found)
    for at in range(len(shared) - 2, -1, -1):
        term, following = shared[at], shared[at + 1]
        if term.number is None:
            continue
        if following.word in _TIMES | _RANGES and at + 2 < len(shared) and shared[at + 2].number is not None:
            if following.word in _TIMES:
                shared[at + 1] = replace(following, key="x")
            following = shared[at + 2]
        elif following.number is None or not _DASHES.fullmatch(text[term.end : following.start]):
            continue
        if term.unit is None and following.unit is not None:
            shared[at] = replace(term, unit=following.unit)
    return shared


def _join_ranges(found: list[Term], text: str) -> list[Term]:
    """Make one term of ``1875–1925``, ``5 to 10 cm`` and ``between 1875 and 1925``; ``1–2–3`` and ``9-5`` are none."""
    joined: list[Term] = []
    at = 0
    while at < len(found):
        size = 0 if joined and _is_dashed(joined[-1], found[at], text) else _range_size(found, at, text)
        span = _range(found[at], found[at + size - 1], text) if size else None
        joined.append(span or found[at])
        at += size if span else 1
    return joined


def _range_size(found: list[Term], at: int, text: str) -> int:
    """How many terms the range that starts here has; 0 when none starts."""
    first, *rest = found[at : at + 3]
    if first.number is None or not rest:
        return 0
    if _is_dashed(first, rest[0], text):
        return 0 if len(rest) > 1 and _is_dashed(rest[0], rest[1], text) else 2
    if len(rest) < 2:
        return 0
    is_between = rest[0].word == "and" and at > 0 and found[at - 1].word == "between"
    return 3 if is_between or rest[0].word in _RANGES else 0


def _is_dashed(first: Term, second: Term, text: str) -> bool:
    are_numbers = first.number is not None and second.number is not None
    return are_numbers and bool(_DASHES.fullmatch(text[first.end : second.start]))


def _range(first: Term, last: Term, text: str) -> Term | None:
    if first.number is None or last.number is None or first.unit not in (None, last.unit):
        return None
    end = last.number
    if first.number in YEARS and first.unit is None and _SHORT_YEAR.fullmatch(last.word):  # 1952–53
        end += first.number // 100 * 100
    if end <= first.number:
        return None
    word = text[first.start : last.end].casefold()
    return replace(first, end=last.end, word=word, key=f"{first.number}–{end}", unit=last.unit, last=end)
