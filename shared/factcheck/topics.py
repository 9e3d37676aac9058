"""What a statement without evidence is about, so that rules and people can tell a wrong number from mere praise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shared.factcheck.claims import Claim
from shared.factcheck.grounding import Sentence

Topic = Literal[
    "number",
    "material",
    "color",
    "origin",
    "maker",
    "praise",
    "comparison",
    "certification",
    "warranty",
    "compatibility",
    "boolean",
    "other",
]

# The first of these that a span touches is its topic.
_ORDER: tuple[Topic, ...] = (
    "warranty",
    "certification",
    "compatibility",
    "comparison",
    "number",
    "material",
    "color",
    "origin",
    "maker",
    "boolean",
    "praise",
)
_OF_NAMES = frozenset({"warranty", "certification", "material", "color", "origin", "maker"})


def topic_of(sentence: Sentence, claims: Sequence[Claim]) -> Topic:
    """What these claims, which nothing supports and which stand side by side, are about."""
    touched = {topic for claim in claims for topic in _topics(sentence, claim)}
    return next((topic for topic in _ORDER if topic in touched), "other")


def _topics(sentence: Sentence, claim: Claim) -> set[str]:
    listed = sentence.index.wording.topics
    places = range(claim.first, claim.stop)
    found = {listed[sentence.key(at)] for at in places if sentence.key(at) in listed}
    if listed.get(sentence.key(claim.stop)) in ("warranty", "certification"):  # "a 2-year warranty"
        found.add(listed[sentence.key(claim.stop)])
    if any(sentence.terms[at].number is not None for at in places):
        found.add("number")
    entry = claim.entry or claim.about
    if entry is not None:
        found |= {listed[key] for key in entry.label if listed.get(key) in _OF_NAMES}
        found |= {"compatibility"} if entry.is_relation else set()
        found |= {"boolean"} if entry.state is not None else set()
    return found
