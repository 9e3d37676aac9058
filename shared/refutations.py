"""What refutes a claim although a fact holds its words: negations, makers, techniques, and what it is said of.

Each check reads the words around the claims of a sentence and marks as unsupported those of which they make another
statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.claims import Claim
from shared.grounding import Entry, Sentence
from shared.quantities import terms


def refute_claims(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """Mark those claims of a sentence that the words around them turn into something the facts do not say."""
    _check_states(sentence, claims)
    _check_makers(sentence, claims)
    _check_materials(sentence, claims)
    for clause in _clauses(sentence):
        held = [claim for claim in claims if clause.verb < claim.first < clause.stop and claim.kind != "unsupported"]
        _check_subject(clause, held)
        _check_kind(clause, held, claims)
        _check_whole(clause, held)


# Negations


def _check_states(sentence: Sentence, claims: Sequence[Claim]) -> None:
    stated = [claim for claim in claims if claim.entry and not claim.entry.is_identity]
    negated = [claim for cue in _negations(sentence, claims) for claim in _governed(sentence, cue, stated)]
    for claim in stated:
        entry = claim.entry
        if entry is None or claim.kind == "unsupported":
            continue
        is_denied = any(claim is other for other in negated) != claim.is_opposite
        if entry.state is is_denied or (entry.state is None and is_denied):
            claim.refute(f"the facts say {entry.fact.attribute}: {entry.fact.value}")


def _negations(sentence: Sentence, claims: Sequence[Claim]) -> list[int]:
    """The words that negate, but for those within a value and those of "not only"."""
    lexicon = sentence.index.lexicon
    inside = {at for claim in claims for at in range(claim.first, claim.stop) if not claim.is_mention}
    cues = [at for at in range(len(sentence.terms)) if at not in inside and sentence.key(at) in lexicon.negations]
    return [at for at in cues if sentence.key(at + 1) not in lexicon.softeners]


def _governed(sentence: Sentence, cue: int, stated: Sequence[Claim]) -> Sequence[Claim]:
    """The claims that a negation turns around: the next one and those joined to it by "or", else those before it."""
    starts = {claim.first: claim for claim in stated}
    governed: list[Claim] = []
    at = cue + 1
    while at < len(sentence.terms) and not sentence.ends_scope(at):
        claim = starts.get(at)
        if claim and claim.entry and sentence.key(cue) not in claim.entry.negations:
            governed.append(claim)
            at = claim.stop
            if sentence.key(at) not in sentence.index.lexicon.joints:
                return governed
        at += 1
    return governed or _before(sentence, cue, stated)


def _before(sentence: Sentence, cue: int, stated: Sequence[Claim]) -> Sequence[Claim]:
    """The claim before a negation: "a port is not included"; with "Linux and Mac are not supported" both of them."""
    earlier = [claim for claim in stated if claim.stop <= cue]
    if not earlier or any(sentence.ends_scope(at) for at in range(earlier[-1].stop, cue + 1)):
        return []
    subjects = earlier[-1:]
    for claim in reversed(earlier[:-1]):
        if claim.stop != subjects[0].first - 1 or sentence.is_parted(claim.stop):
            break
        subjects.insert(0, claim)
    return subjects if _begins_clause(sentence, subjects[0].first) else earlier[-1:]


def _begins_clause(sentence: Sentence, at: int) -> bool:
    """Whether nothing but "the" or "both" stands between this term and the start of its clause."""
    while at > 0 and not sentence.ends_scope(at) and sentence.key(at - 1) not in sentence.index.lexicon.limits:
        at -= 1
        if sentence.key(at) not in sentence.index.lexicon.determiners:
            return False
    return True


# Makers


def _check_makers(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """A title tells neither who made the product nor where: "made by" takes a brand or a maker's attribute."""
    for claim in claims:
        if claim.entry and not claim.is_mention and _is_invented_origin(sentence, claim.first, claim.entry):
            claim.refute("maker or origin not in the facts")


def _is_invented_origin(sentence: Sentence, first: int, entry: Entry) -> bool:
    lexicon = sentence.index.lexicon
    at = first - 1
    while sentence.key(at) in lexicon.determiners:
        at -= 1
    role = lexicon.origins.get(sentence.key(at))
    if role is None or any(held.is_maker for held, _ in sentence.index.values.get(sentence.key(first), ())):
        return False
    is_made = sentence.key(at - 1) in lexicon.maker_verbs
    if role == "maker":
        return is_made or entry.is_identity
    return entry.is_identity and (is_made or role == "source")


# Materials


def _check_materials(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """A product is made of "printed paper", but not of "printed"."""
    for at in range(1, len(sentence.terms)):
        noun = _noun_of_material(sentence, at)
        if noun is not None and _is_technique(sentence, noun):
            for claim in claims:
                if claim.first <= noun < claim.stop:
                    claim.refute("a technique, not a material")


def _noun_of_material(sentence: Sentence, link: int) -> int | None:
    """The last word of what a product is made of, if "made of" ends here."""
    lexicon = sentence.index.lexicon
    if sentence.key(link) not in lexicon.material_links or sentence.key(link - 1) not in lexicon.maker_verbs:
        return None
    noun = None
    for at in range(link + 1, len(sentence.terms)):
        if sentence.ends_scope(at):
            break
        noun = noun if sentence.is_neutral(at) else at
    return noun


def _is_technique(sentence: Sentence, at: int) -> bool:
    word = sentence.terms[at].word
    is_participle = len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    return is_participle or sentence.key(at) in sentence.index.lexicon.techniques


# Subjects and what is said of them


@dataclass(frozen=True)
class _Clause:
    """A verb between its subject, which begins at ``start``, and what is said of it, which ends before ``stop``.

    ``named`` are the facts whose attribute the subject is, ``is_owned`` says that it is one ("its title") even if no
    fact has such an attribute. Otherwise the subject is the product.
    """

    sentence: Sentence
    start: int
    verb: int
    stop: int
    named: Sequence[Entry]
    is_owned: bool

    @property
    def is_link(self) -> bool:
        """Whether the verb is a form of "be"."""
        return self.sentence.key(self.verb) in self.sentence.index.lexicon.clause_links

    @property
    def has_article(self) -> bool:
        """Whether "a" or "an" follows the verb."""
        return self.sentence.key(self.verb + 1) in self.sentence.index.lexicon.clause_articles


def _clauses(sentence: Sentence) -> Iterator[_Clause]:
    lexicon = sentence.index.lexicon
    verbs = [at for at in range(len(sentence.terms)) if sentence.key(at) in lexicon.clause_verbs]
    starts = [_start(sentence, verb, after) for verb, after in zip(verbs, [-1, *verbs], strict=False)]
    subject: tuple[Sequence[Entry], bool] = ([], False)
    for start, verb, following in zip(starts, verbs, [*starts[1:], len(sentence.terms)], strict=False):
        subject = _subject(sentence, start, verb) if start < verb else ([], subject[1])
        breaks = (at for at in range(verb + 2, following) if sentence.key(at) in lexicon.clause_breaks)
        yield _Clause(sentence, start, verb, next(breaks, following), *subject)


def _start(sentence: Sentence, verb: int, after: int) -> int:
    """Where the subject of a verb begins: behind the last "and", "that" or mark since the verb before."""
    lexicon = sentence.index.lexicon
    ends = lexicon.limits | lexicon.clause_breaks
    at = verb
    while at - 1 > after and not sentence.is_parted(at) and sentence.key(at - 1) not in ends:
        at -= 1
    return at


def _subject(sentence: Sentence, start: int, verb: int) -> tuple[Sequence[Entry], bool]:
    """The facts whose attribute is spoken of, and whether it is an attribute at all: "its color", "the color of …"."""
    index = sentence.index
    stop = next((at for at in range(start, verb) if sentence.key(at) in index.lexicon.partitives), verb)
    places = [at for at in range(start, stop) if sentence.terms[at].word not in index.lexicon.function_words]
    telling = [at for at in places if not sentence.is_neutral(at)] or places
    keys = {sentence.key(at) for at in telling}
    is_owned = sentence.key(start) in index.lexicon.possessives
    is_thing = keys <= index.category and not is_owned
    named = [entry for entry in index.entries if keys and not is_thing and keys <= _name(entry, sentence)]
    return named, bool(named) or is_owned


def _name(entry: Entry, sentence: Sentence) -> set[str]:
    is_label = entry.fact.attribute in ("title", "category")
    return set() if is_label else {term.key for term in terms(entry.fact.attribute, sentence.index.lexicon)}


def _check_subject(clause: _Clause, held: Sequence[Claim]) -> None:
    """ "Its audio is black" takes a value of the audio, and "its features are a mug" says nothing."""
    if not clause.is_owned:
        return
    is_label = clause.sentence.key(clause.verb - 1) in clause.sentence.index.lexicon.labels
    for claim in held:
        entry = claim.entry
        if entry is None or (claim.is_mention and entry.state is None):
            continue
        if not clause.named and clause.is_link and (is_label or entry.is_identity):
            claim.refute("speaks of the copy, not of the product")
        elif clause.named and not entry.is_identity and not _is_said_of(clause, claim, entry):
            claim.refute(f"said of {clause.named[0].fact.attribute}, but belongs to {entry.fact.attribute}")


def _is_said_of(clause: _Clause, claim: Claim, entry: Entry) -> bool:
    sentence = clause.sentence
    said = {sentence.key(at) for at in range(claim.first, claim.stop) if not sentence.is_neutral(at)}
    return entry in clause.named or any(said <= {term.key for term in named.terms} for named in clause.named)


def _check_kind(clause: _Clause, held: Sequence[Claim], claims: Sequence[Claim]) -> None:
    """A product is "a laptop", not "a silver plate" or "a touchscreen": what follows the article names a kind. Without
    an article stands no noun: "is third person"."""
    if clause.is_owned or not clause.is_link:
        return
    if not clause.has_article:
        _check_bare_noun(clause, held)
        return
    sentence, lexicon = clause.sentence, clause.sentence.index.lexicon
    stop = clause.verb + 2
    while stop < clause.stop and (
        sentence.terms[stop].word not in lexicon.function_words or sentence.key(stop) in lexicon.limits
    ):
        stop += 1
    claimed = {at: claim for claim in claims for at in range(claim.first, claim.stop)}
    phrase = range(clause.verb + 2, stop)
    if not any(_is_kind(sentence, at, claimed.get(at)) for at in phrase):
        for claim in held:
            if claim.first in phrase:
                claim.refute("an attribute of the product, not what it is")


def _check_bare_noun(clause: _Clause, held: Sequence[Claim]) -> None:
    sentence = clause.sentence
    for claim in held:
        key = sentence.key(claim.stop)
        entry = claim.entry if claim.first == clause.verb + 1 and claim.stop + 1 == clause.stop else None
        if entry and key in {term.key for term in entry.terms} and key not in entry.names:
            claim.refute("an attribute of the product, not what it is")


def _is_kind(sentence: Sentence, at: int, claim: Claim | None) -> bool:
    index, key = sentence.index, sentence.key(at)
    if key in index.category or (claim is not None and claim.kind == "unsupported"):
        return True
    if claim is None or claim.entry is None:
        is_free = key not in index.values or any(entry.is_identity for entry, _ in index.values[key])
        return index.is_cue(key) or (sentence.is_neutral(at) and key not in index.names and is_free)
    return claim.entry.is_identity or not index.lexicon.kind_names.isdisjoint(_name(claim.entry, sentence))


def _check_whole(clause: _Clause, held: Sequence[Claim]) -> None:
    """ "It is made of plastic" is not the whole truth of a product of plastic and metal."""
    sentence = clause.sentence
    said = {term.key for term in sentence.terms}
    for claim in held:
        entry = claim.entry
        if entry is None or claim.is_mention or not _is_told_whole(clause, claim, entry):
            continue
        parts = [{term.key for term in terms(part, sentence.index.lexicon)} for part in entry.fact.value.split(",")]
        stated = sum(not part.isdisjoint(said) for part in parts)
        if stated < len(parts):
            claim.refute(f"names {stated} of {len(parts)} values of {entry.fact.attribute}")


def _is_told_whole(clause: _Clause, claim: Claim, entry: Entry) -> bool:
    sentence, lexicon = clause.sentence, clause.sentence.index.lexicon
    if entry.is_identity or lexicon.whole_names.isdisjoint(_name(entry, sentence)):
        return False
    is_made = any(_noun_of_material(sentence, at) is not None for at in range(clause.verb + 1, claim.first))
    if clause.has_article or not clause.is_link:
        return is_made
    return is_made or entry in clause.named or not clause.is_owned
