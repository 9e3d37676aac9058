"""Where the words of a sentence stand in the facts of a product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import accumulate

from shared.factcheck.conversions import quantity_key, same_quantity
from shared.factcheck.entries import Entry
from shared.factcheck.index import FactIndex, Place, join
from shared.factcheck.quantities import Term
from shared.factcheck.reading import Words
from shared.factcheck.wording import Phrase

_MARK_COST = 3  # between two words a comma counts as so many words more,
_LIMIT_COST = 2  # and an "and" or "but" as so many


class Likeness(IntEnum):
    """How the words of a run are those of a value; the greatest of its words counts."""

    SAME = 0
    NORMALISED = 1
    INFLECTION = 2
    CONVERTED = 3
    SYNONYM = 4


@dataclass(frozen=True)
class Run:
    """The terms from ``first`` to ``stop`` (exclusive) that stand so in the values of ``entries``: for each from which
    place of its value on (None where they are another wording of it), and how alike."""

    first: int
    stop: int
    entries: list[Entry]
    likeness: dict[Entry, Likeness]
    places: dict[Entry, int | None]


def as_named(words: Words, index: FactIndex) -> Words:
    """Terms divided as the names of attributes are: ``touch screen`` is one term for the attribute ``touchscreen``, and
    ``touchscreen`` is two for ``touch screen``."""
    named: list[Term] = []
    is_as_written = True
    for term in words.terms:
        before = named[-1] if named else None
        if before and _is_one_name(before, term, index):
            word = before.word + term.word
            named[-1] = Term(before.start, term.end, word, index.lexicon.stem(word))
        elif term.key in index.compounds and term.key not in index.names:
            named += _divided(term, *index.compounds[term.key])
        else:
            named.append(term)
            continue
        is_as_written = False
    return words if is_as_written else Words(words.text, named, words.lexicon)


def _is_one_name(first: Term, second: Term, index: FactIndex) -> bool:
    if second.number is not None or len(second.word) == 1 or not first.word.isalpha():  # "size S" is not "sizes"
        return False
    joined = join(first, second, index)
    is_name = first.number is None and joined in index.names
    return is_name or index.lexicon.opposites.get(joined) in index.names


def _divided(term: Term, first: Term, second: Term) -> Sequence[Term]:
    cut = term.start + len(first.word)
    if not term.word.startswith(first.word) or cut >= term.end:
        return [term]
    return [first._replace(start=term.start, end=cut), second._replace(start=cut, end=term.end)]


class Sentence:
    """The terms of one sentence of ``text`` with what surrounds them, and the facts it is held against."""

    def __init__(self, words: Words, index: FactIndex) -> None:
        self.text = words.text
        self.terms = words.terms
        self.keys = words.keys
        self.key_set = words.key_set
        self.words = words.words
        self.index = index
        self.size = len(words.terms)
        self._gaps = words.gaps
        self._parted = words.parted
        self._ends = words.ends
        self._neutral = self._neutral_terms(words)

    def gap(self, at: int) -> str:
        """The text between the term at ``at`` and the one before it."""
        return self._gaps[at]

    def is_parted(self, at: int) -> bool:
        """Whether punctuation parts this term from the one before."""
        return at > 0 and self._parted[at]

    def key(self, at: int) -> str:
        """The key of a term; empty beyond the sentence."""
        return self.keys[at] if 0 <= at < self.size else ""

    def word(self, at: int) -> str:
        """A term in lower case as it is written; empty beyond the sentence."""
        return self.words[at] if 0 <= at < self.size else ""

    def is_number(self, at: int) -> bool:
        """Whether a number stands here."""
        return 0 <= at < self.size and self.terms[at].number is not None

    def ends_scope(self, at: int) -> bool:
        """Whether a negation, or a name that began before this term, goes no further."""
        return self._ends[at]

    @cached_property
    def places(self) -> list[int]:
        """How far each term is from the sentence's start, in words, with punctuation and "and" as detours."""
        limits = self.index.lexicon.limits
        steps = zip(self._parted, self.keys, strict=True)
        return [*accumulate(1 + _MARK_COST * is_parted + _LIMIT_COST * (key in limits) for is_parted, key in steps)]

    def is_neutral(self, at: int) -> bool:
        """Whether this term needs no evidence by itself. ``this one`` and ``one of the`` count nothing."""
        return self._neutral[at]

    def _neutral_terms(self, words: Words) -> list[bool]:
        neutral = [is_plain and not self._tells_after_all(at) for at, is_plain in enumerate(words.plain)]
        for at in range(self.size - 2, -1, -1):
            if neutral[at] and self.terms[at].number is not None:
                is_alone = self.terms[at].unit is None and self.gap(at + 1) != "-"  # "one-way"
                neutral[at] = is_alone and neutral[at + 1]
        return neutral

    def _tells_after_all(self, at: int) -> bool:
        """Whether a word that states nothing elsewhere does so here: the "non" of "non-stick", the "marking" that a
        value denies, and a letter such as the "M" of "size M"."""
        term, index = self.terms[at], self.index
        if len(term.word) > 1:
            is_half = term.key in index.wording.prefixes and at + 1 < self.size and self.gap(at + 1) == "-"
            return is_half or term.key in index.denied
        if not term.word.isalpha() or self.text[term.start] == term.word:
            return False
        if term.word in index.wording.letter_words:  # "A" and "I" are words, but for "class A"
            return self.key(at - 1) in index.graded and not self.is_parted(at)
        return term.key in index.values or self.key(at - 1) in index.graded


def value_runs(sentence: Sentence) -> Iterator[Run]:
    """The longest runs of terms that stand so in values, with the facts that hold them, from left to right."""
    at = 0
    while at < len(sentence.terms):
        run = None if sentence.is_neutral(at) else _longest(sentence, at) or _between(sentence, at)
        if run:
            yield run
        at = run.stop if run else at + 1


def _longest(sentence: Sentence, first: int) -> Run | None:
    index, term = sentence.index, sentence.terms[first]
    starts = list(index.values.get(term.key, ()))
    if first + 1 < len(sentence.terms):
        starts += index.values.get(join(term, sentence.terms[first + 1], index), ())
    run = _best(sentence, first, starts)
    kind = None if run else quantity_key(term)
    return run if kind is None else _best(sentence, first, index.quantities.get(kind, ()))


def _best(sentence: Sentence, first: int, starts: Sequence[Place]) -> Run | None:
    """The longest run from here on at any of these places, for each fact in the wording most alike."""
    best: dict[Entry, tuple[int, Likeness, int | None]] = {}
    for entry, phrase, position in starts:
        stop, likeness, reached = _follow(sentence, first, phrase, position)
        is_own = phrase is entry.terms
        if reached < len(phrase) and any(phrase is other for other in entry.rewordings):
            continue
        likeness = likeness if is_own else Likeness.SYNONYM
        known = best.get(entry, (first, Likeness.SYNONYM, None))
        if stop > first and (entry not in best or (-stop, likeness) < (-known[0], known[1])):
            best[entry] = stop, likeness, position if is_own else None
    if not best:
        return None
    longest = max(stop for stop, _, _ in best.values())
    entries = [entry for entry, (stop, _, _) in best.items() if stop == longest]
    entries.sort(key=lambda entry: (best[entry][1] > Likeness.INFLECTION, entry.is_identity, len(entry.terms)))
    alike = {entry: best[entry][1] for entry in entries}
    return Run(first, longest, entries, alike, {entry: best[entry][2] for entry in entries})


def _between(sentence: Sentence, at: int) -> Run | None:
    """A range whose ends are the least and the greatest number of one value, or the values of "minimum" and "maximum"
    of one thing: "from 38 to 48 cm" for ``38 cm, 40 cm, 48 cm``."""
    term, index = sentence.terms[at], sentence.index
    if term.last is None:
        return None
    lows = [entry for entry in _holders(index, str(term.number), term) if entry.least == term.number]
    highs = [entry for entry in _holders(index, str(term.last), term) if entry.greatest == term.last]
    for low in lows:
        if any(low.label ^ high.label <= index.wording.extremes for high in highs):
            return Run(at, at + 1, [low], {low: Likeness.NORMALISED}, {low: None})
    return None


def _holders(index: FactIndex, key: str, term: Term) -> list[Entry]:
    places = index.values.get(key, ())
    return [entry for entry, phrase, at in places if phrase[at].last is None and term.unit in (None, phrase[at].unit)]


def _follow(sentence: Sentence, at: int, phrase: Phrase, position: int) -> tuple[int, Likeness, int]:
    """Where the run that starts here and at that position of the value ends, without neutral words at its end, how
    alike it is, and up to which position of the value it goes."""
    stop, likeness = at, Likeness.SAME
    while at < len(sentence.terms) and position < len(phrase):
        taken, passed, alike = _match(sentence, at, phrase, position)
        if not taken:
            break
        at, position, likeness = at + taken, position + passed, max(likeness, alike)
        if not sentence.is_neutral(at - 1):
            stop = at
    return stop, likeness, position


def _match(sentence: Sentence, at: int, phrase: Phrase, position: int) -> tuple[int, int, Likeness]:
    """How many terms of the sentence and of the value are the same here; none when they differ."""
    ours, index = sentence.terms, sentence.index
    term, held = ours[at], phrase[position]
    if term.number is not None and held.number is not None:
        return _match_numbers(sentence, at, held)
    if term.key == held.key and term.number is held.number:
        return 1, 1, _likeness(term, held, index)
    if at + 1 < len(ours) and held.number is None and join(term, ours[at + 1], index) == held.key:
        return 2, 1, Likeness.NORMALISED
    following = phrase[position + 1 : position + 2]
    if following and term.number is None and term.key == join(held, following[0], index):
        return 1, 2, Likeness.NORMALISED
    return 0, 0, Likeness.SAME


def _match_numbers(sentence: Sentence, at: int, held: Term) -> tuple[int, int, Likeness]:
    term = sentence.terms[at]
    if term.key == held.key and term.unit in (None, held.unit):
        return 1, 1, Likeness.SAME if term.word == held.word else Likeness.NORMALISED
    if held.last is not None and term.number == held.number:
        is_start = sentence.key(at - 1) in sentence.index.lexicon.range_starts
        if is_start and term.last is None and term.unit in (None, held.unit):
            return 1, 1, Likeness.NORMALISED
    if term.unit and held.unit and (same := same_quantity(term, held)):
        return 1, 1, Likeness.CONVERTED if same == "converted" else Likeness.NORMALISED
    return 0, 0, Likeness.SAME


def _likeness(term: Term, held: Term, index: FactIndex) -> Likeness:
    if term.word == held.word:
        return Likeness.SAME
    is_respelt = term.key in index.wording.respelt and not (
        term.word.startswith(term.key) and held.word.startswith(term.key)
    )
    return Likeness.NORMALISED if is_respelt else Likeness.INFLECTION
