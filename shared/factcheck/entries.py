"""The facts of a product made ready to be compared with the words of its copy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise

from shared.factcheck.conversions import quantity_key
from shared.factcheck.dimensions import Roles, measured
from shared.factcheck.quantities import Term, terms
from shared.factcheck.wording import Phrase, Wording, load_wording
from shared.facts import Fact

MAX_VALUE_CHARACTERS = 4000  # a longer value is read so far: copy states nothing that stands further behind
_MAX_PLACES = 512  # of one word in all values,
_MAX_PLACES_OF_ENTRY = 8  # and in each of them: a hostile value may repeat a word a thousand times
_MARK = re.compile(r"[,;:()–—，；：、（）]")
_PART = re.compile(r"[,;:()–—，；：、（）/|•]")
_UNIT_OF_NAME = re.compile(r"\(([^()]{1,8})\)|\bin\s+(\w{1,8})$")
_IDENTITY = ("title", "brand", "category")


@dataclass(frozen=True, eq=False)
class Entry:
    """A fact made ready to be compared.

    ``names`` are the stems of its attribute's name that tell it apart, ``state`` its value if that is yes or no.
    ``is_identity`` says that it only names the product: title, brand, category, or an attribute that repeats the
    category. ``is_maker`` says that its value may stand after "made by", ``is_date`` that it may be a year, ``is_size``
    that it is a size, and ``is_relation`` that its value is another thing, which the product only goes with.
    ``negations`` are the words such as "non" that its name itself holds. ``parts`` are the places of the terms that
    begin a part of its value: those after a comma or the like. ``roles`` tell for each term of which dimension it is
    the number, and ``label`` holds all stems of the name. ``also`` are the approved wordings of the value, and
    ``rewordings`` other wordings of its parts, which stand for them only as a whole.
    """

    fact: Fact
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    label: frozenset[str]
    words: frozenset[str]
    state: bool | None
    is_identity: bool
    is_maker: bool
    is_date: bool
    is_size: bool
    is_kind: bool
    is_relation: bool
    negations: frozenset[str]
    parts: frozenset[int]
    roles: Roles
    also: tuple[Phrase, ...]
    rewordings: tuple[Phrase, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of the value's terms."""
        return frozenset(term.key for term in self.terms)

    @cached_property
    def told(self) -> frozenset[str]:
        """The keys of what other wordings add to the value, such as the name of an attribute that a title tells."""
        return frozenset(term.key for phrase in self.also for term in phrase) - self.keys

    @cached_property
    def least(self) -> Fraction | None:
        """The least number of the value."""
        return min((term.number for term in self.terms if term.number is not None), default=None)

    @cached_property
    def greatest(self) -> Fraction | None:
        """The greatest number of the value."""
        return max((term.number for term in self.terms if term.number is not None), default=None)

    def holds_together(self, run: Sequence[Term], following: Term) -> bool:
        """Whether this term may stand right behind that run: in this order within one part, or as two whole parts. A
        percentage belongs to what stands in its part: "60% cotton" is not "60% wool, 40% cotton"."""
        keys = [term.key for term in run]
        places = [at for at, term in enumerate(self.terms) if term.key == keys[-1]]
        ends = [at for at in places if [term.key for term in self.terms[at + 1 - len(keys) : at + 1]] == keys] or places
        starts = [at for at, term in enumerate(self.terms) if term.key == following.key]
        return not (ends and starts) or any(self._follows(end, start) for end in ends for start in starts)

    def _follows(self, end: int, start: int) -> bool:
        if self.terms[end].unit == "percent":
            first, last = sorted((start, end))
            is_beside = start == end + 1 or (start < end and end + 1 in self.parts)
            return is_beside and not any(first < part <= last for part in self.parts)
        if start in self.parts and (end + 1 in self.parts or self.is_kind):
            return True
        return end < start and not any(end < part <= start for part in self.parts)


Place = tuple[Entry, Phrase, int]


class FactIndex:
    """The facts of one product by the words of their values and names."""

    def __init__(self, facts: Sequence[Fact], wording: Wording) -> None:
        self.wording = wording
        self.lexicon = wording.lexicon
        self.values: dict[str, list[Place]] = {}
        self.quantities: dict[str, list[Place]] = {}
        self.names: dict[str, set[Entry]] = {}
        self.compounds = {
            join(first, second, self): (first, second)
            for fact in facts
            for first, second in pairwise(self._terms(fact.attribute))
        }
        self.category = self._category(facts)
        states = [fact for fact in facts if self.lexicon.polarity(fact.value) is not None]
        self.uses = Counter(key for fact in states for key in {term.key for term in self._terms(fact.attribute)})
        self.entries = [self._entry(fact) for fact in facts]
        for entry in self.entries:
            self._add(entry)
        self.valued = {frozenset(entry.names) for entry in self.entries if entry.state is None}
        self.labelled: dict[frozenset[str], list[Entry]] = {}
        self.labels: dict[str, set[Entry]] = {}
        for entry in self.entries:
            if entry.fact.attribute not in ("title", "category"):
                self.labelled.setdefault(entry.label, []).append(entry)
            for key in entry.label:
                self.labels.setdefault(key, set()).add(entry)
        self.denied = self._denied()
        self.graded = {key for entry in self.entries for key in entry.label & wording.grades}
        self.able = {able: name for name in self.names for able in wording.done(name)}
        self.product = {term.key for entry in self.entries if entry.fact.attribute in _IDENTITY for term in entry.terms}
        self.makers = {term.key for entry in self.entries if entry.is_maker for term in entry.terms}
        self.spoken = self._words_that_speak_of_names()
        self.signs = {name: entry for entry in self.entries for name in entry.names if self._is_sign(name, entry)}

    def _denied(self) -> set[str]:
        """The words of values that stand behind a prefix such as "non-"."""
        phrases = [entry.terms for entry in self.entries]
        return {
            after.key for phrase in phrases for term, after in pairwise(phrase) if term.key in self.wording.prefixes
        }

    def _terms(self, text: str) -> tuple[Term, ...]:
        return terms(text[:MAX_VALUE_CHARACTERS], self.lexicon)

    def _category(self, facts: Sequence[Fact]) -> set[str]:
        found: set[str] = set()
        for fact in facts:
            if fact.attribute == "category":
                keys = [term.key for term in self._terms(fact.value)]
                found |= {*keys, *(term.key for phrase in self.wording.rewordings(keys) for term in phrase)}
        return found

    def _entry(self, fact: Fact) -> Entry:
        lexicon = self.lexicon
        name = self._terms(fact.attribute)
        keys = tuple(term.key for term in name)
        spaced = f" {' '.join(keys)} "
        named = [term for term in name if term.word not in lexicon.function_words]
        telling = tuple(term.key for term in named if term.key not in lexicon.generic) or keys
        own = tuple(term.key for term in name if not lexicon.is_neutral(term.word))
        if not any(self.uses[key] == 1 for key in own):
            own = telling
        state = lexicon.polarity(fact.value)
        value, roles = self._value(fact, name)
        repeats = bool(value) and all(term.key in self.category for term in value)
        parts = {at for at in range(1, len(value)) if self._begins_part(fact.value, value[at - 1], value[at])}
        return Entry(
            fact,
            value,
            names=telling if state is None else own,
            label=frozenset(keys),
            words=frozenset(term.word for term in name),
            state=state,
            is_identity=fact.attribute in _IDENTITY or repeats,
            is_maker=not lexicon.maker_names.isdisjoint(keys),
            is_date=not lexicon.dates.isdisjoint(keys),
            is_size=not lexicon.sizes.isdisjoint(keys),
            is_kind=not lexicon.kind_names.isdisjoint(keys),
            is_relation=any(f" {phrase} " in spaced for phrase in lexicon.relation_names),
            negations=lexicon.negations.intersection(keys),
            parts=frozenset({0, len(value)}) | parts,
            roles=roles,
            also=tuple(self._terms(wording) for wording in fact.also),
            rewordings=tuple(self._rewordings(value, not lexicon.sizes.isdisjoint(keys))),
        )

    def _begins_part(self, text: str, before: Term, term: Term) -> bool:
        is_share = term.unit == "percent" and text[before.end : term.start].strip() in ("(", "（")
        return not is_share and bool(_PART.search(text, before.end, term.start))

    def _value(self, fact: Fact, name: Sequence[Term]) -> tuple[Phrase, Roles]:
        """The terms of a value, with the unit that only the name gives, and their dimensions."""
        units = set(self._units(fact.attribute, name))
        value = self._terms(fact.value)
        roles: Roles = (None,) * len(value)
        if fact.attribute not in _IDENTITY:  # "CSE-510L … 200 W" in a title is no length and width
            value, roles = measured(fact.attribute, fact.value, value, self.wording.roles, self.lexicon.units)
        if len(units) == 1:
            (unit,) = units
            is_bare = [term.number is not None and term.unit is None for term in value]
            value = tuple(replace(term, unit=unit) if bare else term for term, bare in zip(value, is_bare, strict=True))
        own = {self.wording.roles[term.word] for term in name if term.word in self.wording.roles}
        if len(own) == 1 and not any(roles):
            roles = tuple(own) * len(value)
        return value, roles

    def _units(self, attribute: str, name: Sequence[Term]) -> Iterator[str]:
        """The units that an attribute's name gives its numbers: "screen size inches", "weight (g)", "depth in cm"."""
        units = self.lexicon.units
        yield from (units[term.word] for term in name if len(term.word) > 2 and term.word in units)
        for written in _UNIT_OF_NAME.findall(attribute) if "(" in attribute or " in " in attribute else ():
            yield from (units[word] for word in map(str.casefold, written) if word in units)

    def _rewordings(self, value: Phrase, is_size: bool) -> Iterator[Phrase]:
        keys = [term.key for term in value]
        yield from self.wording.rewordings(keys)
        yield from (self.wording.letters[term.word] for term in value if is_size and term.word in self.wording.letters)
        yield from ((Term(0, 0, done, done),) for key in keys for done in self.wording.done(key))

    def _add(self, entry: Entry) -> None:
        for name in entry.names if entry.fact.attribute not in ("title", "category") else ():
            self.names.setdefault(name, set()).add(entry)
        phrases = ((phrase, len(phrase)) for phrase in (entry.terms, *entry.also))
        whole = ((phrase, 1) for phrase in entry.rewordings)  # "leather" is no part of the meaning of "vegan leather"
        for phrase, size in (*phrases, *whole) if entry.state is None else ():
            for at, term in enumerate(phrase[:size]):
                self._place(self.values, term.key, (entry, phrase, at))
                if term.last is not None:
                    for end in (term.number, term.last):
                        self._place(self.values, str(end), (entry, phrase, at))
                if (kind := quantity_key(term)) is not None:
                    self._place(self.quantities, kind, (entry, phrase, at))
                if at + 1 < len(phrase):
                    self._place(self.values, join(term, phrase[at + 1], self), (entry, phrase, at))

    def _place(self, table: dict[str, list[Place]], key: str, place: Place) -> None:
        places = table.setdefault(key, [])
        crowded = places[-_MAX_PLACES_OF_ENTRY:]
        is_crowded = len(crowded) == _MAX_PLACES_OF_ENTRY and all(held is place[0] for held, _, _ in crowded)
        if len(places) < _MAX_PLACES and not is_crowded:
            places.append(place)

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
    return FactIndex(facts, load_wording(locale))


def join(first: Term, second: Term, index: FactIndex) -> str:
    """The key of two terms written as one word: ``touch screen`` as ``touchscreen``."""
    return index.lexicon.stem(first.word + second.word)


def is_parted(text: str, found: Sequence[Term], at: int) -> bool:
    """Whether punctuation parts the term at ``at`` from the one before."""
    return bool(_MARK.search(text, found[at - 1].end, found[at].start))
