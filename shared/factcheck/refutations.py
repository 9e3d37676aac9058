"""What refutes a claim although a fact holds its words: negations, makers, techniques, and what it is said of.

Each check reads the words around the claims of a sentence and marks as unsupported those of which they make another
statement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from shared.factcheck.claims import Claim
from shared.factcheck.clauses import Clause, name_of
from shared.factcheck.entries import Entry
from shared.factcheck.grounding import Sentence
from shared.factcheck.negations import check_states, is_attributive
from shared.factcheck.predicates import check_denied_kind, check_places, check_predicate
from shared.factcheck.quantities import terms

_PARTS = re.compile(r",|;|&|\band\b")  # of a value that lists materials or colors


def refute_claims(sentence: Sentence, claims: Sequence[Claim], clauses: Sequence[Clause]) -> None:
    """Mark those claims of a sentence that the words around them turn into something the facts do not say."""
    check_states(sentence, claims)
    _check_makers(sentence, claims)
    _check_materials(sentence, claims)
    _check_part_materials(sentence, claims)
    check_denied_kind(sentence, claims)
    for clause in clauses:
        held = [claim for claim in claims if clause.verb < claim.first < clause.stop and claim.kind != "unsupported"]
        _check_subject(clause, held)
        _check_kind(clause, held, claims)
        _check_whole(clause, held)
        check_predicate(clause, held)
    check_places(sentence, claims)


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
    is_made = sentence.key(at - 1) in lexicon.maker_verbs
    doers = sentence.index.wording.maker_roles.get(sentence.key(at - 1))
    if role == "maker" and doers and doers.isdisjoint(entry.label):
        return True
    if role is None or sentence.key(first) in sentence.index.makers:
        return False
    if role == "maker":
        return is_made or entry.is_identity
    if role == "place" and is_made and sentence.terms[first].number is None:
        return sentence.index.wording.origin_names.isdisjoint(entry.label)
    if role == "source" and not is_made and sentence.index.wording.topics.get(sentence.key(first)) == "origin":
        return _is_other_place(sentence, entry)
    if role == "source" and sentence.index.wording.topics.get(sentence.key(first)) == "material":
        return False  # "made from jute", for a jute rug
    return entry.is_identity and (is_made or role == "source")


def _is_other_place(sentence: Sentence, entry: Entry) -> bool:
    """Whether a place is not that of the origin, which another fact tells: coffee is not "from" where it is roasted."""
    names = sentence.index.wording.origin_names
    return names.isdisjoint(entry.label) and any(not names.isdisjoint(other.label) for other in sentence.index.entries)


# Materials


def _check_materials(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """A product is made of "printed paper", but not of "printed"."""
    if sentence.key_set.isdisjoint(sentence.index.lexicon.material_links):
        return
    for at in range(1, len(sentence.terms)):
        noun = _noun_of_material(sentence, at)
        if noun is not None and _is_technique(sentence, noun):
            for claim in claims:
                if claim.first <= noun < claim.stop:
                    claim.refute("a technique, not a material")


def _check_part_materials(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """A copper pan with a steel lining is no "steel pan", and not "made of steel"."""
    index = sentence.index
    wholes = [
        entry
        for entry in index.entries
        if not index.lexicon.whole_names.isdisjoint(entry.names[:1])
        and not _is_appearance(entry, sentence)
        and _is_material(entry, entry.keys, sentence)
    ]
    if not wholes:
        return
    made = {at for link in range(1, len(sentence.terms)) for at in _materials(sentence, link)}
    for claim in claims:
        keys = {sentence.key(at) for at in range(claim.first, claim.stop)}
        if claim.entry is None or claim.entry in wholes or not _is_material(claim.entry, keys, sentence):
            continue
        is_attributive = sentence.key(claim.stop) in index.category and not _is_appearance(claim.entry, sentence)
        is_said_of_all = claim.first in made or is_attributive
        is_named = not claim.entry.label.isdisjoint(sentence.key(at) for at in range(claim.first))
        if is_said_of_all and not is_named and not any(keys & whole.keys for whole in wholes):
            claim.refute(f"the {claim.entry.fact.attribute}, not the {wholes[0].fact.attribute} of the product")


def _is_appearance(entry: Entry, sentence: Sentence) -> bool:
    """Whether the fact only tells how the product looks: a kettle of the color copper is not made of it."""
    return not sentence.index.wording.appearance.isdisjoint(entry.label)


def _is_material(entry: Entry, keys: Set[str], sentence: Sentence) -> bool:
    topics = sentence.index.wording.topics
    return not entry.is_identity and entry.state is None and any(topics.get(key) == "material" for key in keys)


def _materials(sentence: Sentence, link: int) -> range:
    """What stands behind "made of", if that ends here."""
    noun = _noun_of_material(sentence, link)
    return range(link + 1, noun + 1) if noun is not None else range(0)


def _noun_of_material(sentence: Sentence, link: int) -> int | None:
    """The last word of what a product is made of, if "made of" ends here."""
    lexicon = sentence.index.lexicon
    if sentence.key(link) not in lexicon.material_links or sentence.key(link - 1) not in lexicon.maker_verbs:
        return None
    noun = None
    for at in range(link + 1, len(sentence.terms)):
        if sentence.ends_scope(at) or sentence.key(at) in lexicon.clause_breaks:
            break
        noun = noun if sentence.is_neutral(at) else at
    return noun


def _is_technique(sentence: Sentence, at: int) -> bool:
    word = sentence.terms[at].word
    is_participle = len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    return is_participle or sentence.key(at) in sentence.index.lexicon.techniques


# Subjects and what is said of them


def _check_subject(clause: Clause, held: Sequence[Claim]) -> None:
    """ "Its audio is black" takes a value of the audio, and "its features are a mug" says nothing."""
    if not clause.is_owned:
        return
    is_label = clause.sentence.key(clause.verb - 1) in clause.sentence.index.lexicon.labels
    for claim in held:
        entry = claim.entry
        is_aside = not clause.is_link and is_attributive(clause.sentence, claim)
        if entry is None or is_aside or (claim.is_mention and entry.state is None):
            continue
        is_told = not entry.told.isdisjoint(clause.sentence.key(at) for at in range(clause.start, clause.verb))
        if not clause.named and clause.is_link and (is_label or entry.is_identity) and not is_told:
            claim.refute("speaks of the copy, not of the product")
        elif clause.named and not _is_name_alone(clause, claim, entry) and not _is_said_of(clause, claim, entry):
            claim.refute(f"said of {clause.named[0].fact.attribute}, but belongs to {entry.fact.attribute}")


def _is_name_alone(clause: Clause, claim: Claim, entry: Entry) -> bool:
    """Whether the claim only names the product, and is not all that the subject is said to be: "its date is a vase"."""
    is_all = clause.is_whole_name and clause.is_link and claim.stop == clause.stop
    return entry.is_identity and not (is_all and claim.first - clause.has_article == clause.verb + 1)


def _is_said_of(clause: Clause, claim: Claim, entry: Entry) -> bool:
    sentence = clause.sentence
    said = {sentence.key(at) for at in range(claim.first, claim.stop) if not sentence.is_neutral(at)}
    is_named = any(sentence.word(at) in entry.words for at in range(max(clause.verb, claim.first - 3), claim.first))
    own = entry.words.difference(*(named.words for named in clause.named))
    is_within = sentence.word(claim.stop) in sentence.index.lexicon.function_words  # "and 2 in standby"
    is_named = is_named or (is_within and sentence.word(claim.stop + 1) in own)
    return is_named or entry in clause.named or any(said <= named.keys for named in clause.named)


def _check_kind(clause: Clause, held: Sequence[Claim], claims: Sequence[Claim]) -> None:
    """A product is "a laptop", not "a silver plate" or "a touchscreen": what follows the article names a kind. Without
    an article stands no noun: "is third person"."""
    is_inverted = clause.sentence.key(clause.verb - 1) in clause.sentence.index.wording.inverting
    if clause.is_owned or not clause.is_link or is_inverted:
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


def _check_bare_noun(clause: Clause, held: Sequence[Claim]) -> None:
    sentence = clause.sentence
    for claim in held:
        key = sentence.key(claim.stop)
        entry = claim.entry if claim.first == clause.verb + 1 and claim.stop + 1 == clause.stop else None
        if entry and key in entry.keys and key not in {*entry.names, sentence.key(claim.first)}:
            claim.refute("an attribute of the product, not what it is")


def _is_kind(sentence: Sentence, at: int, claim: Claim | None) -> bool:
    index, key = sentence.index, sentence.key(at)
    if key in index.category or (claim is not None and claim.kind == "unsupported"):
        return True
    if claim is None or claim.entry is None:
        is_free = key not in index.values or any(entry.is_identity for entry, _, _ in index.values[key])
        is_agent = not index.wording.roots(sentence.word(at)).isdisjoint(index.names)
        return index.is_cue(key) or is_agent or (sentence.is_neutral(at) and key not in index.names and is_free)
    return claim.entry.is_identity or not index.lexicon.kind_names.isdisjoint(name_of(claim.entry))


def _check_whole(clause: Clause, held: Sequence[Claim]) -> None:
    """ "It is made of plastic" is not the whole truth of a product of plastic and metal."""
    sentence = clause.sentence
    for claim in held:
        entry = claim.entry
        if entry is None or claim.is_mention or not _is_told_whole(clause, claim, entry):
            continue
        parts = [_wordings(part, sentence) for part in _PARTS.split(entry.fact.value) if part.strip()]
        stated = max(1, sum(not part.isdisjoint(sentence.key_set) for part in parts))
        if stated < len(parts):
            claim.refute(f"names {stated} of {len(parts)} values of {entry.fact.attribute}")


def _wordings(part: str, sentence: Sentence) -> set[str]:
    """The keys of a part of a value and of all other wordings of it."""
    keys = [term.key for term in terms(part, sentence.index.lexicon)]
    return {*keys, *(term.key for phrase in sentence.index.wording.rewordings(keys) for term in phrase)}


def _is_told_whole(clause: Clause, claim: Claim, entry: Entry) -> bool:
    sentence, lexicon = clause.sentence, clause.sentence.index.lexicon
    if entry.is_identity or lexicon.whole_names.isdisjoint(name_of(entry)):
        return False
    is_made = any(_noun_of_material(sentence, at) is not None for at in range(clause.verb + 1, claim.first))
    if clause.has_article or not clause.is_link:
        return is_made
    return is_made or entry in clause.named or not clause.is_owned
