"""What must hold between the copy before and after the change of one attribute.

The metamorphic relations of testing without an oracle (Chen, Cheung and Yiu 1998), as invariance and directional
expectation tests (Ribeiro et al. 2020, CheckList). The evidence of each text says which words the attribute supports.

*Invariance*: all other words stay.
    After *flip* and *reword*, the words outside the spans of the changed attribute are the same sequence, but for case
    and for the article, since "a black kettle" becomes "an orange kettle".
    After *drop* the sentence or clause that held it may go, and what is left may be joined anew and name the product
    anew. So only the statements are compared, which are the words within spans of other attributes and of nothing, but
    for title, brand and category. They must be the same sequence, too. The same holds of a *flip* of yes or no, which
    moves to another clause, and of one that only one of the texts tells.
*Direction*: the new text follows the facts.
    After *flip* and *drop* it does not state the old value: held against the old facts, no span of the attribute is
    found where the new facts find nothing. Such a span counts here, and not against invariance.
    After *reword* the meaning stays: the spans of both texts name the same attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from shared.factcheck.evidence import Span, find_spans
from shared.factcheck.lexicon import Lexicon, load_lexicon
from shared.scoring.grounded import content
from shared.text import words
from worker.drafting import Draft
from worker.evaluation.changes import Changed

_NAMES = ("title", "brand", "category")


@dataclass(frozen=True)
class Outcome:
    """What became of the copy after a change.

    ``collateral`` are the runs of other words that changed, as pairs of before and after; ``is_restated`` says that
    other statements changed, and not only how they are put. ``is_stale`` says that the old value is still stated, and
    ``lost_meaning`` that a reworded product is described by other attributes.
    """

    changed: Changed
    before: Draft
    after: Draft
    collateral: tuple[tuple[str, str], ...]
    is_restated: bool
    is_stale: bool
    lost_meaning: bool

    @property
    def holds(self) -> bool:
        """Whether all relations hold."""
        return not (self.collateral or self.is_stale or self.lost_meaning)

    @property
    def is_stated(self) -> bool:
        """Whether the text before the change states the attribute."""
        return _states(self.changed.attribute, self.before)

    @property
    def is_published(self) -> bool:
        """Whether the gate would let both texts pass."""
        return self.before.verdict.status == self.after.verdict.status == "published"


def compare(changed: Changed, before: Draft, after: Draft) -> Outcome:
    """Hold two texts against the relations."""
    lexicon = load_lexicon(changed.before.profile.locale)
    stale = [] if changed.kind == "reword" else _stale(changed, after)
    others = [
        [span for span in draft.spans if span.attribute != changed.attribute and span not in stale]
        for draft in (before, after)
    ]
    stated = [_statements(spans, lexicon) for spans in others]
    told = (
        stated
        if _may_be_joined_anew(changed, before, after, lexicon)
        else [
            _words_outside(draft.text, [span for span in draft.spans if span not in spans], lexicon)
            for draft, spans in zip((before, after), others, strict=True)
        ]
    )
    return Outcome(
        changed,
        before,
        after,
        collateral=_differences(*told),
        is_restated=stated[0] != stated[1],
        is_stale=bool(stale),
        lost_meaning=changed.kind == "reword" and _named(before.spans) != _named(after.spans),
    )


def _may_be_joined_anew(changed: Changed, before: Draft, after: Draft, lexicon: Lexicon) -> bool:
    """Whether a sentence may come or go: the fact does, a yes becomes a no, or one of the texts leaves it unsaid."""
    if changed.kind == "reword":
        return False
    is_turned = changed.new is not None and None not in map(lexicon.polarity, (changed.old, changed.new))
    is_told_once = _states(changed.attribute, before) != _states(changed.attribute, after)
    return changed.kind == "drop" or is_turned or is_told_once


def _states(attribute: str, draft: Draft) -> bool:
    return any(span.attribute == attribute for span in draft.spans)


def _statements(spans: Sequence[Span], lexicon: Lexicon) -> list[str]:
    """What spans state, besides what the product is called."""
    return [term.key for span in spans if span.source not in _NAMES for term in content(span.text, lexicon)]


def _words_outside(text: str, spans: Sequence[Span], lexicon: Lexicon) -> list[str]:
    folded = (word.casefold() for word in words(_without(text, spans)))
    return [word for word in folded if word not in lexicon.clause_articles]


def _without(text: str, spans: Sequence[Span]) -> str:
    """A text with a break in place of each span, so that the words on its two sides stay two."""
    bounds = [0, *(place for span in spans for place in (span.start, span.end)), len(text)]
    return " … ".join(text[start:end] for start, end in list(pairwise(bounds))[::2])


def _differences(before: list[str], after: list[str]) -> tuple[tuple[str, str], ...]:
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    return tuple(
        (" ".join(before[start:end]), " ".join(after[other_start:other_end]))
        for tag, start, end, other_start, other_end in matcher.get_opcodes()
        if tag != "equal"
    )


def _stale(changed: Changed, after: Draft) -> list[Span]:
    """The spans of a text that state the old value, and that nothing supports any more."""
    supported_before = [
        span
        for span in find_spans(after.text, changed.before.facts, changed.before.profile.locale)
        if span.attribute == changed.attribute
    ]
    return [
        span
        for span in after.spans
        if span.kind == "unsupported" and any(old.start < span.end and span.start < old.end for old in supported_before)
    ]


def _named(spans: Sequence[Span]) -> set[str]:
    return {span.attribute for span in spans if span.attribute is not None}
