"""Light stemmers: the form of a word in which texts are compared, for each language that has a lexicon.

They join too little rather than too much. The stemmers of the Snowball project go further than a fact check may: the
Spanish one makes ``plata`` (silver), ``plato`` (a plate) and ``plateado`` (the colour) one word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([bdfgmnprt])\1$")

_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_GERMAN_ENDINGS = re.compile(r"(?:ern|em|en|er|es|e|(?<=[bdfghklmnrt])s)$")
_GERMAN_SECOND = re.compile(r"(?:en|er|(?<=er)n)$")
# The last letters of these are no ending: linen is no leash, a beech no book, and a size (Größe) is not large (große).
_GERMAN_WHOLE = frozenset("leinen eisen buche buchen silber kupfer leder messer grösse länge höhe stärke wärme".split())

# Without its last letter this would be a negation.
_ENGLISH_WHOLE = frozenset({"note"})

_ACCENTS = str.maketrans("áéíóúü", "aeiouu")
_SPANISH_FEMININE = re.compile(r"(ad|id|ic|os|an|iv|or)a$")
_SPANISH_E = re.compile(r"(?<=[^aeiou])e$")


@lru_cache(maxsize=65_536)
def english(word: str) -> str:
    """A word in lower case without the endings -s, -ies, -ied, -ed, -ing, -ly, -ally, -e; a light stemmer after Harman
    (1991).

    ``leather`` is not ``leatherette``, and ``wireless`` is not ``wire``.
    """
    if len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and _VOWEL.search(root) and not word.endswith("eed"):
            word = _DOUBLED.sub(r"\1", root)
            break
    if word in _ENGLISH_WHOLE:
        return word
    if len(word) > 7 and word.endswith("ically"):
        word = word[:-4]
    elif len(word) > 6 and word.endswith("ly"):
        word = word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@lru_cache(maxsize=65_536)
def german(word: str) -> str:
    """A word in lower case without umlauts and the endings of nouns and adjectives, after the first two steps of the
    Snowball stemmer for German (Porter, 2001).

    ``schwarzes`` is ``schwarz`` and ``Gläser`` is ``Glas``, but ``Lederimitat`` is not ``Leder``.
    """
    for whole in (word, word[:-1]):
        if whole in _GERMAN_WHOLE:
            return whole
    word = word.translate(_UMLAUTS)
    for endings in (_GERMAN_ENDINGS, _GERMAN_SECOND):
        root = endings.sub("", word)
        if len(root) < 3 or not _VOWEL.search(root):
            break
        word = root
    return word


@lru_cache(maxsize=65_536)
def spanish(word: str) -> str:
    """A word in lower case without accents and the endings of plurals; of the feminine only where no other word can be
    meant: ``plateada`` is ``plateado``, but ``plata`` is not ``plato``."""
    word = word.translate(_ACCENTS)
    if len(word) > 4 and word.endswith("ces"):
        word = word[:-3] + "z"
    elif len(word) > 4 and word.endswith("es"):
        word = word[:-2]
    elif len(word) > 3 and word.endswith(("as", "os")):
        word = word[:-1]
    if len(word) > 4:
        word = _SPANISH_FEMININE.sub(r"\1o", word)
    return _SPANISH_E.sub("", word) if len(word) > 3 else word


def unchanged(word: str) -> str:
    """A word of a language whose words have no endings, such as Chinese."""
    return word


STEMMERS: dict[str, Callable[[str], str]] = {"de": german, "es": spanish, "zh": unchanged}
"""The stemmer of each language; of any other it is :func:`english`."""
