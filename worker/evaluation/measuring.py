"""The scores of texts against their products and references, and their means.

All contestants are held to one measure: evidence are all facts of the product, since a text is not wrong for stating
what the plan left out; what a text is to state are the facts of the plan. Near duplicates are looked for among the
texts of the same contestant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import sacrebleu

from shared.content.planning import is_thin
from shared.factcheck.evidence import Span
from shared.freshness import known_facts
from shared.gate import judge
from shared.scoring.fingerprints import bands, shingles, signature
from shared.scoring.quality import Context, Scores, score
from shared.text import language_of
from worker.drafting import Brief, judged
from worker.engine import Generated
from worker.evaluation.catalogue import Row
from worker.evaluation.texts import Text

SCORES = tuple(field.name for field in fields(Scores))


@dataclass(frozen=True)
class Measured:
    """A text with its scores and its evidence; ``reasons`` are those for which the gate would hold it back."""

    row: Row
    text: str
    scores: Scores
    spans: Sequence[Span]
    reasons: Sequence[str]

    @property
    def is_published(self) -> bool:
        """Whether the gate would let it pass."""
        return not self.reasons


def measured(row: Row, brief: Brief, text: Text, likeness: float = 0.0) -> Measured:
    """Score a text. ``likeness`` is its similarity to the most similar text of another product, 0 to 1."""
    known = tuple(known_facts(brief.product, brief.plan))
    held = judged(replace(brief, plan=replace(brief.plan, facts=known)), _as_generated(text), text.text, [])
    context = Context(
        compliance=held.scores.compliance,
        near_duplicate=likeness,
        supplier_text=brief.product.supplier_text,
        references=row.references,
    )
    confidence, profile = text.confidence, brief.profile
    scores = score(
        text.text, brief.facts, held.spans, profile, confidence=confidence, refusal=text.refusal, context=context
    )
    verdict = judge(
        text.text,
        brief.facts,
        held.spans,
        scores,
        profile,
        hits=held.hits,
        standards=brief.standards,
        short=is_thin(brief.plan),
    )
    return Measured(row, text.text, scores, held.spans, verdict.reasons)


def all_measured(rows: Sequence[Row], briefs: Mapping[int, Brief], texts: Mapping[int, Text]) -> dict[int, Measured]:
    """The texts of one contestant with their scores, by line, in the order of the rows."""
    alike = likenesses(texts)
    return {row.line: measured(row, briefs[row.line], texts[row.line], alike[row.line]) for row in rows}


def _as_generated(text: Text) -> Generated:
    return Generated(
        text=text.text,
        confidence=text.confidence,
        prompt_tokens=0,
        new_tokens=0,
        complete=True,
        queue_ms=0,
        decode_ms=0,
        batch_size=0,
    )


def likenesses(texts: Mapping[int, Text]) -> dict[int, float]:
    """How much each text is like the most similar other one: Jaccard similarity of word 3-shingles, 0 to 1.

    As among published copy, the candidates are found by MinHash; see :mod:`shared.scoring.fingerprints`.
    """
    grams = {line: shingles(text.text) for line, text in texts.items()}
    sharing: dict[int, list[int]] = {}
    highest = dict.fromkeys(texts, 0.0)
    for line, text in texts.items():
        keys = bands(signature(text.text))
        for other in {other for key in keys for other in sharing.get(key, ())}:
            alike = len(grams[line] & grams[other]) / len(grams[line] | grams[other])
            highest[line], highest[other] = max(highest[line], alike), max(highest[other], alike)
        for key in keys:
            sharing.setdefault(key, []).append(line)
    return highest


def summary(found: Sequence[Measured], locale: str) -> dict[str, Any]:
    """The mean of each score over the texts for which it is not None, in all and under ``sources`` for each source.

    Yes and no become shares. ``bleu`` is that of the corpus, 0 to 100, ``published`` the share that the gate would let
    pass, and ``rows`` the number of texts. What no text has is None.
    """
    by_source: dict[str, list[Measured]] = {}
    for each in found:
        by_source.setdefault(each.row.source, []).append(each)
    sources = {source: _means(group, locale) for source, group in sorted(by_source.items())}
    return {**_means(found, locale), "sources": sources}


def _means(found: Sequence[Measured], locale: str) -> dict[str, Any]:
    scores = [asdict(each.scores) for each in found]
    means: dict[str, Any] = {name: _mean([each[name] for each in scores]) for name in SCORES}
    published = _mean([each.is_published for each in found])
    return means | {"bleu": bleu(found, locale), "published": published, "rows": len(found)}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def bleu(found: Sequence[Measured], locale: str) -> float | None:
    """Corpus BLEU against all references (Papineni et al. 2002; mteval-13a tokens, lower case), from 0 to 100.

    None where no text has a reference. Post (2018) says why the tokens matter: sacrebleu's are those of publications.
    """
    with_references = [each for each in found if each.row.references]
    if not with_references:
        return None
    most = max(len(each.row.references) for each in with_references)
    streams: list[Any] = [
        [each.row.references[at] if at < len(each.row.references) else None for each in with_references]
        for at in range(most)
    ]
    tokens = "zh" if language_of(locale) == "zh" else "13a"
    texts = [each.text for each in with_references]
    return float(sacrebleu.corpus_bleu(texts, streams, lowercase=True, tokenize=tokens).score)
