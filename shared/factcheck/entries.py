"""A fact of a product made ready to be compared with the words of its copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise

from shared.factcheck.conversions import quantity_key
from shared.factcheck.dimensions import Roles, measured
from shared.factcheck.names import MAX_VALUE_CHARACTERS, Name, read_name
from shared.factcheck.quantities import MOST_KEPT, Term, terms
from shared.factcheck.wording import Phrase, Wording
from shared.facts import Fact

IDENTITY = ("title", "brand", "category")
_MAX_PLACES = 8  # of one word in one value: a hostile value may repeat a word a thousand times
_PART = re.compile(r"[,;:()–—，；：、（）/|•]")

Place = tuple[Phrase, int]


@dataclass(frozen=True, eq=False)
class Entry:
    """A fact made ready to be compared.

    ``names`` are the stems of its attribute's name that tell it apart, ``state`` its value if that is yes or no.
    ``is_identity`` says that it only names the product: title, brand, category, or an attribute that repeats the
    category. ``parts`` are the places of the terms that begin a part of its value: those after a comma or the like.
    ``roles`` tell for each term of which dimension it is the number. ``also`` are the approved wordings of the value,
    and ``rewordings`` other wordings of its parts, which stand for them only as a whole. ``label``, ``words``,
    ``negations`` and what begins with ``is_`` are those of the name (:class:`shared.factcheck.names.Name`).

    ``keys`` are the keys of the value's terms, and ``told`` those that other wordings add to them, such as the name of
    an attribute that a title tells; ``denied`` are those behind a prefix such as "non-".
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
    wording: Wording
    keys: frozenset[str]
    told: frozenset[str]
    denied: frozenset[str]

    @cached_property
    def least(self) -> Fraction | None:
        """The least number of the value."""
        return min((term.number for term in self.terms if term.number is not None), default=None)

    @cached_property
    def greatest(self) -> Fraction | None:
        """The greatest number of the value."""
        return max((term.number for term in self.terms if term.number is not None), default=None)

    @cached_property
    def values(self) -> dict[str, list[Place]]:
        """Where each word of its wordings stands in them, and each two words written as one; empty for yes and no."""
        found: dict[str, list[Place]] = {}
        stem = self.wording.lexicon.stem
        for phrase, size in self._phrases():
            for at, term in enumerate(phrase[:size]):
                _place(found, term.key, (phrase, at))
                if term.last is not None:
                    for end in (term.number, term.last):
                        _place(found, str(end), (phrase, at))
                if at + 1 < len(phrase):
                    _place(found, stem(term.word + phrase[at + 1].word), (phrase, at))
        return found

    @cached_property
    def quantities(self) -> dict[str, list[Place]]:
        """Where a quantity of each dimension stands in its wordings; empty for yes and no."""
        found: dict[str, list[Place]] = {}
        for phrase, size in self._phrases():
            for at, term in enumerate(phrase[:size]):
                if term.unit is not None and (kind := quantity_key(term)) is not None:
                    _place(found, kind, (phrase, at))
        return found

    def _phrases(self) -> Iterator[tuple[Phrase, int]]:
        """The wordings of the value, and in how many of its first terms a run of words may begin."""
        if self.state is None:
            yield from ((phrase, len(phrase)) for phrase in (self.terms, *self.also))
            yield from ((phrase, 1) for phrase in self.rewordings)  # "leather" is no part of "vegan leather"

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


def _place(found: dict[str, list[Place]], key: str, place: Place) -> None:
    places = found.setdefault(key, [])
    if len(places) < _MAX_PLACES:
        places.append(place)


def entry_of(fact: Fact, names: tuple[str, ...], category: frozenset[str], wording: Wording) -> Entry:
    """A fact made ready, of a product whose category has these keys; ``names`` are those that tell the fact apart."""
    # What is planned is known as well, and brands and answers return; long values do not, and would fill memory.
    read = _kept_entry if len(fact.value) <= MOST_KEPT and not fact.also else _read_entry
    return read(fact, names, category, wording)


def _read_entry(fact: Fact, names: tuple[str, ...], category: frozenset[str], wording: Wording) -> Entry:
    lexicon = wording.lexicon
    name = read_name(fact.attribute, wording)
    value, roles = _value(fact, name, wording)
    keys = frozenset(term.key for term in value)
    also = tuple(terms(text[:MAX_VALUE_CHARACTERS], lexicon) for text in fact.also)
    return Entry(
        fact,
        value,
        names,
        name.label,
        name.words,
        state=lexicon.polarity(fact.value),
        is_identity=fact.attribute in IDENTITY or bool(value and keys <= category),
        is_maker=name.is_maker,
        is_date=name.is_date,
        is_size=name.is_size,
        is_kind=name.is_kind,
        is_relation=name.is_relation,
        negations=name.negations,
        parts=frozenset({0, len(value), *_parts(fact.value, value)}),
        roles=roles,
        also=also,
        rewordings=tuple(_rewordings(value, name.is_size, wording)),
        wording=wording,
        keys=keys,
        told=frozenset(term.key for phrase in also for term in phrase) - keys,
        denied=frozenset(after.key for term, after in pairwise(value) if term.key in wording.prefixes),
    )


_kept_entry = lru_cache(maxsize=2048)(_read_entry)  # at about 3 kB each


def _value(fact: Fact, name: Name, wording: Wording) -> tuple[Phrase, Roles]:
    """The terms of a value, with the unit that only the name gives, and their dimensions."""
    value = terms(fact.value[:MAX_VALUE_CHARACTERS], wording.lexicon)
    roles: Roles = (None,) * len(value)
    if all(term.number is None for term in value):
        return value, roles if name.role is None else (name.role,) * len(value)
    if fact.attribute not in IDENTITY:  # "CSE-510L … 200 W" in a title is no length and width
        value, roles = measured(fact.attribute, fact.value, value, wording.roles, wording.lexicon.units)
    if name.unit is not None:
        is_bare = [term.number is not None and term.unit is None for term in value]
        value = tuple(
            term._replace(unit=name.unit) if bare else term for term, bare in zip(value, is_bare, strict=True)
        )
    if name.role is not None and not any(roles):
        roles = (name.role,) * len(value)
    return value, roles


def _parts(text: str, value: Phrase) -> Iterator[int]:
    """The places of the terms before which a part of the value ends. A share in brackets begins none."""
    for at, (before, term) in enumerate(pairwise(value), 1):
        is_share = term.unit == "percent" and text[before.end : term.start].strip() in ("(", "（")
        if not is_share and _PART.search(text, before.end, term.start):
            yield at


def _rewordings(value: Phrase, is_size: bool, wording: Wording) -> Iterator[Phrase]:
    keys = [term.key for term in value]
    yield from wording.rewordings(keys)
    yield from (wording.letters[term.word] for term in value if is_size and term.word in wording.letters)
    yield from ((Term(0, 0, done, done),) for key in keys for done in wording.done(key))
