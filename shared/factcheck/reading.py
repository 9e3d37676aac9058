"""The sentences of a text as the fact check reads them, whatever the facts are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby, islice

from shared.factcheck.lexicon import Lexicon, load_lexicon
from shared.factcheck.quantities import Term, terms
from shared.text import sentences

_SIGN = re.compile(r"\S")
_MARK = re.compile(r"[,;:()–—，；：、（）]")


class Words:
    """The terms of one sentence of ``text`` with what surrounds them, for each term in lists of the same length.

    ``keys`` and ``words`` are those of the terms, and ``gaps`` the text before each, empty before the first.
    ``parted`` says whether punctuation parts it from the one before, ``ends`` whether a negation, or a name that began
    before it, goes no further, and ``plain`` whether it is a word that needs no evidence.
    """

    def __init__(self, text: str, found: Sequence[Term], lexicon: Lexicon) -> None:
        self.text = text
        self.terms = found
        self.lexicon = lexicon
        self.keys = [term.key for term in found]
        self.key_set = frozenset(self.keys)
        self.words = [term.word for term in found]
        starts = [term.start for term in found]
        ends = [starts[0], *(term.end for term in found)] if found else []
        self.gaps = [text[end:start] for end, start in zip(ends, starts, strict=False)]
        self.parted = [gap != " " and _MARK.search(gap) is not None for gap in self.gaps]
        self.ends = [
            (is_parted and key not in lexicon.joints) or key in lexicon.limits
            for is_parted, key in zip(self.parted, self.keys, strict=True)
        ]
        self.plain = [lexicon.is_neutral(word) for word in self.words]


@lru_cache(maxsize=256)  # the drafts that are checked at this moment: about 10 kB each
def read(text: str, locale: str) -> Sequence[Words]:
    """The sentences of a text that have a term, in order."""
    lexicon = load_lexicon(locale)
    starts = [start for start, _ in sentence_bounds(text, locale)]
    groups = groupby(terms(text, lexicon), key=lambda term: bisect_right(starts, term.start))
    return tuple(Words(text, list(group), lexicon) for _, group in groups)


@lru_cache(maxsize=256)
def sentence_bounds(text: str, locale: str) -> Sequence[tuple[int, int]]:
    """Where each sentence of a text starts and ends."""
    bounds, at = [], 0
    for sentence in sentences(text, locale):
        signs = _SIGN.finditer(text, at)
        first = next(signs)
        start = first.start()
        at = start + len(sentence)
        if not text.startswith(sentence, start):  # the text has other white space than the sentence
            count = sum(not sign.isspace() for sign in sentence)
            at = max((sign.end() for sign in islice(signs, count - 1)), default=first.end())
        bounds.append((start, at))
    return tuple(bounds)
