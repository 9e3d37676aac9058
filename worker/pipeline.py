"""From a product to its copy: prompt, model, cleaning, fact check, scores, verdict. Pure but for the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from shared.events import Product
from shared.evidence import Span, find_spans, without_fragments, without_restatements, without_unsupported
from shared.facts import Fact, product_facts, relevant_facts
from shared.gate import Verdict, judge
from shared.profiles import Profile
from shared.prompts import Prompt, description_prompt
from shared.quality import Scores, score
from worker.cleaning import Cleaned, clean, led_by_product
from worker.engine import Generated
from worker.markup import plain, tidy
from worker.redundancy import mended

# English takes about 1.4 tokens a word with common tokenizers, numbers and names more.
TOKENS_PER_WORD = 2

Step = tuple[str, Callable[[str, Sequence[Span]], str]]


class Writer(Protocol):
    """What the pipeline needs of an engine."""

    def generate(self, prompt: Prompt, *, max_new_tokens: int, alone: bool = False) -> Generated:
        """Answer a prompt."""


@dataclass(frozen=True)
class Copy:
    """A description with all that is known about how it came to be."""

    text: str
    spans: Sequence[Span]
    scores: Scores
    verdict: Verdict
    facts: Sequence[Fact]
    changes: Sequence[str]
    generated: Generated
    profile: Profile

    @property
    def values(self) -> dict[str, Any]:
        """The columns of the table ``description`` that the pipeline knows."""
        generated = self.generated
        return {
            "text": self.text,
            "raw_text": generated.text.replace("\x00", ""),
            "status": self.verdict.status,
            "reasons": list(self.verdict.reasons),
            "changes": list(self.changes),
            "facts": [[fact.attribute, fact.value] for fact in self.facts],
            "evidence": [asdict(span) for span in self.spans],
            **asdict(self.scores),
            "locale": self.profile.locale,
            "profile_version": self.profile.version,
            "prompt_tokens": generated.prompt_tokens,
            "new_tokens": generated.new_tokens,
            "queue_ms": generated.queue_ms,
            "decode_ms": generated.decode_ms,
            "batch_size": generated.batch_size,
        }


def describe(
    product: Product,
    profile: Profile,
    engine: Writer,
    *,
    publish_quality: float,
    reject_quality: float,
    alone: bool = False,
) -> Copy:
    """Write the copy of a product in a profile.

    A sentence that states what no fact supports is left out if the rest can stand, and so is one that only names the
    product again. Otherwise the text is kept as it is and the verdict keeps it from being published.
    """
    facts = relevant_facts(product, profile)
    prompt = description_prompt(facts, profile)
    generated = engine.generate(prompt, max_new_tokens=profile.max_words * TOKENS_PER_WORD, alone=alone)
    cleaned = clean(
        generated.text,
        title=product.title,
        brand=product.brand,
        prompt=prompt,
        locale=profile.locale,
        min_words=profile.min_words,
        max_words=profile.max_words,
        complete=generated.complete,
    )
    text, spans, changes = _checked(cleaned, facts, product, profile.locale)
    scores = score(text, facts, spans, profile, confidence=generated.confidence, refusal=cleaned.refusal)
    verdict = judge(text, facts, spans, scores, profile, publish_quality=publish_quality, reject_quality=reject_quality)
    return Copy(text, spans, scores, verdict, facts, changes, generated, profile)


def _checked(
    cleaned: Cleaned, facts: Sequence[Fact], product: Product, locale: str
) -> tuple[str, Sequence[Span], Sequence[str]]:
    """What can stand of a text, its evidence, and all steps that changed it."""
    known = product_facts(product)
    title = tidy(plain(product.title))
    text, changes = cleaned.text, list(cleaned.changes)
    spans = _evidence(text, facts, known, locale)
    steps: tuple[Step, ...] = (
        ("mended", lambda text, _: mended(text, locale)),
        ("verbless", lambda text, _: without_fragments(text, locale)),
        ("unsupported_sentences", lambda text, spans: without_unsupported(text, spans, locale) or text),
        ("restatements", lambda text, spans: without_restatements(text, spans, facts, locale)),
        ("lead", lambda text, _: led_by_product(text, title, product.brand, locale)),
    )
    for name, step in steps:
        before, text = text, step(text, spans)
        if text != before:
            changes.append(name)
            spans = _evidence(text, facts, known, locale)
    return text, spans, list(dict.fromkeys(changes))


def _evidence(text: str, facts: Sequence[Fact], known: Sequence[Fact], locale: str) -> Sequence[Span]:
    """The spans that the facts of the prompt support, and all that either these or all known facts do not.

    Only what causes new copy when it changes is evidence, so that nothing published outlives what supports it; but
    whatever else is known may still speak against a statement.
    """
    doubted = [span for span in find_spans(text, known, locale) if span.attribute is None]
    others = [
        span
        for span in find_spans(text, facts, locale)
        if not any(span.start < doubt.end and doubt.start < span.end for doubt in doubted)
    ]
    return sorted([*others, *doubted], key=lambda span: span.start)
