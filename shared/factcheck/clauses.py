"""The clauses of a sentence: a verb, what stands before it, and what is said behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass

from shared.factcheck.entries import Entry
from shared.factcheck.grounding import Run, Sentence

_BRACKETS = frozenset("( ) （ ）".split())


@dataclass(frozen=True)
class Clause:
    """A verb between its subject, which begins at ``start``, and what is said of it, which ends before ``stop``.

    ``named`` are the facts whose attribute the subject is, ``is_owned`` says that it is one ("its title") even if no
    fact has such an attribute. Otherwise the subject is the product. ``is_whole_name`` says that the subject is the
    name of the attribute as it stands in the facts. Where the verb is left out, ``verb`` is the subject's last term.
    """

    sentence: Sentence
    start: int
    verb: int
    stop: int
    named: Sequence[Entry]
    is_owned: bool
    is_whole_name: bool

    @property
    def is_link(self) -> bool:
        """Whether the verb is a form of "be"."""
        return self.sentence.key(self.verb) in self.sentence.index.lexicon.clause_links

    @property
    def has_article(self) -> bool:
        """Whether "a" or "an" follows the verb."""
        return self.sentence.key(self.verb + 1) in self.sentence.index.lexicon.clause_articles


_Subject = tuple[Sequence[Entry], bool, bool]


def clauses_of(sentence: Sentence, runs: Sequence[Run]) -> list[Clause]:
    """The clauses of a sentence in order; a title holds no verb and no end of a clause."""
    names = [_extent(sentence, run, entry) for run in runs for entry in run.entries if entry.is_identity]
    return list(_clauses(sentence, {at for name in names if len(name) > 1 for at in name}))


def _extent(sentence: Sentence, run: Run, entry: Entry) -> range:
    """The places of a run with the neutral words that belong to the name, too: "Jar and Cover"."""
    place, stop = run.places[entry], run.stop
    if place is not None:
        held = [term.key for term in entry.terms[place + stop - run.first :]]
        while held and held.pop(0) == sentence.key(stop):
            stop += 1
    return range(run.first, stop)


def _clauses(sentence: Sentence, titles: Set[int]) -> Iterator[Clause]:
    lexicon, wording = sentence.index.lexicon, sentence.index.wording
    size = len(sentence.terms)
    verbs = [at for at, key in enumerate(sentence.keys) if key in lexicon.clause_verbs and at not in titles]
    starts = [_start(sentence, verb, after, titles) for verb, after in zip(verbs, [-1, *verbs], strict=False)]
    subject: _Subject = ([], False, False)
    for start, verb, following in zip(starts, verbs, [*starts[1:], size], strict=False):
        subject = _subject(sentence, start, verb) if start < verb else ([], subject[1], False)
        if sentence.key(start - 1) in wording.accompanying and sentence.key(verb) not in lexicon.clause_links:
            subject = ([], False, False)  # "the laptop with a price of $799 has"
        breaks = (
            at
            for at in range(verb + 2, following)
            if sentence.key(at) in lexicon.clause_breaks or _is_turn(sentence, at, titles)
        )
        stop = next(breaks, following)
        shorter = list(_without_verb(sentence, verb, stop, titles))
        yield Clause(sentence, start, verb, shorter[0].start if shorter else stop, *subject)
        yield from shorter


def _start(sentence: Sentence, verb: int, after: int, titles: Collection[int]) -> int:
    """Where the subject of a verb begins: behind the last "and", "that" or mark since the verb before."""
    lexicon = sentence.index.lexicon
    at = verb
    while at - 1 > after:
        key = sentence.key(at - 1)
        if (key in lexicon.limits or key in lexicon.clause_breaks) and at - 1 not in titles:
            break
        is_end = sentence.is_parted(at) and at not in titles and sentence.gap(at).strip() not in _BRACKETS
        if is_end or _is_turn(sentence, at, titles):
            break
        at -= 1
    return at


def _is_turn(sentence: Sentence, at: int, titles: Collection[int]) -> bool:
    """Whether the sentence begins here to speak of something else with another verb: "…, it weighs 2 kg", "… and weighs
    2 kg", "…, and the battery holds 1200 mAh"."""
    wording, key = sentence.index.wording, sentence.key(at)
    if key not in wording.turning or at in titles:
        return False
    is_joined = sentence.key(at - 1) in sentence.index.lexicon.limits or sentence.is_parted(at)
    if not is_joined and "." not in sentence.gap(at):
        return False
    if key in wording.pronouns or key in wording.governing:
        return True
    return ";" in sentence.gap(at) or _has_verb(sentence, at + 2, titles)


def _has_verb(sentence: Sentence, first: int, titles: Collection[int]) -> bool:
    """Whether a verb in the third person, such as "holds", stands here or behind before the next mark."""
    for at in range(first, len(sentence.terms) - 1):
        if sentence.ends_scope(at):
            return False
        is_verb = sentence.key(at) in sentence.index.lexicon.verbs and sentence.word(at).endswith("s")
        if is_verb and at not in titles and sentence.key(at) not in sentence.index.names:
            return True
    return False


def _without_verb(sentence: Sentence, verb: int, stop: int, titles: Collection[int]) -> Iterator[Clause]:
    """The clauses that go on without a verb of their own: "the shell is nylon, the lining polyester"."""
    index = sentence.index
    is_list = sentence.key(verb) not in index.lexicon.clause_links  # "has GPS, a parking mode"
    articles = index.lexicon.clause_articles if is_list else frozenset()
    begins = [
        at
        for at in range(verb + 2, stop - 2)
        if at not in titles
        and sentence.is_parted(at)
        and sentence.key(at) in index.lexicon.determiners
        and sentence.key(at) not in articles
        and sentence.key(at + 1) in index.names
        and not sentence.ends_scope(at + 2)
    ]
    for at, following in zip(begins, [*begins[1:], stop], strict=False):
        named = sorted(index.names[sentence.key(at + 1)], key=lambda entry: entry.fact.attribute)
        yield Clause(sentence, at, at + 1, following, named, True, False)


def _subject(sentence: Sentence, start: int, verb: int) -> _Subject:
    """The facts whose attribute is spoken of, and whether it is an attribute at all: "its color", "the color of …"."""
    index = sentence.index
    is_owned = sentence.key(start) in index.lexicon.possessives
    partitives = [at for at in range(start, verb) if sentence.key(at) in index.lexicon.partitives]
    for end in (verb, *reversed(partitives)):
        keys = {sentence.key(at) for at in range(start, end)}
        if whole := index.labelled.get(frozenset(keys - index.lexicon.determiners - index.lexicon.possessives)):
            return whole, True, True
    stop = next(iter(partitives), verb)
    places = [at for at in range(start, stop) if sentence.terms[at].word not in index.lexicon.function_words]
    telling = [at for at in places if not sentence.is_neutral(at)] or places
    keys = {sentence.key(at) for at in telling}
    is_thing = keys <= index.category and not is_owned
    is_whole = is_owned or stop < verb
    named = [entry for entry in index.entries if keys and not is_thing and keys <= name_of(entry)]
    named = [entry for entry in named if is_whole or keys.issuperset(entry.names)]
    return named, bool(named) or is_owned, False


def name_of(entry: Entry) -> frozenset[str]:
    """All stems of an attribute's name; empty for title and category, which are no attributes."""
    return frozenset() if entry.fact.attribute in ("title", "category") else entry.label
