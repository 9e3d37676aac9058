"""The metrics of texts: their parts, the formulas over many texts, and the confidence intervals."""

from __future__ import annotations

from math import log

import pytest

from shared.evaluation.overlap import corpus_bleu
from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from worker.evaluation.metrics import METRICS, Part, estimates, faithfulness

EMPTY = {metric.name: Part(None, (0.0,) * {"bleu": 10, "chrf": 18}.get(metric.name, 2)) for metric in METRICS}


def of(name: str, *parts: Part) -> list[dict[str, Part]]:
    """Texts that have a value of one metric only."""
    return [EMPTY | {name: part} for part in parts]


def test_a_mean_stands_between_the_bounds_of_its_interval() -> None:
    found = estimates(of("quality", *(Part(value, (value, 1.0)) for value in (0.0, 0.5, 1.0) * 20)))["quality"]
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert 0.35 < found.low < 0.45 < 0.55 < found.high < 0.65


def test_equal_texts_leave_no_doubt() -> None:
    found = estimates(of("quality", *[Part(0.7, (0.7, 1.0))] * 5))["quality"]
    assert found is not None
    assert found.low == found.value == found.high == pytest.approx(0.7)


def test_texts_without_a_value_do_not_count() -> None:
    found = estimates(of("parent_f", Part(0.4, (0.4, 1.0)), EMPTY["parent_f"], EMPTY["parent_f"]))["parent_f"]
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.4, 0.4))


def test_a_metric_that_no_text_has_a_value_of_is_absent() -> None:
    assert set(estimates([EMPTY]).values()) == {None}


def test_bleu_is_that_of_the_added_up_counts() -> None:
    one = (5, 4, 3, 2, 5, 4, 3, 2, 5, 5)
    other = (1, 0, 0, 0, 5, 4, 3, 2, 5, 8)
    found = estimates(of("bleu", Part(100.0, one), Part(5.0, other)))["bleu"]
    assert found is not None
    assert found.value == pytest.approx(corpus_bleu([a + b for a, b in zip(one, other, strict=True)]))
    assert found.low < found.value < found.high == pytest.approx(100)


def test_perplexity_weighs_texts_by_their_tokens() -> None:
    unsure = Part(4.0, (3 * log(4), 3))
    sure = Part(1.0, (0.0, 1))
    found = estimates(of("perplexity", unsure, sure))["perplexity"]
    assert found is not None
    assert found.value == pytest.approx(4 ** (3 / 4))


def test_the_same_seed_draws_the_same_intervals() -> None:
    parts = of("quality", *(Part(value / 10, (value / 10, 1.0)) for value in range(10)))
    assert estimates(parts, seed=3) == estimates(parts, seed=3) != estimates(parts, seed=4)


def test_without_a_text_there_is_nothing_to_estimate() -> None:
    with pytest.raises(ValueError, match="nothing to estimate"):
        estimates([])


def test_faithfulness_is_the_share_of_statements_with_evidence() -> None:
    facts = [Fact("title", "Kettle"), Fact("color", "black")]
    spans = find_spans("The Kettle is black. It is made of copper.", facts)
    supported = [span for span in spans if span.kind != "unsupported"]
    assert len(supported) == 2
    assert faithfulness(spans) == pytest.approx(2 / len(spans))
    assert faithfulness([]) == 1
