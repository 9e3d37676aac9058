"""Which attributes of a product its copy may state at all, and which of those repeat others.

Each answer is the reason in plain words why an attribute is left out, or None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

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
from shared.untrusted import SHORTEST_ENCODED, is_prose, untrusted_reason

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
_MOST_KEPT = 500  # characters: a few lists of thousands would fill the memory that all other values share


def reason_to_leave_out(fact: Fact, identity: Sequence[Fact], profile: Profile) -> str | None:
    """Why an attribute stays out of the copy whatever else the product has."""
    return (
        _reason_against_form(fact.attribute)
        or _reason_against_texts(fact)
        or _reason_against_name(fact.attribute, profile)
        or _reason_against_value(fact)
        or repeats_identity(fact, identity)
    )


def _reason_against_form(attribute: str) -> str | None:
    if len(attribute) > MAX_VALUE_CHARACTERS:
        return "too long for a sentence"
    name = plain_name(attribute)
    return f"has the name of the product's own {name}" if name in IDENTITY else None


def _reason_against_texts(fact: Fact) -> str | None:
    """What is wrong with the text of the name or the value; of two faults the graver one."""
    is_approved = fact.knowledge is not None
    faults = [fault for text in (fact.attribute, fact.value) if (fault := _fault(text, is_approved))]
    return min(faults, key=itemgetter(0))[1] if faults else None


# The names of attributes, and most of their values, are those of many products.
@lru_cache(maxsize=16_384)
def _fault(text: str, is_approved: bool) -> tuple[int, str] | None:
    """What is wrong with a text, after a number that is lower for what is graver."""
    if len(text) < SHORTEST_ENCODED and _NUMERIC.issuperset(text):
        return None  # a number orders nothing
    if untrusted := untrusted_reason(text):
        return 0, untrusted
    if not is_approved and is_prose(text):
        return 1, "reads as a sentence, not as a value"
    return (2, "holds an address or formatting") if _FORMATTING.search(text) else None


def weight_in(profile: Profile, attribute: str) -> float:
    """The profile's weight of an attribute, 1 where it gives none."""
    weight = _given_weight(profile, attribute)
    return 1.0 if weight is None else weight


@lru_cache(maxsize=65_536)
def _reason_against_name(attribute: str, profile: Profile) -> str | None:
    if _ignored(profile.ignored_attributes).search(plain_name(attribute)):
        return "ignored by the profile"
    weight = _given_weight(profile, attribute)
    if weight == 0:
        return "given no weight by the profile"
    return reason_against(attribute) if weight is None else None


@lru_cache(maxsize=256)
def _ignored(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return word_pattern(phrases)


def _given_weight(profile: Profile, attribute: str) -> float | None:
    """The weight under the attribute's own name, else under the one by which it is counted."""
    weights = _weights(profile)
    return weights.get(plain_name(attribute), weights.get(counted_name(attribute))) if weights else None


@lru_cache(maxsize=256)
def _weights(profile: Profile) -> Mapping[str, float]:
    return {plain_name(name): weight for name, weight in profile.attribute_weights.items()}


def _reason_against_value(fact: Fact) -> str | None:
    if says_nothing(fact.value) or (fact.value == "1" and topic_of(fact.attribute).group == "contents"):
        return "says nothing"
    if polarity(fact.value) is not None and is_never_boolean(fact.attribute):
        return "a yes or no that answers nothing"
    if len(fact.value) > MAX_VALUE_CHARACTERS and len(_told(fact.value)) > MAX_VALUE_CHARACTERS:
        return "too long for a sentence"
    if _is_bare_number(fact.value) and not tells_its_number(fact.attribute):
        return None if _is_count(fact) else NO_UNIT
    return None


def _told(value: str) -> str:
    """The first items of a list, which are all that a prompt holds of it."""
    return ", ".join(value.split(", ")[:MAX_VALUE_ITEMS])


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
    has_words = _tells_in_words(fact.value)
    for known in identity:
        if known.attribute == "brand":
            is_told = _stems(fact.value) == _stems(known.value)
        else:
            is_told = has_words and _is_told_by(fact, known)
        if is_told:
            return REPEATS.format(known.attribute)
    return None


def repeated(fact: Fact, chosen: Sequence[Fact]) -> str | None:
    """Why an attribute adds nothing to those that are chosen: it has the value, or the name, of one of them."""
    name, has_words = _read_name(fact.attribute), _tells_in_words(fact.value)
    for other in chosen:
        its = _read_name(other.attribute)
        if name.counted == its.counted:
            return f"speaks of the same as {other.attribute}"
        if name.row == its.row:
            continue
        if has_words:
            is_told = _stems(fact.value) == _stems(other.value) or (_are_akin(name, its) and _is_told_by(fact, other))
        else:
            is_told = _is_implied_by(fact, other)
        if is_told or (name.group == "size" == its.group and _is_part_of(fact.value, other.value)):
            return f"repeats {other.attribute}"
    return None


class _Name(NamedTuple):
    """What the name of an attribute tells, whatever the product.

    ``counted`` is what it speaks of, by whatever name. Names of a ``row`` differ by a number only, such as ``connector
    1`` and ``connector 2`` of a cable. ``asked`` are the stems of its ``words`` that a yes answers.
    """

    counted: str
    row: str
    words: frozenset[str]
    asked: frozenset[str]
    group: str


@lru_cache(maxsize=16_384)
def _read_name(attribute: str) -> _Name:
    name = plain_name(attribute)
    return _Name(
        counted_name(name.removesuffix(" imperial")),
        _DIGITS.sub("", name),
        frozenset(name.split()),
        _stems(name) - _PRESENCE,
        topic_of(attribute).group,
    )


def _are_akin(name: _Name, other: _Name) -> bool:
    """Whether two attributes speak of one thing: they are of one group, or their names share a word."""
    return (bool(name.group) and name.group == other.group) or not name.words.isdisjoint(other.words)


def _is_implied_by(fact: Fact, other: Fact) -> bool:
    """Whether a yes goes without saying: "USB port: yes" beside "interfaces: USB 2.0"."""
    if polarity(fact.value) is not True:
        return False
    asked = _read_name(fact.attribute).asked
    return bool(asked) and asked <= _stems(plain_name(other.attribute)) | _stems(other.value)


def _is_part_of(value: str, other: str) -> bool:
    """Whether a width is told by dimensions: all its numbers stand in a longer value."""
    own, others = _NUMBER.findall(value), _NUMBER.findall(other)
    return bool(own) and len(own) < len(others) and {*own} <= {*others}


def _is_told_by(fact: Fact, other: Fact) -> bool:
    """Whether another value holds all words of a value that has some."""
    value, text = fact.value, other.value
    if len(value) > len(text) or topic_of(fact.attribute).close:
        return False
    return value in text if _CHINESE.search(value) else _stems(value) <= _stems(text)


def _tells_in_words(value: str) -> bool:
    """Whether words tell a value. They never tell a bare number or a yes or no: it may be another one."""
    return polarity(value) is None and any(map(str.isalpha, value))


def _stems(text: str) -> frozenset[str]:
    return _kept_stems(text) if len(text) <= _MOST_KEPT else _read_stems(text)


@lru_cache(maxsize=16_384)
def _kept_stems(text: str) -> frozenset[str]:
    return _read_stems(text)


def _read_stems(text: str) -> frozenset[str]:
    return frozenset(word.casefold().rstrip("s") for word in words(text))
