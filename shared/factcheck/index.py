"""The facts of one product by the words of their names and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from shared.factcheck.entries import IDENTITY, Entry, entry_of
from shared.factcheck.names import MAX_VALUE_CHARACTERS, Name, read_name
from shared.factcheck.quantities import Term, terms
from shared.factcheck.wording import Phrase, Wording, load_wording
from shared.facts import Fact

_MAX_PLACES = 512  # of one word in all values

Place = tuple[Entry, Phrase, int]


class FactIndex:
    """The facts of one product by the words of their values and names."""

    def __init__(self, facts: Sequence[Fact], wording: Wording) -> None:
        self.wording = wording
        self.lexicon = wording.lexicon
        self.category = _category(facts, wording)
        self.entries = _entries(facts, self.category, wording)
        self.values: dict[str, list[Place]] = {}
        self.quantities: dict[str, list[Place]] = {}
        self.names: dict[str, list[Entry]] = {}
        self.labels: dict[str, set[Entry]] = {}
        self.labelled: dict[frozenset[str], list[Entry]] = {}
        self.compounds: dict[str, tuple[Term, Term]] = {}
        self.denied: set[str] = set()
        self.graded: set[str] = set()
        self.product: set[str] = set()
        self.makers: set[str] = set()
        for entry in self.entries:
            self._add(entry)
        self.valued = {frozenset(entry.names) for entry in self.entries if entry.state is None}
        self.able = {able: name for name in self.names for able in wording.done(name)}
        self._spoken: dict[str, frozenset[Entry]] = {}

    def _add(self, entry: Entry) -> None:
        self.compounds |= read_name(entry.fact.attribute, self.wording).compounds
        _place(self.values, entry, entry.values)
        _place(self.quantities, entry, entry.quantities)
        if entry.fact.attribute not in ("title", "category"):
            for key in dict.fromkeys(entry.names):
                self.names.setdefault(key, []).append(entry)
            self.labelled.setdefault(entry.label, []).append(entry)
        for key in entry.label:
            self.labels.setdefault(key, set()).add(entry)
        self.denied |= entry.denied
        self.graded |= entry.label & self.wording.grades
        if entry.fact.attribute in IDENTITY:
            self.product |= entry.keys
        if entry.is_maker:
            self.makers |= entry.keys

    def spoken(self, key: str) -> frozenset[Entry]:
        """The facts of whose names a word speaks: as a part of them, or as a cue such as "heavy" for a weight."""
        if key not in self._spoken:
            names = (key, *self.lexicon.cues.get(key, ()), *self.lexicon.scales.get(key, ()))
            self._spoken[key] = frozenset(entry for name in names for entry in self.names.get(name, ()))
        return self._spoken[key]

    def is_sign(self, key: str, entry: Entry) -> bool:
        """Whether this word alone shows that the sentence speaks of this yes-or-no attribute."""
        is_alone = self.names.get(key) == [entry] and key not in self.values
        return entry.state is not None and is_alone and not self.lexicon.is_neutral(key)

    def is_cue(self, key: str) -> bool:
        """Whether a word stands for an attribute that the product has, or for its category."""
        meant = self.lexicon.cues.get(key, frozenset())
        return any(name in self.names or name in self.category for name in meant)


def _category(facts: Sequence[Fact], wording: Wording) -> frozenset[str]:
    """The keys of the product's category and of its other wordings."""
    found: set[str] = set()
    for fact in facts:
        if fact.attribute == "category":
            keys = [term.key for term in terms(fact.value[:MAX_VALUE_CHARACTERS], wording.lexicon)]
            found |= {*keys, *(term.key for phrase in wording.rewordings(keys) for term in phrase)}
    return frozenset(found)


def _entries(facts: Sequence[Fact], category: frozenset[str], wording: Wording) -> list[Entry]:
    names = [read_name(fact.attribute, wording) for fact in facts]
    answers = [wording.lexicon.polarity(fact.value) is not None for fact in facts]
    uses = Counter(key for name, is_answer in zip(names, answers, strict=True) if is_answer for key in name.label)
    found: dict[Entry, None] = {}
    for fact, name, is_answer in zip(facts, names, answers, strict=True):
        entry = entry_of(fact, _told_apart(name, uses) if is_answer else name.telling, category, wording)
        found[replace(entry) if entry in found else entry] = None  # a product may have an attribute "brand", too
    return [*found]


def _told_apart(name: Name, uses: Mapping[str, int]) -> tuple[str, ...]:
    """What tells an attribute that is yes or no apart: its own words, if one of them is in no other such name."""
    return name.own if any(uses[key] == 1 for key in name.own) else name.telling


def _place(table: dict[str, list[Place]], entry: Entry, places: Mapping[str, Sequence[tuple[Phrase, int]]]) -> None:
    for key, found in places.items():
        held = table.setdefault(key, [])
        held += [(entry, phrase, at) for phrase, at in found[: _MAX_PLACES - len(held)]]


@lru_cache(maxsize=256)
def fact_index(facts: tuple[Fact, ...], locale: str) -> FactIndex:
    """The index of these facts; the last few hundred products are kept."""
    return FactIndex(facts, load_wording(locale))


def join(first: Term, second: Term, index: FactIndex) -> str:
    """The key of two terms written as one word: ``touch screen`` as ``touchscreen``."""
    return index.lexicon.stem(first.word + second.word)
