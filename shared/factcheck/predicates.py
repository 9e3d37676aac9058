"""What a product is said to be: "is black", but not "is Windows 8.1", "is in Singapore" or "without a laptop"."""

from __future__ import annotations

from collections.abc import Sequence

from shared.factcheck.claims import Claim
from shared.factcheck.clauses import Clause, name_of
from shared.factcheck.grounding import Sentence


def check_predicate(clause: Clause, held: Sequence[Claim]) -> None:
    """A bare value behind "is" must be of an attribute that says how the product is, such as its color or its size."""
    wording = clause.sentence.index.wording
    if clause.is_owned or not clause.is_link or clause.has_article or not wording.predicates:
        return
    for claim in held:
        entry = claim.entry
        is_all = claim.first == clause.verb + 1 and claim.stop == clause.stop
        if entry is None or not is_all or claim.is_mention or entry.is_identity or claim.kind == "synonym":
            continue
        if _is_named(clause.sentence, claim) and wording.predicates.isdisjoint(name_of(entry)):
            claim.refute("an attribute of the product, not what it is")


def _is_named(sentence: Sentence, claim: Claim) -> bool:
    """Whether a claim is a name or a bare number: "Windows 8.1", but not "waterproof" or "1.4 kg"."""
    said = [sentence.terms[at] for at in range(claim.first, claim.stop)]
    if any(term.unit for term in said):
        return False
    return any(term.number is not None or sentence.text[term.start].isupper() for term in said)


def check_places(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """Where a product comes from is not where it is: "is in Singapore"."""
    wording, lexicon = sentence.index.wording, sentence.index.lexicon
    for claim in claims:
        if claim.entry is None or claim.kind == "unsupported" or wording.origin_names.isdisjoint(claim.entry.label):
            continue
        is_place = lexicon.origins.get(sentence.key(claim.first - 1)) == "place"
        if is_place and sentence.key(claim.first - 2) in lexicon.clause_links:
            claim.refute("says where it is, not where it comes from")


def check_denied_kind(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """A laptop does not come "without a laptop"."""
    index = sentence.index
    if sentence.key_set.isdisjoint(index.lexicon.negations):
        return
    for claim in claims:
        is_kind = all(sentence.key(at) in index.category for at in range(claim.first, claim.stop))
        if claim.entry is None or not claim.entry.is_identity or not is_kind:
            continue
        at = claim.first - 1
        while sentence.key(at) in index.lexicon.determiners | index.lexicon.articles:
            at -= 1
        if sentence.key(at) in index.lexicon.negations and not sentence.is_parted(claim.first):
            claim.refute("denies what the product is")
