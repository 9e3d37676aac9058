"""Words beside a value that make another statement of it: "faux" leather, "over" 500 GB, 20 cm "wide", "the most"."""

from __future__ import annotations

from collections.abc import Iterator

from shared.factcheck.entries import Entry
from shared.factcheck.grounding import Run, Sentence
from shared.factcheck.units import dimension_of


def is_qualified(sentence: Sentence, run: Run, entry: Entry) -> bool:
    """Whether the value says so only with a word that the run leaves out: "leather" for ``faux leather``."""
    wording, size = sentence.index.wording, run.stop - run.first
    if run.places[entry] is None:
        return False
    said = {sentence.key(at) for at in range(run.first - 1, run.stop + 1)}
    places = [at for at, term in enumerate(entry.terms) if term.key == sentence.key(run.first)]

    def changes(at: int, words: frozenset[str], border: int) -> bool:
        is_inside = 0 <= at < len(entry.terms) and border not in entry.parts
        return is_inside and entry.terms[at].key in words and entry.terms[at].key not in said

    return bool(places) and all(
        changes(at - 1, wording.before, at) or changes(at + size, wording.after, at + size) for at in places
    )


def is_bounded(sentence: Sentence, run: Run, entry: Entry) -> bool:
    """Whether the copy says "more than" or "under" before a number that the facts give as it is."""
    wording, at = sentence.index.wording, run.first
    if sentence.terms[at].number is None:
        return False
    is_bound = sentence.key(at - 1) in wording.bounds and not _is_carried(sentence, at)
    is_bound = is_bound or (sentence.key(at - 1) in wording.than and sentence.key(at - 2) in wording.more)
    return is_bound and sentence.key(at - 1) not in entry.keys


def _is_carried(sentence: Sentence, at: int) -> bool:
    """Whether something connects "over" this frequency."""
    is_frequency = dimension_of(sentence.terms[at].unit or "") == dimension_of("GHz")
    return is_frequency and sentence.key(at - 2) in sentence.index.wording.carried


def comparisons(sentence: Sentence) -> Iterator[int]:
    """Words that compare the product with others and would otherwise need no evidence: "the most", "more than"."""
    wording, articles = sentence.index.wording, sentence.index.lexicon.determiners
    for at in range(len(sentence.terms)):
        key, before = sentence.key(at), sentence.key(at - 1)
        is_most = key in wording.most and before in articles and _is_telling(sentence, at + 1)
        is_rank = key in wording.ranks and sentence.word(at + 1).isalpha() and sentence.key(at + 1) == "1"
        if is_most or is_rank or (key in wording.than and before not in wording.paired and _compares(sentence, at)):
            yield at


def _is_telling(sentence: Sentence, at: int) -> bool:
    return at < len(sentence.terms) and not sentence.is_neutral(at)


def _compares(sentence: Sentence, than: int) -> bool:
    """Whether things are compared, not numbers, and not "more than just"."""
    following = sentence.terms[than + 1] if than + 1 < len(sentence.terms) else None
    is_thing = following is not None and following.number is None
    lexicon, wording = sentence.index.lexicon, sentence.index.wording
    if not is_thing or sentence.key(than + 1) in lexicon.softeners:
        return False
    return any(sentence.key(at) in wording.more for at in range(max(0, than - 4), than))


def said_role(sentence: Sentence, run: Run) -> str | None:
    """The dimension that the copy names beside a number: ``width`` in "20 cm wide" and "a width of 20 cm"."""
    terms, roles = sentence.terms, sentence.index.wording.roles
    if sum(term.number is not None for term in terms[run.first : run.stop]) != 1:
        return None
    links = sentence.index.wording.role_links
    after = run.stop
    if not sentence.is_parted(min(after, len(terms) - 1)):
        after += sentence.word(after) in links
        if sentence.word(after) in roles:
            return roles[sentence.word(after)]
    before = run.first - 1
    while before >= 0 and sentence.word(before) in links and not sentence.is_parted(before + 1):
        before -= 1
    return roles.get(sentence.word(before))


def held_roles(run: Run, entry: Entry) -> set[str]:
    """The dimensions of which the value holds this number."""
    place = run.places[entry]
    number = entry.terms[place].number if place is not None else None
    pairs = zip(entry.terms, entry.roles, strict=True)
    return {role for term, role in pairs if role and number is not None and term.number == number}
