"""From a product to its copy: candidates, the fact check, repair, the verdict. Pure but for the engine.

Repair comes before refusal: of several candidates the best is kept; else the sentences that nothing supports are left
out, if the rest can stand; else the model is asked once more, with the fault named; else a curator decides. A product
that says too little of itself gets a short plain text that needs no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from shared.content.planning import is_thin
from shared.errors import PromptTooLong
from shared.layout import as_html, laid_out
from shared.prompts import Prompt, description_prompt, with_fault
from worker.drafting import Brief, Draft, drafted, judged
from worker.engine import Generated
from worker.plain_copy import plain_text
from worker.serving import ServedModel

# English takes about 1.4 tokens a word with common tokenizers, numbers and names more.
TOKENS_PER_WORD = 2


class Writer(Protocol):
    """What the pipeline needs of an engine: a view that is bound to one model."""

    @property
    def model(self) -> ServedModel:
        """Who answers."""

    def generate(
        self,
        prompt: Prompt,
        *,
        max_new_tokens: int,
        candidates: int = 1,
        alone: bool = False,
        urgent: bool = True,
    ) -> list[Generated]:
        """Answer a prompt in one or more ways."""


@dataclass(frozen=True)
class Step:
    """A step of writing or repair: how many texts the model wrote in it, at what cost, and what became of it.

    ``name`` is ``candidates``, ``trimmed``, ``again``, or ``plain`` for a short text without a model; ``decode_ms``
    are milliseconds in the model, together with its batch.
    """

    name: str
    outcome: str
    texts: int = 0
    new_tokens: int = 0
    decode_ms: float = 0.0


@dataclass(frozen=True)
class Copy:
    """A description with all that is known about how it came to be. ``missing`` is what to ask its catalogue for."""

    brief: Brief
    draft: Draft
    steps: Sequence[Step]
    missing: Sequence[str] = ()

    @property
    def values(self) -> dict[str, Any]:
        """The columns of the table ``description`` that the pipeline knows."""
        draft, profile, generated = self.draft, self.brief.profile, self.draft.generated
        return {
            "text": draft.text,
            "html": as_html(draft.text, profile) if profile.format == "html" else None,
            "raw_text": generated.text.replace("\x00", ""),
            "status": draft.verdict.status,
            "reasons": list(draft.verdict.reasons),
            "changes": list(draft.changes),
            "facts": [[fact.attribute, fact.value] for fact in self.brief.facts],
            "plan": self.brief.plan.document(),
            "evidence": [dict(vars(span)) for span in draft.spans],
            "rule_hits": [dict(vars(hit)) for hit in draft.hits],
            "steps": [dict(vars(step)) for step in self.steps],
            **draft.scores.columns,
            "locale": profile.locale,
            "profile_version": profile.version,
            "prompt_tokens": generated.prompt_tokens,
            "new_tokens": generated.new_tokens,
            "queue_ms": generated.queue_ms,
            "decode_ms": generated.decode_ms,
            "batch_size": generated.batch_size,
        }


def describe(brief: Brief, engine: Writer, *, alone: bool = False, urgent: bool = True) -> Copy:
    """Write the copy of a product as its brief says. ``alone`` keeps the model's batch free of others; what is not
    ``urgent`` waits behind what is."""
    if is_thin(brief.plan):
        return _plain(brief)
    writing = _Writing(brief, engine, alone, urgent)
    prompt = description_prompt(brief.facts, brief.profile, taught=engine.model.taught)
    best = writing.ask("candidates", prompt, 1 if alone else brief.standards.candidates)
    if best.verdict.status != "published" and brief.standards.second_try and not alone:
        with suppress(PromptTooLong):  # what is written already stands
            best = writing.ask("again", with_fault(prompt, wrong=best.wrong, missing=best.missing(brief)), 1)
    return Copy(brief, best, writing.steps)


class _Writing:
    """The drafts of one description so far, and what they cost."""

    def __init__(self, brief: Brief, engine: Writer, alone: bool, urgent: bool) -> None:
        self.brief = brief
        self.engine = engine
        self.alone = alone
        self.urgent = urgent
        self.drafts: list[Draft] = []
        self.steps: list[Step] = []

    def ask(self, name: str, prompt: Prompt, candidates: int) -> Draft:
        """Have the model write, and return the best draft of all so far, trimmed where that helps."""
        limit = self.brief.profile.max_words * TOKENS_PER_WORD
        answers = self.engine.generate(
            prompt, max_new_tokens=limit, candidates=candidates, alone=self.alone, urgent=self.urgent
        )
        cost = {
            "texts": len(answers),
            "new_tokens": sum(answer.new_tokens for answer in answers),
            "decode_ms": max(answer.decode_ms for answer in answers),
        }
        different = _different(answers)
        self._add(name, [drafted(self.brief, answer, prompt) for answer in different], **cost)
        if self._best.verdict.status != "published":
            self._add("trimmed", [drafted(self.brief, answer, prompt, trim=True) for answer in different])
        return self._best

    @property
    def _best(self) -> Draft:
        return max(self.drafts, key=lambda draft: draft.rank)

    def _add(self, name: str, drafts: Sequence[Draft], **cost: Any) -> None:
        self.drafts += drafts
        best = max(drafts, key=lambda draft: draft.rank).verdict
        self.steps.append(Step(name, "; ".join(best.reasons) or best.status, **cost))


def _different(answers: Sequence[Generated]) -> list[Generated]:
    """Answers less those that an earlier one makes the same draft of: its first is the best of equals anyway."""
    first: dict[tuple[object, ...], Generated] = {}
    for answer in answers:
        first.setdefault((answer.text, answer.confidence, answer.complete), answer)
    return list(first.values())


def _plain(brief: Brief) -> Copy:
    """A short text that states all that is known, for a product that says too little for a description."""
    text = laid_out(plain_text(brief.facts, brief.profile.locale), brief.profile)
    written = Generated(
        text=text, confidence=1.0, prompt_tokens=0, new_tokens=0, complete=True, queue_ms=0, decode_ms=0, batch_size=0
    )
    draft = judged(brief, written, text, [], short=True)
    step = Step("plain", "; ".join(draft.verdict.reasons) or draft.verdict.status)
    return Copy(brief, draft, [step], brief.missing)
