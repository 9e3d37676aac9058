"""What one sentence claims of a product, and whether the facts bear it out.

A claim is a run of words that a fact's value holds, the mention of an attribute, or words that nothing supports. When
in doubt a claim is unsupported: wrong copy costs a shop more than a second look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from shared.factcheck.clauses import Clause
from shared.factcheck.entries import Entry
from shared.factcheck.grounding import Likeness, Run, Sentence
from shared.factcheck.qualifiers import comparisons
from shared.factcheck.ties import Ties

Kind = Literal["exact", "normalised", "converted", "synonym", "inflection", "boolean", "unsupported"]

_KINDS: dict[Likeness, Kind] = {
    Likeness.SAME: "normalised",
    Likeness.NORMALISED: "normalised",
    Likeness.INFLECTION: "inflection",
    Likeness.CONVERTED: "converted",
    Likeness.SYNONYM: "synonym",
}
_COMPARISON = "a comparison with no evidence"


@dataclass
class Claim:
    """The terms from ``first`` to ``stop`` (exclusive), the fact they speak of, and the reason if it does not bear them
    out. ``is_mention`` marks an attribute's name without a value, ``is_opposite`` one said by its opposite:
    ``personal`` for ``business``. ``about`` is a fact that holds the words of a claim which nothing supports."""

    first: int
    stop: int
    entry: Entry | None
    kind: Kind
    reason: str = ""
    is_mention: bool = False
    is_opposite: bool = False
    about: Entry | None = None

    def refute(self, reason: str) -> None:
        """Mark the claim as one that the facts do not bear out."""
        self.kind, self.reason = "unsupported", reason


def claims_of(sentence: Sentence, runs: Sequence[Run], clauses: Sequence[Clause]) -> list[Claim]:
    """Everything that a sentence with these runs and clauses claims, in order; claims do not overlap."""
    return _Reading(sentence, runs, clauses).claims()


class _Reading:
    """One pass over a sentence: values, then attributes, then what is left."""

    def __init__(self, sentence: Sentence, runs: Sequence[Run], clauses: Sequence[Clause]) -> None:
        self.sentence = sentence
        self.index = sentence.index
        self.lexicon = sentence.index.lexicon
        self.size = len(sentence.terms)
        self.runs = runs
        self.clauses = clauses
        self.ties = Ties(sentence, runs, clauses)

    def claims(self) -> list[Claim]:
        found = [self._value(run) for run in self.runs]
        found += [Claim(at, at + 1, None, "unsupported", _COMPARISON) for at in comparisons(self.sentence)]
        taken = {at for claim in found for at in range(claim.first, claim.stop)}
        found += self._mentions(taken)
        taken = {at for claim in found for at in range(claim.first, claim.stop)}
        found += [claim for at in range(self.size) if at not in taken for claim in self._rest(at)]
        found.sort(key=lambda claim: claim.first)
        self._check_order(found)
        return found

    # Values

    def _value(self, run: Run) -> Claim:
        first, stop = run.first, run.stop
        reasons = [self.ties.objection(run, entry) for entry in run.entries]
        if all(reasons) and stop == first + 1 and self._names_another(first, run):
            return Claim(first, stop, run.entries[0], "normalised", is_mention=True)
        if all(reasons):
            return Claim(first, stop, None, "unsupported", reasons[0], about=run.entries[0])
        entry = run.entries[reasons.index("")]
        sentence = self.sentence
        written = sentence.text[sentence.terms[first].start : sentence.terms[stop - 1].end]
        is_exact = written.casefold() in entry.fact.value.casefold() and self._is_as_precise(first, stop, entry)
        return Claim(first, stop, entry, "exact" if is_exact else _KINDS[run.likeness[entry]])

    def _names_another(self, at: int, run: Run) -> bool:
        """Whether a word that some value holds is here the name of an attribute: "two batteries are included"."""
        if self.sentence.terms[at].number is not None:
            return self._is_numbered_name(at)
        return any(entry not in run.entries for entry in self.index.names.get(self.sentence.key(at), ()))

    def _is_numbered_name(self, at: int) -> bool:
        """Whether a number is part of an attribute's name: "connector 1"."""
        before, key, after = (self.sentence.key(place) for place in (at - 1, at, at + 1))
        named = self.index.names.get(key, ())
        return any(pair in pairwise(entry.names) for entry in named for pair in ((before, key), (key, after)))

    def _is_as_precise(self, first: int, stop: int, entry: Entry) -> bool:
        """Whether the run says neither "1915" for "ca. 1915" nor "from 1952" for "1952–53"."""
        run, hedges = self.sentence.terms[first:stop], self.lexicon.hedges
        is_bolder = not hedges.isdisjoint(entry.keys) and hedges.isdisjoint(term.key for term in run)
        return not is_bolder and all(term.key in entry.keys for term in run if term.number is not None)

    def _check_order(self, found: list[Claim]) -> None:
        """Two runs of one value need its order: "white finish" is not "black finish, white keyboard"."""
        for before, claim in pairwise(found):
            entry = claim.entry
            if entry is None or entry is not before.entry or entry.is_identity or claim.is_mention:
                continue
            terms = self.sentence.terms
            between = [self.sentence.key(at) for at in range(before.stop, claim.first)]
            is_next = not any(self.sentence.is_parted(at) for at in range(before.stop, claim.first + 1))
            is_next = is_next and (not between or between == self.index.wording.joining)
            is_next = is_next and not set(self._keys(claim)) <= set(self._keys(before))
            if is_next and not entry.holds_together(terms[before.first : before.stop], terms[claim.first]):
                claim.refute(f"{entry.fact.attribute} has these words, but not together")

    def _keys(self, claim: Claim) -> list[str]:
        return [self.sentence.key(at) for at in range(claim.first, claim.stop)]

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
        if meant not in self.index.names:
            return None
        if self.sentence.terms[at].number is not None and not self._is_numbered_name(at):
            return None
        for entry in sorted(self.index.names[meant], key=lambda entry: entry.fact.attribute):
            if self._is_value_name(entry) or self._is_of_longer_name(at, entry):
                continue
            stop, said = self._extent(at, entry, taken)
            if entry.state is not None and (len(said) == len(set(entry.names)) or self._shows_state(said, entry)):
                is_opposite = meant not in (key, self.index.able.get(key))
                return Claim(at, stop, entry, "boolean", is_mention=True, is_opposite=is_opposite)
        named = [entry for entry in self.index.names.get(key, ()) if entry.state is None]
        if named and not self.sentence.is_neutral(at):
            return Claim(at, at + 1, named[0], "normalised", is_mention=True)
        return None

    def _is_value_name(self, entry: Entry) -> bool:
        """Whether "bulb" names the ``bulb`` itself and not ``bulb included``, which the sentence does not speak of."""
        rest = entry.label.difference(entry.names)
        has_value = frozenset(entry.names) in self.index.valued
        return bool(rest) and has_value and rest.isdisjoint(self.sentence.key_set)

    def _is_of_longer_name(self, at: int, entry: Entry) -> bool:
        """Whether the word is here part of a longer name that has a value: "printing colors" is no `color`."""
        longer = [other for other in self.index.names[self._meant_name(at)] if entry.label < other.label]
        return any(
            other.state is None and self._is_said_at(at, other.label) for other in longer if entry.state is not None
        )

    def _is_said_at(self, at: int, label: frozenset[str]) -> bool:
        """Whether this term is one of those that are together just this name."""
        size = len(label)
        windows = (range(first, first + size) for first in range(at - size + 1, at + 1))
        return any({self.sentence.key(place) for place in window} == label for window in windows)

    def _extent(self, at: int, entry: Entry, taken: set[int]) -> tuple[int, set[str]]:
        """Where the mention that starts here ends, and which words of the name it holds."""
        first, said, stop = at, {self._meant_name(at)}, at + 1
        while at < self.size and at not in taken and (at == first or not self.sentence.ends_scope(at)):
            key = self.sentence.key(at)
            if key in entry.names:
                said.add(key)
                stop = at + 1
            elif at > first and key in self.lexicon.negations:
                if entry.state is None or self.sentence.key(at + 1) not in entry.names:  # "base is not included"
                    break
            elif at > first and not self.sentence.is_neutral(at):
                break
            at += 1
        return stop, said

    def _meant_name(self, at: int) -> str:
        """The term itself, or the name that it is the opposite of, if it is no name of its own."""
        key = self.sentence.key(at)
        if key in self.index.names:
            return key
        return self.index.able.get(key) or self.lexicon.opposites.get(key, key)

    def _shows_state(self, said: set[str], entry: Entry) -> bool:
        """Part of a name is enough to contradict a "no", if it is more than the last word: "computing" is not "business
        computing". To confirm a "yes" takes at least half of the words."""
        names = set(entry.names)
        is_sign = any(self.index.is_sign(key, entry) for key in said)
        if entry.state is False:
            return is_sign and (len(names) == 1 or said != {entry.names[-1]})
        return is_sign and 2 * len(said) >= len(names)

    # What is left

    def _rest(self, at: int) -> Iterator[Claim]:
        term = self.sentence.terms[at]
        if self.sentence.is_neutral(at) or term.key in self.lexicon.negations or self._is_bound_up(at):
            return
        if term.number is not None:
            yield Claim(at, at + 1, None, "unsupported", self._number_reason(at))
        elif not self.index.is_cue(term.key):
            yield Claim(at, at + 1, None, "unsupported", self.lexicon.reasons.get(term.key, "not in the facts"))

    def _is_bound_up(self, at: int) -> bool:
        """Whether this word states nothing beside its neighbours: 20 cm "wide", BPA-"free", "good" for business."""
        sentence, wording = self.sentence, self.index.wording
        if sentence.word(at) in wording.roles:
            return any(sentence.is_number(place) for place in (at - 1, at + 1))
        if sentence.key(at) in wording.limits:
            return sentence.key(at + 1) in self.index.names
        if sentence.key(at) in wording.free:
            return "-" in sentence.gap(at) or sentence.key(at + 1) in wording.free_of
        if self._is_agent(at) or self._is_light(at) or self._is_idiom(at):
            return True
        return sentence.key(at) in wording.fitting and sentence.key(at + 1) in wording.fitting_before

    def _is_light(self, at: int) -> bool:
        """Whether a word says no more than what follows it: "closes with a zip", "pairing steel with oak"."""
        sentence, wording = self.sentence, self.index.wording
        links = wording.light.get(sentence.word(at))
        if links is None:
            return False
        is_value = any(run.first == at + 1 for run in self.runs)
        return is_value or sentence.is_number(at + 1) or sentence.word(at + 1) in links

    def _is_idiom(self, at: int) -> bool:
        """Whether a word closes a phrase that states nothing: "on board", but not "on-board camera"."""
        sentence = self.sentence
        if self.index.wording.idioms.get(sentence.word(at)) != sentence.word(at - 1):
            return False
        following = sentence.key(at + 1)
        return not following or sentence.word(at + 1) in self.lexicon.function_words or following in self.lexicon.verbs

    def _is_agent(self, at: int) -> bool:
        """Whether a noun says of what kind a thing is that has this value: "is an inkjet printer", by its print
        technology."""
        roots = self.index.wording.roots(self.sentence.word(at))
        held = (entry for run in self.runs if roots and run.stop == at for entry in run.entries)
        kinds = (clause for clause in self.clauses if clause.is_link and clause.has_article)
        is_kind = any(clause.verb < at < clause.stop for clause in kinds)
        return is_kind and any(not roots.isdisjoint(entry.label) and entry.state is None for entry in held)

    def _number_reason(self, at: int) -> str:
        held = [phrase[place] for _, phrase, place in self.index.values.get(self.sentence.key(at), ())]
        if any(term.last is not None and term.key != self.sentence.key(at) for term in held):
            return "the facts hold this number only as the end of a range"
        is_known = any(term.number is not None for term in held)
        return "the facts hold this number, but not with this unit" if is_known else "number not in the facts"
