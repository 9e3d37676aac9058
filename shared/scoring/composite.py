"""One number from many scores, by which candidates are ranked and the gate draws its lines."""

from __future__ import annotations

from collections.abc import Mapping

WEIGHTS = {
    "attribute_coverage": 0.15,
    "slot_error_rate": 0.10,
    "numeric_fidelity": 0.15,
    "grounded_precision": 0.25,
    "repetition": 0.10,
    "length_fit": 0.10,
    "language_match": 0.05,
    "confidence": 0.05,
    "compliance": 0.05,
}
"""The part of each score in the composite. They are our own judgement: what is untrue costs most."""

ERRORS = ("slot_error_rate", "repetition")
"""Scores of which 0 is best; each counts as one minus it, and more than 1 as 1."""


def composite(scores: Mapping[str, float]) -> float:
    """The mean of the scores, from 0 to 1, weighted by :data:`WEIGHTS`."""
    return sum(weight * _merit(name, scores[name]) for name, weight in WEIGHTS.items())


def _merit(name: str, value: float) -> float:
    return 1 - min(1.0, value) if name in ERRORS else value
