"""Words, numbers and units of a text: the terms in which the fact check compares copy with facts.

``15-inch``, ``15"`` and ``15 inches`` are one term: the number 15 with the unit inch. ``1,000`` is 1000 in English and
1 in German, ``1-9/16`` is a fraction, and ``two`` and ``两个`` are 2. ``1875–1925`` is one term, the range, and equals
neither of its ends; ``±5`` is the range from -5 to 5. ``1080p`` and ``i5`` are words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from shared.factcheck.lexicon import Lexicon
from shared.factcheck.numerals import BODY, Number, chinese_number, chinese_percentage, multiplied, read_numbers
from shared.factcheck.units import chinese_measures, dimension_of, unit_at
from shared.text import CHINESE

_CJK = CHINESE.pattern[1:-1]
_VULGAR = "¼½¾⅐-⅞"
_REST = rf"[^\W_{_CJK}]*(?:['’][^\W\d_{_CJK}]+)*\+{{0,3}}"
_TERM = re.compile(  # most terms are words, so that a letter is tried first
    rf"(?P<word>[^\W\d_{_CJK}{_VULGAR}]{_REST})"
    rf"|(?P<number>(?P<sign>±\s?|\+/[-−]\s?|(?<![^\W{_CJK}xX])(?<!\d\.)(?:(?<!\w)[-−])?)(?:{BODY}))"
    rf"|(?P<chinese>[{_CJK}])"
    rf"|(?P<mixed>[^\W_{_CJK}]{_REST})"
    r"|(?P<symbol>[$€£¥×]|(?<=\d)\*(?=\d))"
)
_TAIL = re.compile(rf"[^\W{_CJK}]+")
_TIMES_SIGN = re.compile(rf"[xX](?=[\d\W_{_CJK}]|$)")
_WIDE = {sign: sign - 0xFEE0 for sign in range(0xFF01, 0xFF5F) if chr(sign) not in "，；：！？（）"}
_CURRENCIES = frozenset("$€£¥")
_TIMES = frozenset({"x", "by", "mal", "por"})
_MULTIPLIED = frozenset({"length", "pixel count", "dpi", "ppi"})  # in "2 x 4 GB" the 2 is a count
_RANGES = frozenset({"to", "through", "until", "bis", "a", "hasta", "至", "到"})
_BETWEEN = {"between": "and", "zwischen": "und", "entre": "y"}
_DASHES = re.compile(r"\s*[-–—~〜]\s*")
_SHARES = re.compile(r"\s*[-–—~〜/]\s*")
_ARTICLE = re.compile(r"\s+an?\s+", re.IGNORECASE)
_ARTICLES = ("a", "an")
_SHORT_YEAR = re.compile(r"\d\d")
MOST_KEPT = 500  # characters
_YEARS = range(1000, 2100)


class Term(NamedTuple):
    """One word, or one number with its unit, at ``start:end`` of a text.

    ``key`` is what is compared: a word's stem, or the digits of a number as a fraction in lowest terms. ``number`` and
    ``unit`` are None for a word; a number's unit is None when none is written. ``word`` is the text in lower case.
    ``number`` of a range is its start and ``last`` its end, which other terms do not have. ``decimals`` counts the
    decimals that are written, in a range at its more precise end.
    """

    start: int
    end: int
    word: str
    key: str
    number: Fraction | None = None
    unit: str | None = None
    last: Fraction | None = None
    decimals: int = 0


def is_year(number: Fraction | None) -> bool:
    """Whether a number may be a year."""
    # A range looks up a whole number at once, and any other by comparing it with each of its own.
    return number is not None and number.denominator == 1 and number.numerator in _YEARS


def terms(text: str, lexicon: Lexicon) -> tuple[Term, ...]:
    """The terms of a text in order; they do not overlap."""
    # Names and values of facts are read again and again; long texts are not, and thousands of them would fill memory.
    return _kept_terms(text, lexicon) if len(text) <= MOST_KEPT else _read_terms(text, lexicon)


@lru_cache(maxsize=4096)
def _kept_terms(text: str, lexicon: Lexicon) -> tuple[Term, ...]:
    return _read_terms(text, lexicon)


def _read_terms(text: str, lexicon: Lexicon) -> tuple[Term, ...]:
    narrow = text if text.isascii() else text.translate(_WIDE)
    found = _join_currencies(_scan(narrow, lexicon), lexicon)
    if sum(term.number is not None for term in found) > 1:
        found = _join_ranges(_share_units(found, narrow), narrow)
    return tuple(found)


def _scan(text: str, lexicon: Lexicon) -> list[Term]:
    found: list[Term] = []
    at = 0
    while match := _TERM.search(text, at):
        found += _read(match, lexicon)
        at = found[-1].end
    return found


def _read(match: re.Match[str], lexicon: Lexicon) -> Sequence[Term]:
    if match["word"] or match["mixed"]:
        return _read_word(match, lexicon)
    if match["number"]:
        return _read_number(match, lexicon)
    if match["chinese"]:
        return [_read_chinese(match, lexicon)]
    sign = match[0] if match[0] in _CURRENCIES else "x"
    return [Term(*match.span(), sign, sign)]


class _Word(NamedTuple):
    """A word, whatever stands beside it: its value if it is a number, else its parts with their offsets and keys."""

    folded: str
    value: Fraction | None
    may_be_half: bool
    parts: Sequence[tuple[int, int, str, str]]


@lru_cache(maxsize=16_384)  # a catalogue's words come again and again; about 5 MB
def _word(written: str, lexicon: Lexicon) -> _Word:
    folded = written.casefold()
    is_article = bool(lexicon.and_a_half) and folded in _ARTICLES
    parts = [(at, at + len(part), part.casefold(), lexicon.stem(part)) for at, part in lexicon.parts(written)]
    return _Word(folded, lexicon.numbers.get(folded), is_article or folded in lexicon.halves, parts)


def _read_word(match: re.Match[str], lexicon: Lexicon) -> Sequence[Term]:
    start, word = match.start(), _word(match[0], lexicon)
    if word.value is not None:
        return [_measured(Term(start, match.end(), word.folded, str(word.value), word.value), match.string, lexicon)]
    if word.may_be_half and (half := _half(match, word.folded, lexicon)):
        return [half]
    return [Term(start + first, start + last, folded, key) for first, last, folded, key in word.parts]


def _half(match: re.Match[str], folded: str, lexicon: Lexicon) -> Term | None:
    """The quantity in "half an hour" or "a year and a half", which has a unit."""
    text, start, end = match.string, match.start(), match.end()
    if folded in lexicon.halves:
        gap = _ARTICLE.match(text, end)
        at, value, joined = gap.end() if gap else end, Fraction(1, 2), ""
    else:
        at, value, joined = end, Fraction(3, 2), f" {lexicon.and_a_half}"
    unit = unit_at(text, at, lexicon)
    if unit is None:
        return None
    end = unit[0] + len(joined)
    if text[unit[0] : end].casefold() != joined:
        return None
    return Term(start, end, text[start:end].casefold(), str(value), value, unit[1])


def _read_number(match: re.Match[str], lexicon: Lexicon) -> Sequence[Term]:
    text, (start, end) = match.string, match.span()
    is_measured = unit_at(text, end, lexicon) is not None
    numbers = list(read_numbers(match, lexicon.decimal_comma, is_measured))
    tail = None if is_measured or _TIMES_SIGN.match(text, end) else _TAIL.match(text, end)
    if tail or not numbers:  # "1080p", "1.2.3"
        end = tail.end() if tail else end
        return [Term(start, end, text[start:end].casefold(), lexicon.stem(text[start:end]))]
    if not is_measured:
        numbers[-1] = multiplied(numbers[-1], text)
    found = [_term(number, text) for number in numbers]
    found[0] = _signed(found[0], match["sign"] or "", text, start)
    found[-1] = _measured(found[-1], text, lexicon)
    at = found[-1].end
    if _TIMES_SIGN.match(text, at):
        found.append(Term(at, at + 1, "x", "x"))
    return found


def _term(number: Number, text: str) -> Term:
    word = text[number.start : number.end].casefold()
    return Term(number.start, number.end, word, str(number.value), number.value, decimals=number.decimals)


def _signed(term: Term, sign: str, text: str, start: int) -> Term:
    if not sign or term.number is None:
        return term
    word = text[start : term.end].casefold()
    if sign in "-−":
        return term._replace(start=start, word=word, key=str(-term.number), number=-term.number)
    key = f"{-term.number}–{term.number}"
    return term._replace(start=start, word=word, key=key, number=-term.number, last=term.number)


def _measured(term: Term, text: str, lexicon: Lexicon) -> Term:
    """The number with the unit that stands beside it, and with the half in "three and a half hours"."""
    half = f" {lexicon.and_a_half}" if lexicon.and_a_half else ""
    if half and term.number is not None and text.startswith(half, term.end):
        value, end = term.number + Fraction(1, 2), term.end + len(half)
        term = term._replace(end=end, word=text[term.start : end].casefold(), key=str(value), number=value)
    unit = unit_at(text, term.end, lexicon)
    return term if unit is None else term._replace(end=unit[0], unit=unit[1])


def _read_chinese(match: re.Match[str], lexicon: Lexicon) -> Term:
    """A number with a unit or before a measure, or else a word: "十分" is one that begins with a numeral."""
    text, start = match.string, match.start()
    end = lexicon.word_end(text, start)
    if percentage := chinese_percentage(text, start):
        return _term(percentage, text)._replace(unit="percent")
    if number := chinese_number(text, start):
        term = _measured(_term(number, text), text, lexicon)
        is_counted = term.end >= end and text[term.end : term.end + 1] in chinese_measures()
        if term.unit is not None or is_counted:
            return term
    return Term(start, end, text[start:end].casefold(), lexicon.stem(text[start:end]))


def _join_currencies(found: list[Term], lexicon: Lexicon) -> list[Term]:
    """Give each number the currency that stands before it."""
    if not any(term.word in _CURRENCIES for term in found):
        return found
    joined: list[Term] = []
    for term in found:
        before = joined[-1] if joined else None
        if before and before.word in _CURRENCIES and term.number is not None and term.start - before.end <= 1:
            joined[-1] = term._replace(start=before.start, unit=lexicon.units[before.word])
        else:
            joined.append(term)
    return [term for term in joined if term.word not in _CURRENCIES]


def _share_units(found: list[Term], text: str) -> list[Term]:
    """Give the earlier numbers of ``93 x 24.5 cm``, ``2 to 4 hours``, ``50-60 Hz`` and ``5 ± 1 mm`` the last's unit."""
    shared = list(found)
    for at in range(len(shared) - 2, -1, -1):
        term, following = shared[at], shared[at + 1]
        if term.number is None:
            continue
        is_product = following.word in _TIMES
        if (is_product or following.word in _RANGES) and at + 2 < len(shared) and shared[at + 2].number is not None:
            if is_product:
                shared[at + 1] = following._replace(key="x")
            following = shared[at + 2]
        elif following.number is None or not _is_beside(term, following, text):
            continue
        if term.unit is None and following.unit is not None and not (is_product and _is_count(following.unit)):
            shared[at] = term._replace(unit=following.unit)
    return shared


def _is_count(unit: str) -> bool:
    """Whether a number before "x" counts what has this unit: "2 x 4 GB" has no 2 GB."""
    return dimension_of(unit) not in _MULTIPLIED


def _is_beside(term: Term, following: Term, text: str) -> bool:
    gap = text[term.end : following.start]
    return bool(_SHARES.fullmatch(gap)) or (following.last is not None and (not gap or gap.isspace()))


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
    is_between = at > 0 and _BETWEEN.get(found[at - 1].word) == rest[0].word
    return 3 if is_between or rest[0].word in _RANGES else 0


def _is_dashed(first: Term, second: Term, text: str) -> bool:
    are_numbers = first.number is not None and second.number is not None
    return are_numbers and bool(_DASHES.fullmatch(text[first.end : second.start]))


def _range(first: Term, last: Term, text: str) -> Term | None:
    if first.number is None or last.number is None or first.unit not in (None, last.unit):
        return None
    if first.last is not None or last.last is not None:  # "5 to ±6"
        return None
    end = last.number
    if is_year(first.number) and first.unit is None and _SHORT_YEAR.fullmatch(last.word):  # 1952–53
        end += first.number // 100 * 100
    if end <= first.number:
        return None
    word = text[first.start : last.end].casefold()
    key, decimals = f"{first.number}–{end}", max(first.decimals, last.decimals)
    return Term(first.start, last.end, word, key, first.number, last.unit, end, decimals)
