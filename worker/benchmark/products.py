"""Products for benchmarks, with a text for each that the checks publish: what a model that answers at once says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError
from shared.evaluation.rows import read_rows
from shared.events import Product, decode, product_changed
from shared.policy import Policy
from shared.prompts import description_prompt

SOURCE = "benchmark"

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeio"]
_BRANDS = ("Norrland", "Havsund", "Tallberg", "Eskola", "Brunnby", "Ljungen", "Sundvik", "Aronia")
_KINDS = ("kettle", "teapot", "saucepan", "lantern", "backpack", "armchair", "bookcase", "tumbler", "doormat")
_MATERIALS = ("copper", "oak", "steel", "linen", "ceramic", "leather", "bamboo", "wool", "glass", "cotton", "cork")
_COLORS = ("black", "white", "green", "blue", "red", "yellow", "brown")


@dataclass(frozen=True)
class Case:
    """An event of a product, as it is published, and the text that its description is made from."""

    event: dict[str, Any]
    text: str


def invented(count: int, start: int = 0) -> Iterator[Case]:
    """Products that differ in name and facts, each with a text that states three of its facts."""
    for number in range(start, start + count):
        kind, material = _KINDS[number % len(_KINDS)], _MATERIALS[number % len(_MATERIALS)]
        brand, color = _BRANDS[number % len(_BRANDS)], _COLORS[number % len(_COLORS)]
        title = f"{brand} {_name(number)} {kind}"
        attributes = {
            "material": material,
            "color": color,
            "width": f"{20 + number % 83} cm",
            "weight": f"{500 + number % 971} g",
            "country of origin": "Sweden",
            "warranty": f"{1 + number % 5} years",
        }
        row = {"sku": f"bench-{number}", "title": title, "brand": brand, "category": [kind], "attributes": attributes}
        text = (
            f"The {title} is made of {material}. Its color is {color}, and the {_name(number)} has a width of "
            f"{attributes['width']}."
        )
        yield Case(product_changed(row, source=SOURCE, version=1), text)


def replayed(products: Path, texts: Path, count: int) -> list[Case]:
    """Real products with the texts that a model wrote for them: JSON Lines with ``sku`` and ``text``.

    Raises:
        ConfigurationError: when no product of the one file has a text in the other.
    """
    with texts.open() as lines:
        written = {row["sku"]: row["text"] for row in map(json.loads, lines)}
    rows = (row for _, row in read_rows(products) if isinstance(row, dict) and row.get("sku") in written)
    found = [Case(product_changed(row, source=SOURCE, version=1), written[row["sku"]]) for row in islice(rows, count)]
    if not found:
        raise ConfigurationError(f"{texts} holds no text for a product of {products}: give texts by `sku`")
    return found


def write_answers(cases: Iterable[Case], policy: Policy, file: Path) -> None:
    """Write what the fixed engine answers: for the question about each product, its text."""
    [profile] = [profile for profile in policy.profiles.values() if profile.default]
    with file.open("w") as lines:
        for case in cases:
            data = decode(json.dumps(case.event).encode()).data
            if isinstance(data, Product):
                question = description_prompt(policy.plan(data, profile).facts, profile).question[1]
                lines.write(json.dumps({"question": asked(question), "text": case.text}) + "\n")


def asked(question: str) -> str:
    """What a question says of its product: all but the request, which differs when it is asked again."""
    return question.rpartition("\n")[0]


def _name(number: int) -> str:
    """A name like Rabeto: another one for each number below 140,000."""
    base = len(_SYLLABLES)
    places = (number // base**2 % base, number // base % base, number % base)
    return "".join(_SYLLABLES[place] for place in places).capitalize()
