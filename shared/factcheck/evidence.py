"""The fact check: which words of a description are borne out by which fact, and which by none.

Every number, every value and every word that could be taken as a statement must stand in the facts of the product.
What does not is unsupported, and copy with an unsupported span is never published by itself. The check errs on that
side: it knows no paraphrase beyond other endings, spellings and units, and it reads each sentence for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.factcheck.claims import Claim, Kind, claims_of
from shared.factcheck.clauses import clauses_of
from shared.factcheck.grounding import Sentence, as_named, value_runs
from shared.factcheck.index import FactIndex, fact_index
from shared.factcheck.lexicon import load_lexicon
from shared.factcheck.quantities import Term, terms
from shared.factcheck.reading import read
from shared.factcheck.reading import sentence_bounds as sentence_bounds
from shared.factcheck.refutations import refute_claims
from shared.factcheck.topics import Topic, topic_of
from shared.facts import Fact
from shared.text import joined

Source = Literal["attribute", "title", "brand", "category", "knowledge"]

MOST_TERMS = 2000  # of one sentence: no honest one is longer, and the time to read it grows faster than its length
_NAMES = ("title", "brand")
_SOURCES: dict[str, Source] = {"title": "title", "brand": "brand", "category": "category"}


@dataclass(frozen=True)
class Span:
    """A stretch of a description and its evidence.

    ``start`` and ``end`` count code points of the text, and ``text`` is what stands there. ``attribute`` and ``value``
    are the fact that supports it, ``source`` says what kind of fact that is, and ``knowledge`` is the key of the
    approved entry that it comes from.

    ``kind`` says how: ``exact`` as written in the value, ``normalised`` in another spelling of the word or the number,
    ``inflection`` with another ending, ``converted`` in another unit, ``synonym`` in another wording, ``boolean`` by a
    yes or no. An ``unsupported`` span has no fact, but a ``reason``, and ``claim`` says what it is about.
    """

    start: int
    end: int
    text: str
    attribute: str | None
    value: str | None
    kind: Kind
    reason: str = ""
    source: Source | None = None
    knowledge: str | None = None
    claim: Topic | None = None


def find_spans(text: str, facts: Sequence[Fact], locale: str = "en") -> list[Span]:
    """The statements of a text with their evidence, in the text's order; they do not overlap.

    Words that state nothing about a product have no span. Give all facts of the product, not only those that the copy
    is to name.
    """
    return spans_in(text, fact_index(tuple(facts), locale), locale)


def spans_in(text: str, index: FactIndex, locale: str) -> list[Span]:
    """The statements of a text with their evidence in the facts of an index: see :func:`find_spans`."""
    spans: list[Span] = []
    for words in read(text, locale):
        if len(words.terms) > MOST_TERMS:
            spans.append(_unread(text, words.terms))
            continue
        sentence = Sentence(as_named(words, index), index)
        runs = list(value_runs(sentence))
        clauses = clauses_of(sentence, runs)
        claims = claims_of(sentence, runs, clauses)
        refute_claims(sentence, claims, clauses)
        telling = [claim for claim in claims if claim.kind in ("boolean", "unsupported") or not claim.is_mention]
        spans += [_span(sentence, joined) for joined in _joined(sentence, telling)]
    return spans


def _unread(text: str, found: Sequence[Term]) -> Span:
    start, end = found[0].start, found[-1].end
    reason = f"a sentence of {len(found)} words, of which at most {MOST_TERMS} are read"
    return Span(start, end, text[start:end], None, None, "unsupported", reason, claim="other")


def _joined(sentence: Sentence, claims: Sequence[Claim]) -> list[list[Claim]]:
    """Claims, with neighbours that nothing supports as one."""
    groups: list[list[Claim]] = []
    for claim in claims:
        last = groups[-1][-1] if groups else None
        is_next = last is not None and last.stop == claim.first and not sentence.is_parted(claim.first)
        if last is not None and is_next and last.kind == claim.kind == "unsupported":
            groups[-1].append(claim)
        else:
            groups.append([claim])
    return groups


def _span(sentence: Sentence, claims: Sequence[Claim]) -> Span:
    start, end = sentence.terms[claims[0].first].start, sentence.terms[claims[-1].stop - 1].end
    kind, entry, text = claims[0].kind, claims[0].entry, sentence.text[start:end]
    if kind == "unsupported" or entry is None:
        reason = "; ".join(dict.fromkeys(claim.reason for claim in claims))
        return Span(start, end, text, None, None, "unsupported", reason, claim=topic_of(sentence, claims))
    fact = entry.fact
    source = "knowledge" if fact.knowledge else _SOURCES.get(fact.attribute, "attribute")
    return Span(start, end, text, fact.attribute, fact.value, kind, source=source, knowledge=fact.knowledge)


def without_unsupported(text: str, spans: Sequence[Span], locale: str = "en") -> str:
    """The text without the sentences that hold an unsupported span; empty when each holds one."""
    wrong = [span for span in spans if span.kind == "unsupported"]
    kept = [
        text[start:end]
        for start, end in sentence_bounds(text, locale)
        if not any(span.start < end and start < span.end for span in wrong)
    ]
    return joined(kept)


def without_fragments(text: str, locale: str = "en") -> str:
    """The text without what is no sentence, for it has no verb: "53.3 x 12.7 cm."

    It stays as it is in a language whose verbs we do not know, and where nothing would be left.
    """
    lexicon = load_lexicon(locale)
    kept = [
        text[start:end]
        for start, end in sentence_bounds(text, locale)
        if not lexicon.verbs.isdisjoint(term.key for term in terms(text[start:end], lexicon))
    ]
    return joined(kept) or text


def without_restatements(text: str, spans: Sequence[Span], facts: Sequence[Fact], locale: str = "en") -> str:
    """The text without the sentences that only name the product or its category again.

    A sentence stays that holds a word which neither title nor brand nor a sentence before it holds, or that speaks of
    an attribute. Where none speaks of an attribute the text stays as it is: nothing in it is better.
    """
    index = fact_index(tuple(facts), locale)
    names = {entry.fact.attribute for entry in index.entries if entry.is_identity}
    said = {term.key for entry in index.entries if entry.fact.attribute in _NAMES for term in entry.terms}
    kept: list[str] = []
    is_told = False
    for start, end in sentence_bounds(text, locale):
        stated = [span for span in spans if start <= span.start < end]
        tells = any(span.attribute not in names for span in stated)
        own = {term.key for span in stated for term in terms(span.text, index.lexicon)}
        if tells or not own <= said:
            kept.append(text[start:end])
        said |= own
        is_told = is_told or tells
    return joined(kept) if is_told else text
