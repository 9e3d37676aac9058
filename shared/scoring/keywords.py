"""The words that a profile wants its copy to be found by."""

from __future__ import annotations

from collections.abc import Sequence

from shared.factcheck.lexicon import Lexicon
from shared.factcheck.quantities import terms


def keyword_recall(text: str, keywords: Sequence[str], lexicon: Lexicon) -> float | None:
    """The share of the keywords that the text holds, in any form of their words; None where none are asked.

    None and not 1: a copy that was asked for nothing has shown nothing.
    """
    if not keywords:
        return None
    said = _keys(text, lexicon)
    held = [bool(_places(said, _keys(keyword, lexicon))) for keyword in keywords]
    return sum(held) / len(held)


def keyword_density(text: str, keywords: Sequence[str], lexicon: Lexicon) -> float | None:
    """Words of the text within keywords / words of the text; None where none are asked.

    There is no best value: much of it reads as spam. A word within two keywords counts once.
    """
    if not keywords:
        return None
    said = _keys(text, lexicon)
    phrases = [_keys(keyword, lexicon) for keyword in keywords]
    within = {at + step for phrase in phrases for at in _places(said, phrase) for step in range(len(phrase))}
    return len(within) / len(said) if said else 0.0


def _keys(text: str, lexicon: Lexicon) -> list[tuple[str, str | None]]:
    return [(term.key, term.unit) for term in terms(text, lexicon)]


def _places(said: list[tuple[str, str | None]], phrase: list[tuple[str, str | None]]) -> list[int]:
    size = len(phrase)
    return [at for at in range(len(said) - size + 1) if said[at : at + size] == phrase] if phrase else []
