"""Augmentation: more examples out of the same ones, each as true to its facts as the one that it was made of.

The order of the attributes changes; a sentence goes together with the facts that it alone states; and values, numbers
and names are swapped in fact and text alike, so that a model learns to copy what it is given instead of what it has
seen. Whatever the fact check would not let through as it stood before is not done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from shared.factcheck.evidence import Span, find_spans, sentence_bounds
from shared.text import joined, language_of
from training.dataset import Example
from training.options import Augmentation
from training.swaps import IDENTITY, NUMBER, Swaps, items_of

_COPIED = ("exact", "normalised")
_ARTICLE = re.compile(r"\b([Aa])n?(\s+)$")
# A word is heard, not read: "a European", "a one-piece", "an hour", "an 8", "an LED", "a USB".
_VOWEL = re.compile(r"(?!eu|ewe|one\b|once|uni(?!n)|us[aei]|ut[eio]|ub)[aeiou]|hour|honest|heir|honou?r", re.IGNORECASE)
_VOWEL_NUMBER = re.compile(r"8|1[18](?!\d)")
_SPELT = re.compile(r"[A-Z](?:[A-Z]|\d|\b)")
_VOWEL_LETTERS = "AEFHILMNORSX"
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_TWICE = re.compile(r"\b([^\W\d_]+) \1\b", re.IGNORECASE)  # "a mid weight weight range"
_TITLE_CASE = re.compile(r"[A-Z][a-z]+")


def augmented(example: Example, random: Random, options: Augmentation, swaps: Swaps) -> Example:
    """A variation of an example, or the example itself.

    ``options`` has a probability for each kind: ``attribute_dropout`` that one sentence goes with its facts,
    ``value_swap`` for each value and for the name, ``attribute_order`` that the facts are shuffled. The same state of
    ``random`` gives the same result.
    """
    if random.random() < options.attribute_dropout:
        example = _shortened(example, random)
    if options.value_swap > 0 and language_of(example.profile.locale) == "en":
        example = _swapped(example, random, options.value_swap, swaps)
    if random.random() < options.attribute_order:
        example = _shuffled(example, random)
    return example


def _shuffled(example: Example, random: Random) -> Example:
    named = [fact for fact in example.facts if fact.attribute in IDENTITY]
    others = [fact for fact in example.facts if fact.attribute not in IDENTITY]
    random.shuffle(others)
    return replace(example, facts=(*named, *others))


def _shortened(example: Example, random: Random) -> Example:
    """The example without one sentence and what only that states; the name and one attribute stay."""
    locale = example.profile.locale
    spans = find_spans(example.text, example.facts, locale)
    bounds = sentence_bounds(example.text, locale)
    if len(bounds) < 2 or not _is_supported(spans):
        return example
    said = [_stated(span for span in spans if start <= span.start < end) for start, end in bounds]
    options = []
    for at, own in enumerate(said):
        rest = set().union(*said[:at], *said[at + 1 :])
        if own - IDENTITY and own.isdisjoint(rest - IDENTITY) and "title" in rest and rest - IDENTITY:
            options.append((at, own - IDENTITY))
    if not options:
        return example
    at, gone = random.choice(options)
    text = joined(example.text[start:end] for index, (start, end) in enumerate(bounds) if index != at)
    facts = tuple(fact for fact in example.facts if fact.attribute not in gone)
    found = replace(example, facts=facts, text=text)
    return found if _states(found, _stated(spans) - gone - IDENTITY) else example


def _swapped(example: Example, random: Random, probability: float, swaps: Swaps) -> Example:
    """The example with other values and another name; each swap that the fact check does not bear out is undone."""
    spans = find_spans(example.text, example.facts, example.profile.locale)
    if not _is_supported(spans):
        return example
    stated = _stated(spans) - IDENTITY
    for fact in example.facts:
        for item in items_of(fact):
            if random.random() >= probability:
                continue
            other = swaps.another(fact.attribute, item, example.facts, random)
            found = other and _with_value(example, spans, fact.attribute, item, other)
            if found and _states(found, stated):
                example, spans = found, find_spans(found.text, found.facts, found.profile.locale)
    if random.random() < probability and (names := swaps.another_name(example.facts, random)):
        found = _with_name(example, spans, *names)
        if _states(found, stated):
            example = found
    return example


def _with_value(example: Example, spans: Sequence[Span], attribute: str, item: str, other: str) -> Example | None:
    """The example with an item of an attribute's value swapped; None where the text does not hold it as it is."""
    told = [span for span in spans if span.attribute == attribute]
    others = (fact.value for fact in example.facts if fact.attribute != attribute)
    rest = (_with_item(fact.value, item, "") for fact in example.facts if fact.attribute == attribute)
    if any(span.kind not in _COPIED for span in told) or _shares_a_word(" ".join([*others, *rest]), f"{item} {other}"):
        return None
    places = [place for span in told if (place := _place(span, item))]
    new = _as_said(example.text[slice(*places[0])], item, other) if len(places) == 1 else None
    if new is None:
        return None
    text = _replaced(example.text, [(*places[0], new)])
    if len(_TWICE.findall(text)) > len(_TWICE.findall(example.text)):
        return None
    facts = tuple(
        replace(fact, value=_with_item(fact.value, item, other)) if fact.attribute == attribute else fact
        for fact in example.facts
    )
    return replace(example, facts=facts, text=text)


def _with_name(example: Example, spans: Sequence[Span], name: str, other: str) -> Example:
    """The example with each word of a name swapped, wherever title or brand are told."""
    words = dict(zip(name.split(), other.split(), strict=True))
    pattern = re.compile("|".join(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])" for word in words))
    edits = [
        (span.start + found.start(), span.start + found.end(), words[found[0]])
        for span in spans
        if span.attribute in ("title", "brand")
        for found in pattern.finditer(span.text)
    ]
    facts = tuple(
        replace(fact, value=fact.value.replace(name, other)) if fact.attribute in ("title", "brand") else fact
        for fact in example.facts
    )
    return replace(example, facts=facts, text=_replaced(example.text, edits))


def _place(span: Span, item: str) -> tuple[int, int] | None:
    """Where a span holds an item, or the numbers of one: ``62 watts`` for ``62 watt``."""
    pattern = r"[\s,]+".join(map(re.escape, item.split()))
    found = re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", span.text, re.IGNORECASE)
    if found:
        return span.start + found.start(), span.start + found.end()
    numbers = NUMBER.findall(item)
    return (span.start, span.end) if numbers and NUMBER.findall(span.text) == numbers else None


def _as_said(said: str, item: str, other: str) -> str | None:
    """Another value in the case that the text has the old one in; None where that is another spelling."""
    if NUMBER.search(item) and said != item:
        numbers = iter(NUMBER.findall(other))
        return NUMBER.sub(lambda _: next(numbers), said)
    if said == item:
        return other
    if said == item[0].upper() + item[1:]:
        return other[0].upper() + other[1:]
    if said == item.lower():
        return _TITLE_CASE.sub(lambda word: word[0].lower(), other)
    return None


def _replaced(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """The text with other words in places, given from left to right, and with ``a`` or ``an`` as these words ask."""
    parts, at = [], 0
    for start, end, new in edits:
        article = r"\1n\2" if has_vowel_sound(new) else r"\1\2"
        parts += [_ARTICLE.sub(article, text[at:start]), new]
        at = end
    return "".join([*parts, text[at:]])


def has_vowel_sound(word: str) -> bool:
    """Whether a word begins with a vowel as it is spoken, so that it takes ``an``."""
    if word[0].isdigit():
        return bool(_VOWEL_NUMBER.match(word))
    if _SPELT.match(word):
        return word[0] in _VOWEL_LETTERS
    return bool(_VOWEL.match(word))


def _with_item(value: str, item: str, other: str) -> str:
    items = [each.strip() for each in value.split(", ")]
    return other if value == item else ", ".join(other if each == item else each for each in items)


def _shares_a_word(one: str, other: str) -> bool:
    """Whether two texts have a number or a word of some length in common."""
    return not _telling_words(one).isdisjoint(_telling_words(other))


def _telling_words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word[0].isdigit() or len(word) > 3}


def _stated(spans: Iterable[Span]) -> set[str]:
    return {span.attribute for span in spans if span.attribute is not None}


def _is_supported(spans: Sequence[Span]) -> bool:
    return all(span.kind != "unsupported" for span in spans)


def _states(example: Example, attributes: set[str]) -> bool:
    """Whether a text names its product, states just these attributes, and nothing that no fact bears out."""
    spans = find_spans(example.text, example.facts, example.profile.locale)
    stated = _stated(spans)
    return _is_supported(spans) and "title" in stated and stated - IDENTITY == attributes
