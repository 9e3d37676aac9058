"""From what the language model says to copy: every step in order.

Each step is a pure function of a text. Until the sentences are chosen a text has lines, because a line end divides
headings, bullets and echoes from copy; from then on it is one paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.prompts import Prompt
from shared.text import joined, language_of, rewritten, sentences, words
from worker.echo import MIN_WORDS_OF_A_SENTENCE, without_echo
from worker.markup import before_markers, plain, plain_line, repaired, tidy, unquoted
from worker.redundancy import without_loops, without_repeated_clauses, without_repeated_sentences, without_stutter
from worker.remarks import without_refusals, without_remarks


@dataclass(frozen=True)
class Cleaned:
    """Copy made of a model's answer.

    ``text`` is empty where nothing can stand. ``refusal`` says that the model declined, in whole or in part.
    ``changes`` names the steps that changed more than white space, in order.
    """

    text: str
    refusal: bool
    changes: tuple[str, ...]


Step = tuple[str, Callable[[str], str]]

# HTML can hide a chat marker and a chat marker can look like HTML, so markers are looked for on both sides of it.
_TO_PLAIN_TEXT: tuple[Step, ...] = (
    ("encoding", repaired),
    ("chat_markers", before_markers),
    ("markup", plain),
    ("chat_markers", before_markers),
    ("typography", tidy),
)


def clean(
    raw: str,
    *,
    title: str,
    brand: str | None,
    prompt: Prompt,
    locale: str,
    min_words: int,
    max_words: int,
    complete: bool,
) -> Cleaned:
    """Make copy of a model's answer to ``prompt``.

    ``complete`` says that the model ended by itself, not at the token limit. ``min_words`` and ``max_words`` bound the
    copy's length in words; below ``min_words`` copy may come out where the answer holds no more.
    """
    title = plain_line(title)
    names = [title, brand or ""]
    to_copy: tuple[Step, ...] = (
        ("echo", lambda text: without_echo(text, prompt, locale)),
        ("refusals", lambda text: without_refusals(text, locale)),
        ("remarks", lambda text: without_remarks(text, locale)),
        ("fragments", lambda text: whole_sentences(text, names, locale, complete=complete)),
        ("quotes", lambda text: rewritten(text, locale, unquoted)),
        ("loops", lambda text: without_loops(text, locale)),
        ("stutter", lambda text: without_stutter(text, names, locale)),
        ("repeated_clauses", lambda text: without_repeated_clauses(text, locale)),
        ("lead", lambda text: led_by_product(text, title, brand, locale)),
        ("repeated_sentences", lambda text: without_repeated_sentences(text, locale)),
        ("length", lambda text: within_length(text, locale, min_words, max_words)),
        ("finish", lambda text: finished(text, names, locale)),
    )
    text, changes = raw, list[str]()
    for name, step in (*_TO_PLAIN_TEXT, *to_copy):
        before, text = text, step(text)
        if "".join(before.split()) != "".join(text.split()):
            changes.append(name)
    return Cleaned(text, "refusals" in changes, tuple(dict.fromkeys(changes)))


_ENDED = re.compile(r"(?:(?<!\.)\.|[!?。！？])[\"'”’»)\]」』）]*$")
_CUT_DECIMAL = re.compile(r"\d\.$")
_STRAY_START = re.compile(r"^(?:[,;:.!?…*•–—、，。；：！？]|-(?!\d))[^\w]*")
_WRAPPED = re.compile(r"(?<![.!?:。！？：])\n(?=[a-zà-öø-ÿ])")


def whole_sentences(text: str, names: Sequence[str], locale: str, *, complete: bool) -> str:
    """The whole sentences of a text, in one paragraph: headings, bullets, and what the token limit cut off, go.

    Where there is no whole one and the model ended by itself, fragments of four words or more stand for sentences.
    The bare name of the product is none of them.
    """
    lines = _WRAPPED.sub(" ", text).split("\n")
    found = [_STRAY_START.sub("", part) for line in lines for part in sentences(line, locale)]
    if found and not complete and _CUT_DECIMAL.search(found[-1]):
        found.pop()
    own = _word_set(" ".join(names))
    found = [part for part in found if not _word_set(part) <= own]
    whole = [part for part in found if _ENDED.search(part)]
    if whole or not complete:
        return joined(whole)
    return joined(_ended(part, locale) for part in found if len(words(part)) >= MIN_WORDS_OF_A_SENTENCE)


def _word_set(text: str) -> set[str]:
    return {word.casefold() for word in words(text)}


# A sentence that leans on the one before it cannot lead.
_LEANS = re.compile(
    r"(?:its?|that|they|their|he|she|and|but|or|however|additionally|moreover|furthermore|in addition|yes|no|es|er|sie"
    r"|außerdem|zudem|además|pero)\b|它|此外|另外|同时|因此|所以|但|而且|还|.*\b(?:also|auch|también)\b|.*也",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"^(?:It|(?:This|The) (?:product|item))(?:(['’]s)(?: (got|been|had)\b)?)?(?= )")
_POSSESSIVE = re.compile(r"^Its ((?:[\w/-]+ ){0,5}?[\w/-]+) (?=(?:is|are|includes?)\b)")


def led_by_product(text: str, title: str, brand: str | None, locale: str) -> str:
    """A text whose first sentence names the product.

    Where the first does not, the first of those that name it best is moved there, unless it leans on another sentence
    ("It also …"). Where none leads and the English text starts with "It" or "This product", the title replaces that;
    "Its color is black" becomes "The color of the Kettle K2 is black".
    """
    parts = sentences(text, locale)
    # "Its processor is Intel" holds the brand of an Intel computer, and does not name it.
    naming = [_naming(part, title, None if _LEANS.match(part) else brand) for part in parts]
    if not parts or naming[0]:
        return text
    fit = [0.0 if _LEANS.match(part) or part[0].islower() else share for part, share in zip(parts, naming, strict=True)]
    best = fit.index(max(fit))
    parts.insert(0, parts.pop(best))
    if not fit[best] and title and language_of(locale) == "en":
        name = title if title.lower().startswith("the ") else f"the {title}"
        parts[0] = _PRONOUN.sub(lambda pronoun: _subject(title, pronoun), parts[0])
        parts[0] = _POSSESSIVE.sub(lambda owned: f"The {owned[1]} of {name} ", parts[0])
    return joined(parts)


def _naming(sentence: str, title: str, brand: str | None) -> float:
    """How well a sentence names the product: its share of the title's words, if over 0.5; 0.5 for the brand alone."""
    said, of_title, of_brand = _word_set(sentence), _word_set(title), _word_set(brand or "")
    share = len(of_title & said) / len(of_title) if of_title else 0.0
    return max(share if share > 0.5 else 0.0, 0.5 if of_brand and of_brand <= said else 0.0)


def _subject(title: str, pronoun: re.Match[str]) -> str:
    name = title if title.lower().startswith("the ") else f"The {title}"
    if not pronoun[1]:
        return name
    return f"{name} has {pronoun[2]}" if pronoun[2] else f"{name} is"


_CLAUSE = re.compile(
    r"\s*(?:[;；]|[，]|\s[–—]\s|,(?=\s+(?:and|or|but|with|which|while|making|und|oder|aber|mit|sowie|y|o|pero|con|que)\b))",
    re.IGNORECASE,
)


def within_length(text: str, locale: str, min_words: int, max_words: int) -> str:
    """The first sentences of a text that have no more than ``max_words`` words together.

    While these have fewer than ``min_words``, a sentence that is too long is cut where a clause ends, if four words or
    more can stand; else it is left out.
    """
    kept, total = list[str](), 0
    for sentence in sentences(text, locale):
        room = max_words - total
        if len(words(sentence)) > room:
            if total >= min_words:
                break
            sentence = _cut(sentence, locale, room)
        if sentence:
            kept.append(sentence)
            total += len(words(sentence))
    return joined(kept)


def _cut(sentence: str, locale: str, room: int) -> str:
    for clause in reversed(list(_CLAUSE.finditer(sentence))):
        start = sentence[: clause.start()]
        if MIN_WORDS_OF_A_SENTENCE <= len(words(start)) <= room and start.count("(") == start.count(")"):
            return _ended(start, locale)
    return ""


def _ended(sentence: str, locale: str) -> str:
    if _ENDED.search(sentence):
        return sentence
    return sentence.rstrip(" ,;:-–—，；：、.…") + ("。" if language_of(locale) in ("zh", "ja") else ".")


_FIRST_WORD = re.compile(r"[\"'“„«¿¡(]*(\w+)")


def finished(text: str, names: Sequence[str], locale: str) -> str:
    """A text whose sentences start with a capital and whose last one has an end mark. ``iPhone`` stays as it is."""
    own = set(words(" ".join(names)))

    def rewrite(sentence: str) -> str:
        first = _FIRST_WORD.match(sentence)
        if not first or first[1] in own or not first[1].islower():
            return sentence
        return sentence[: first.start(1)] + first[1][0].upper() + sentence[first.start(1) + 1 :]

    return _ended(text, locale) if (text := rewritten(text, locale, rewrite)) else ""
