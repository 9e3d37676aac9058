"""The words within what is written as one: Chinese, where nothing parts them, and German compounds.

Both are found by words that are known, not by statistics, so that a value and the copy are divided alike and can be
compared. What is not known stays as it is: a single character in Chinese, the whole word in German.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

_LINKS = ("s", "es", "n", "en", "")  # between the parts of a German compound: Leistung-s-aufnahme
_SHORTEST_PART = 3
_LONGEST_WORD = 60  # a longer one is no German word, and would take long to try


def word_end(text: str, start: int, known: Collection[str], longest: int) -> int:
    """Where the Chinese word that starts there ends: the longest that is known, of at most ``longest`` characters, or
    else one character."""
    sizes = range(min(longest, len(text) - start), 1, -1)
    return start + next((size for size in sizes if text[start : start + size] in known), 1)


def compound(word: str, is_known: Callable[[str], bool], is_head: Callable[[str], bool]) -> list[tuple[int, str]]:
    """The two parts of a German compound, with their offsets; only the whole word where it has no such parts.

    ``is_head`` tells of its end, and ``is_known`` of what stands before it, with or without the letters that link the
    two. The longest end wins, for the first part is then the least that the word says of it.
    """
    cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1) if len(word) <= _LONGEST_WORD else ()
    for cut in cuts:
        if is_head(word[cut:]) and any(is_known(word[:cut].removesuffix(link)) for link in _LINKS):
            return [(0, word[:cut]), (cut, word[cut:])]
    return [(0, word)]
