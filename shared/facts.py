"""The facts of a product: what its copy may state, in the form in which prompt and checks read it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.events import AttributeValue, Product, Quantity


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a product.

    ``attribute`` is the attribute's name, or ``title``, ``brand`` or ``category``; ``value`` is the text a reader sees,
    for example ``1.2 kg``, ``yes``, or ``Blue, Red`` for a list. ``also`` are other approved wordings of the value;
    ``knowledge`` is the key of the approved knowledge entry that the fact comes from, None for the product's own.
    """

    attribute: str
    value: str
    also: tuple[str, ...] = ()
    knowledge: str | None = None


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
