"""Numbers of one language in the writing of another: ``20,000 mm`` in English is ``20.000 mm`` in German.

A value that kept the writing of its catalogue would be read wrongly by a factor of a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.factcheck.lexicon import load_lexicon
from shared.factcheck.quantities import terms

AMBIGUOUS = "a number that the languages of product and profile read differently"

_NUMBER = re.compile(r"\d+(?:[.,]\d+)+")
_POINT = re.compile(r"(?P<grouped>\d{1,3}(?:,\d{3})+)(?:\.\d+)?|(?P<decimal>\d+\.\d+)")
_SWAPPED = str.maketrans(".,", ",.")
# Three decimals may be thousands, of a catalogue that forgot to say its language. After a zero they cannot.
_DOUBTFUL = re.compile(r"[1-9]\d{0,2}\.\d{3}")


def is_written_alike(locale: str, other: str) -> bool:
    """Whether two languages write numbers with the same decimal sign."""
    return load_lexicon(locale).decimal_comma == load_lexicon(other).decimal_comma


def in_numbers_of(locale: str, value: str, written_in: str) -> str | None:
    """A value of a catalogue in the language ``written_in``, with its numbers as ``locale`` writes them.

    Quantities and whole numbers in groups of thousands change. What has no unit, as in ``USB 2.0``, may be a name and
    stays, and so does what ``written_in`` would not write so. None where a quantity has exactly three decimals: the
    ``20.000 mm`` of a product that says it is English are 20 mm, or 20 m if it is not.
    """
    if is_written_alike(locale, written_in):
        return value
    source = load_lexicon(written_in)
    measured = [range(term.start, term.end) for term in terms(value, source) if term.unit]
    parts, end = [], 0
    for start, number in _numbers(value):
        pointed = number.translate(_SWAPPED) if source.decimal_comma else number
        is_measured = any(start in span for span in measured)
        if is_measured and _DOUBTFUL.fullmatch(pointed):
            return None
        found = _POINT.fullmatch(pointed)
        is_sure = found is not None and (is_measured or found["grouped"] == pointed)
        parts += [value[end:start], number.translate(_SWAPPED) if is_sure else number]
        end = start + len(number)
    return "".join([*parts, value[end:]])


def _numbers(value: str) -> Iterator[tuple[int, str]]:
    return ((found.start(), found[0]) for found in _NUMBER.finditer(value))
