"""The short plain text of a product that says too little of itself: all that is known, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.factcheck.lexicon import load_lexicon
from shared.facts import Fact
from shared.text import joined, language_of

# What is said of a name with its brand or category, of an attribute with a value, and of one that is yes or no.
_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "name": "This is the {name}.",
        "category": "Category: {value}.",
        "value": "Its {attribute} is {value}.",
        "yes": "Its features include {attribute}.",
        "no": "It comes without {attribute}.",
    },
    "de": {
        "name": "Das ist {name}.",
        "category": "Die Kategorie ist {value}.",
        "value": "{attribute}: {value}.",
        "yes": "{attribute}: ja.",
        "no": "Ohne {attribute}.",
    },
    "es": {
        "name": "Este es {name}.",
        "category": "La categoría es {value}.",
        "value": "{attribute}: {value}.",
        "yes": "{attribute}: sí.",
        "no": "Sin {attribute}.",
    },
    "zh": {
        "name": "这是{name}。",
        "category": "类别为{value}。",
        "value": "{attribute}为{value}。",
        "yes": "{attribute}：是。",
        "no": "没有{attribute}。",
    },
}


def plain_text(facts: Sequence[Fact], locale: str) -> str:
    """One short sentence for the name and one for each thing that is known besides; empty when nothing is."""
    said = _SENTENCES.get(language_of(locale), _SENTENCES["en"])
    lexicon = load_lexicon(locale)
    identity = {fact.attribute: fact.value for fact in facts if fact.attribute in ("title", "brand")}
    title, brand = identity.get("title", ""), identity.get("brand", "")
    name = title if brand.casefold() in title.casefold() else f"{brand} {title}".strip()
    parts = [said["name"].format(name=name or brand)] if name or brand else []
    for fact in facts:
        state = lexicon.polarity(fact.value)
        if fact.attribute == "category":
            parts.append(said["category"].format(value=fact.value.rpartition(" > ")[2]))
        elif fact.attribute not in identity:
            form = said["value"] if state is None else said["yes" if state else "no"]
            parts.append(form.format(attribute=fact.attribute, value=fact.value))
    return joined(parts)
