"""The facts of a product: what its copy may state, in the form in which prompt and checks read it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.events import AttributeValue, Product, Quantity
from shared.profiles import Profile


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a product.

    ``attribute`` is the attribute's name, or ``title``, ``brand`` or ``category``; ``value`` is the text a reader sees,
    for example ``1.2 kg``, ``yes``, or ``Blue, Red`` for a list.
    """

    attribute: str
    value: str


def value_text(value: AttributeValue) -> str:
    """An attribute's value as a reader sees it."""
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value)
    if isinstance(value, Quantity):
        return f"{value_text(value.value)} {value.unit}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return " ".join(str(value).split())


def product_facts(product: Product) -> list[Fact]:
    """Everything that is known of a product: title, brand, category, then its attributes in order."""
    named = [("title", product.title), ("brand", product.brand or ""), ("category", " > ".join(product.category))]
    named += [(name, value_text(value)) for name, value in product.attributes.items()]
    return [Fact(attribute, value) for attribute, value in named if value]


def relevant_facts(product: Product, profile: Profile) -> list[Fact]:
    """The facts that the copy of this profile depends on, in the product's order: no other change costs copy."""
    names = ("title", "brand", "category")
    facts = product_facts(product)
    attributes = [fact for fact in facts if fact.attribute not in names and not _is_ignored(fact.attribute, profile)]
    return [fact for fact in facts if fact.attribute in names] + attributes[: profile.max_attributes]


def _is_ignored(attribute: str, profile: Profile) -> bool:
    return any(
        re.search(rf"(?<![^\W_]){re.escape(word)}s?(?![^\W_])", attribute.lower())
        for word in profile.ignored_attributes
    )


def input_digest(facts: Sequence[Fact], profile: Profile) -> str:
    """What a description is made from, as one digest: the same digest needs no new copy."""
    content = [profile.name, profile.version, *([fact.attribute, fact.value] for fact in facts)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
