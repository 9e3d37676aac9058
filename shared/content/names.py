"""The name in a title: shops write the data sheet behind it, and a sentence that repeats all of it says little else."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from shared.content.attributes import plain_name
from shared.events import Product
from shared.factcheck.lexicon import load_lexicon
from shared.factcheck.quantities import terms
from shared.facts import value_text

MAX_NAME_WORDS = 6
"""A longer title is shortened where its data sheet begins."""
MIN_NAME_WORDS = 3
DATA_SHEET_WORDS = 12
"""A title of more words than this is a data sheet, whatever it ends in."""
DATA_AT_END = 2
"""One of the last two words of a title that ends in data is part of them: ``12 MB L2``."""

_TOKEN = re.compile(r"\S+")
_BREAK = re.compile(r"(?<!\S)(?:[(\[|].*?(?:[)\]]|$)|\d[\d.,]*\s?[x×]\s?\d[\d.,]*(?:\s[^\W\d]+)?)")
_ITEM = re.compile(r",\s*|\s/\s")
_MEASURE = re.compile(r"\d[\d.,]*[^\W\d]{1,3}")  # 3m, 10ft
# What a thing is called may stand in these as well: "product type: notebook".
_NAMING = frozenset({"type", "series", "family", "model", "name", "brand", "typ", "serie", "modell", "tipo", "modelo"})


def name_of(product: Product, locale: str) -> str:
    """The part of a long title that names the product; the whole of a title of up to six words.

    ``Acme Nova 15 Notebook Black 39.6 cm (15.6") 8 GB`` is named ``Acme Nova 15 Notebook``: after three words (two, if
    the second is a model) the data sheet begins at the first quantity, bracket, comma or value of an attribute. A title
    that does not end in data is kept: ``Acme Nova 1.5 m Cat6 Patch Cable`` says at its end what it is. Words in small
    letters behind a model are left to the category, where there is one: ``Acme B45 motherboard`` is named ``Acme B45``.
    """
    title = product.title
    tokens = list(_TOKEN.finditer(title))
    if len(tokens) <= MAX_NAME_WORDS:
        return title
    least = MIN_NAME_WORDS - 1 if _is_model(tokens[1][0]) else MIN_NAME_WORDS
    data = _data(product, locale, tokens[least].start())
    ends_in_data = data and max(data.values()) >= tokens[-DATA_AT_END].end()
    if not data or not (ends_in_data or len(tokens) > DATA_SHEET_WORDS):
        return title
    function_words = load_lexicon(locale).function_words
    for count, (before, token) in enumerate(pairwise(tokens), start=1):
        if count >= least and (before[0].endswith((",", ";", ":")) or token.start() in data):
            name = title[: before.end()].rstrip(",;: ")
            return title if before[0].casefold() in function_words else _without_kind(name, product)
    return title


def _is_model(word: str) -> bool:
    return any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and not _MEASURE.fullmatch(word)


def _without_kind(name: str, product: Product) -> str:
    own = name.split()
    while product.category and own[-1].islower() and any(map(_is_model, own[:-1])):
        own.pop()
    return " ".join(own)


def _data(product: Product, locale: str, first: int) -> dict[int, int]:
    """Where in the title, from an offset on, something stands that is no name: from the start of each to its end."""
    title = product.title
    data = {term.start: term.end for term in terms(title, load_lexicon(locale)) if term.unit and term.start >= first}
    data |= {found.start(): found.end() for found in _BREAK.finditer(title, first)}
    for item in sorted(_items(product, title.casefold()), key=len):  # where two begin, the longer one counts
        found = re.compile(rf"(?<!\S){re.escape(item)}(?!\w)", re.IGNORECASE).finditer(title, first)
        data |= {each.start(): each.end() for each in found}
    return data


def _items(product: Product, title: str) -> set[str]:
    """The values of attributes, and the items of lists, that stand in a title in small letters. A number without a
    unit is none of them: it may belong to the name."""
    values = [value_text(value).casefold() for name, value in product.attributes.items() if not _tells_the_name(name)]
    items = {item for value in values for item in (value, *_ITEM.split(value)) if item in title}
    return {item for item in items if any(map(str.isalpha, item))}


@lru_cache(maxsize=16_384)
def _tells_the_name(attribute: str) -> bool:
    return attribute in ("title", "brand", "category") or not _NAMING.isdisjoint(plain_name(attribute).split())
