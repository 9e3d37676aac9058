"""Which attributes of a product its copy may state at all, and which of those repeat others.

Each answer is the reason in plain words why an attribute is left out, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shared.content.attributes import (
    counted_name,
    counts,
    is_never_boolean,
    plain_name,
    polarity,
    reason_against,
    says_nothing,
    tells_its_number,
    topic_of,
    word_pattern,
)
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import MAX_VALUE_CHARACTERS, MAX_VALUE_ITEMS
from shared.text import words
from shared.untrusted import is_prose, untrusted_reason

IDENTITY = ("title", "brand", "category")
REPEATS = "repeats the {}"
NO_UNIT = "a number without its unit"

_NUMERIC = frozenset("0123456789 .,:/x×*+~±()–-")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_COUNT = re.compile(r"[1-9]\d{0,2}(?:, [1-9]\d{0,2})*")  # more than 999 of something are rather a measure
_DIGITS = re.compile(r"\d+")
_PRESENCE = frozenset({"built", "in", "port", "support", "supported", "included"})
_FORMATTING = re.compile(r"https?://|\\[nrt]", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def reason_to_leave_out(fact: Fact, identity: Sequence[Fact], profile: Profile) -> str | None:
    """Why an attribute stays out of the copy whatever else the product has."""
    if len(fact.attribute) > MAX_VALUE_CHARACTERS:
        return "too long for a sentence"
    if plain_name(fact.attribute) in IDENTITY:
        return f"has the name of the product's own {plain_name(fact.attribute)}"
    if untrusted := untrusted_reason(fact.attribute) or untrusted_reason(fact.value):
        return untrusted
    if fact.knowledge is None and (is_prose(fact.value) or is_prose(fact.attribute)):
        return "reads as a sentence, not as a value"
    if _FORMATTING.search(fact.attribute) or _FORMATTING.search(fact.value):
        return "holds an address or formatting"
    if _ignored(profile.ignored_attributes).search(plain_name(fact.attribute)):
        return "ignored by the profile"
    weight = _given_weight(profile, fact.attribute)
    if weight == 0:
        return "given no weight by the profile"
    against_name = reason_against(fact.attribute) if weight is None else None
    return against_name or _reason_against_value(fact) or repeats_identity(fact, identity)


@lru_cache(maxsize=256)
def _ignored(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return word_pattern(phrases)


def weight_in(profile: Profile, attribute: str) -> float:
    """The profile's weight of an attribute, 1 where it gives none."""
    weight = _given_weight(profile, attribute)
    return 1.0 if weight is None else weight


def _given_weight(profile: Profile, attribute: str) -> float | None:
    """The weight under the attribute's own name, else under the one by which it is counted."""
    weights = {plain_name(name): weight for name, weight in profile.attribute_weights.items()}
    return weights.get(plain_name(attribute), weights.get(counted_name(attribute)))


def _reason_against_value(fact: Fact) -> str | None:
    told = ", ".join(fact.value.split(", ")[:MAX_VALUE_ITEMS])
    if says_nothing(fact.value) or (fact.value == "1" and topic_of(fact.attribute).group == "contents"):
        return "says nothing"
    if polarity(fact.value) is not None and is_never_boolean(fact.attribute):
        return "a yes or no that answers nothing"
    if len(told) > MAX_VALUE_CHARACTERS:
        return "too long for a sentence"
    if _is_bare_number(fact.value) and not tells_its_number(fact.attribute):
        return None if _is_count(fact) else NO_UNIT
    return None


def _is_count(fact: Fact) -> bool:
    """Whether a value says how many there are of something; a list of numbers is one of sizes that have no unit."""
    return bool(_COUNT.fullmatch(fact.value)) and counts(fact.attribute)


def _is_bare_number(value: str) -> bool:
    return _NUMERIC.issuperset(value) and any(map(str.isdigit, value))


def repeats_identity(fact: Fact, identity: Sequence[Fact]) -> str | None:
    """Which of title, brand and category says the attribute's value already.

    A brand says its own name only: a vase of Corning Glass may be of steel. Origin, maker and warranty are told
    although a title may hold their words: "Italian Bowl" does not say where it was made.
    """
    for known in identity:
        is_name = known.attribute == "brand"
        if (_stems(fact.value) == _stems(known.value)) if is_name else _is_told_by(fact, known.value):
            return REPEATS.format(known.attribute)
    return None


def repeated(fact: Fact, chosen: Sequence[Fact]) -> str | None:
    """Why an attribute adds nothing to those that are chosen: it has the value, or the name, of one of them."""
    for other in chosen:
        if counted_name(_metric(fact.attribute)) == counted_name(_metric(other.attribute)):
            return f"speaks of the same as {other.attribute}"
        if _is_one_of_a_row(fact, other):
            continue
        is_same = (
            _stems(fact.value) == _stems(other.value) and polarity(fact.value) is None and _has_letters(fact.value)
        )
        if (
            is_same
            or _is_implied_by(fact, other)
            or _is_part_of(fact, other)
            or (_are_akin(fact, other) and _is_told_by(fact, other.value))
        ):
            return f"repeats {other.attribute}"
    return None


def _are_akin(fact: Fact, other: Fact) -> bool:
    """Whether two attributes speak of one thing: they are of one group, or their names share a word."""
    group = topic_of(fact.attribute).group
    names = {*plain_name(fact.attribute).split()} & {*plain_name(other.attribute).split()}
    return bool(names) or (bool(group) and group == topic_of(other.attribute).group)


def _is_implied_by(fact: Fact, other: Fact) -> bool:
    """Whether a yes goes without saying: "USB port: yes" beside "interfaces: USB 2.0"."""
    asked = _stems(plain_name(fact.attribute)) - _PRESENCE
    return (
        polarity(fact.value) is True and bool(asked) and asked <= _stems(f"{plain_name(other.attribute)} {other.value}")
    )


def _metric(attribute: str) -> str:
    return plain_name(attribute).removesuffix(" imperial")


def _is_one_of_a_row(fact: Fact, other: Fact) -> bool:
    """Whether names differ by a number only, such as ``connector 1`` and ``connector 2`` of a cable."""
    return _DIGITS.sub("", plain_name(fact.attribute)) == _DIGITS.sub("", plain_name(other.attribute))


def _is_part_of(fact: Fact, other: Fact) -> bool:
    """Whether a width is told by dimensions: all its numbers stand in a longer value of the same group."""
    group = topic_of(fact.attribute).group
    own, others = _NUMBER.findall(fact.value), _NUMBER.findall(other.value)
    return (
        bool(own)
        and group == "size" == topic_of(other.attribute).group
        and len(own) < len(others)
        and {*own} <= {*others}
    )


def _is_told_by(fact: Fact, text: str) -> bool:
    """Whether a text holds all words of a value. No text tells a bare number or a yes or no: it may be another one."""
    value = fact.value
    if (
        len(value) > len(text)
        or topic_of(fact.attribute).close
        or polarity(value) is not None
        or not _has_letters(value)
    ):
        return False
    if _CHINESE.search(value):
        return value in text
    return _stems(value) <= _stems(text)


def _has_letters(value: str) -> bool:
    return any(map(str.isalpha, value))


@lru_cache(maxsize=4_096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.casefold().rstrip("s") for word in words(text))
