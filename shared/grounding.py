"""Where the words of a sentence stand in the facts of a product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from shared.facts import Fact
from shared.lexicon import Lexicon, load_lexicon
from shared.quantities import Term, terms

_MARK = re.compile(r"[,;:()–—]")
_MARK_COST = 3  # between two words a comma counts as so many words more,
_LIMIT_COST = 2  # and an "and" or "but" as so many
_IDENTITY = ("title", "brand", "category")


@dataclass(frozen=True, eq=False)
class Entry:
    """A fact made ready to be compared.

    ``names`` are the stems of its attribute's name that tell it apart, ``state`` its value if that is yes or no.
    ``is_identity`` says that it only names the product: title, brand, category, or an attribute that repeats the
    category. ``is_maker`` says that its value may stand after "made by", ``is_date`` that it may be a year, ``is_size``
    that it is a size, and ``is_relation`` that its value is another thing, which the product only goes with.
    ``negations`` are the words such as "non" that its name itself holds. ``parts`` are the places of the terms that
    begin a part of its value: those after a comma or the like.
    """

    fact: Fact
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    units: frozenset[str]
    state: bool | None
    is_identity: bool
    is_maker: bool
    is_date: bool
    is_size: bool
    is_relation: bool
    negations: frozenset[str]
    parts: frozenset[int]

    def holds_together(self, first: Term, second: Term) -> bool:
        """Whether these two may stand side by side: in this order within one part, or as two whole parts."""
        ends = [at for at, term in enumerate(self.terms) if term.key == first.key]
        starts = [at for at, term in enumerate(self.terms) if term.key == second.key]
        return not (ends and starts) or any(self._follows(end, start) for end in ends for start in starts)

    def _follows(self, end: int, start: int) -> bool:
        if start in self.parts and end + 1 in self.parts:
            return True
        return end < start and not any(end < part <= start for part in self.parts)


class FactIndex:
    """The facts of one product by the words of their values and names."""

    def __init__(self, facts: Sequence[Fact], lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.values: dict[str, list[tuple[Entry, int]]] = {}
        self.names: dict[str, set[Entry]] = {}
        self.compounds = {
            join(first, second, lexicon): (first, second)
            for fact in facts
            for first, second in pairwise(terms(fact.attribute, lexicon))
        }
        self.category = {
            term.key for fact in facts if fact.attribute == "category" for term in terms(fact.value, lexicon)
        }
        self.entries = [self._entry(fact) for fact in facts]
        for entry in self.entries:
            self._add(entry)
        self.spoken = self._words_that_speak_of_names()
        self.signs = {name: entry for entry in self.entries for name in entry.names if self._is_sign(name, entry)}

    def _entry(self, fact: Fact) -> Entry:
        lexicon = self.lexicon
        name = terms(fact.attribute, lexicon)
        keys = tuple(term.key for term in name)
        named = [term for term in name if term.word not in lexicon.function_words]
        telling = tuple(term.key for term in named if term.key not in lexicon.generic) or keys
        own = tuple(term.key for term in name if not lexicon.is_neutral(term.word)) or telling
        value = terms(fact.value, lexicon)
        repeats = bool(value) and all(term.key in self.category for term in value)
        return Entry(
            fact,
            value,
            names=telling if lexicon.polarity(fact.value) is None else own,
            units=frozenset(
                lexicon.units[term.word] for term in name if len(term.word) > 2 and term.word in lexicon.units
            ),
            state=lexicon.polarity(fact.value),
            is_identity=fact.attribute in _IDENTITY or repeats,
            is_maker=not lexicon.maker_names.isdisjoint(keys),
            is_date=not lexicon.dates.isdisjoint(keys),
            is_size=not lexicon.sizes.isdisjoint(keys),
            is_relation=any(f" {phrase} " in f" {' '.join(keys)} " for phrase in lexicon.relation_names),
            negations=lexicon.negations.intersection(keys),
            parts=frozenset({0, len(value)}) | {at for at in range(1, len(value)) if _is_parted(fact.value, value, at)},
        )

    def _add(self, entry: Entry) -> None:
        for name in entry.names if entry.fact.attribute not in ("title", "category") else ():
            self.names.setdefault(name, set()).add(entry)
        if entry.state is None:
            for at, term in enumerate(entry.terms):
                self.values.setdefault(term.key, []).append((entry, at))
                if term.last is not None:
                    for end in (term.number, term.last):
                        self.values.setdefault(str(end), []).append((entry, at))
                if at + 1 < len(entry.terms):
                    joined = join(term, entry.terms[at + 1], self.lexicon)
                    self.values.setdefault(joined, []).append((entry, at))

    def _words_that_speak_of_names(self) -> dict[str, frozenset[Entry]]:
        spoken = {name: frozenset(entries) for name, entries in self.names.items()}
        for table in (self.lexicon.cues, self.lexicon.scales):
            for word, names in table.items():
                meant = frozenset(entry for name in names for entry in self.names.get(name, ()))
                if meant:
                    spoken[word] = spoken.get(word, frozenset()) | meant
        return spoken

    def _is_sign(self, name: str, entry: Entry) -> bool:
        """Whether this word alone shows that the sentence speaks of this yes-or-no attribute."""
        alone = self.names.get(name) == {entry} and name not in self.values
        return entry.state is not None and alone and not self.lexicon.is_neutral(name)

    def is_cue(self, key: str) -> bool:
        """Whether a word stands for an attribute that the product has, or for its category."""
        meant = self.lexicon.cues.get(key, frozenset())
        return any(name in self.names or name in self.category for name in meant)


@lru_cache(maxsize=256)
def fact_index(facts: tuple[Fact, ...], locale: str) -> FactIndex:
    """The index of these facts; the last few hundred products are kept."""
    return FactIndex(facts, load_lexicon(locale))


def join(first: Term, second: Term, lexicon: Lexicon) -> str:
    """The key of two terms written as one word: ``touch screen`` as ``touchscreen``."""
    return lexicon.stem(first.word + second.word)


def _is_parted(text: str, found: Sequence[Term], at: int) -> bool:
    return bool(_MARK.search(text, found[at - 1].end, found[at].start))


def as_named(found: Sequence[Term], index: FactIndex) -> list[Term]:
    """Terms divided as the names of attributes are: ``touch screen`` is one term for the attribute ``touchscreen``, and
    ``touchscreen`` is two for ``touch screen``."""
    named: list[Term] = []
    for term in found:
        before = named[-1] if named else None
        if before and before.number is None is term.number and join(before, term, index.lexicon) in index.names:
            word = before.word + term.word
            named[-1] = Term(before.start, term.end, word, index.lexicon.stem(word))
        else:
            named += [term] if term.key in index.names else _divided(term, index)
    return named


def _divided(term: Term, index: FactIndex) -> list[Term]:
    first, second = index.compounds.get(term.key, (None, None))
    if first is None or second is None or not term.word.startswith(first.word):
        return [term]
    cut = term.start + len(first.word)
    if cut >= term.end:
        return [term]
    return [replace(first, start=term.start, end=cut), replace(second, start=cut, end=term.end)]


@dataclass(frozen=True, eq=False)
class Sentence:
    """The terms of one sentence of ``text`` with what surrounds them."""

    text: str
    terms: Sequence[Term]
    index: FactIndex

    def gap(self, at: int) -> str:
        """The text between the term at ``at`` and the one before it."""
        return self.text[self.terms[at - 1].end : self.terms[at].start] if at else ""

    def is_parted(self, at: int) -> bool:
        """Whether punctuation parts this term from the one before."""
        return at > 0 and _is_parted(self.text, self.terms, at)

    def key(self, at: int) -> str:
        """The key of a term; empty beyond the sentence."""
        return self.terms[at].key if 0 <= at < len(self.terms) else ""

    def ends_scope(self, at: int) -> bool:
        """Whether a negation, or a name that began before this term, goes no further."""
        is_parted = self.is_parted(at) and self.key(at) not in self.index.lexicon.joints
        return is_parted or self.key(at) in self.index.lexicon.limits

    @cached_property
    def places(self) -> list[int]:
        """How far each term is from the sentence's start, in words, with punctuation and "and" as detours."""
        places, place = [], 0
        for at in range(len(self.terms)):
            place += 1 + _MARK_COST * self.is_parted(at)
            place += _LIMIT_COST * (self.key(at) in self.index.lexicon.limits)
            places.append(place)
        return places

    def is_neutral(self, at: int) -> bool:
        """Whether this term needs no evidence by itself."""
        term = self.terms[at]
        if term.number is None:
            return self.index.lexicon.is_neutral(term.word)
        return self.index.lexicon.is_neutral(term.word) and term.unit is None and self._is_pronoun(at)

    def _is_pronoun(self, at: int) -> bool:
        """``this one`` and ``one of the`` count nothing."""
        return at + 1 == len(self.terms) or self.is_neutral(at + 1)


def value_runs(sentence: Sentence) -> Iterator[tuple[int, int, list[Entry]]]:
    """The longest runs of terms that stand so in values, with the facts that hold them, from left to right."""
    at = 0
    while at < len(sentence.terms):
        stop, entries = (at, []) if sentence.is_neutral(at) else _longest(sentence, at)
        if entries:
            yield at, stop, entries
        at = max(stop, at + 1)


def _longest(sentence: Sentence, at: int) -> tuple[int, list[Entry]]:
    index = sentence.index
    starts = list(index.values.get(sentence.key(at), ()))
    if at + 1 < len(sentence.terms):
        starts += index.values.get(join(sentence.terms[at], sentence.terms[at + 1], index.lexicon), ())
    ends: dict[Entry, int] = {}
    for entry, position in starts:
        stop = _follow(sentence, at, entry, position)
        ends[entry] = max(stop, ends.get(entry, at))
    longest = max(ends.values(), default=at)
    entries = [entry for entry, stop in ends.items() if stop == longest > at]
    return longest, sorted(entries, key=lambda entry: (entry.is_identity, len(entry.terms)))


def _follow(sentence: Sentence, at: int, entry: Entry, position: int) -> int:
    """Where the run that starts here and at that position of the value ends, without neutral words at its end."""
    stop = at
    while at < len(sentence.terms) and position < len(entry.terms):
        taken, passed = _match(sentence, at, entry, position)
        if not taken:
            break
        at, position = at + taken, position + passed
        if not sentence.is_neutral(at - 1):
            stop = at
    return stop


def _match(sentence: Sentence, at: int, entry: Entry, position: int) -> tuple[int, int]:
    """How many terms of the sentence and of the value are the same here; (0, 0) when they differ."""
    ours, lexicon = sentence.terms, sentence.index.lexicon
    term, held = ours[at], entry.terms[position]
    if term.key == held.key and (term.number is None) == (held.number is None):
        same_unit = term.unit is None or term.unit == held.unit or (held.unit is None and term.unit in entry.units)
        return (1, 1) if same_unit else (0, 0)
    if held.last is not None and term.number == held.number and sentence.key(at - 1) in lexicon.range_starts:
        return (1, 1) if term.last is None and term.unit in (None, held.unit) else (0, 0)
    if at + 1 < len(ours) and held.number is None and join(term, ours[at + 1], lexicon) == held.key:
        return 2, 1
    following = entry.terms[position + 1 : position + 2]
    if following and term.number is None and term.key == join(held, following[0], lexicon):
        return 1, 2
    return 0, 0
