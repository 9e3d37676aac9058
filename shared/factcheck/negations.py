"""What the negations of a sentence turn around: "no USB port", "Linux and Mac are not supported", "BPA-free"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.factcheck.claims import Claim
from shared.factcheck.grounding import Sentence


def check_states(sentence: Sentence, claims: Sequence[Claim]) -> None:
    """Refute what is denied and true, and what is stated and not true."""
    stated = [claim for claim in claims if claim.entry and not claim.entry.is_identity]
    negated = [claim for cue in _negations(sentence, claims) for claim in _governed(sentence, cue, stated)]
    negated += _free_of(sentence, stated)
    for claim in stated:
        entry = claim.entry
        if entry is None or claim.kind == "unsupported":
            continue
        is_denied = any(claim is other for other in negated) != (claim.is_opposite or _lacks_negation(sentence, claim))
        if entry.state is is_denied or (entry.state is None and is_denied):
            claim.refute(f"the facts say {entry.fact.attribute}: {entry.fact.value}")


def _lacks_negation(sentence: Sentence, claim: Claim) -> bool:
    """Whether the sentence leaves out the negation that an attribute's own name holds: "a bag" for ``without bag``, and
    "contains BPA" for ``BPA free``."""
    if claim.entry is None or claim.entry.state is None:
        return False
    own = claim.entry.negations | (sentence.index.wording.free & claim.entry.label)
    return bool(own) and own.isdisjoint(sentence.key(at) for at in range(claim.first - 3, claim.stop + 1))


def _negations(sentence: Sentence, claims: Sequence[Claim]) -> list[int]:
    """The words that negate, but for those within a value and those of "not only" and "but rather"."""
    lexicon, paired = sentence.index.lexicon, sentence.index.wording.paired
    inside = {at for claim in claims for at in range(claim.first, claim.stop) if not claim.is_mention}
    cues = [at for at in range(len(sentence.terms)) if at not in inside and sentence.key(at) in lexicon.negations]
    cues = [at for at in cues if sentence.key(at + 1) not in lexicon.softeners]
    return [at for at in cues if paired.get(sentence.key(at), sentence.key(at + 1)) == sentence.key(at + 1)]


def _free_of(sentence: Sentence, stated: Sequence[Claim]) -> Iterator[Claim]:
    """Claims that "free" turns around: "BPA-free", "free of BPA"; not where the attribute's own name says so."""
    free, links = sentence.index.wording.free, sentence.index.wording.free_of
    for claim in stated:
        if claim.entry is None or not free.isdisjoint(claim.entry.label | claim.entry.keys):
            continue
        is_behind = sentence.key(claim.stop) in free and "-" in sentence.gap(claim.stop)
        is_before = sentence.key(claim.first - 2) in free and sentence.key(claim.first - 1) in links
        if is_behind or is_before:
            yield claim


def _governed(sentence: Sentence, cue: int, stated: Sequence[Claim]) -> Sequence[Claim]:
    """The claims that a negation turns around: the next one and those joined to it, else those before it."""
    if around := [claim for claim in stated if claim.first < cue < claim.stop]:  # "the base is not included"
        return around
    order = sorted(stated, key=lambda claim: claim.first)
    behind = [claim for claim in order if claim.first > cue]
    governed: list[Claim] = []
    at = cue + 1
    for count, claim in enumerate(behind):
        if not governed and any(sentence.ends_scope(place) for place in range(at, claim.first + 1)):
            break
        if claim.entry is None or sentence.key(cue) in claim.entry.negations:
            at = claim.stop
            continue
        governed.append(claim)
        following = behind[count + 1] if count + 1 < len(behind) else None
        if following is None or not _is_joined(sentence, claim, following, behind[count + 1 :]):
            return governed
    return governed or _before(sentence, cue, stated)


def _is_joined(sentence: Sentence, claim: Claim, following: Claim, rest: Sequence[Claim]) -> bool:
    """Whether "or", "and" or a comma carries a negation on: "not on Steam, Mac, or Linux", "no Linux and Mac"."""
    lexicon = sentence.index.lexicon
    between = [sentence.key(at) for at in range(claim.stop, following.first)]
    if any(key in lexicon.joints for key in between):
        return not any(sentence.ends_scope(at) for at in range(claim.stop, following.first))
    if sentence.is_parted(following.first) and not between:
        return any(sentence.key(at) in lexicon.joints for at in range(following.stop, rest[-1].first))
    is_light = all(key in sentence.index.wording.light_joints for key in between)
    is_state = following.entry is not None and following.entry.state is not None
    return bool(between) and is_light and is_state


def _before(sentence: Sentence, cue: int, stated: Sequence[Claim]) -> Sequence[Claim]:
    """The claim before a negation: "a port is not included"; with "Linux and Mac are not supported" both of them."""
    earlier = [claim for claim in stated if claim.stop <= cue and not is_attributive(sentence, claim)]
    if not earlier:
        return []
    first = earlier[-1].stop
    is_relative = sentence.key(first) in sentence.index.wording.relatives
    if is_relative and sentence.key(first + 1) in sentence.index.lexicon.clause_links and cue == first + 2:
        return earlier[-1:]  # "batteries, which are not included"
    if any(sentence.ends_scope(at) for at in range(first, cue + 1)):
        return []
    subjects = earlier[-1:]
    for claim in reversed(earlier[:-1]):
        if claim.stop != subjects[0].first - 1 or sentence.is_parted(claim.stop):
            break
        subjects.insert(0, claim)
    return subjects if _begins_clause(sentence, subjects[0].first) else earlier[-1:]


def is_attributive(sentence: Sentence, claim: Claim) -> bool:
    """Whether a claim only describes the product that it stands before: "der graue Rucksack" denies no color."""
    has_value = claim.entry is not None and claim.entry.state is None and not claim.is_mention
    return has_value and sentence.key(claim.stop) in sentence.index.category


def _begins_clause(sentence: Sentence, at: int) -> bool:
    """Whether nothing but "the" or "both" stands between this term and the start of its clause."""
    while at > 0 and not sentence.ends_scope(at) and sentence.key(at - 1) not in sentence.index.lexicon.limits:
        at -= 1
        if sentence.key(at) not in sentence.index.lexicon.determiners:
            return False
    return True
