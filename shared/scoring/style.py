"""How a text is written: repetition, copying, readability, length."""

from __future__ import annotations

from collections.abc import Sequence

from shared.facts import Fact
from shared.text import language_of, sentences, words

COPIED_RUN = 8
"""Words in a row that are no coincidence; shorter runs are names and set phrases."""

LONG_WORD = 6
"""A word of more letters is a long word of LIX."""

_GRAM = 4
_WITHOUT_SPACES = ("zh", "ja")


def repetition(text: str) -> float:
    """1 - different 4-grams / all 4-grams of words; 0 for a text of fewer than 4 words.

    This is seq-rep-4 of Welleck et al. (2020, "Neural Text Generation with Unlikelihood Training").
    """
    grams = _runs(_folded(text), _GRAM)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def source_copying(text: str, source: str | None, facts: Sequence[Fact] = ()) -> float:
    """The share of the text's words within runs of at least 8 that stand so in the supplier's text; 0 without one.

    The similarity of greedy string tiling (Wise, 1993, "String Similarity via Greedy String Tiling and Running
    Karp-Rabin Matching") with a shortest tile of 8 words, but that the source's words may be matched twice: copy that
    repeats a stolen sentence has stolen two. A long value of a fact, such as a title, is no part of a run: both texts
    have it from the product.
    """
    found = _folded(text)
    if not source or not found:
        return 0.0
    supplied = set(_runs(_folded(source), COPIED_RUN))
    own = _without_values(found, facts)
    places = [at for at, run in enumerate(_runs(own, COPIED_RUN)) if run in supplied]
    return len({place + step for place in places for step in range(COPIED_RUN)}) / len(found)


def _without_values(found: Sequence[str], facts: Sequence[Fact]) -> list[str]:
    """The words, each that belongs to a value of at least half a run's length replaced by what is no word."""
    left = list(found)
    for value in (_folded(fact.value) for fact in facts):
        size = len(value)
        if size >= COPIED_RUN // 2:
            for at in (at for at, run in enumerate(_runs(found, size)) if run == tuple(value)):
                left[at : at + size] = [""] * size
    return left


def readability(text: str, locale: str) -> float | None:
    """LIX: words / sentences + 100 × words of more than 6 letters / words (Björnsson, 1968, "Läsbarhet").

    Below 30 very easy, above 60 very hard. None for an empty text, and in Chinese and Japanese, where no space parts
    words and their letters are not to be counted.
    """
    found = words(text)
    if not found or language_of(locale) in _WITHOUT_SPACES:
        return None
    long_words = sum(sum(map(str.isalpha, word)) > LONG_WORD for word in found)
    return len(found) / len(sentences(text, locale)) + 100 * long_words / len(found)


def length_fit(text: str, min_words: int, max_words: int, max_characters: int | None = None) -> float:
    """1 within the bounds; below ``min_words`` words / min_words; above a bound falling to 0 at twice that bound.

    Where characters are bounded as well, the worse of the two counts.
    """
    count = len(words(text))
    if count < min_words:
        return count / min_words
    within = _within(count, max_words)
    return within if max_characters is None else min(within, _within(len(text), max_characters))


def _within(count: int, bound: int) -> float:
    return max(0.0, 1 - max(0, count - bound) / bound)


def _folded(text: str) -> list[str]:
    return [word.casefold() for word in words(text)]


def _runs(found: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(found[at : at + size]) for at in range(len(found) - size + 1)]
