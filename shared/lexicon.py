"""What the fact check knows of a language: the words that need no evidence, and how words are compared.

The words are data, in ``shared/lexicon/``: ``units.toml`` for all languages and one file for each language. A language
without a file knows no neutral word, so that all of its copy goes to a curator and none is published unchecked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from shared.text import language_of

_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([bdfgmnprt])\1$")


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words of one language, as stems unless said otherwise.

    ``function_words`` (as written) and ``neutral`` state nothing about a product; ``weak`` say something only beside
    the name of their attribute; ``cues`` and ``scales`` map a word to the words of attribute names that it stands for
    (a scale needs evidence itself); ``opposites`` map a word to the one that it denies; ``relation_names`` are the
    words in an attribute's name that make its value another thing, ``relations_before`` and ``relations_after`` those
    that then tie the two; those named ``clause_`` divide a sentence, ``possessives`` begin the name of an attribute,
    and ``labels`` name the copy's own parts; the values of attributes with ``kind_names`` are kinds of things, and
    those with ``whole_names`` are told whole or not at all; a sentence has one of the ``verbs``; ``reasons`` say why a
    word without evidence matters; ``spellings`` lead to the one spelling of a word. ``units``, ``numbers``, ``yes``
    and ``no`` are as written, in lower case.
    """

    function_words: frozenset[str]
    neutral: frozenset[str]
    weak: frozenset[str]
    cues: Mapping[str, frozenset[str]]
    scales: Mapping[str, frozenset[str]]
    opposites: Mapping[str, str]
    negations: frozenset[str]
    softeners: frozenset[str]
    limits: frozenset[str]
    joints: frozenset[str]
    generic: frozenset[str]
    links: frozenset[str]
    articles: frozenset[str]
    determiners: frozenset[str]
    partitives: frozenset[str]
    clause_verbs: frozenset[str]
    clause_links: frozenset[str]
    clause_articles: frozenset[str]
    clause_breaks: frozenset[str]
    possessives: frozenset[str]
    labels: frozenset[str]
    kind_names: frozenset[str]
    whole_names: frozenset[str]
    verbs: frozenset[str]
    dates: frozenset[str]
    sizes: frozenset[str]
    hedges: frozenset[str]
    range_starts: frozenset[str]
    relation_names: tuple[str, ...]
    relations_before: frozenset[str]
    relations_after: frozenset[str]
    relation_breaks: frozenset[str]
    maker_verbs: frozenset[str]
    maker_names: frozenset[str]
    material_links: frozenset[str]
    techniques: frozenset[str]
    origins: Mapping[str, str]
    reasons: Mapping[str, str]
    spellings: Mapping[str, str]
    units: Mapping[str, str]
    numbers: Mapping[str, int]
    yes: frozenset[str]
    no: frozenset[str]

    def stem(self, word: str) -> str:
        """The form in which words are compared: one case, one spelling, no ending."""
        root = stem(_bare(word))
        return self.spellings.get(root, root)

    def is_neutral(self, word: str) -> bool:
        """Whether a word in lower case needs no evidence. Function words have one form: ``Ares`` is not ``are``."""
        return word in self.function_words or _bare(word) in self.function_words or self.stem(word) in self.neutral

    def polarity(self, value: str) -> bool | None:
        """True for a value such as ``yes``, False for ``no``, None for any other."""
        folded = value.casefold().strip()
        if folded in self.yes:
            return True
        return False if folded in self.no else None


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'").removesuffix("'s")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word in lower case without the endings -s, -ies, -ied, -ed, -ing, -ly, -e; a light stemmer after Harman (1991).

    It joins too little rather than too much: ``leather`` is not ``leatherette``, and ``wireless`` is not ``wire``.
    """
    if len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and _VOWEL.search(root) and not word.endswith("eed"):
            word = _DOUBLED.sub(r"\1", root)
            break
    if len(word) > 6 and word.endswith("ly"):
        word = word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@lru_cache
def load_lexicon(locale: str) -> Lexicon:
    """The lexicon of a locale's language; one without neutral words where we have none for it."""
    folder = files("shared") / "lexicon"
    source = folder / f"{language_of(locale)}.toml"
    units = tomllib.loads((folder / "units.toml").read_text(encoding="utf-8"))["units"]
    return _lexicon(units, tomllib.loads(source.read_text(encoding="utf-8")) if source.is_file() else {})


@dataclass(frozen=True)
class _Source:
    """A language's file, read as stems in their one spelling."""

    words: Mapping[str, Any]

    @cached_property
    def spellings(self) -> dict[str, str]:
        return self.pairs("spellings")

    def pairs(self, name: str) -> dict[str, str]:
        return {stem(word): stem(other) for word, other in self.words.get(name, {}).items()}

    def stems(self, text: str) -> frozenset[str]:
        return frozenset(self.spellings.get(root, root) for root in map(stem, text.split()))

    def listed(self, section: str, name: str) -> frozenset[str]:
        return self.stems(self.words.get(section, {}).get(name, ""))

    def written(self, section: str, name: str) -> frozenset[str]:
        return frozenset(self.words.get(section, {}).get(name, ()))

    def table(self, name: str) -> dict[str, frozenset[str]]:
        return {stem(word): self.stems(" ".join(meant)) for word, meant in self.words.get(name, {}).items()}

    def neutral(self) -> frozenset[str]:
        lists = self.words.get("neutral", {})
        return self.stems(" ".join(text for name, text in lists.items() if name != "function"))

    def reasons(self) -> dict[str, str]:
        found = reversed(self.words.get("reasons", {}).items())
        return {word: reason for reason, listed in found for word in self.stems(listed)}


def _lexicon(units: Mapping[str, list[str]], words: Mapping[str, Any]) -> Lexicon:
    source = _Source(words)
    listed = source.listed
    return Lexicon(
        function_words=frozenset(words.get("neutral", {}).get("function", "").split()),
        neutral=source.neutral(),
        weak=listed("weak", "words"),
        cues=source.table("cues"),
        scales=source.table("scales"),
        opposites=source.pairs("opposites"),
        negations=listed("polarity", "negations"),
        softeners=listed("polarity", "softeners"),
        limits=listed("polarity", "limits"),
        joints=listed("polarity", "joints"),
        generic=listed("names", "generic"),
        links=listed("names", "links"),
        articles=listed("names", "articles"),
        determiners=listed("names", "determiners"),
        partitives=listed("names", "partitives"),
        clause_verbs=listed("clauses", "verbs"),
        clause_links=listed("clauses", "links"),
        clause_articles=listed("clauses", "articles"),
        clause_breaks=listed("clauses", "breaks"),
        possessives=listed("clauses", "possessives"),
        labels=listed("clauses", "labels"),
        kind_names=listed("clauses", "kinds"),
        whole_names=listed("clauses", "wholes"),
        verbs=listed("neutral", "verbs") | listed("clauses", "auxiliaries"),
        dates=listed("names", "dates"),
        sizes=listed("names", "sizes"),
        hedges=listed("ranges", "hedges"),
        range_starts=listed("ranges", "starts"),
        relation_names=tuple(" ".join(map(stem, name.split())) for name in words.get("relations", {}).get("names", ())),
        relations_before=listed("relations", "before"),
        relations_after=listed("relations", "after"),
        relation_breaks=listed("relations", "breaks"),
        maker_verbs=listed("makers", "verbs"),
        maker_names=listed("makers", "names"),
        material_links=listed("materials", "links"),
        techniques=listed("materials", "techniques"),
        origins=words.get("origins", {}),
        reasons=source.reasons(),
        spellings=source.spellings,
        units={alias: unit for unit, aliases in units.items() for alias in aliases},
        numbers=words.get("numbers", {}),
        yes=source.written("polarity", "yes"),
        no=source.written("polarity", "no"),
    )
