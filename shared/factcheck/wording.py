"""Other ways to say the same: synonyms, what a value implies, and the words that change what stands beside them.

The words are data in the language's file in ``shared/factcheck/words/``, in the sections ``synonyms``, ``implied``,
``qualifiers``, ``comparisons``, ``dimensions`` and ``topics``. A language may leave out any of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from shared.factcheck.lexicon import Lexicon, load_lexicon
from shared.factcheck.quantities import Term, terms
from shared.text import language_of

_TOPICS = {
    "material not in the facts": "material",
    "color not in the facts": "color",
    "place not in the facts": "origin",
    "maker not in the facts": "maker",
    "claim with no evidence": "praise",
    "certification not in the facts": "certification",
    "comparison with no evidence": "comparison",
    "warranty not in the facts": "warranty",
}

Keys = tuple[str, ...]
Phrase = tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Wording:
    """What one language knows of other wordings, as stems.

    ``swaps`` lead from a phrase to those that one may put for it: all of a group of synonyms, or what it implies.
    """

    lexicon: Lexicon
    sections: Mapping[str, Any]

    @cached_property
    def swaps(self) -> dict[Keys, list[Phrase]]:
        """The phrases that another one bears out, by its keys."""
        found: dict[Keys, list[Phrase]] = {}
        for group in self.sections.get("synonyms", {}).get("groups", ()):
            for phrase in group:
                found.setdefault(self._keys(phrase), []).extend(self._phrases(set(group) - {phrase}))
        for phrase, implied in self.sections.get("implied", {}).items():
            found.setdefault(self._keys(phrase), []).extend(self._phrases(implied))
        return found

    @cached_property
    def first_words(self) -> dict[str, list[Keys]]:
        """The phrases of ``swaps`` by their first word."""
        found: dict[str, list[Keys]] = {}
        for phrase in self.swaps:
            found.setdefault(phrase[0], []).append(phrase)
        return found

    @cached_property
    def respelt(self) -> frozenset[str]:
        """The words that have other spellings."""
        return frozenset(self.lexicon.spellings.values())

    @cached_property
    def before(self) -> frozenset[str]:
        """Words before a value that make another thing of it: "faux" leather."""
        return self._listed("qualifiers", "before")

    @cached_property
    def after(self) -> frozenset[str]:
        """Words behind a value that make another thing of it: "gold-plated"."""
        return self._listed("qualifiers", "after")

    @cached_property
    def more(self) -> frozenset[str]:
        """Comparatives that need "than": "more", "less"."""
        return self._listed("comparisons", "more")

    @cached_property
    def most(self) -> frozenset[str]:
        """Superlatives that would otherwise need no evidence."""
        return self._listed("comparisons", "most")

    @cached_property
    def than(self) -> frozenset[str]:
        """The word between the two sides of a comparison."""
        return self._listed("comparisons", "than")

    @cached_property
    def bounds(self) -> frozenset[str]:
        """Words that make a bound of the number behind them: "over"."""
        return self._listed("comparisons", "bounds")

    @cached_property
    def limits(self) -> frozenset[str]:
        """Words before an attribute's name that say no more than that its number is a limit: "maximum load"."""
        return self._listed("comparisons", "limits")

    @cached_property
    def roles(self) -> dict[str, str]:
        """The dimension that each word, as written, speaks of: ``tall`` of the height."""
        dimensions = self.sections.get("dimensions", {})
        return {word: role for role, text in dimensions.items() for word in text.split()}

    @cached_property
    def role_links(self) -> frozenset[str]:
        """The words between a dimension and its number: "a width of", "20 cm in width"."""
        return frozenset(self.sections.get("comparisons", {}).get("links", "").split())

    @cached_property
    def paired(self) -> dict[str, str]:
        """Negations that count only before a certain word: "rather than"."""
        pairs = self.sections.get("paired", {})
        return {self.lexicon.stem(word): self.lexicon.stem(following) for word, following in pairs.items()}

    @cached_property
    def free(self) -> frozenset[str]:
        """Words that deny what stands before them: "BPA-free"."""
        return self._listed("polarity", "free")

    @cached_property
    def free_of(self) -> frozenset[str]:
        """Words that join such a word to what it denies behind it: "free of BPA"."""
        return self._listed("polarity", "free_of")

    @cached_property
    def predicates(self) -> frozenset[str]:
        """Words in the names of attributes that say how a product is, so that their values may stand behind "is"."""
        return self._listed("predicates", "names")

    @cached_property
    def origin_names(self) -> frozenset[str]:
        """Words in the name of an attribute that tells where a product is made."""
        return self._listed("origin_names", "words")

    @cached_property
    def appearance(self) -> frozenset[str]:
        """Words in the name of an attribute that tells how a product looks."""
        return self._listed("materials", "appearance")

    @cached_property
    def ranks(self) -> frozenset[str]:
        """Words that make a rank of a one behind them: "number one"."""
        return self._listed("comparisons", "ranks")

    @cached_property
    def extremes(self) -> frozenset[str]:
        """Words by which the names of two attributes differ that are the ends of one range."""
        return self._listed("ranges", "extremes")

    @cached_property
    def governing(self) -> frozenset[str]:
        """Verbs that say of which attribute the number behind them is: "weighs", "costs"."""
        return self._listed("names", "governing")

    @cached_property
    def governed(self) -> frozenset[str]:
        """Words that may stand between such a verb and its number."""
        return self._listed("names", "governed")

    @cached_property
    def pronouns(self) -> frozenset[str]:
        """Words for the product that begin a clause of their own: "it weighs"."""
        return self._listed("clauses", "pronouns")

    @cached_property
    def turning(self) -> frozenset[str]:
        """Words with which a new clause may begin."""
        determiners = self.lexicon.determiners | self.lexicon.clause_articles
        return self.pronouns | self.governing | determiners if self.pronouns else frozenset()

    @cached_property
    def joining(self) -> list[str]:
        """What joins two parts of one value as they stand: "black with grooved texture"."""
        return list(self._keys(self.sections.get("names", {}).get("joining", "")))

    @cached_property
    def fitting(self) -> frozenset[str]:
        """Words that praise nothing before "for": "good for business"."""
        return self._listed("fitting", "words")

    @cached_property
    def fitting_before(self) -> frozenset[str]:
        """The words before which these praise nothing."""
        return self._listed("fitting", "before")

    @cached_property
    def light_joints(self) -> frozenset[str]:
        """Words that may stand between two things that one negation denies: "not on Linux and on Mac"."""
        return self._listed("polarity", "light_joints")

    @cached_property
    def grades(self) -> frozenset[str]:
        """Words in the names of attributes whose values may be one letter: "energy class A"."""
        return self._listed("letters_of", "words")

    @cached_property
    def relatives(self) -> frozenset[str]:
        """Words that go on about what stands before them: "batteries, which are not included"."""
        return self._listed("polarity", "relatives")

    @cached_property
    def accompanying(self) -> frozenset[str]:
        """Words that tell more of a subject before its verb: "the laptop with a price of $799 has"."""
        return self._listed("clauses", "accompanying")

    @cached_property
    def inverting(self) -> frozenset[str]:
        """Words before a verb behind which its subject stands: "there is a footrest"."""
        return self._listed("clauses", "inverting")

    @cached_property
    def carried(self) -> frozenset[str]:
        """What connects "over" a frequency, which is no bound of it."""
        return self._listed("comparisons", "carried")

    @cached_property
    def light(self) -> dict[str, frozenset[str]]:
        """Words, as written, that state nothing beside what follows, and the words that then do: "closes with"."""
        light = self.sections.get("light", {})
        found = dict.fromkeys(light.get("words", "").split(), frozenset(light.get("links", "").split()))
        return found | {word: frozenset(links.split()) for word, links in light.get("only", {}).items()}

    @cached_property
    def idioms(self) -> dict[str, str]:
        """Words that state nothing behind a certain other: on "board"."""
        return dict(self.sections.get("idioms", {}))

    @cached_property
    def maker_roles(self) -> dict[str, frozenset[str]]:
        """The verbs that only some makers do: a publisher has not written a book."""
        roles = self.sections.get("maker_roles", {})
        return {self.lexicon.stem(verb): self._listed("maker_roles", verb) for verb in roles}

    @cached_property
    def letter_words(self) -> frozenset[str]:
        """The words that have one letter: "a", "I"."""
        return frozenset(self.sections.get("letters_of", {}).get("words_of_one", "").split())

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """Negations that are one word with what stands behind a hyphen: "non-stick"."""
        return self._listed("polarity", "prefixes")

    @cached_property
    def topics(self) -> dict[str, str]:
        """What a claim with this word is about, by the lists of ``topics`` and of the reasons."""
        listed = self.sections.get("topics", {})
        found = {key: topic for key, reason in self.lexicon.reasons.items() if (topic := _TOPICS.get(reason))}
        return found | {key: topic for topic, text in listed.items() for key in self._keys(text)}

    @cached_property
    def letters(self) -> dict[str, Phrase]:
        """The words for the letter of a size, as written."""
        letters = self.sections.get("letters", {})
        return {letter: terms(text, self.lexicon) for letter, text in letters.items()}

    def roots(self, word: str) -> set[str]:
        """The keys of what a noun such as "printer" may come from."""
        endings = self.sections.get("agents", {}).get("endings", "").split()
        long = [ending for ending in endings if word.endswith(ending) and len(word) > len(ending) + 3]
        roots = [word.removesuffix(ending) for ending in long]
        return {self.lexicon.stem(root + ending) for root in roots for ending in ("", "e", "ing")}

    def rewordings(self, keys: Sequence[str]) -> Iterator[Phrase]:
        """The phrases that stand for a part of these."""
        for at, key in enumerate(keys):
            for phrase in self.first_words.get(key, ()):
                if tuple(keys[at : at + len(phrase)]) == phrase:
                    yield from self.swaps[phrase]

    def done(self, key: str) -> Sequence[str]:
        """The key of the participle that says the same of a stem such as ``washabl``: "can be washed"."""
        found = self.sections.get("able", {}).items()
        pairs = [pair for pair in found if key.endswith(pair[0]) and len(key) > len(pair[0]) + 2]
        return [self.lexicon.stem(key.removesuffix(ending) + participle) for ending, participle in pairs]

    def _phrases(self, texts: Iterable[str]) -> list[Phrase]:
        return [terms(text, self.lexicon) for text in sorted(texts)]

    def _keys(self, text: str) -> Keys:
        return tuple(term.key for term in terms(text, self.lexicon))

    def _listed(self, section: str, name: str) -> frozenset[str]:
        return frozenset(self._keys(self.sections.get(section, {}).get(name, "")))


@lru_cache
def load_wording(locale: str) -> Wording:
    """The other wordings of a locale's language; none where it has no file."""
    source = files("shared.factcheck") / "words" / f"{language_of(locale)}.toml"
    sections = tomllib.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}
    return Wording(load_lexicon(locale), sections)
