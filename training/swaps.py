"""What a value could be instead: the values that the same attribute has elsewhere in the training set.

Only a value that fits is offered. It has the shape of the one that it takes the place of (words stay words of like
length, case and ending; a number keeps its unit and stays in its range), and it comes from a like product: one of the
same category, or one with much the same attributes. So a kettle gets the voltage of another kettle and no dress size.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from shared.facts import Fact
from shared.prompts import MAX_VALUE_ITEMS
from training.dataset import Example

IDENTITY = frozenset({"title", "brand", "category"})
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

_WORD = re.compile(r"[^\W_]+")
# The share of attributes that two like products have in common: a number of the same unit and size fits more of them.
_LIKE = {"words": 0.5, "number": 0.25}
_RANGE = 4  # how many times larger or smaller a number may become
_YEAR = re.compile(r"(?:19|20)\d\d")

Shape = tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """A value, or an item of a list, with the category and the attributes of a product that has it."""

    value: str
    category: str
    attributes: frozenset[str]


@dataclass(frozen=True)
class Swaps:
    """All values of a training set. Make it by :meth:`of`."""

    values: Mapping[tuple[str, Shape], Sequence[Choice]]
    titles: Mapping[str, Sequence[str]]
    brands: Sequence[str]
    plain: frozenset[str]

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Swaps:
        """The values, names and brands of these examples; those held out must not be among them."""
        seen = list(examples)
        values: dict[tuple[str, Shape], dict[tuple[str, str], Choice]] = defaultdict(dict)
        for example in seen:
            category, names = category_of(example.facts), attributes_of(example.facts)
            for fact in example.facts:
                for item in items_of(fact):
                    choice = Choice(item, category, names)
                    values[_key(fact.attribute), shape_of(item)].setdefault((item, category), choice)
        plain = frozenset(_plain_words(seen))
        titles: dict[str, dict[str, None]] = defaultdict(dict)
        brands: dict[str, None] = {}
        for example in seen:
            identity = identity_of(example.facts)
            title, brand = identity.get("title", ""), identity.get("brand", "")
            if brand and is_proper(brand, plain):
                brands[brand] = None
            elif is_proper(title, plain):
                titles[category_of(example.facts)][title] = None
        return cls(
            {key: tuple(found.values()) for key, found in values.items()},
            {category: tuple(found) for category, found in titles.items()},
            tuple(brands),
            plain,
        )

    def another(self, attribute: str, item: str, facts: Sequence[Fact], random: Random) -> str | None:
        """Another value for one of a product with these facts; None where none fits."""
        category, names, shape = category_of(facts), attributes_of(facts), shape_of(item)
        fitting = [
            choice
            for choice in self.values.get((_key(attribute), shape), ())
            if choice.value.casefold() != item.casefold() and _is_near(choice.value, item)
        ]
        same = [choice.value for choice in fitting if choice.category == category]
        like = same or [choice.value for choice in fitting if _likeness(choice.attributes, names) >= _LIKE[shape[0]]]
        return random.choice(like) if like else None

    def another_name(self, facts: Sequence[Fact], random: Random) -> tuple[str, str] | None:
        """A proper name of the product, which is its brand or else its whole title, and another one with as many words.

        A word of the title that another fact holds too stays: ``Satellite`` where the product family is Satellite.
        """
        identity = identity_of(facts)
        title, brand = identity.get("title", ""), identity.get("brand", "")
        if brand:
            name, others = brand, self.brands
        else:
            name, others = title, self.titles.get(category_of(facts), ())
        if name not in title or not is_proper(name, self.plain):
            return None
        own = name.split()
        held = {word for fact in facts if fact.attribute not in IDENTITY for word in _words(fact.value)}
        fitting = [other for other in others if other != name and _is_new_name(other.split(), own, held)]
        return (name, random.choice(fitting)) if fitting else None


def identity_of(facts: Iterable[Fact]) -> dict[str, str]:
    """Title, brand and category by these names."""
    return {fact.attribute: fact.value for fact in facts if fact.attribute in IDENTITY}


def category_of(facts: Iterable[Fact]) -> str:
    """The last part of a product's category in small letters."""
    return identity_of(facts).get("category", "").rpartition(" > ")[2].casefold()


def attributes_of(facts: Iterable[Fact]) -> frozenset[str]:
    """The names of a product's attributes."""
    return frozenset(_key(fact.attribute) for fact in facts if fact.attribute not in IDENTITY)


def items_of(fact: Fact) -> list[str]:
    """What of a fact may be swapped: each item of a list of words, and a value with a number as a whole.

    Nothing of a name, of a yes or no, of approved knowledge, and of what has other wordings.
    """
    if fact.attribute in IDENTITY or fact.knowledge or fact.also or fact.value.casefold() in ("yes", "no"):
        return []
    if NUMBER.search(fact.value):
        return [] if ", " in fact.value else [fact.value]
    items = [item.strip() for item in fact.value.split(", ")]
    return items if len(items) <= MAX_VALUE_ITEMS and all(items) else []


def shape_of(item: str) -> Shape:
    """What a value and another one in its place have in common.

    A number's shape is all that surrounds it. A number that is exactly 1 belongs to the shape, for the words after it
    are singular; and a year takes the place of no other number.
    """
    if NUMBER.search(item):
        return ("number", NUMBER.sub(_masked, item).casefold())
    first, last = item.split()[0], item.split()[-1].casefold()
    case = "acronym" if len(first) > 1 and first.isupper() else "capital" if first[0].isupper() else "small"
    return ("words", case, _ending(last))


def _masked(number: re.Match[str]) -> str:
    if number[0] == "1":
        return "1"
    return "year" if _YEAR.fullmatch(number[0]) else "#"


def is_proper(name: str, plain: frozenset[str]) -> bool:
    """Whether a name has only words that no text of the training set uses in small letters, and at least one."""
    letters = [word for word in _words(name) if not word.isdigit()]
    starts = [word[0] for word in name.split()]
    return bool(letters) and plain.isdisjoint(letters) and all(sign.isupper() or sign.isdigit() for sign in starts)


def _key(attribute: str) -> str:
    return attribute.replace("_", " ").casefold()


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _plain_words(examples: Iterable[Example]) -> Iterator[str]:
    """Every word that stands somewhere in small letters."""
    for example in examples:
        for text in (example.text, *(fact.value for fact in example.facts if fact.attribute not in ("title", "brand"))):
            yield from (word for word in _WORD.findall(text) if word.islower())
        yield from _words(identity_of(example.facts).get("category", ""))


def _ending(word: str) -> str:
    """The ending that tells a plural, a participle or an adjective from other words."""
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return "s"
    return next((ending for ending in ("ing", "ed", "able", "ly", "proof", "free") if word.endswith(ending)), "")


def _is_near(value: str, item: str) -> bool:
    """Whether numbers are of the same order, and words about as many."""
    pairs = list(zip(map(_size, NUMBER.findall(value)), map(_size, NUMBER.findall(item)), strict=False))
    if pairs:
        return all(max(pair) <= _RANGE * min(pair) for pair in pairs)
    few, many = sorted((len(value.split()), len(item.split())))
    return many - few <= max(1, few // 3)


def _size(number: str) -> float:
    """About how large a written number is: of a version as 5.2.1 its beginning."""
    whole, _, rest = number.replace(",", "").partition(".")
    return float(f"{whole}.{rest.partition('.')[0]}")


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The Jaccard index of two sets of attributes."""
    return len(one & other) / len(one | other)


def _is_new_name(other: Sequence[str], own: Sequence[str], held: set[str]) -> bool:
    """Whether another name can take the place of one, word by word."""
    return (
        len(other) == len(own)
        and len(set(own)) == len(own)
        and all(bool(NUMBER.search(new)) == bool(NUMBER.search(old)) for new, old in zip(other, own, strict=True))
        and all(new == old or held.isdisjoint(_words(f"{new} {old}")) for new, old in zip(other, own, strict=True))
    )
