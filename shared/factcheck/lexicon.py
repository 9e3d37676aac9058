"""What the fact check knows of a language: the words that need no evidence, and how words are compared.

The words are data, in ``shared/factcheck/words/``: ``units.toml`` for all languages and one file for each language. A
language without a file knows no neutral word, so that all of its copy goes to a curator and none is published
unchecked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from shared.factcheck import segmentation
from shared.factcheck.stemming import STEMMERS, english
from shared.text import CHINESE, language_of


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
    word without evidence matters; ``spellings`` lead to the one spelling of a word. ``units``, ``numbers``, ``halves``,
    ``and_a_half``, which follows a number, ``yes`` and ``no`` are as written, in lower case.

    ``decimal_comma`` says that numbers are written as in ``1.000,5``, and ``direct_names`` that a name stands before
    its value without a word between them. ``stemmer`` makes the stems; ``heads`` end the compounds that are divided,
    and ``vocabulary`` are the words, as written, by which a text is divided that has no spaces between them.
    """

    decimal_comma: bool
    direct_names: bool
    stemmer: Callable[[str], str]
    heads: frozenset[str]
    vocabulary: frozenset[str]
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
    numbers: Mapping[str, Fraction]
    halves: frozenset[str]
    and_a_half: str
    yes: frozenset[str]
    no: frozenset[str]

    def stem(self, word: str) -> str:
        """The form in which words are compared: one case, one spelling, no ending."""
        return _stem(self, word)

    def word_end(self, text: str, start: int) -> int:
        """Where the Chinese word that starts there ends: the longest that the lexicon knows, or one character."""
        return segmentation.word_end(text, start, self.vocabulary, self._longest)

    def parts(self, written: str) -> Iterator[tuple[int, str]]:
        """The words that are written as one word, each with its offset: two for a German compound, else the word."""
        if self.heads and not self._is_listed(written):
            yield from segmentation.compound(written, self._may_begin, self._may_end)
        else:
            yield 0, written

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.vocabulary), default=1)

    def _is_listed(self, word: str) -> bool:
        return self.stem(word) in self.neutral or self.stem(word) in self.reasons or self.stem(word) in self.heads

    def _may_begin(self, part: str) -> bool:
        return len(part) > 2 and part.isalpha() and part.casefold() not in self.function_words

    def _may_end(self, part: str) -> bool:
        return self.stem(part) in self.heads

    def is_neutral(self, word: str) -> bool:
        """Whether a word in lower case needs no evidence. Function words have one form: ``Ares`` is not ``are``."""
        return _is_neutral(self, word)

    def polarity(self, value: str) -> bool | None:
        """True for a value such as ``yes``, False for ``no``, None for any other."""
        folded = value.casefold().strip()
        if folded in self.yes:
            return True
        return False if folded in self.no else None


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'").removesuffix("'s")


# A check asks this of the same few thousand words again and again.
@lru_cache(maxsize=65_536)
def _stem(lexicon: Lexicon, word: str) -> str:
    root = lexicon.stemmer(_bare(word))
    return lexicon.spellings.get(root, root)


@lru_cache(maxsize=65_536)
def _is_neutral(lexicon: Lexicon, word: str) -> bool:
    is_function_word = word in lexicon.function_words or _bare(word) in lexicon.function_words
    return is_function_word or _stem(lexicon, word) in lexicon.neutral


@lru_cache
def load_lexicon(locale: str) -> Lexicon:
    """The lexicon of a locale's language; one without neutral words where we have none for it."""
    folder = files("shared.factcheck") / "words"
    language = language_of(locale)
    source = folder / f"{language}.toml"
    units = tomllib.loads((folder / "units.toml").read_text(encoding="utf-8"))["units"]
    words = tomllib.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}
    return _lexicon(units, _Source(words, STEMMERS.get(language, english)))


@dataclass(frozen=True)
class _Source:
    """A language's file, read as stems in their one spelling."""

    words: Mapping[str, Any]
    stemmer: Callable[[str], str]

    @cached_property
    def spellings(self) -> dict[str, str]:
        return self.pairs("spellings")

    def pairs(self, name: str) -> dict[str, str]:
        found = self.words.get(name, {}).items()
        return {self.stemmer(word.casefold()): self.stemmer(other.casefold()) for word, other in found}

    def stem(self, word: str) -> str:
        root = self.stemmer(word.casefold())
        return self.spellings.get(root, root)

    def stems(self, text: str) -> frozenset[str]:
        return frozenset(map(self.stem, text.split()))

    def listed(self, section: str, name: str) -> frozenset[str]:
        return self.stems(self.words.get(section, {}).get(name, ""))

    def written(self, section: str, name: str) -> frozenset[str]:
        return frozenset(self.words.get(section, {}).get(name, ()))

    def table(self, name: str) -> dict[str, frozenset[str]]:
        return {self.stem(word): self.stems(" ".join(meant)) for word, meant in self.words.get(name, {}).items()}

    def says(self, name: str) -> bool:
        return bool(self.words.get("language", {}).get(name, False))

    def neutral(self) -> frozenset[str]:
        lists = self.words.get("neutral", {})
        return self.stems(" ".join(text for name, text in lists.items() if name != "function"))

    def reasons(self) -> dict[str, str]:
        found = reversed(self.words.get("reasons", {}).items())
        return {word: reason for reason, listed in found for word in self.stems(listed)}

    def vocabulary(self) -> frozenset[str]:
        return frozenset(word for word in _all_words(self.words) if CHINESE.search(word))


def _all_words(found: Any) -> Iterator[str]:
    """Every word in a tree of tables, lists and texts, keys as well as values."""
    if isinstance(found, str):
        yield from found.split()
    elif isinstance(found, Mapping):
        for word, inner in found.items():
            yield from (word, *_all_words(inner))
    elif isinstance(found, list):
        for inner in found:
            yield from _all_words(inner)


def _lexicon(units: Mapping[str, list[str]], source: _Source) -> Lexicon:
    words = source.words
    listed = source.listed
    return Lexicon(
        decimal_comma=source.says("decimal_comma"),
        direct_names=source.says("direct_names"),
        stemmer=source.stemmer,
        heads=listed("compounds", "heads"),
        vocabulary=source.vocabulary() | {alias for alias in _all_words(units) if CHINESE.search(alias)},
        function_words=frozenset(words.get("neutral", {}).get("function", "").casefold().split()),
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
        relation_names=tuple(
            " ".join(map(source.stem, name.split())) for name in words.get("relations", {}).get("names", ())
        ),
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
        numbers={word: Fraction(value) for word, value in words.get("numbers", {}).items()},
        halves=frozenset(words.get("halves", {}).get("words", "").split()),
        and_a_half=words.get("halves", {}).get("joined", ""),
        yes=source.written("polarity", "yes"),
        no=source.written("polarity", "no"),
    )
