"""What refutes a claim although a fact holds its words: negations, makers, techniques.

Each check reads the words around the claims of a sentence and marks as unsupported those of which they make another
statement.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.claims import Claim
from shared.grounding import Entry, Sentence


def refute_claims(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """Mark those claims of a sentence that the words around them turn into something the facts do not say."""
    _check_states(sentence, claims)
    _check_makers(sentence, claims)
    _check_materials(sentence, claims)


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
