"""The metrics of ``shelftalk eval models``: what each text adds to them, and their values with confidence intervals.

A metric of a corpus is a formula of sums over its texts: a mean is the sum of values over their number, BLEU comes from
added up counts. So a corpus that is drawn anew, product by product with replacement, is scored from the sums of what it
holds, and a thousand of them take a second (percentile bootstrap, Efron 1979; for BLEU Koehn 2004).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from shared.evaluation.bootstrap import RESAMPLES
from shared.evaluation.overlap import (
    bleu_counts,
    chrf,
    chrf_counts,
    corpus_bleu,
    distinct_counts,
    rouge_l,
    sentence_bleu,
)
from shared.factcheck.evidence import Span, find_spans
from shared.factcheck.lexicon import load_lexicon
from shared.facts import product_facts
from shared.freshness import known_facts
from shared.scoring.parent import parent
from shared.scoring.slots import attribute_coverage, slot_error_rate
from shared.text import words
from worker.drafting import Brief
from worker.evaluation.measuring import Measured
from worker.evaluation.texts import Text

LEAST_CONFIDENCE = 1e-9


@dataclass(frozen=True)
class Metric:
    """One metric. ``best`` is 1 when high is best, -1 when low is, 0 when neither; ``formula`` makes its value of the
    sums over the texts, and gives None where no text has one. It is shown with ``digits`` after the point."""

    name: str
    best: int
    about: str
    digits: int = 3
    formula: Callable[[Sequence[float]], float | None] = lambda sums: sums[0] / sums[1] if sums[1] else None


@dataclass(frozen=True)
class Part:
    """What one text adds to a metric: its own value, None where it has none, and its share of the corpus' sums."""

    value: float | None
    sums: tuple[float, ...]


@dataclass(frozen=True)
class Estimate:
    """A metric of a corpus with the bounds of its two-sided 95% confidence interval."""

    value: float
    low: float
    high: float


def _bleu(sums: Sequence[float]) -> float | None:
    return corpus_bleu(sums) if sums[-1] else None


def _chrf(sums: Sequence[float]) -> float | None:
    return chrf(sums) if any(sums) else None


def _perplexity(sums: Sequence[float]) -> float | None:
    return exp(sums[0] / sums[1]) if sums[1] else None


METRICS = (
    Metric("bleu", 1, "BLEU against all references, 0 to 100", 1, _bleu),
    Metric("chrf", 1, "chrF2 against the best reference, 0 to 100", 1, _chrf),
    Metric("rouge_l", 1, "ROUGE-L against the best reference"),
    Metric("parent_f", 1, "PARENT: harmonic mean of precision and recall"),
    Metric("parent_precision", 1, "PARENT: n-grams that reference or product bear out"),
    Metric("parent_recall", 1, "PARENT: recall of reference and product"),
    Metric("slot_error_rate", -1, "missing, wrong and repeated slots of the plan / its slots"),
    Metric("slot_error_all", -1, "the same of all attributes of the product"),
    Metric("coverage", 1, "attributes of the plan that are stated"),
    Metric("coverage_all", 1, "attributes of the product that are stated"),
    Metric("faithfulness", 1, "supported statements / statements of the first answer, before any repair"),
    Metric("numeric_fidelity", 1, "supported numbers / numbers"),
    Metric("repetition", -1, "repeated 4-grams / 4-grams of words"),
    Metric("words", 0, "words of a text", 1),
    Metric("distinct_2", 1, "different word pairs / word pairs of all texts"),
    Metric("perplexity", 0, "of its own texts: how unsure the model was", 2, _perplexity),
    Metric("quality", 1, "the composite of the scores"),
    Metric("published", 1, "share that the gate would let pass"),
)

_BLEU_SUMS, _CHRF_SUMS = 10, 18


def parts_of(
    texts: Mapping[int, Text], measured: Mapping[int, Measured], briefs: Mapping[int, Brief]
) -> dict[int, dict[str, Part]]:
    """What each text of a contestant adds to each metric, by its line."""
    pairs = dict(zip(texts, distinct_counts(text.text for text in texts.values()), strict=True))
    return {
        line: _likeness(measured[line], briefs[line])
        | _truth(text, measured[line], briefs[line])
        | _style(text, measured[line])
        | {"distinct_2": Part(pairs[line][0] / pairs[line][1] if pairs[line][1] else None, pairs[line])}
        for line, text in texts.items()
    }


def _likeness(found: Measured, brief: Brief) -> dict[str, Part]:
    """What a text has in common with the texts that people wrote."""
    text, references, locale = found.text, found.row.references, brief.profile.locale
    means = ("rouge_l", "parent_f", "parent_precision", "parent_recall")
    if not references:
        without = {"bleu": Part(None, (0,) * _BLEU_SUMS), "chrf": Part(None, (0,) * _CHRF_SUMS)}
        return without | {name: _mean(None) for name in means}
    characters = chrf_counts(text, references)
    held = parent(text, brief.facts, references, locale)
    values = (rouge_l(text, references), held.f, held.precision, held.recall)
    return {
        "bleu": Part(sentence_bleu(text, references, locale), bleu_counts(text, references, locale)),
        "chrf": Part(chrf(characters), characters),
        **{name: _mean(value) for name, value in zip(means, values, strict=True)},
    }


def _truth(text: Text, found: Measured, brief: Brief) -> dict[str, Part]:
    """How true a text is, and how much of its product it states."""
    locale, everything = brief.profile.locale, product_facts(brief.product)
    lexicon = load_lexicon(locale)
    first = found.spans
    if text.first is not None:
        first = find_spans(text.first, tuple(known_facts(brief.product, brief.plan)), locale)
    values = {
        "slot_error_rate": found.scores.slot_error_rate,
        "slot_error_all": slot_error_rate(everything, found.spans, lexicon),
        "coverage": found.scores.attribute_coverage,
        "coverage_all": attribute_coverage(everything, found.spans, lexicon),
        "faithfulness": faithfulness(first),
        "numeric_fidelity": found.scores.numeric_fidelity,
    }
    return {name: _mean(value) for name, value in values.items()}


def faithfulness(spans: Sequence[Span]) -> float:
    """Supported statements / statements, 0 to 1; 1 for a text that states nothing."""
    return sum(span.kind != "unsupported" for span in spans) / len(spans) if spans else 1.0


def _style(text: Text, found: Measured) -> dict[str, Part]:
    confidence, tokens = max(text.confidence, LEAST_CONFIDENCE), text.tokens
    perplexity = Part(1 / confidence if tokens else None, (-log(confidence) * tokens, tokens))
    values = {
        "repetition": found.scores.repetition,
        "words": float(len(words(found.text))),
        "quality": found.scores.quality,
        "published": float(found.is_published),
    }
    return {name: _mean(value) for name, value in values.items()} | {"perplexity": perplexity}


def _mean(value: float | None) -> Part:
    return Part(None, (0.0, 0.0)) if value is None else Part(value, (value, 1.0))


def estimates(parts: Sequence[Mapping[str, Part]], *, seed: int = 0) -> dict[str, Estimate | None]:
    """Each metric over all texts, with its interval; None for a metric that no text has a value of.

    The same seed draws the same products for each contestant.

    Raises:
        ValueError: without a text.
    """
    if not parts:
        raise ValueError("there is nothing to estimate from")
    table = np.array([[each for metric in METRICS for each in part[metric.name].sums] for part in parts])
    random = np.random.default_rng(seed)
    drawn = (random.integers(len(parts), size=len(parts)) for _ in range(RESAMPLES))
    sums = np.array([np.bincount(lines, minlength=len(parts)) @ table for lines in drawn])
    found: dict[str, Estimate | None] = {}
    at = 0
    for metric in METRICS:
        stop = at + len(parts[0][metric.name].sums)
        found[metric.name] = _estimate(metric, table[:, at:stop].sum(axis=0), sums[:, at:stop])
        at = stop
    return found


def _estimate(metric: Metric, total: np.ndarray, resampled: np.ndarray) -> Estimate | None:
    value = metric.formula(total.tolist())
    if value is None:
        return None
    values = [each for each in map(metric.formula, resampled.tolist()) if each is not None]
    low, high = np.quantile(values, (0.025, 0.975))
    return Estimate(value, float(low), float(high))
