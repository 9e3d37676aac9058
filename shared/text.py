"""Sentences and words of a text: the one place that knows how languages divide them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

import sentencex

_MOST_KEPT = 1_000  # characters; longer texts are rare, and would fill the memory of all others

_CHARACTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
CHINESE = re.compile(f"[{_CHARACTERS}]")
"""A character of a script that writes no spaces between words: Chinese or Japanese."""

_WORD = re.compile(rf"[{_CHARACTERS}]|(?:(?![{_CHARACTERS}])[^\W_])+(?:[-'’.,/](?:(?![{_CHARACTERS}])[^\W_])+)*")

# sentencex 1.0.32 reads the unit in "weighs 980 g. It is" and "holds 5 l. It is" as an abbreviation and misses the end
# (so with 14 of 23 common units in English, 9 in Spanish). A measure before a capitalised word ends a sentence. Before
# an acronym or a bracket only a metric one does: "a 10 ft. USB cable" has no end.
_METRIC = r"[mckµ]?m|[mk]?g|[mcd]?l|[mk]?[wv]|m?a|m?ah|[mg]?hz|[kmgt]b|m?s|h"
_CUSTOMARY = r"in|ft|yd|lbs?|oz|min"
_CAPITALISED = r"[\"'“„«¿¡(]*[A-ZÄÖÜÁÉÍÓÚÑ](?:[a-zäöüßáéíóúñ]|(?<=[AI])[ '’])"
_MEASURE_LAST = re.compile(
    rf"(?<=\d)(\s?(?i:{_METRIC}|{_CUSTOMARY})\.)\s+(?={_CAPITALISED})|(?<=\d)(\s?(?i:{_METRIC})\.)\s+(?=[A-Z]{{2}}|\()"
)

# It never ends a sentence at "etc." either. Before a capitalised word that ends one, except in German, whose nouns all
# begin so.
_ETC_LAST = re.compile(r"(?<=\betc\.)\s+(?=[¡¿]?[A-ZÁÉÍÓÚÑ][a-záéíóúñ])")

# What sentencex takes for the end of a sentence and is none. The first kind always has more to come; the second kind
# may well end a sentence ("It is 12 in."), so it goes on only before a number, a small letter, a sign, an acronym, or
# the letter of a dimension ("5 in. H x 3 in. W").
_NO_END = re.compile(r"[^\W_][)\]]?\s*$|[,;:(]\s*$")
_NEVER_LAST = re.compile(
    r"(?:^|[\s(])(?:e\. ?g|i\. ?e|z\. ?b|d\. ?h|u\. ?a|p\. ?ej|vs|cf|bzw|inkl|exkl|zzgl|ggf|evtl|bspw|sog"
    r"|fa|gebr|gegr|c[ií]a|sra?|dra?"
    r"|(?:im|am|der|die|das|dem|den|des|zum|zur|vom) \d{1,2}"  # "im 19. Jahrhundert": German writes its nouns large
    r")\.\s+$",
    re.IGNORECASE,
)
_SELDOM_LAST = re.compile(
    r"(?:^|[\s(\d-])(?:in|ft|yd|lbs?|oz|fl|qt|pt|gal|sq|cu|dia|approx|aprox|ca|circa|mind|incl|excl|max|min|máx|mín"
    r"|no|nos|nr|núm|art|mod|ref|fig|abb|vol|std|stk|pcs?|pulg|pza|uds?|vel)\.\s+$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[^\W\d_A-Z]|\d|[(+±<>~≈$€£%]|[A-Z]{2}|[B-HJ-Z]\b(?![.'’])")
_INCH_MARK = re.compile(r'(?<=\d)"')
_NO_SPACE_AFTER = ("。", "！", "？", "」", "』", "）", "，", "；")


@lru_cache(maxsize=1_024)
def language_of(locale: str) -> str:
    """The language subtag of a locale: ``"de"`` for ``"de-AT"``."""
    return re.split("[-_]", locale, maxsplit=1)[0].lower()


def sentences(text: str, locale: str = "en") -> list[str]:
    """The sentences of a text in order, without the white space around them; none is empty.

    Abbreviations such as ``approx.``, ``e.g.``, ``No. 5`` and ``5 in. long`` do not end one. Lone surrogates, which no
    Unicode text has, become question marks.
    """
    language = language_of(locale)
    return list(_kept_sentences(text, language) if len(text) <= _MOST_KEPT else _read_sentences(text, language))


# Each step that makes copy of an answer asks for the sentences and the words of the same few texts.
@lru_cache(maxsize=1_024)
def _kept_sentences(text: str, language: str) -> tuple[str, ...]:
    return _read_sentences(text, language)


def _read_sentences(text: str, language: str) -> tuple[str, ...]:
    flat = " ".join(text.encode("utf-8", "replace").decode().split())
    ended = _MEASURE_LAST.sub(r"\1\2\n", flat)
    if language != "de":
        ended = _ETC_LAST.sub("\n", ended)
    found: list[str] = []
    for part in ended.split("\n"):
        found += _segments(part, language)
    return tuple(stripped for sentence in found if (stripped := sentence.strip()))


def _segments(text: str, language: str) -> list[str]:
    found: list[str] = []
    at = 0
    for masked in sentencex.segment(language, _masked(text)):
        segment = text[at : at + len(masked)]
        at += len(masked)
        if found and _is_open(found[-1], segment):
            found[-1] += segment
        else:
            found.append(segment)
    return found


def _masked(text: str) -> str:
    """A text of the same length without what sentencex misreads: it takes the inch marks of a ``16" case`` for quotes,
    and the brackets of ``(41 cm) … (42 cm)`` for the items m) of a list."""
    text = text.replace(")", "}")
    inches = _INCH_MARK.sub("″", text)
    return text if inches.count('"') % 2 else inches


def _is_open(before: str, after: str) -> bool:
    """Whether the sentence that seems to end before ``after`` goes on in it."""
    if _NO_END.search(before) or _NEVER_LAST.search(before):
        return True
    return bool(_SELDOM_LAST.search(before) and _GOES_ON.match(after))


def joined(parts: Iterable[str]) -> str:
    """Sentences or clauses as one text: a space between them, but none after a full-width mark."""
    text = ""
    for part in parts:
        text += part if not text or text.endswith(_NO_SPACE_AFTER) else f" {part}"
    return text


def rewritten(text: str, locale: str, rewrite: Callable[[str], str]) -> str:
    """A text whose sentences are rewritten, line by line; a sentence or a line that becomes empty is left out."""
    lines = (joined(filter(None, map(rewrite, sentences(line, locale)))) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def words(text: str) -> list[str]:
    """The words of a text as written.

    ``1.5``, ``T-shirt`` and ``1/4`` are one word each; in Chinese and Japanese, where nothing parts the words, each
    character counts as one.
    """
    return list(_kept_words(text)) if len(text) <= _MOST_KEPT else _WORD.findall(text)


@lru_cache(maxsize=2_048)
def _kept_words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def printable(text: str) -> str:
    """A text without control and direction-changing characters, for logs and terminals."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
