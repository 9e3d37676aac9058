"""The gate: whether a description is published, goes to a curator, or is rejected, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.factcheck.evidence import Span
from shared.factcheck.lexicon import Lexicon, load_lexicon
from shared.factcheck.quantities import terms
from shared.facts import Fact
from shared.profiles import Profile
from shared.rules.hits import Hit
from shared.scoring.quality import Scores, stated_attributes
from shared.text import words
from shared.untrusted import is_prose, untrusted_reason

MIN_COVERAGE = 0.4
"""Copy that states less of what is known is thin: "It is a 1908 design." is true, and of no use to a shopper. Where to
draw the line is a judgement: two of five attributes make a text, one of three does not."""

MIN_LANGUAGE_MATCH = 0.5
MAX_EXCESS = 0.5
"""Copy may have half as many words again as the profile allows."""

_MIN_SHARE_TO_NAME = 0.5
_SHORT_TITLE = 3  # words
_WORDS_WITH_MODEL = 4
_MAX_QUOTES = 3
_QUOTE_CHARACTERS = 60


@dataclass(frozen=True)
class Standards:
    """What copy has to reach, and how much may be spent on it.

    ``publish_quality`` and ``reject_quality`` bound the composite score. ``candidates`` are written at once, and
    ``second_try`` allows one more text when none of them is published.
    """

    publish_quality: float = 0.6
    reject_quality: float = 0.3
    candidates: int = 1
    second_try: bool = True


@dataclass(frozen=True)
class Verdict:
    """What becomes of a description, and why; ``reasons`` is empty for what is published."""

    status: Literal["published", "needs_review", "rejected"]
    reasons: tuple[str, ...]


_USUAL = Standards()


def judge(
    text: str,
    facts: Sequence[Fact],
    spans: Sequence[Span],
    scores: Scores,
    profile: Profile,
    *,
    hits: Sequence[Hit] = (),
    standards: Standards = _USUAL,
    short: bool = False,
) -> Verdict:
    """Decide what becomes of a description; ``text``, ``facts`` and ``spans`` are those that were scored.

    ``rejected``: empty, a refusal, or of a quality below ``reject_quality``. ``published``: of a quality of at least
    ``publish_quality``, every statement supported, no rule broken, the product named and enough of it stated, no
    personal data, not too much like other copy, in the right language and of a fitting length. Everything else
    ``needs_review``. ``short`` says that so little is known that a short text is all there can be.
    """
    fatal = _fatal(scores, standards.reject_quality)
    if fatal:
        return Verdict("rejected", (fatal,))
    doubts = (
        _without_evidence([span.text for span in spans if span.kind == "unsupported"]),
        _broken(hits),
        _untrusted(facts),
        "" if short else _thin(scores, facts, spans, load_lexicon(profile.locale)),
        "" if names_product(text, facts, profile.locale) else "does not name the product",
        "" if short else _length(len(words(text)), profile),
        _too_long(text, profile),
        _too_alike(scores.near_duplicate, profile.near_duplicate_limit),
        "holds an e-mail or web address, a telephone number or an IBAN" if scores.pii else "",
        "not in the language of the profile" if scores.language_match < MIN_LANGUAGE_MATCH else "",
        "" if short else _below(scores.quality, standards.publish_quality),
    )
    reasons = tuple(filter(None, doubts))
    return Verdict("needs_review" if reasons else "published", reasons)


def _fatal(scores: Scores, reject_quality: float) -> str:
    if scores.refusal:
        return "the model declined to write a description"
    if scores.quality <= 0:
        return "the text is empty"
    return _below(scores.quality, reject_quality)


def _below(quality: float, bound: float) -> str:
    return f"quality {quality:.2f} is below {bound:.2f}" if quality < bound else ""


def _without_evidence(unsupported: Sequence[str]) -> str:
    if not unsupported:
        return ""
    different = list(dict.fromkeys(textwrap.shorten(text, _QUOTE_CHARACTERS, placeholder=" …") for text in unsupported))
    quotes = [f"'{text}'" for text in different[:_MAX_QUOTES]]
    more = ["others"] if len(different) > _MAX_QUOTES else []
    return f"{_count(len(unsupported), 'statement')} without evidence: {_listing(quotes + more)}"


def _broken(hits: Sequence[Hit]) -> str:
    """The rules that keep it from being published; notes are only recorded."""
    found = [
        f"{hit.pack}.{hit.rule}: {repr(hit.text) if hit.text else hit.message}"
        for hit in hits
        if hit.severity != "note"
    ]
    more = ["others"] if len(found) > _MAX_QUOTES else []
    return f"breaks {_listing([*dict.fromkeys(found)][:_MAX_QUOTES] + more)}" if found else ""


def _untrusted(facts: Sequence[Fact]) -> str:
    """What names the product cannot be left out, as an attribute can, so a curator looks at what is no name.

    A category is no sentence; titles ("Protect It! 7-Outlet …") and companies ("… & Co. Inc.") may look like one.
    """
    for fact in facts:
        reason = untrusted_reason(fact.value) if fact.knowledge is None else None
        if reason is None and fact.attribute == "category" and is_prose(fact.value):
            reason = "reads as a sentence"
        if reason:
            return f"the {fact.attribute} {reason}"
    return ""


def _too_long(text: str, profile: Profile) -> str:
    limit = profile.max_characters
    return f"has {len(text)} characters; the profile allows {limit}" if limit and len(text) > limit else ""


def _too_alike(likeness: float, limit: float) -> str:
    return f"too much like the copy of another product ({likeness:.2f}, limit {limit:.2f})" if likeness > limit else ""


def _listing(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _thin(scores: Scores, facts: Sequence[Fact], spans: Sequence[Span], lexicon: Lexicon) -> str:
    stated, wanted = stated_attributes(facts, spans, lexicon)
    if not wanted:
        return "nothing is known of it but its name"
    if scores.attribute_coverage >= MIN_COVERAGE:
        return ""
    return f"states {f'only {stated}' if stated else 'none'} of {_count(wanted, 'attribute')}"


def names_product(text: str, facts: Sequence[Fact], locale: str) -> bool:
    """Whether a text holds the name of the product: its title, or most of a long one; without a title, its brand.

    All of a title of up to three words must be there, for "Heracles" is not "Heracles 18"; of a longer one half of the
    words, and of its first four those with digits, which tell models apart.
    """
    lexicon = load_lexicon(locale)
    said = {term.key for term in terms(text, lexicon)}
    names = {fact.attribute: fact.value for fact in facts if fact.attribute in ("title", "brand")}
    name = names.get("title") or names.get("brand", "")
    own = {term.key for term in terms(name, lexicon) if term.word not in lexicon.function_words}
    if len(words(name)) <= _SHORT_TITLE:
        return bool(own) and own <= said
    models = [word for word in words(name)[:_WORDS_WITH_MODEL] if any(map(str.isdigit, word))]
    is_model_said = all(term.key in said for word in models for term in terms(word, lexicon))
    return is_model_said and len(own & said) >= _MIN_SHARE_TO_NAME * len(own)


def _length(count: int, profile: Profile) -> str:
    if count < profile.min_words:
        return f"has {_count(count, 'word')}; the profile asks for at least {profile.min_words}"
    if count > profile.max_words * (1 + MAX_EXCESS):
        return f"has {_count(count, 'word')}; the profile asks for at most {profile.max_words}"
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
