"""Families of products: near variants of one product share one, and the hold-out split keeps each family whole.

A model that has seen "Fjell bottle, blue, 0.5 l" knows what to write of "Fjell bottle, red, 0.75 l": a score on the
second would flatter it. So whatever usually tells variants apart does not count: numbers and models with digits, units,
sizes, and colours. Two products of one family need not be variants; two variants are of one family.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Literal

from shared.events import Product

Split = Literal["train", "holdout"]

HELD_OUT_IN = 10
"""One family in so many is held out."""

_WORD = re.compile(r"[^\W_]+(?:[.,/][^\W_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")

# These lists are no part of the lexicon, which grows: a family must be the same in each release, or a held-out product
# would be learnt after all.
_SIZES = """
xs xxs xl xxl xxxl small medium large extra mini midi maxi compact big tall short long wide narrow slim regular king
queen twin single double full size pack set of klein mittel groß lang kurz breit pequeño pequeña mediano mediana grande
"""
_COLOURS = """
black white red green blue yellow orange purple pink brown gray grey beige ivory cream navy teal turquoise violet
magenta cyan maroon burgundy khaki charcoal lavender tan olive coral crimson scarlet indigo multicolor multicolour
transparent silver gold golden bronze rose mint anthracite graphite sand light dark bright pale matte matt glossy
schwarz weiß weiss rot grün blau gelb lila rosa braun grau türkis silber hell dunkel dunkelblau hellblau
negro negra blanco blanca rojo roja verde azul amarillo amarilla naranja morado morada marrón gris plateado dorado
"""
_UNITS = """
mm cm dm km kg mg lb lbs oz ml cl dl gb tb mb hz khz mhz ghz kw mw wh kwh mah ah va inch inches in ft feet foot yd yard
yards meter meters metre metres liter liters litre litres gram grams watt watts volt volts amp amps gal gallon gallons
quart qt pint pt piece pieces pcs person persons teilig liter zoll stück litros pulgadas piezas
"""
_VARIES = frozenset(f"{_SIZES} {_COLOURS} {_UNITS}".split())


def family_of(product: Product) -> str:
    """What near variants of a product share: the words of its brand and its title in the order of the alphabet, in
    small letters, without numbers, units, sizes and colours.

    Where nothing is left, as of the title "X200", the letters of the title stand in for it.
    """
    named = _folded(f"{product.brand or ''} {product.title}")
    kept = {word for word in _WORD.findall(named) if _is_name(word)}
    return " ".join(sorted(kept)) or " ".join(_LETTERS.findall(named)) or named.strip()


def split_of(family: str) -> Split:
    """Whether the products of a family train or are held out: by a hash, so that each machine and each run agrees."""
    drawn = int.from_bytes(hashlib.sha256(family.encode("utf-8", "replace")).digest()[:8])
    return "holdout" if drawn % HELD_OUT_IN == 0 else "train"


def _is_name(word: str) -> bool:
    return len(word) > 1 and word not in _VARIES and not any(map(str.isdigit, word))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
