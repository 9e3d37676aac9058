"""What one sentence claims of a product, and whether the facts bear it out.

A claim is a run of words that a fact's value holds, the mention of an attribute, or words that nothing supports. When
in doubt a claim is unsupported: wrong copy costs a shop more than a second look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from shared.grounding import Entry, Sentence, value_runs
from shared.quantities import YEARS

Kind = Literal["exact", "normalised", "boolean", "unsupported"]

_REACH = 9  # a weak value and the name of its attribute are at most so far apart, in words


@dataclass
class Claim:
    """The terms from ``first`` to ``stop`` (exclusive), the fact they speak of, and the reason if it does not bear them
    out. ``is_mention`` marks an attribute's name without a value, ``is_opposite`` one said by its opposite:
    ``personal`` for ``business``."""

    first: int
    stop: int
    entry: Entry | None
    kind: Kind
    reason: str = ""
    is_mention: bool = False
    is_opposite: bool = False

    def refute(self, reason: str) -> None:
        """Mark the claim as one that the facts do not bear out."""
        self.kind, self.reason = "unsupported", reason


def claims_of(sentence: Sentence) -> list[Claim]:
    """Everything that a sentence claims, in order; claims do not overlap."""
    return _Reading(sentence).claims()


class _Reading:
    """One pass over a sentence: values, then attributes, then what is left."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.index = sentence.index
        self.lexicon = sentence.index.lexicon
        self.size = len(sentence.terms)
        self.runs = list(value_runs(sentence))

    def claims(self) -> list[Claim]:
        found = [self._value(*run) for run in self.runs]
        taken = {at for claim in found for at in range(claim.first, claim.stop)}
        found += self._mentions(taken)
        taken = {at for claim in found for at in range(claim.first, claim.stop)}
        found += [claim for at in range(self.size) if at not in taken for claim in self._rest(at)]
        found.sort(key=lambda claim: claim.first)
        self._check_order(found)
        return found

    @cached_property
    def spoken(self) -> list[frozenset[Entry]]:
        """Of which facts each term speaks by their names; a term inside a longer value speaks of none."""
        inside = {at for first, stop, _ in self.runs if stop - first > 1 for at in range(first, stop)}
        none: frozenset[Entry] = frozenset()
        names = self.index.spoken
        return [none if at in inside else names.get(self.sentence.key(at), none) for at in range(self.size)]

    # Values

    def _value(self, first: int, stop: int, entries: list[Entry]) -> Claim:
        reasons = [self._objection(first, stop, entry) for entry in entries]
        if all(reasons):
            return Claim(first, stop, None, "unsupported", reasons[0])
        entry = entries[reasons.index("")]
        sentence = self.sentence
        written = sentence.text[sentence.terms[first].start : sentence.terms[stop - 1].end]
        is_exact = written.casefold() in entry.fact.value.casefold() and self._is_as_precise(first, stop, entry)
        return Claim(first, stop, entry, "exact" if is_exact else "normalised")

    def _is_as_precise(self, first: int, stop: int, entry: Entry) -> bool:
        """Whether the run says neither "1915" for "ca. 1915" nor "from 1952" for "1952–53"."""
        run, hedges = self.sentence.terms[first:stop], self.lexicon.hedges
        held = {term.key for term in entry.terms}
        is_bolder = not hedges.isdisjoint(held) and hedges.isdisjoint(term.key for term in run)
        return not is_bolder and all(term.key in held for term in run if term.number is not None)

    def _objection(self, first: int, stop: int, entry: Entry) -> str:
        """Why this run does not state this fact; empty when it does."""
        other = self._tied_to_another(first, stop, entry)
        if other:
            return f"stated of {other.fact.attribute}, which the facts do not say"
        if entry.is_relation and not self._is_related(first, stop, entry):
            return f"the value of {entry.fact.attribute}, stated of the product itself"
        if self._is_strong(first, stop, entry) or self._is_near_its_name(first, stop, entry):
            return ""
        return f"not tied to {entry.fact.attribute}, the attribute that has this value"

    def _is_strong(self, first: int, stop: int, entry: Entry) -> bool:
        """Whether the run tells by itself which fact it states."""
        content = [self.sentence.terms[at] for at in range(first, stop) if not self.sentence.is_neutral(at)]
        words = [term for term in content if term.number is None]
        if any(term.key not in self.lexicon.weak for term in words) or any(term.unit for term in content):
            return True
        if entry.is_date and any(term.number in YEARS for term in content):
            return True
        if entry.is_size and stop < self.size and self.sentence.key(stop) in self.index.category:
            return True
        return entry.is_identity and bool(words) and len(content) > 1

    def _is_near_its_name(self, first: int, stop: int, entry: Entry) -> bool:
        own = [entry in self.index.spoken.get(self.sentence.key(at), ()) for at in range(first, stop)]
        if any(own):
            return True
        nearest = {True: _REACH + 1, False: _REACH + 1}
        for at, spoken in enumerate(self.spoken):
            if spoken and not first <= at < stop:
                away = (
                    self.sentence.places[at] - self.sentence.places[stop - 1]
                    if at >= stop
                    else self.sentence.places[first] - self.sentence.places[at]
                )
                nearest[entry in spoken] = min(nearest[entry in spoken], away)
        return nearest[True] <= min(_REACH, nearest[False])

    def _is_related(self, first: int, stop: int, entry: Entry) -> bool:
        """Whether a word such as "fits" before the run, or "compatible" after it, ties it to the product."""
        own = {at for start, end, entries in self.runs if entry in entries for at in range(start, end)}
        for at in range(first - 1, -1, -1):
            if at not in own and self.sentence.key(at) in self.lexicon.relations_before:
                return True
            if at not in own and self.sentence.key(at) in self.lexicon.relation_breaks:
                break
        for at in range(stop, self.size):
            if self.sentence.key(at) in self.lexicon.relations_after:
                return True
            is_limit = self.sentence.key(at) in self.lexicon.limits and at + 1 not in own
            if is_limit or (at not in own and not self.sentence.is_neutral(at)):
                break
        return False

    def _tied_to_another(self, first: int, stop: int, entry: Entry) -> Entry | None:
        """Another attribute whose name stands next to the value: "4 GB drive", "the drive is 4 GB"."""
        before = frozenset() if self._is_what_it_is(first, stop) else self._named_before(first)
        after = frozenset() if entry.is_identity else self._named_after(first, stop)
        for named in (before, after):
            if named and entry not in named:
                return min(named, key=lambda other: other.fact.attribute)
        return None

    def _is_what_it_is(self, first: int, stop: int) -> bool:
        """Whether the run is the category: "the first of its family is a laptop" says nothing of the family."""
        has_article = self.sentence.key(first - 1) in self.lexicon.determiners
        return has_article and all(self.sentence.key(at) in self.index.category for at in range(first, stop))

    def _named_after(self, first: int, stop: int) -> frozenset[Entry]:
        at = stop
        while self.sentence.key(at) in self.lexicon.partitives:
            at += 1
        is_subject = self.sentence.key(at + 1) in self.lexicon.links
        if at >= self.size or self.sentence.is_parted(at) or is_subject:
            return frozenset()
        return self._named(at) or self._meant(at, {self.sentence.terms[place].unit for place in range(first, stop)})

    def _meant(self, at: int, units: set[str | None]) -> frozenset[Entry]:
        """The facts that a cue such as "ram" stands for, if they are measured in these units too."""
        return frozenset(
            entry for entry in self.spoken[at] if any(term.unit and term.unit in units for term in entry.terms)
        )

    def _named_before(self, first: int) -> frozenset[Entry]:
        at, is_linked = first, False
        while at > 0 and (":" in self.sentence.gap(at) or not self.sentence.is_parted(at)):
            is_linked = is_linked or ":" in self.sentence.gap(at)
            at -= 1
            key = self.sentence.key(at)
            if key not in self.lexicon.links | self.lexicon.articles | self.lexicon.generic:
                return self._named(at) if is_linked else frozenset()
            is_linked = is_linked or key in self.lexicon.links
        return frozenset()

    def _named(self, at: int) -> frozenset[Entry]:
        """The facts, other than a yes or no, whose attribute's name holds this term."""
        named = self.index.names.get(self.sentence.key(at), ()) if self.spoken[at] else ()
        return frozenset(entry for entry in named if entry.state is None)

    def _check_order(self, found: list[Claim]) -> None:
        """Two runs of one value need its order: "white finish" is not "black finish, white keyboard"."""
        for before, claim in pairwise(found):
            entry = claim.entry
            if entry is None or entry is not before.entry or entry.is_identity or claim.is_mention:
                continue
            is_next = before.stop == claim.first and not self.sentence.is_parted(claim.first)
            terms = self.sentence.terms
            if is_next and not entry.holds_together(terms[claim.first - 1], terms[claim.first]):
                claim.refute(f"{entry.fact.attribute} has these words, but not together")

    # Attributes

    def _mentions(self, taken: set[int]) -> Iterator[Claim]:
        at = 0
        while at < self.size:
            claim = None if at in taken else self._mention(at, taken)
            if claim:
                yield claim
            at = claim.stop if claim else at + 1

    def _mention(self, at: int, taken: set[int]) -> Claim | None:
        key = self.sentence.key(at)
        meant = self._meant_name(at)
        for entry in sorted(self.index.names.get(meant, ()), key=lambda entry: entry.fact.attribute):
            stop, said = self._extent(at, entry, taken)
            if entry.state is not None and (len(said) == len(set(entry.names)) or self._shows_state(said, entry)):
                return Claim(at, stop, entry, "boolean", is_mention=True, is_opposite=meant != key)
        named = [entry for entry in self.index.names.get(key, ()) if entry.state is None]
        if named and not self.sentence.is_neutral(at):
            return Claim(at, at + 1, named[0], "normalised", is_mention=True)
        return None

    def _extent(self, at: int, entry: Entry, taken: set[int]) -> tuple[int, set[str]]:
        """Where the mention that starts here ends, and which words of the name it holds."""
        first, said, stop = at, {self._meant_name(at)}, at + 1
        while at < self.size and at not in taken and (at == first or not self.sentence.ends_scope(at)):
            key = self.sentence.key(at)
            if key in entry.names:
                said.add(key)
                stop = at + 1
            elif at > first and (key in self.lexicon.negations or not self.sentence.is_neutral(at)):
                break
            at += 1
        return stop, said

    def _meant_name(self, at: int) -> str:
        """The term itself, or the name that it is the opposite of, if it is no name of its own."""
        key = self.sentence.key(at)
        return key if key in self.index.names else self.lexicon.opposites.get(key, key)

    def _shows_state(self, said: set[str], entry: Entry) -> bool:
        """Part of a name is enough to contradict a "no", if it is more than the last word: "computing" is not "business
        computing". To confirm a "yes" takes at least half of the words."""
        names = set(entry.names)
        is_sign = any(self.index.signs.get(key) is entry for key in said)
        if entry.state is False:
            return is_sign and (len(names) == 1 or said != {entry.names[-1]})
        return is_sign and 2 * len(said) >= len(names)

    # What is left

    def _rest(self, at: int) -> Iterator[Claim]:
        term = self.sentence.terms[at]
        if self.sentence.is_neutral(at) or term.key in self.lexicon.negations:
            return
        if term.number is not None:
            yield Claim(at, at + 1, None, "unsupported", self._number_reason(at))
        elif not self.index.is_cue(term.key):
            yield Claim(at, at + 1, None, "unsupported", self.lexicon.reasons.get(term.key, "not in the facts"))

    def _number_reason(self, at: int) -> str:
        held = [entry.terms[place] for entry, place in self.index.values.get(self.sentence.key(at), ())]
        if any(term.last is not None and term.key != self.sentence.key(at) for term in held):
            return "the facts hold this number only as the end of a range"
        is_known = any(term.number is not None for term in held)
        return "the facts hold this number, but not with this unit" if is_known else "number not in the facts"
