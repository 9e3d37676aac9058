"""The E2E data set: what is to be said about a restaurant, what people wrote of it, and both as training examples.

A meaning representation has up to eight slots, and is asked for in the prompt of the service, as a product would be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from shared.errors import ConfigurationError, InvalidEvent
from shared.evaluation.rows import read_rows
from shared.facts import Fact
from shared.profiles import Profile
from training.dataset import Example

PROFILE = Profile(name="e2e", version="1", audience="guests", max_words=60)

_NAMES = {
    "name": "title",
    "eatType": "type",
    "food": "food",
    "priceRange": "price range",
    "customer rating": "customer rating",
    "area": "area",
    "familyFriendly": "for families",
    "near": "near",
}
# A bare yes or no would leave its place in the prompt: the prompt gathers such facts in a line of their own.
_FAMILY = {"yes": "family friendly", "no": "not family friendly"}


@dataclass(frozen=True)
class Meaning:
    """A meaning representation and what people wrote for it. A slot may have several values."""

    slots: Mapping[str, tuple[str, ...]]
    references: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many values are to be said."""
        return sum(map(len, self.slots.values()))


def read_meanings(path: Path) -> list[Meaning]:
    """The meanings of a file of the data set, in its order.

    Raises:
        ConfigurationError: naming file and line, when it is not of this data set.
    """
    return [_meaning(path, number, row) for number, row in read_rows(path)]


def _meaning(path: Path, number: int, row: object) -> Meaning:
    try:
        if isinstance(row, InvalidEvent) or not isinstance(row, dict):
            raise ValueError(row)
        unknown = set(row["attributes"]) - set(_NAMES)
        if unknown or not row["references"]:
            raise ValueError(f"no such slot: {', '.join(sorted(unknown))}" if unknown else "no reference")
        slots = {name: _values(value) for name, value in row["attributes"].items()}
        return Meaning(slots, tuple(row["references"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{path}: line {number}: is no row of the E2E data set: {error}") from None


def _values(value: str | list[str]) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def read_tokenised(path: Path) -> list[tuple[str, ...]]:
    """The references of a file ``lora_*``, in its order: those of the files without that name, in tokens.

    Raises:
        ConfigurationError: naming file and line, when it is not of this data set.
    """
    found = []
    for number, row in read_rows(path):
        references = row.get("references") if isinstance(row, dict) else None
        if not references:
            raise ConfigurationError(f"{path}: line {number}: has no references")
        found.append(tuple(references))
    return found


_APART = re.compile(r"((?<=\w)'\w+|\.{2,}|[^\w\s])")


def tokenised(text: str) -> str:
    """A text with a space around each mark and before each clitic, as the references of ``lora_*`` are."""
    return " ".join(_APART.sub(r" \1 ", text).split())


def facts_of(meaning: Meaning) -> tuple[Fact, ...]:
    """A meaning as the facts of a product: its name is the title."""
    return tuple(
        Fact(_NAMES[slot], ", ".join(_FAMILY[each] if slot == "familyFriendly" else each for each in values))
        for slot, values in meaning.slots.items()
    )


def asked(meaning: Meaning) -> Example:
    """The example that asks for a meaning's text, with its first reference."""
    return Example(facts_of(meaning), PROFILE, meaning.references[0])


def examples(meanings: Iterable[Meaning]) -> list[Example]:
    """Each reference of each meaning as an example."""
    return [Example(facts_of(each), PROFILE, text) for each in meanings for text in each.references]


def drawn(size: int, limit: int | None, seed: int) -> list[int]:
    """At most ``limit`` positions below ``size``, drawn at random, in ascending order; all of them for None."""
    if limit is None or limit >= size:
        return list(range(size))
    return sorted(Random(seed).sample(range(size), limit))
