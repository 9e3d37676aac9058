"""Changes one attribute of a product: to another value, to the same value in other words, or away.

Labelled sets for the fact check are made with them, and the metamorphic check asks whether the copy follows: a flipped
value must change the words that it supports, a reworded one none of them. The same arguments give the same product.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from random import Random

from shared.events import AttributeValue, Product, Quantity, Scalar
from shared.factcheck.lexicon import load_lexicon
from shared.facts import value_text
from shared.text import CHINESE, language_of

# Words that can stand for each other in a value, so that the new value is of the same kind, and never means the same.
_EXCHANGES = tuple(
    tuple(words.split())
    for words in (
        "black white red blue green yellow brown orange purple pink",
        "silver gold copper bronze graphite",
        "steel aluminum brass titanium iron",
        "plastic glass wood ceramic leather rubber",
        "cotton wool silk linen polyester nylon",
        "oak walnut beech pine maple",
        "small medium large",
        "light heavy",
        "standard good exceptional",
        "cheap moderate expensive",
        "budget moderate expensive",
        "matt glossy satin",
        "matte glossy satin",
        "France Italy Germany Portugal Japan China Poland",
        "schwarz weiß rot blau grün gelb",
        "Stahl Kupfer Messing Holz Glas Kunststoff",
        "Frankreich Italien Deutschland Spanien",
        "negro blanco rojo azul verde amarillo",
        "acero cobre madera vidrio plástico algodón",
        "Francia Italia Alemania España",
        "黑色 白色 红色 蓝色 绿色 黄色",
        "不锈钢 玻璃 塑料 陶瓷 纯棉 羊毛",
        "中国 德国 日本 法国",
    )
)
# The plain yes and no of each language.
_POLARITY = {"en": ("yes", "no"), "de": ("ja", "nein"), "es": ("sí", "no"), "zh": ("是", "否")}

# Each unit with the sign of a smaller one, and how many of that make it: exactly, so that the value stays the same.
_SMALLER = {
    "kg": ("g", "1000"),
    "km": ("m", "1000"),
    "m": ("cm", "100"),
    "cm": ("mm", "10"),
    "foot": ("cm", "30.48"),
    "inch": ("cm", "2.54"),
    "l": ("ml", "1000"),
    "kW": ("W", "1000"),
    "GHz": ("MHz", "1000"),
    "kHz": ("Hz", "1000"),
    "TB": ("GB", "1000"),
    "GB": ("MB", "1000"),
    "Ah": ("mAh", "1000"),
    "hour": ("min", "60"),
    "minute": ("s", "60"),
}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_DIGIT_THAT_COUNTS = re.compile(r"[1-9]|^\D*0(?=[^1-9]*$)")
_YEARS = re.compile(
    r"(?<![\w.,/])(?P<year>(?:1[4-9]|20)\d\d)(?:(?P<dash>[-–—])(?P<short>\d\d)(?!\d))?(?!\w|[.,/]\d|\s?[^\W\d_])"
)
_YEAR_STEPS = (-40, -30, -20, 20, 30, 40)
_NO_MEASURE = re.compile(r"(?<!\d\s)\b[^\W\d_]+")
_MEASURE = re.compile(r"(\D*?)(\d+(?:[.,]\d+)?)[\s-]?([^\W\d_]+|[\"″])(\D*)")


def dropped(product: Product, attribute: str) -> Product:
    """The product without the attribute.

    Raises:
        KeyError: when it has no such attribute.
    """
    kept = dict(product.attributes)
    del kept[attribute]
    return product.model_copy(update={"attributes": kept})


def flipped(product: Product, attribute: str, seed: int = 0, pool: Sequence[str] = ()) -> Product | None:
    """The product with another value of the same kind: the opposite of a yes or no, another number with the same unit,
    another of the attribute's values from ``pool``, or another color, material, size or country.

    Numbers change in their first digit that counts, years by two to four decades. None when no other value is known.

    Raises:
        KeyError: when it has no such attribute.
    """
    random = Random(f"{seed} {product.sku} {attribute}")
    return _changed(product, attribute, _other(product.attributes[attribute], product.locale, random, pool))


def reworded(product: Product, attribute: str) -> Product | None:
    """The product with the same value in another form: a list in another order, a smaller unit, other letter case.

    None when the value has one form only, as one Chinese word has.

    Raises:
        KeyError: when it has no such attribute.
    """
    return _changed(product, attribute, _same(product.attributes[attribute], product.locale))


def value_pools(products: Iterable[Product]) -> dict[str, tuple[str, ...]]:
    """The different texts that products have for each attribute, in order: the pools for :func:`flipped`."""
    pools: dict[str, dict[str, None]] = {}
    for product in products:
        for name, value in product.attributes.items():
            if isinstance(value, str):
                pools.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in pools.items()}


def _changed(product: Product, attribute: str, value: AttributeValue | None) -> Product | None:
    if value is None or value_text(value) == value_text(product.attributes[attribute]):
        return None
    return product.model_copy(update={"attributes": {**product.attributes, attribute: value}})


def _other(value: AttributeValue, locale: str, random: Random, pool: Sequence[str]) -> AttributeValue | None:
    if not isinstance(value, list):
        return _other_item(value, locale, random, pool)
    fresh = [each for each in pool if each not in value]
    for place in random.sample(range(len(value)), len(value)):
        other = _other_item(value[place], locale, random, fresh)
        if other is not None and other not in value:
            return [*value[:place], other, *value[place + 1 :]]
    return None


def _other_item(value: Quantity | Scalar, locale: str, random: Random, pool: Sequence[str]) -> Quantity | Scalar | None:
    if isinstance(value, Quantity):
        return value.model_copy(update={"value": type(value.value)(_other_number(str(value.value), random))})
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)(_other_number(str(value), random))
    if (polarity := load_lexicon(locale).polarity(value)) is not None:
        yes, no = _POLARITY.get(language_of(locale), _POLARITY["en"])
        return no if polarity else yes
    if _YEARS.search(value):
        step = random.choice(_YEAR_STEPS)
        return _YEARS.sub(lambda years: _moved(years, step), value)
    if _NUMBER.search(value):
        return _other_number(value, random)
    others = [each for each in pool if not _is_part(each, value) and not _is_part(value, each)]
    return random.choice(others) if others else _other_word(value, random)


def _is_part(value: str, other: str) -> bool:
    return value.casefold() in other.casefold()


def _other_number(text: str, random: Random) -> str:
    """A text with another first digit that counts in one of its numbers: 7.5 for 4.5, 0.3 for 0.2."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    number = random.choice(found)
    digit = _DIGIT_THAT_COUNTS.search(number[0])
    if digit is None:
        return text
    at = number.start() + digit.end() - 1
    return text[:at] + random.choice([each for each in "123456789" if each != text[at]]) + text[at + 1 :]


def _moved(years: re.Match[str], step: int) -> str:
    moved = str(int(years["year"]) + step)
    return f"{moved}{years['dash']}{(int(years['short']) + step) % 100:02}" if years["short"] else moved


def _other_word(value: str, random: Random) -> str | None:
    known = [(word, group) for group in _EXCHANGES for word in group if _word(word).search(value)]
    if not known:
        return None
    word, group = random.choice(known)
    others = [each for each in group if not _word(each).search(value)]
    if not others:
        return None
    other = random.choice(others)
    return _word(word).sub(lambda found: other.capitalize() if found[0][0].isupper() else other, value)


def _word(word: str) -> re.Pattern[str]:
    return re.compile(word if CHINESE.search(word) else rf"\b{word}\b", re.IGNORECASE)


def _same(value: AttributeValue, locale: str) -> AttributeValue | None:
    if isinstance(value, list):
        return value[::-1]
    if isinstance(value, Quantity):
        return _smaller(value, locale)
    text = value_text(value)
    if re.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return _more_precise(text, locale)
    items = [item.strip() for item in text.split(",")]
    if len(items) > 1 and all(items) and not re.search(r"\d,\d", text):
        return ", ".join(items[::-1])
    return _in_smaller_unit(text, locale) or _in_other_case(text, locale)


def _smaller(value: Quantity, locale: str) -> Quantity | None:
    sign = load_lexicon(locale).units.get(value.unit.casefold(), "")
    if isinstance(value.value, str) or sign not in _SMALLER:
        return None
    unit, factor = _SMALLER[sign]
    number = Decimal(str(value.value)) * Decimal(factor)
    return Quantity(value=int(number) if number == int(number) else float(number), unit=unit)


def _in_smaller_unit(text: str, locale: str) -> str | None:
    """A text whose only number has another unit: ``2700 g`` for ``2.7 kg``."""
    lexicon = load_lexicon(locale)
    measure = _MEASURE.fullmatch(text)
    sign = lexicon.units.get(measure[3].casefold(), "") if measure else ""
    mark, other_mark = (",", ".") if lexicon.decimal_comma else (".", ",")
    if measure is None or sign not in _SMALLER or other_mark in measure[2]:
        return None
    unit, factor = _SMALLER[sign]
    number = f"{(Decimal(measure[2].replace(mark, '.')) * Decimal(factor)).normalize():f}".replace(".", mark)
    return f"{measure[1]}{number} {unit}{measure[4]}"


def _more_precise(number: str, locale: str) -> str:
    """A number with one zero more behind the decimal mark, which is the same number."""
    mark = "," if load_lexicon(locale).decimal_comma else "."
    return f"{number}0" if mark in number else f"{number}{mark}0"


def _in_other_case(text: str, locale: str) -> str:
    """A text with one letter in the other case, though none of a unit: ``mW`` is not ``MW``."""
    units = load_lexicon(locale).units
    for word in _NO_MEASURE.finditer(text):
        if word[0].casefold() not in units:
            return text[: word.start()] + word[0][0].swapcase() + text[word.start() + 1 :]
    return text
