"""How much of a product its copy states, and which of its attributes are missing, wrong or told twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.factcheck.evidence import Span
from shared.factcheck.lexicon import Lexicon
from shared.facts import Fact
from shared.scoring.grounded import content_keys

MIN_SHARE_TO_STATE = 0.5

_NAMES = ("title", "category")
_REWORDED = ("converted", "synonym", "inflection")
_ABOUT_NO_SLOT = ("praise", "comparison")


def attribute_coverage(facts: Sequence[Fact], spans: Sequence[Span], lexicon: Lexicon) -> float:
    """The share of the attributes that the copy states; 1 when there is none to state."""
    stated, wanted = stated_attributes(facts, spans, lexicon)
    return stated / wanted if wanted else 1.0


def stated_attributes(facts: Sequence[Fact], spans: Sequence[Span], lexicon: Lexicon) -> tuple[int, int]:
    """How many attributes the copy states, and how many there are to state.

    An attribute is stated when supported spans of it hold at least half of the content words of its value, or of
    another approved wording of it. Title and category, what only repeats these, and approved knowledge need not be
    stated.
    """
    wanted = _slots(facts, lexicon)
    return sum(_is_stated(fact, _spans_of(fact, spans), lexicon) for fact in wanted), len(wanted)


def slot_error_rate(facts: Sequence[Fact], spans: Sequence[Span], lexicon: Lexicon) -> float:
    """(missing + wrong + repeated slots) / slots to state: ERR = (p + q) / N of Wen et al. (2015, arXiv 1508.01745).

    The slots are the attributes to state (:func:`stated_attributes`) and the title, and the fact check finds them in
    the text. *Missing* (p) are those that no supported span states. *Wrong* are the statements without evidence, but
    for praise and comparisons, which are about no slot; *repeated* are whole values told again; both are the redundant
    slots (q) of the paper. A value exchanged for a wrong one is one missing and one wrong slot, as there. The rate may
    exceed 1. With no slot to state it is the number of errors.
    """
    titles = [fact for fact in facts if fact.attribute == "title"]
    slots = _slots(facts, lexicon)
    told = "\n".join(span.text for span in spans if span.kind != "unsupported")
    missing = sum(not _is_stated(fact, _spans_of(fact, spans), lexicon) for fact in slots)
    missing += sum(not _is_named(fact, told, lexicon) for fact in titles)
    wrong = sum(span.kind == "unsupported" and span.claim not in _ABOUT_NO_SLOT for span in spans)
    repeated = sum(_repeats(fact, _spans_of(fact, spans), lexicon) for fact in slots)
    return (missing + wrong + repeated) / max(1, len(slots) + len(titles))


def _slots(facts: Sequence[Fact], lexicon: Lexicon) -> list[Fact]:
    named = content_keys((fact.value for fact in facts if fact.attribute in _NAMES), lexicon)
    return [fact for fact in facts if _must_be_stated(fact, named, lexicon)]


def _must_be_stated(fact: Fact, named: frozenset[str], lexicon: Lexicon) -> bool:
    if fact.attribute in _NAMES or fact.knowledge is not None:
        return False
    return lexicon.polarity(fact.value) is not None or not content_keys([fact.value], lexicon) <= named


def _spans_of(fact: Fact, spans: Sequence[Span]) -> list[Span]:
    return [span for span in spans if span.attribute == fact.attribute]


def _is_stated(fact: Fact, spans: Sequence[Span], lexicon: Lexicon) -> bool:
    """Whether spans of a fact hold half of its value. A converted number or a synonym stands for as many words."""
    if not spans or lexicon.polarity(fact.value) is not None:
        return bool(spans)
    literal = content_keys((span.text for span in spans if span.kind not in _REWORDED), lexicon)
    reworded = len(content_keys((span.text for span in spans if span.kind in _REWORDED), lexicon))
    values = [content_keys([wording], lexicon) for wording in (fact.value, *fact.also)]
    return any(len(value & literal) + reworded >= MIN_SHARE_TO_STATE * len(value) for value in values)


def _is_named(title: Fact, told: str, lexicon: Lexicon) -> bool:
    name = content_keys([title.value], lexicon)
    return len(name & content_keys([told], lexicon)) >= MIN_SHARE_TO_STATE * len(name)


def _repeats(fact: Fact, spans: Sequence[Span], lexicon: Lexicon) -> int:
    """How often a whole value is told again: "Blue" then "Red" tell the list "Blue, Red" once."""
    if lexicon.polarity(fact.value) is not None:
        return max(0, len(spans) - 1)
    counts = Counter(key for span in spans for key in content_keys([span.text], lexicon))
    return max(0, min((counts[key] for key in content_keys([fact.value], lexicon)), default=0) - 1)
