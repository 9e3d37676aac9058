"""How much of a text has evidence: its content words and its numbers against the spans of the fact check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from shared.factcheck.evidence import Span
from shared.factcheck.lexicon import Lexicon
from shared.factcheck.quantities import MOST_KEPT, Term, terms


def content(text: str, lexicon: Lexicon) -> list[Term]:
    """The numbers of a text, and its words that are not neutral."""
    return [term for term in terms(text, lexicon) if term.unit or not lexicon.is_neutral(term.word)]


def content_keys(texts: Iterable[str], lexicon: Lexicon) -> frozenset[str]:
    """The content words of texts; of a range its start, too, for "from 1952" states 1952–53."""
    return frozenset[str]().union(*(_keys(text, lexicon) for text in texts))


def _keys(text: str, lexicon: Lexicon) -> frozenset[str]:
    return _kept_keys(text, lexicon) if len(text) <= MOST_KEPT else _read_keys(text, lexicon)


# Several scores ask for those of the same values and spans.
@lru_cache(maxsize=2_048)
def _kept_keys(text: str, lexicon: Lexicon) -> frozenset[str]:
    return _read_keys(text, lexicon)


def _read_keys(text: str, lexicon: Lexicon) -> frozenset[str]:
    found = content(text, lexicon)
    return frozenset([*(term.key for term in found), *(str(term.number) for term in found if term.last is not None)])


def numeric_fidelity(text: str, spans: Sequence[Span], lexicon: Lexicon) -> float:
    """Numbers of the text within supported spans / numbers of the text; 1 without numbers.

    A number counts in whatever way it is written: ``two`` and ``1/2`` are numbers, ``1080p`` and ``i5`` are words.
    """
    numbers = [term for term in content(text, lexicon) if term.number is not None]
    supported = [span for span in spans if span.kind != "unsupported"]
    return _share_within(numbers, supported)


def grounded_precision(text: str, spans: Sequence[Span], lexicon: Lexicon) -> float:
    """Content words outside unsupported spans / content words; 1 without content words.

    The precision of PARENT (Dhingra et al., 2019, arXiv 1906.01081) for single words, with the fact check as its
    entailment and no reference text.
    """
    unsupported = [span for span in spans if span.kind == "unsupported"]
    found = content(text, lexicon)
    return 1 - _share_within(found, unsupported) if found else 1.0


def _share_within(found: Sequence[Term], spans: Sequence[Span]) -> float:
    within = sum(any(span.start <= term.start < span.end for span in spans) for term in found)
    return within / len(found) if found else 1.0
