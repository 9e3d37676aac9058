"""From the runs of the contestants to the report: rates, ratios, and shares of what the machine could do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from shared.benchmarks.peers import PeersOptions
from worker.benchmark.contestant import Question
from worker.benchmark.entries import ENTRIES, OURS
from worker.benchmark.equality import first_difference
from worker.benchmark.roofline import Lengths, Rates, Shape, bound

Run = Mapping[str, Any]


def report(
    options: PeersOptions,
    setup: Mapping[str, Any],
    questions: Sequence[Question],
    runs: Mapping[str, Sequence[Run]],
    roofline: Mapping[str, Any],
    equality: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """All that was found, as one JSON document.

    Rates are the median over a contestant's runs; ``ratio`` is how many times as many descriptions a second the
    contestant ``ours`` writes; ``roofline_share`` is the part of what the machine could write at best; ``same_text`` is
    the share of texts that are those of plain ``generate()``, of the products that both have described.
    """
    plain = equality["texts"] if equality else {}
    found = {name: _summary(name, each, plain) for name, each in runs.items()}
    answered = _answered(runs)
    rows = min(len(questions), setup["machine"]["worker_threads"])
    limit = None
    if answered:
        sizes = lengths(questions, answered)
        shape, rates = Shape(**roofline["shape"]), Rates(**roofline["rates"])
        limit = {**bound(shape, sizes, rates, rows), "rates": roofline["rates"], "shape": roofline["shape"]}
        limit |= {"shared_tokens": sizes.shared, "prompt_tokens": sum(sizes.prompts), "new_tokens": sum(sizes.answers)}
    return {
        "machine": setup["machine"],
        "model": setup["name"],
        "products": len(questions),
        "file": options.products.name,
        "new_tokens": options.new_tokens,
        "repeats": options.repeats,
        "contestants": [_compared(each, found.get(OURS, {}), limit) for each in found.values()],
        "roofline": limit,
        "equality": equality and {key: value for key, value in equality.items() if key != "texts"},
    }


def lengths(questions: Sequence[Question], answers: Mapping[str, Mapping[str, Any]]) -> Lengths:
    """The lengths of the questions that were answered, and of their answers."""
    known = [question for question in questions if question.sku in answers]
    shared = min(first_difference(known[0].tokens, question.tokens) for question in known)
    return Lengths(
        shared=shared if len(known) > 1 else 0,
        prompts=[len(question.tokens) for question in known],
        answers=[answers[question.sku]["tokens"] for question in known],
    )


def _answered(runs: Mapping[str, Sequence[Run]]) -> Mapping[str, Mapping[str, Any]]:
    """The answers of the first contestant in the list of those who described most products."""
    finished = [each["answers"] for name in ENTRIES for each in runs.get(name, ())[:1] if "answers" in each]
    return max(finished, key=len, default={})


def _summary(name: str, runs: Sequence[Run], plain: Mapping[str, str]) -> dict[str, Any]:
    """A contestant's runs in short; instead of figures, why it has none."""
    named: dict[str, Any] = {"name": name, "label": ENTRIES[name].label}
    timed = [each for each in runs if "seconds" in each]
    if not timed:
        return named | dict(runs[-1])
    answers = timed[0]["answers"]
    same = [answers[sku]["text"] == text for sku, text in plain.items() if sku in answers]
    return named | {
        "products": timed[0]["products"],
        "new_tokens": timed[0]["tokens"],
        "seconds": [each["seconds"] for each in timed],
        "cpu_seconds": [each["cpu_seconds"] for each in timed],
        "descriptions_per_s": median(each["products"] / each["seconds"] for each in timed),
        "tokens_per_s": median(each["tokens"] / each["seconds"] for each in timed),
        "cpu_ms": median(1000 * each["cpu_seconds"] / each["products"] for each in timed),
        "same_text": sum(same) / len(same) if same else None,
    }


def _compared(each: dict[str, Any], ours: Mapping[str, Any], limit: Mapping[str, float] | None) -> dict[str, Any]:
    """A contestant beside ours, and beside the best that the machine could do."""
    if "descriptions_per_s" not in each:
        return each
    rate, own = each["descriptions_per_s"], ours.get("descriptions_per_s")
    share = rate / limit["descriptions_per_s"] if limit else None
    return each | {"ratio": own / rate if own else None, "roofline_share": share}
