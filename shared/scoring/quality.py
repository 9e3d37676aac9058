"""The scores of a description, from which the gate (``shared.gate``) decides what becomes of it.

Each score has a function of its own in :mod:`shared.scoring`, and its range, formula, source and version in
:data:`DEFINITIONS`. The composite ``quality`` is one of them and never stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.factcheck.evidence import Span
from shared.factcheck.lexicon import load_lexicon
from shared.facts import Fact
from shared.profiles import Profile
from shared.scoring.calibration import Calibration
from shared.scoring.composite import WEIGHTS, composite
from shared.scoring.definitions import DEFINITIONS, SCORES_VERSION
from shared.scoring.grounded import grounded_precision, numeric_fidelity
from shared.scoring.keywords import keyword_density, keyword_recall
from shared.scoring.language import language_match
from shared.scoring.parent import attribute_recall, parent_f
from shared.scoring.privacy import holds_pii
from shared.scoring.slots import attribute_coverage, slot_error_rate, stated_attributes
from shared.scoring.style import length_fit, readability, repetition, source_copying
from shared.text import words

__all__ = [
    "DEFINITIONS",
    "SCORES_VERSION",
    "WEIGHTS",
    "Context",
    "Scores",
    "composite",
    "holds_pii",
    "length_fit",
    "repetition",
    "score",
    "stated_attributes",
]


@dataclass(frozen=True)
class Scores:
    """How good one description is; :data:`DEFINITIONS` says what each score means.

    None says that a score has no meaning here: no reference, no keywords, no calibration yet, a language without LIX.
    """

    attribute_coverage: float
    attribute_recall: float
    grounded_precision: float
    parent_f: float | None
    slot_error_rate: float
    numeric_fidelity: float
    unsupported_spans: int
    repetition: float
    near_duplicate: float
    source_copying: float
    readability: float | None
    length_fit: float
    keyword_recall: float | None
    keyword_density: float | None
    compliance: float
    language_match: float
    pii: bool
    refusal: bool
    confidence: float
    p_accept: float | None
    quality: float

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the table ``description``: all but ``parent_f``, which only an evaluation has."""
        found = vars(self) | {"scores_version": SCORES_VERSION}
        del found["parent_f"]
        return found


@dataclass(frozen=True)
class Context:
    """What is known of a description besides its text, its facts and its evidence.

    ``compliance`` comes from the hits of rules (:mod:`shared.rules.hits`), ``near_duplicate`` from the published copy
    of other products (:func:`shared.repository.fingerprints.nearest`); ``references`` are texts that people wrote.
    """

    compliance: float = 1.0
    near_duplicate: float = 0.0
    supplier_text: str | None = None
    references: tuple[str, ...] = ()
    calibration: Calibration | None = None


def score(
    text: str,
    facts: Sequence[Fact],
    spans: Sequence[Span],
    profile: Profile,
    *,
    confidence: float,
    refusal: bool,
    context: Context = Context(),
) -> Scores:
    """Score a description.

    ``facts`` are those that the copy is to name; ``spans`` are the evidence against all facts of the product.
    ``confidence`` is the model's own, from 0 to 1: its mean token probability. ``refusal`` says that the model declined
    or answered something else than a description.
    """
    lexicon = load_lexicon(profile.locale)
    weighted = {
        "attribute_coverage": attribute_coverage(facts, spans, lexicon),
        "slot_error_rate": slot_error_rate(facts, spans, lexicon),
        "numeric_fidelity": numeric_fidelity(text, spans, lexicon),
        "grounded_precision": grounded_precision(text, spans, lexicon),
        "repetition": repetition(text),
        "length_fit": length_fit(text, profile.min_words, profile.max_words, profile.max_characters),
        "language_match": language_match(text, facts, profile.locale),
        "confidence": min(max(confidence, 0.0), 1.0),
        "compliance": context.compliance,
    }
    quality = 0.0 if refusal or not words(text) else composite(weighted)
    return Scores(
        **weighted,
        attribute_recall=attribute_recall(text, facts, profile.locale),
        parent_f=parent_f(text, facts, context.references, profile.locale) if context.references else None,
        unsupported_spans=sum(span.kind == "unsupported" for span in spans),
        near_duplicate=context.near_duplicate,
        source_copying=source_copying(text, context.supplier_text, facts),
        readability=readability(text, profile.locale),
        keyword_recall=keyword_recall(text, profile.keywords, lexicon),
        keyword_density=keyword_density(text, profile.keywords, lexicon),
        pii=holds_pii(text, profile.allowed),
        refusal=refusal,
        p_accept=context.calibration.p_accept(quality) if context.calibration else None,
        quality=quality,
    )
