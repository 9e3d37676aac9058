"""What the names of attributes tell: which matter to a shopper, which belong together, and which nobody asks for.

The words are data, in ``knowledge/attributes.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ConfigurationError
from shared.settings import ROOT

FILE = ROOT / "knowledge" / "attributes.toml"
OTHER_WEIGHT = 0.4

_SPLIT_CAMEL = re.compile(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])")
_NO_WORD = re.compile(r"[^\w°%]+|_+")
_PLURAL = re.compile(r"^[^\W\d_]{2,}(?<![sui])s$")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@lru_cache(maxsize=65_536)
def plain_name(name: str) -> str:
    """A name as names are compared: small letters, one space between words, no punctuation.

    ``package_width``, ``packageWidth`` and ``Package (Width)`` are one name.
    """
    return _NO_WORD.sub(" ", _SPLIT_CAMEL.sub(" ", name)).strip().casefold()


class Topic(BaseModel):
    """What some attributes are about: ``weight`` says how much a shopper asks for them, from 0 to 1; those of one
    ``group`` are told together, those that ``close`` at the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(OTHER_WEIGHT, ge=0, le=1)
    group: str = ""
    close: bool = False
    words: tuple[str, ...] = ()


_NO_TOPIC = Topic()


class _Numbers(BaseModel, extra="forbid"):
    tell: tuple[str, ...]
    uncounted: tuple[str, ...]
    connectors: tuple[str, ...]
    trailing: tuple[str, ...]


class _Values(BaseModel, extra="forbid"):
    empty: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]


class _Gaps(BaseModel, extra="forbid"):
    asked: tuple[str, ...]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    left_out: dict[str, tuple[str, ...]]
    same: dict[str, tuple[str, ...]]
    topics: tuple[Topic, ...]
    numbers: _Numbers
    values: _Values
    gaps: _Gaps


@dataclass(frozen=True, eq=False)
class AttributeWords:
    """The words of ``knowledge/attributes.toml``, as patterns of plain names.

    ``left_out`` has the names that no shopper asks for under the reason; ``same`` leads from a plain name to the one
    under which the same thing is counted; ``telling`` finds names that say what a bare number is, ``connectors`` those
    of what is counted without a plural; a name with one of the words ``uncounted`` counts nothing; ``trailing`` are
    words such as ``included`` behind what is counted; ``empty`` are values that say nothing; ``polarity`` has those
    that are a yes or a no; ``asked`` names what a product of an unknown category should have.
    """

    left_out: Mapping[str, re.Pattern[str]]
    same: Mapping[str, str]
    topics: tuple[tuple[Topic, re.Pattern[str]], ...]
    telling: re.Pattern[str]
    uncounted: frozenset[str]
    connectors: re.Pattern[str]
    trailing: frozenset[str]
    empty: frozenset[str]
    polarity: Mapping[str, bool]
    asked: tuple[str, ...]


def word_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds words in plain names: as whole words with or without a plural -s; ``*`` is any rest of a
    word, ``=`` before them asks for the whole name, and Chinese is found anywhere. What holds no letter or
    digit finds nothing."""
    parts = []
    for word in filter(plain_name, words):
        inner = r"\w*".join(re.escape(plain_name(part)) for part in word.split("*"))
        if _CHINESE.search(word):
            parts.append(inner)
        else:
            parts.append(rf"^{inner}$" if word.startswith("=") else rf"(?<!\w){inner}s?(?!\w)")
    # The longest first, since the first that fits is the one that is found.
    return re.compile("|".join(sorted(parts, key=len, reverse=True)) or "(?!)")


@lru_cache
def attribute_words(file: Path = FILE) -> AttributeWords:
    """Read the words once.

    Raises:
        ConfigurationError: with the file, and the line or the field that is wrong.
    """
    try:
        document = _Document(**tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}; restore it from the project") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not TOML: {error}; mend this place") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise ConfigurationError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}; mend it") from None
    return AttributeWords(
        left_out={reason: word_pattern(words) for reason, words in document.left_out.items()},
        same={plain_name(name): plain_name(one) for one, names in document.same.items() for name in names},
        topics=tuple((topic, word_pattern(topic.words)) for topic in document.topics),
        telling=word_pattern(document.numbers.tell),
        uncounted=frozenset(map(plain_name, document.numbers.uncounted)),
        connectors=word_pattern(document.numbers.connectors),
        trailing=frozenset(map(plain_name, document.numbers.trailing)),
        empty=frozenset(map(plain_name, document.values.empty)),
        polarity=dict.fromkeys(document.values.no, False) | dict.fromkeys(document.values.yes, True),
        asked=document.gaps.asked,
    )


@lru_cache(maxsize=65_536)
def counted_name(attribute: str) -> str:
    """The plain name under which an attribute is counted: ``color`` for ``Product Colour`` and for ``Farbe``."""
    name = plain_name(attribute)
    return attribute_words().same.get(name, name)


@lru_cache(maxsize=65_536)
def topic_of(attribute: str) -> Topic:
    """The topic that the longest words in a name belong to; for a name that no topic knows one of middling weight."""
    name = plain_name(attribute)
    lengths = [
        (max((len(found[0]) for found in pattern.finditer(name)), default=0), topic)
        for topic, pattern in attribute_words().topics
    ]
    longest, topic = max(lengths, key=lambda each: each[0], default=(0, _NO_TOPIC))
    return topic if longest else _NO_TOPIC


@lru_cache(maxsize=65_536)
def reason_against(attribute: str) -> str | None:
    """Why no shopper asks for an attribute of this name, such as ``"logistics"``; None when one may."""
    name = plain_name(attribute)
    return next((reason for reason, pattern in attribute_words().left_out.items() if pattern.search(name)), None)


@lru_cache(maxsize=65_536)
def is_never_boolean(attribute: str) -> bool:
    """Whether an attribute is asked "which?", as color and material are, so that a yes or no is no answer."""
    return counted_name(attribute) in attribute_words().same.values()


def says_nothing(value: str) -> bool:
    """Whether a value is a placeholder such as ``"N/A"``, ``"-"`` or ``"keine Angabe"``."""
    return plain_name(value) in attribute_words().empty


@lru_cache(maxsize=16_384)
def polarity(value: str) -> bool | None:
    """True for a value such as ``yes``, False for ``no``, None for any other."""
    return attribute_words().polarity.get(value.strip().casefold())


@lru_cache(maxsize=65_536)
def tells_its_number(attribute: str) -> bool:
    """Whether a name says what a number without a unit is: ``"number of ports"`` does, ``"weight"`` does not."""
    return bool(attribute_words().telling.search(plain_name(attribute)))


@lru_cache(maxsize=65_536)
def counts(attribute: str) -> bool:
    """Whether a whole number under this name is how many there are: ``"pockets"``, ``"brush heads included"`` and
    ``"HDMI"``, but not ``"dimensions"`` or ``"thickness"``."""
    found, name = attribute_words(), plain_name(attribute)
    names = name.split()
    while len(names) > 1 and names[-1] in found.trailing:
        names.pop()
    is_plural = bool(names and _PLURAL.search(names[-1])) and found.uncounted.isdisjoint(names)
    return is_plural or bool(found.connectors.search(name))
