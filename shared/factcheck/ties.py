"""What ties a value to its attribute in a sentence: words that name it, or the value alone if it can be no other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from shared.factcheck.clauses import Clause
from shared.factcheck.entries import Entry
from shared.factcheck.grounding import Run, Sentence
from shared.factcheck.qualifiers import held_roles, is_bounded, is_qualified, said_role
from shared.factcheck.quantities import is_year

_LONGEST_NAME = 6  # words
_REACH = 9  # a weak value and the name of its attribute are at most so far apart, in words


class Ties:
    """The ties between the runs of one sentence and the facts that hold their words."""

    def __init__(self, sentence: Sentence, runs: Sequence[Run], clauses: Sequence[Clause]) -> None:
        self.sentence = sentence
        self.runs = runs
        self.clauses = clauses
        self.index = sentence.index
        self.lexicon = sentence.index.lexicon
        self.size = len(sentence.terms)

    def objection(self, run: Run, entry: Entry) -> str:
        """Why this run does not state this fact; empty when it does."""
        first, stop = run.first, run.stop
        said = said_role(self.sentence, run)
        held = held_roles(run, entry)
        if said and held and said not in held:
            return f"stated of the {said}, but it is the {' or '.join(sorted(held))}"
        other = self._tied_to_another(first, stop, entry)
        if other and not (said and held):
            return f"stated of {other.fact.attribute}, which the facts do not say"
        if is_qualified(self.sentence, run, entry):
            return f"the facts say {entry.fact.attribute}: {entry.fact.value[:80]}"
        if is_bounded(self.sentence, run, entry):
            return "the facts hold this number, but not as a bound"
        if self._is_said_of_name(first, entry):
            return ""
        if entry.is_relation and not self._is_related(first, stop, entry):
            return f"the value of {entry.fact.attribute}, stated of the product itself"
        if (said and held) or self._is_strong(run, entry) or self._is_near_its_name(first, stop, entry):
            return ""
        return f"not tied to {entry.fact.attribute}, the attribute that has this value"

    def _is_said_of_name(self, first: int, entry: Entry) -> bool:
        """Whether the subject is this attribute, by its whole name: "the depth of the case is 20"."""
        return any(
            clause.is_whole_name
            and entry in clause.named
            and clause.is_link
            and clause.verb < first < clause.stop
            and all(self._may_precede(at, entry) for at in range(clause.verb + 1, first))
            for clause in self.clauses
        )

    def _may_precede(self, at: int, entry: Entry) -> bool:
        is_own = any(run.first <= at < run.stop and entry in run.entries for run in self.runs)
        return is_own or (self.sentence.is_neutral(at) and self.sentence.key(at) not in self.lexicon.negations)

    def _is_strong(self, run: Run, entry: Entry) -> bool:
        """Whether the run tells by itself which fact it states."""
        first, stop = run.first, run.stop
        content = [self.sentence.terms[at] for at in range(first, stop) if not self.sentence.is_neutral(at)]
        words = [term for term in content if term.number is None]
        place = run.places[entry]
        following = place + stop - first if place is not None else len(entry.terms)
        if following < len(entry.terms) and entry.terms[following].key == self.sentence.key(stop):
            return True
        if any(term.key not in self.lexicon.weak for term in words) or any(term.unit for term in content):
            return True
        if entry.is_date and any(is_year(term.number) for term in content):
            return True
        if entry.is_size and self._is_before_product(stop):
            return True
        return entry.is_identity and bool(words) and len(content) > 1

    def _is_before_product(self, at: int) -> bool:
        """Whether the product itself is named here: "a small television", "the small Chronos 62"."""
        is_named = any(run.first == at and any(entry.is_identity for entry in run.entries) for run in self.runs)
        return is_named or (at < self.size and self.sentence.key(at) in self.index.category)

    def _is_near_its_name(self, first: int, stop: int, entry: Entry) -> bool:
        own = [entry in self.index.spoken(self.sentence.key(at)) for at in range(first, stop)]
        if any(own):
            return True
        places = self.sentence.places
        nearest = {True: _REACH + 1, False: _REACH + 1}
        for at in range(max(0, first - _REACH), min(self.size, stop + _REACH)):
            spoken = self.spoken[at]
            if spoken and not first <= at < stop:
                away = places[at] - places[stop - 1] if at >= stop else places[first] - places[at]
                nearest[entry in spoken] = min(nearest[entry in spoken], away)
        return nearest[True] <= min(_REACH, nearest[False])

    def _is_related(self, first: int, stop: int, entry: Entry) -> bool:
        """Whether a word such as "fits" before the run, or "compatible" after it, ties it to the product."""
        own = {at for run in self.runs if entry in run.entries for at in range(run.first, run.stop)}
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
        is_title = entry.fact.attribute == "title" and stop - first > 1
        before = frozenset() if is_title or self._is_what_it_is(first, stop) else self._named_before(first)
        after = frozenset() if entry.is_identity else self._named_after(first, stop)
        labelled = frozenset() if entry.is_identity else self._labelled(first)
        for named in (before, after, self._governing(first), labelled):
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
        is_subject = self.sentence.key(at + 1) in self.lexicon.links and not self.sentence.is_parted(at + 1)
        if at >= self.size or self.sentence.is_parted(at) or is_subject:
            return frozenset()
        counted = {entry for run in self.runs if run.stop == first for entry in run.entries}  # "192 dotted pages"
        named = self._named(at) - (frozenset() if self.sentence.is_parted(first) else counted)
        if all(self.sentence.terms[place].unit is None for place in range(first, stop)):
            named = self._narrowed(named, at + 1)
        return named or self._meant(at, {self.sentence.terms[place].unit for place in range(first, stop)})

    def _narrowed(self, named: frozenset[Entry], at: int) -> frozenset[Entry]:
        """Of the facts that one word names those that the next words name, too: "brush heads" are no "brush modes"."""
        while at < self.size and not self.sentence.is_parted(at) and self.sentence.key(at) in self.index.labels:
            closer = named & self.index.labels[self.sentence.key(at)]
            if not closer:
                break
            named, at = closer, at + 1
        return named

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
            if key in self.lexicon.maker_verbs:
                return frozenset()
            is_link = key in self.lexicon.links
            if not (is_link or key in self.lexicon.articles or key in self.lexicon.generic):
                return self._named(at) if is_linked else frozenset()
            is_linked = is_linked or is_link
        return frozenset()

    def _governing(self, first: int) -> frozenset[Entry]:
        """What the verb before a quantity speaks of: the price in "costs 2.4 kg"."""
        sentence, wording = self.sentence, self.index.wording
        at = first - 1
        while sentence.key(at) in wording.governed:
            at -= 1
        is_quantity = sentence.terms[first].unit is not None
        is_governed = is_quantity and sentence.key(at) in wording.governing
        return self.index.spoken(sentence.key(at)) if is_governed else frozenset()

    def _labelled(self, first: int) -> frozenset[Entry]:
        """The facts whose whole name stands right before: another version in "HDMI version 2.0", "a weight of 5"."""
        links = [at for at in range(max(0, first - 3), first) if self.sentence.key(at) in self.lexicon.partitives]
        is_linked = bool(links) and all(self.sentence.is_neutral(at) for at in range(links[-1], first))
        stop = links[-1] if is_linked else first
        is_number = self.sentence.terms[first].number is not None
        if not (is_linked or is_number) or any(self.sentence.is_parted(at) for at in range(stop, first + 1)):
            return frozenset()
        names = (
            frozenset(self.sentence.key(at) for at in range(start, stop))
            for start in range(max(0, stop - _LONGEST_NAME), stop - (not is_linked))
        )
        name = next((name for name in names if name in self.index.labelled), frozenset())
        plain = self.index.labelled.get(name - self.lexicon.generic, [])  # a "battery rating" is the battery's, too
        return frozenset(entry for entry in (*self.index.labelled.get(name, ()), *plain) if entry.state is None)

    def _named(self, at: int) -> frozenset[Entry]:
        """The facts, other than a yes or no, whose attribute's name holds this term."""
        key, word = self.sentence.key(at), self.sentence.word(at)
        named = self.index.names.get(key) if self.spoken[at] else None
        if not named or key in self.index.product:
            return frozenset()
        # "An adventure released in 2016" does not name the release year, nor "rubber dates from 1941" the date.
        is_verb = word.endswith("ed") or key in self.lexicon.verbs
        return frozenset(
            entry
            for entry in (*named, *self.index.labels.get(key, ()))
            if entry.state is None and not (is_verb and word not in entry.words)
        )

    @cached_property
    def spoken(self) -> list[frozenset[Entry]]:
        """Of which facts each term speaks by their names; a term inside a longer value speaks of none."""
        inside = {at for run in self.runs if run.stop - run.first > 1 for at in range(run.first, run.stop)}
        none: frozenset[Entry] = frozenset()
        return [none if at in inside else self.index.spoken(key) for at, key in enumerate(self.sentence.keys)]
