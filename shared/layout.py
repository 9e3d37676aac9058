"""The form that a channel gives to copy.

Copy is written as plain sentences. :func:`laid_out` comes before the fact check, so that the offsets of the evidence
count in the text that is published; :func:`as_html` dresses that text and is stored beside it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence

from shared.profiles import UNSPACED, Profile
from shared.text import joined, language_of, sentences

BULLET = "• "
BULLETED = "marketplace bullet list"

_BULLETS = re.compile(r"^(?:\s*•)+\s*")
# What begins with one of these words takes back some of what stands before it, so no clause may end there.
_QUALIFIES = (
    r"(?:but|except|only|unless|if|when|not|without|aber|außer|nur|wenn|falls|sofern|nicht|ohne|pero|sino|excepto|salvo"
    r"|solo|sólo|si|cuando|no|sin)\b|[但除只仅不若没]|如果"
)
_CLAUSE_END = re.compile(rf"(?:[,;:]\s+|\s+[–—-]\s+|[，；：])(?!{_QUALIFIES})", re.IGNORECASE)


def laid_out(text: str, profile: Profile) -> str:
    """Plain sentences in the form of the profile's channel, with its closing sentence; laid out twice is once.

    A bullet list has a sentence on each line. Of a text beyond ``max_characters`` the sentences stay that fit, in
    order. Where none fits, the first is shortened to its longest clause that does; where no clause does, it stands
    whole, for the gate to refuse: cut anywhere else it might say another thing. Of an empty text nothing is made.
    """
    if not text.strip():
        return ""
    closing = [profile.closing] if profile.closing else []
    own = text.strip().removesuffix("".join(closing)).strip()
    is_bulleted = profile.channel == BULLETED
    form = _bulleted if is_bulleted else joined
    parts = _items(own, profile.locale) if is_bulleted else [own]
    whole = form([*parts, *closing])
    limit = profile.max_characters
    if limit is None or len(whole) <= limit:
        return whole

    def fits(parts: Sequence[str]) -> bool:
        return len(form([*parts, *closing])) <= limit

    said = parts if is_bulleted else sentences(own, profile.locale)
    return form([*_within(said, fits, profile.locale), *closing])


def _items(text: str, locale: str) -> list[str]:
    """The sentences of a text; a line that is a bullet already is one."""
    found: list[str] = []
    for line in text.split("\n"):
        parts = [line] if _BULLETS.match(line) else sentences(line, locale)
        found += (" ".join(_BULLETS.sub("", part).split()) for part in parts)
    return [part for part in found if part]


def _bulleted(parts: Sequence[str]) -> str:
    return "\n".join(f"{BULLET}{part}" for part in parts)


def _within(parts: Sequence[str], fits: Callable[[Sequence[str]], bool], locale: str) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if fits([*kept, part]):
            kept.append(part)
    if kept or not parts:
        return kept
    clauses = [clause for clause in _clauses(parts[0], locale) if fits([clause])]
    return [max(clauses, key=len, default=parts[0])]


def _clauses(sentence: str, locale: str) -> Iterator[str]:
    """The beginnings of a sentence that may stand by themselves, as sentences."""
    stop = "。" if language_of(locale) in UNSPACED else "."
    for end in _CLAUSE_END.finditer(sentence):
        clause = sentence[: end.start()]
        if clause.count("(") == clause.count(")") and clause.count('"') % 2 == 0:
            yield f"{clause}{stop}"


def as_html(text: str, profile: Profile) -> str:
    """A text that is laid out, as HTML: a list for bullets, else a paragraph for each line. All of it is escaped."""
    lines = [html.escape(line) for line in text.split("\n") if line.strip()]
    if profile.channel != BULLETED:
        return "".join(f"<p>{line}</p>" for line in lines)
    items = (_BULLETS.sub("", line) for line in lines)
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
