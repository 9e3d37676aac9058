"""Numbers as people write them: ``20.000`` and ``1,5`` in German, ``1-9/16``, ``1½``, ``1'000``, ``两百``, ``1.2万``.

A mark that stands twice groups thousands, and of two different marks the last one begins the decimals. A single mark
with three digits after it is read as the language has it, and with any other count it begins decimals. In a language
with a decimal point a comma does so only where a unit follows: ``30,5 m`` is a length, and ``RAID 0,1`` is a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_SPACES = "\u00a0\u202f\u2009\u2007'’"
_GAP = r"[ ‑–\u00a0\u202f\u2009-]"
_SLASH = "[/⁄]"
_RULER = (  # a whole number goes with these fractions only: "2 10/100 ports" has two ports
    rf"(?:1{_SLASH}2|[12]{_SLASH}3|[1-3]{_SLASH}4|[1-4]{_SLASH}5|[1-5]{_SLASH}6|[1-7]{_SLASH}8|(?:1[0-5]|[1-9]){_SLASH}16"
    rf"|(?:[12]\d|3[01]|[1-9]){_SLASH}32|(?:[1-5]\d|6[0-3]|[1-9]){_SLASH}64)"
)
BODY = (
    rf"(?P<whole>\d{{1,6}}){_GAP}(?P<part>{_RULER})(?!\d|{_SLASH}|[.,]\d)"
    rf"|(?:(?P<units>\d{{1,6}}){_GAP}?)?(?P<vulgar>[¼½¾⅐-⅞])"
    rf"|(?<!{_SLASH})(?P<top>\d{{1,40}}){_SLASH}(?P<bottom>[1-9]\d{{0,39}}(?:\.\d{{1,9}})?)(?!\d|{_SLASH})"
    rf"|(?P<digits>\d{{1,40}}(?:[.,]\d{{1,40}}|[{_SPACES}]\d{{3}}(?!\d)|[ ]000(?!\d)){{0,12}}|\.\d{{1,40}})"
)
_GROUPED = re.compile(rf"\d{{1,3}}(?:[{_SPACES} ]\d{{3}})+(?:[.,]\d+)?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3})+|(?:\.\d{3})+)")
_PIECE = re.compile(r"[^,\s'’]+")

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_MULTIPLIERS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_SIGNS = "零〇一二两三四五六七八九十百千万亿"
_CHINESE = re.compile(rf"(?<![第{_SIGNS}])(?:[{_SIGNS[:-4]}][{_SIGNS}]{{0,15}}|半)")
_PERCENTAGE = re.compile(rf"百分之(?:(?P<digits>\d{{1,9}}(?:\.\d{{1,9}})?)|(?P<signs>[{_SIGNS[:-2]}]{{1,9}}))")
_AND_A_HALF = re.compile("个半(?=小时|钟头|星期)")
_SHORTEST_ROW = 4  # "二〇二四" is a year, but "两三个" are two or three


@dataclass(frozen=True)
class Number:
    """A number that is written at ``start:end``, with as many ``decimals``."""

    start: int
    end: int
    value: Fraction
    decimals: int = 0


def read_numbers(match: re.Match[str], decimal_comma: bool, is_measured: bool) -> Iterator[Number]:
    """The numbers in a match of ``BODY``: several for a list such as ``0,1,5``, none for a version such as ``1.2.3``.

    ``is_measured`` says that a unit follows.
    """
    if match["part"]:
        top, bottom = re.split(_SLASH, match["part"])
        value = int(match["whole"]) + Fraction(int(top), int(bottom))
        yield Number(match.start("whole"), match.end("part"), value)
    elif match["vulgar"]:
        part = Fraction(unicodedata.numeric(match["vulgar"])).limit_denominator(10)
        start = match.start("units" if match["units"] else "vulgar")
        yield Number(start, match.end("vulgar"), int(match["units"] or 0) + part)
    elif match["top"]:
        yield Number(match.start("top"), match.end("bottom"), int(match["top"]) / Fraction(match["bottom"]))
    else:
        yield from _read_digits(match["digits"], match.start("digits"), decimal_comma, is_measured)


def _read_digits(text: str, start: int, decimal_comma: bool, is_measured: bool) -> Iterator[Number]:
    number = _decimal(text, decimal_comma, is_measured)
    if number:
        yield Number(start, start + len(text), *number)
        return
    pieces = list(_PIECE.finditer(text))
    for piece in pieces if len(pieces) > 1 else ():
        number = _decimal(piece[0], decimal_comma, False)
        if number:
            yield Number(start + piece.start(), start + piece.end(), *number)


def _decimal(text: str, decimal_comma: bool, is_measured: bool) -> tuple[Fraction, int] | None:
    """The number and how many decimals it has; None when the marks make no number."""
    plain = re.sub(rf"[{_SPACES} ]", "", text)
    if plain != text and not _GROUPED.fullmatch(text):
        return None
    if plain.isdecimal():
        return Fraction(int(plain)), 0
    mark = "," if plain.rfind(",") > plain.rfind(".") else "."
    head, _, tail = plain.rpartition(mark)
    own = "," if decimal_comma else "."
    if _THOUSANDS.fullmatch(plain) and (mark in head or mark != own):
        return Fraction(int(re.sub("[.,]", "", plain))), 0
    is_one = bool(_THOUSANDS.fullmatch(head)) and mark not in head
    if not is_one and ((head and not head.isdecimal()) or (mark == "," and not decimal_comma and not is_measured)):
        return None
    return Fraction(int(re.sub("[.,]", "", head) + tail), 10 ** len(tail)), len(tail)


def multiplied(number: Number, text: str) -> Number:
    """The number with the Chinese multiplier behind it: ``1.2万`` is 12,000."""
    value, end = number.value, number.end
    while end < len(text) and end - number.end < 2 and text[end] in "百千万亿":
        value *= (_MULTIPLIERS | _MYRIADS)[text[end]]
        end += 1
    return number if end == number.end else Number(number.start, end, value)


def chinese_number(text: str, at: int) -> Number | None:
    """The number that stands here in Chinese signs: ``两百`` is 200, ``半`` is a half, ``两个半小时`` 2.5."""
    match = _CHINESE.match(text, at)
    if match is None:
        return None
    value = Fraction(1, 2) if match[0] == "半" else _chinese_value(match[0])
    if value is None:
        return None
    half = _AND_A_HALF.match(text, match.end())
    return Number(at, half.end(), value + Fraction(1, 2)) if half else Number(at, match.end(), value)


def chinese_percentage(text: str, at: int) -> Number | None:
    """The number of the percentage that stands here in the Chinese order: ``百分之九十`` and ``百分之90`` are 90."""
    match = _PERCENTAGE.match(text, at)
    if match is None:
        return None
    value = Fraction(match["digits"]) if match["digits"] else _chinese_value(match["signs"])
    return None if value is None else Number(at, match.end(), value, len((match["digits"] or "").partition(".")[2]))


def _chinese_value(signs: str) -> Fraction | None:
    if all(sign in _DIGITS for sign in signs):
        if 1 < len(signs) < _SHORTEST_ROW:
            return None
        return Fraction(int("".join(str(_DIGITS[sign]) for sign in signs)))
    total = section = digit = 0
    for sign in signs:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _MULTIPLIERS:
            section, digit = section + (digit or 1) * _MULTIPLIERS[sign], 0
        else:
            total, section, digit = (total + section + digit) * _MYRIADS[sign], 0, 0
    return Fraction(total + section + digit)
