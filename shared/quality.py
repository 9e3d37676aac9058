"""The scores of a description, from which the gate (``shared.gate``) decides what becomes of it.

Every score but the counts and flags is a share from 0 to 1, where 1 is best, except ``repetition``, where 0 is. What
each means, with its formula and source, also stands in ``docs/scores.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.evidence import Span
from shared.facts import Fact
from shared.lexicon import Lexicon, load_lexicon
from shared.profiles import Profile
from shared.prompts import LANGUAGES
from shared.quantities import Term, terms
from shared.text import language_of, words

WEIGHTS = {
    "attribute_coverage": 0.20,
    "numeric_fidelity": 0.20,
    "grounded_precision": 0.30,
    "repetition": 0.10,
    "length_fit": 0.10,
    "language_match": 0.05,
    "confidence": 0.05,
}
"""The part of each score in the composite. ``repetition`` counts as one minus it."""

_MIN_WORDS_TO_TELL_LANGUAGE = 6
_MIN_SHARE_TO_COVER = 0.5
_NAMES = ("title", "category")
_GRAM = 4


@dataclass(frozen=True)
class Scores:
    """How good one description is; see the functions of the same names."""

    attribute_coverage: float
    numeric_fidelity: float
    unsupported_spans: int
    grounded_precision: float
    repetition: float
    length_fit: float
    language_match: float
    confidence: float
    refusal: bool
    pii: bool
    quality: float


def score(
    text: str, facts: Sequence[Fact], spans: Sequence[Span], profile: Profile, *, confidence: float, refusal: bool
) -> Scores:
    """Score a description.

    ``facts`` are those that the copy is to name (``shared.facts.relevant_facts``); ``spans`` are the evidence against
    all facts of the product. ``confidence`` is the model's own, from 0 to 1: its mean token probability. ``refusal``
    says that the model declined or answered something else than a description.
    """
    lexicon = load_lexicon(profile.locale)
    shares = {
        "attribute_coverage": attribute_coverage(facts, spans, lexicon),
        "numeric_fidelity": numeric_fidelity(text, spans, lexicon),
        "grounded_precision": grounded_precision(text, spans, lexicon),
        "repetition": repetition(text),
        "length_fit": length_fit(text, profile.min_words, profile.max_words),
        "language_match": language_match(text, facts, profile.locale),
        "confidence": min(max(confidence, 0.0), 1.0),
    }
    is_empty = not words(text)
    return Scores(
        **shares,
        unsupported_spans=sum(span.kind == "unsupported" for span in spans),
        refusal=refusal,
        pii=holds_pii(text),
        quality=0.0 if refusal or is_empty else composite(shares),
    )


def composite(shares: dict[str, float]) -> float:
    """The mean of the shares, weighted by :data:`WEIGHTS`."""
    return sum(
        weight * (1 - shares[name] if name == "repetition" else shares[name]) for name, weight in WEIGHTS.items()
    )


def attribute_coverage(facts: Sequence[Fact], spans: Sequence[Span], lexicon: Lexicon) -> float:
    """The share of the attributes that the copy states; 1 when there is none to state."""
    stated, wanted = stated_attributes(facts, spans, lexicon)
    return stated / wanted if wanted else 1.0


def stated_attributes(facts: Sequence[Fact], spans: Sequence[Span], lexicon: Lexicon) -> tuple[int, int]:
    """How many attributes the copy states, and how many there are to state.

    An attribute is stated when supported spans of it hold at least half of the content words of its value. Title and
    category, and what only repeats these, need not be stated.
    """
    named = _keys((fact.value for fact in facts if fact.attribute in _NAMES), lexicon)
    wanted = [fact for fact in facts if _must_be_stated(fact, named, lexicon)]
    stated: dict[str, list[str]] = {}
    for span in spans:
        if span.attribute is not None:
            stated.setdefault(span.attribute, []).append(span.text)
    return sum(_is_stated(fact, stated.get(fact.attribute, []), lexicon) for fact in wanted), len(wanted)


def _must_be_stated(fact: Fact, named: set[str], lexicon: Lexicon) -> bool:
    if fact.attribute in _NAMES or lexicon.polarity(fact.value) is not None:
        return fact.attribute not in _NAMES
    return not _keys([fact.value], lexicon) <= named


def _is_stated(fact: Fact, texts: Sequence[str], lexicon: Lexicon) -> bool:
    if lexicon.polarity(fact.value) is not None:
        return bool(texts)
    value = _keys([fact.value], lexicon)
    return bool(texts) and len(value & _keys(texts, lexicon)) >= _MIN_SHARE_TO_COVER * len(value)


def _keys(texts: Iterable[str], lexicon: Lexicon) -> set[str]:
    """The content words of texts; of a range its start, too, for "from 1952" states 1952–53."""
    found = [term for text in texts for term in content(text, lexicon)]
    return {term.key for term in found} | {str(term.number) for term in found if term.last is not None}


def content(text: str, lexicon: Lexicon) -> list[Term]:
    """The numbers of a text, and its words that are not neutral."""
    return [term for term in terms(text, lexicon) if term.unit or not lexicon.is_neutral(term.word)]


def numeric_fidelity(text: str, spans: Sequence[Span], lexicon: Lexicon) -> float:
    """Numbers of the text within supported spans / numbers of the text; 1 without numbers.

    A number counts in whatever way it is written: ``two`` and ``1/2`` are numbers, ``1080p`` and ``i5`` are words.
    """
    numbers = [term for term in content(text, lexicon) if term.number is not None]
    supported = [span for span in spans if span.kind != "unsupported"]
    return _share_within(numbers, supported)


def grounded_precision(text: str, spans: Sequence[Span], lexicon: Lexicon) -> float:
    """Content words outside unsupported spans / content words; 1 without content words.

    The precision of PARENT (Dhingra et al., 2019, "Handling Divergent Reference Texts when Evaluating Table-to-Text
    Generation") for single words, with the fact check as its entailment and no reference text.
    """
    unsupported = [span for span in spans if span.kind == "unsupported"]
    found = content(text, lexicon)
    return 1 - _share_within(found, unsupported) if found else 1.0


def _share_within(found: Sequence[Term], spans: Sequence[Span]) -> float:
    within = sum(any(span.start <= term.start < span.end for span in spans) for term in found)
    return within / len(found) if found else 1.0


def repetition(text: str) -> float:
    """1 - different 4-grams / all 4-grams of words; 0 for a text of fewer than 4 words.

    This is seq-rep-4 of Welleck et al. (2020, "Neural Text Generation with Unlikelihood Training").
    """
    found = [word.casefold() for word in words(text)]
    grams = [tuple(found[at : at + _GRAM]) for at in range(len(found) - _GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def length_fit(text: str, min_words: int, max_words: int) -> float:
    """1 from ``min_words`` to ``max_words``; below it words / min_words; above it falling to 0 at twice max_words."""
    count = len(words(text))
    if count < min_words:
        return count / min_words
    return max(0.0, 1 - max(0, count - max_words) / max_words)


def language_match(text: str, facts: Sequence[Fact], locale: str) -> float:
    """The probability that the text is in the locale's language, by py3langid among :data:`shared.prompts.LANGUAGES`.

    Words of the facts' values (brands, models) are left out of it. With fewer than 6 words left, or for
    a language that py3langid does not know, nobody can tell: 1.
    """
    held = {word for fact in facts for word in words(fact.value.casefold())}
    own = [word for word in words(text) if word.casefold() not in held]
    if len(own) < _MIN_WORDS_TO_TELL_LANGUAGE:
        return 1.0
    language = language_of(locale)
    ranked = _identifier(frozenset({*LANGUAGES, language})).rank(" ".join(own))
    return next((float(probability) for name, probability in ranked if name == language), 1.0)


@cache
def _identifier(languages: frozenset[str]) -> Any:
    # Imported here: the model behind it takes a second to load, and most commands never score a text.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({*languages} & {*identifier.labels}))
    return identifier


_PII = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|\b(?:https?://|www\.)\S+"  # a web address
    r"|(?<![\w+])\+(?:[ .()/-]{0,2}\d){8,15}(?!\w)"  # a telephone number with its country
    r"|(?<!\w)\(\d{3}\) ?\d{3}[-. ]\d{4}(?!\w)|(?<![\w.-])\d{3}([-.])\d{3}\1\d{4}(?![\w-]|\.\d)"  # or an American one
    r"|(?i:\b(?:tel|phone|call(?: us)?(?: at| on)?)\b\.?:?\s*[\d(][\d ()./-]{5,}\d)"  # or one that says so
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


def holds_pii(text: str) -> bool:
    """Whether a text holds an e-mail or web address, a telephone number or an IBAN (ISO 13616, with its checksum)."""
    return bool(_PII.search(text)) or any(_is_iban(match[0]) for match in _IBAN.finditer(text))


def _is_iban(written: str) -> bool:
    account = written.replace(" ", "")
    digits = "".join(str(int(sign, 36)) for sign in account[4:] + account[:4])
    return 15 <= len(account) <= 34 and int(digits) % 97 == 1
