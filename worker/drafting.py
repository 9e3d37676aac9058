"""From one answer of the model to a draft: cleaned, laid out, checked against the facts and the rules, and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from shared.content.planning import Plan
from shared.events import Product
from shared.factcheck.evidence import Span, spans_in, without_fragments, without_restatements, without_unsupported
from shared.factcheck.index import FactIndex, fact_index
from shared.facts import Fact
from shared.freshness import CLOSING, known_facts
from shared.gate import Standards, Verdict, judge
from shared.layout import laid_out
from shared.profiles import Profile
from shared.prompts import Prompt
from shared.rules.hits import Hit, RulePack, compliance, rule_hits
from shared.scoring.calibration import Calibration
from shared.scoring.quality import Context, Scores, score
from worker.cleaning import Cleaned, clean, led_by_product
from worker.engine import Generated
from worker.markup import plain, tidy
from worker.redundancy import mended

_NAMES = ("title", "brand", "category")
_MOST_TEXTS = 16  # of one description: a few candidates, each before and after what changed it

Step = tuple[str, Callable[[str, Sequence[Span]], str]]


def _like_no_other(_text: str) -> float:
    return 0.0


@dataclass(frozen=True)
class Brief:
    """What is to be written, and what it is held against.

    ``profile`` is as it is today, ``plan`` what the copy is to say. ``likeness`` says how much a text is like the
    published copy of the most similar other product, 0 to 1. ``missing`` are attributes that shoppers ask for and the
    product lacks.
    """

    product: Product
    profile: Profile
    plan: Plan
    standards: Standards = field(default_factory=Standards)
    packs: Mapping[str, RulePack] = field(default_factory=dict)
    missing: Sequence[str] = ()
    calibration: Calibration | None = None
    likeness: Callable[[str], float] = _like_no_other

    @property
    def facts(self) -> Sequence[Fact]:
        """What the copy is to say."""
        return self.plan.facts

    @property
    def title(self) -> str:
        """The product's name as the copy is to say it."""
        return next((fact.value for fact in self.facts if fact.attribute == "title"), self.product.title)

    @cached_property
    def evidence(self) -> Callable[[str], Sequence[Span]]:
        """The evidence of a text, which is found once: most steps of the cleaning leave a text as it was.

        These are the spans that the planned facts support, and all that either these or all known facts do not. Only
        what causes new copy when it changes is evidence, so that nothing published outlives what supports it; but
        whatever else is known may still speak against a statement.
        """
        locale = self.profile.locale
        planned = fact_index(tuple(self.facts), locale)
        known = fact_index(tuple(known_facts(self.product, self.plan)), locale)
        return lru_cache(maxsize=_MOST_TEXTS)(lambda text: _evidence(text, planned, known, locale))


@dataclass(frozen=True)
class Draft:
    """A text with all that was found about it. ``changes`` are the steps that changed the model's answer."""

    text: str
    spans: Sequence[Span]
    hits: Sequence[Hit]
    scores: Scores
    verdict: Verdict
    changes: Sequence[str]
    generated: Generated

    @property
    def wrong(self) -> list[str]:
        """The words that nothing supports, and those that break a rule."""
        unsupported = [span.text for span in self.spans if span.kind == "unsupported"]
        # What hits a rule by its absence, such as a required word, has no text.
        return unsupported + [hit.text for hit in self.hits if hit.severity != "note" and hit.text]

    def missing(self, brief: Brief) -> list[str]:
        """The attributes that the text says nothing of, and the profile's required words that it lacks."""
        said = {span.attribute for span in self.spans}
        unsaid = [fact.attribute for fact in brief.facts if fact.attribute not in (*_NAMES, *said)]
        return unsaid + [word for word in brief.profile.required_words if word.casefold() not in self.text.casefold()]

    @property
    def rank(self) -> tuple[float, ...]:
        """Drafts in the order of their worth: what may be published first, then what is wrong least, then the best."""
        blocked = sum(hit.severity == "block" for hit in self.hits)
        return (
            self.verdict.status == "published",
            self.verdict.status != "rejected",
            -blocked,
            -self.scores.unsupported_spans,
            -self.scores.slot_error_rate,
            self.scores.quality,
        )


def drafted(brief: Brief, generated: Generated, prompt: Prompt, *, trim: bool = False) -> Draft:
    """The draft that the answer to a prompt makes. ``trim`` leaves out the sentences that state what nothing supports,
    if the rest can stand."""
    profile = brief.profile
    cleaned = clean(
        generated.text,
        title=brief.title,
        brand=brief.product.brand,
        prompt=prompt,
        locale=profile.locale,
        min_words=profile.min_words,
        max_words=profile.max_words,
        complete=generated.complete,
    )
    text, changes = _mended(cleaned, brief, trim=trim)
    return judged(brief, generated, laid_out(text, profile), changes, refusal=cleaned.refusal)


def judged(
    brief: Brief, generated: Generated, text: str, changes: Sequence[str], *, refusal: bool = False, short: bool = False
) -> Draft:
    """The draft of a text in its final form. ``short`` says that so little is known that a short text is right."""
    profile = brief.profile
    spans = _spans(text, brief)
    hits = rule_hits(text, profile, brief.packs, spans)
    context = Context(
        compliance=compliance(hits),
        near_duplicate=brief.likeness(text),
        supplier_text=brief.product.supplier_text,
        calibration=brief.calibration,
    )
    scores = score(text, brief.facts, spans, profile, confidence=generated.confidence, refusal=refusal, context=context)
    verdict = judge(text, brief.facts, spans, scores, profile, hits=hits, standards=brief.standards, short=short)
    return Draft(text, spans, hits, scores, verdict, changes, generated)


def _mended(cleaned: Cleaned, brief: Brief, *, trim: bool) -> tuple[str, Sequence[str]]:
    """What can stand of a cleaned text, and all steps that changed it."""
    locale, product = brief.profile.locale, brief.product
    title = tidy(plain(brief.title))
    text, changes = cleaned.text, list(cleaned.changes)
    steps: list[Step] = [
        ("mended", lambda text, _: mended(text, locale)),
        ("verbless", lambda text, _: without_fragments(text, locale)),
        ("unsupported_sentences", lambda text, spans: without_unsupported(text, spans, locale) or text),
        ("restatements", lambda text, spans: without_restatements(text, spans, brief.facts, locale)),
        ("lead", lambda text, _: led_by_product(text, title, product.brand, locale)),
    ]
    spans = brief.evidence(text)
    for name, step in steps:
        if name == "unsupported_sentences" and not trim:
            continue
        before, text = text, step(text, spans)
        if text != before:
            changes.append(name)
            spans = brief.evidence(text)
    return text, list(dict.fromkeys(changes))


def _spans(text: str, brief: Brief) -> Sequence[Span]:
    """The evidence of a text in its final form. The closing sentence is the shop's own, and supports itself."""
    closing = brief.profile.closing
    if not closing or not text.endswith(closing):
        return brief.evidence(text)
    start = len(text) - len(closing)
    own = Span(start, len(text), closing, CLOSING, closing, "exact", source="knowledge", knowledge=brief.profile.name)
    return [*brief.evidence(text[:start]), own]


def _evidence(text: str, planned: FactIndex, known: FactIndex, locale: str) -> Sequence[Span]:
    spans = spans_in(text, planned, locale)
    if known is planned:  # the plan tells all that is known
        return spans
    doubted = [span for span in spans_in(text, known, locale) if span.attribute is None]
    others = [span for span in spans if not any(span.start < doubt.end and doubt.start < span.end for doubt in doubted)]
    return sorted([*others, *doubted], key=lambda span: span.start)
