"""PARENT: the words of a text against those of the product and of texts that people wrote of it.

Dhingra et al. (2019), "Handling Divergent Reference Texts when Evaluating Table-to-Text Generation", arXiv 1906.01081,
with their word-overlap model of entailment. Two things are ours, since a product is no table of Wikipedia: a yes or no
is told by the name of its attribute, and of a category path the last step is told. Words are compared as written, but
for their case, so that the figures compare with published ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, prod

from shared.factcheck.lexicon import load_lexicon
from shared.facts import Fact
from shared.text import words

MAX_ORDER = 4
TABLE_WEIGHT = 0.5
"""λ: how much of the recall is that of the product; the rest is that of the reference. As in the authors' program."""

SMOOTHING = 1e-5
"""What a precision or recall of 0 counts as in a geometric mean, as in the authors' program."""

Gram = tuple[str, ...]
Record = Sequence[Sequence[str]]  # the wordings of one fact, each as its words


def attribute_recall(text: str, facts: Sequence[Fact], locale: str = "en") -> float:
    """PARENT's recall of the table: the mean over the facts of LCS(value, text) / words of the value.

    LCS is the longest common subsequence of words. Of other approved wordings the best counts. 1 without facts.
    """
    return _table_recall(_tokens(text), _records(facts, locale))


@dataclass(frozen=True)
class Parent:
    """PARENT's precision, recall and F score of a text, each from 0 to 1."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def parent_f(text: str, facts: Sequence[Fact], references: Sequence[str], locale: str = "en") -> float:
    """PARENT's F score of a text, from 0 to 1: that of the reference with which it is highest.

    Raises:
        ValueError: without a reference; PARENT is defined against one.
    """
    return parent(text, facts, references, locale).f


def parent(text: str, facts: Sequence[Fact], references: Sequence[str], locale: str = "en") -> Parent:
    """PARENT of a text, with the reference with which its F score is highest.

    Raises:
        ValueError: without a reference; PARENT is defined against one.
    """
    if not references:
        raise ValueError("PARENT needs at least one reference text")
    records = _records(facts, locale)
    said = _tokens(text)
    table_recall = _table_recall(said, records) or SMOOTHING
    known = {word for record in records for wording in record for word in wording}
    found = (_against(said, _tokens(reference), known, table_recall) for reference in references)
    return max(found, key=lambda each: each.f)


def _against(said: list[str], reference: list[str], known: set[str], table_recall: float) -> Parent:
    orders = range(1, MAX_ORDER + 1)
    precision = _mean([_precision(_grams(said, order), _grams(reference, order), known) for order in orders])
    found = _mean([_recall(_grams(said, order), _grams(reference, order), known) for order in orders]) or SMOOTHING
    return Parent(precision, exp((1 - TABLE_WEIGHT) * log(found) + TABLE_WEIGHT * log(table_recall)))


def _precision(said: Counter[Gram], reference: Counter[Gram], known: set[str]) -> float:
    """The mean over the n-grams said of Pr(in the reference) + Pr(not in it) × Pr(entailed by the product)."""
    right = 0.0
    for gram, count in said.items():
        in_reference = min(1.0, reference[gram] / count)
        right += count * (in_reference + (1 - in_reference) * _entailed(gram, known))
    return right / said.total() if said else 0.0


def _recall(said: Counter[Gram], reference: Counter[Gram], known: set[str]) -> float:
    """The share of the reference's n-grams that are said, each weighed by how far the product entails it."""
    wanted = {gram: count * _entailed(gram, known) for gram, count in reference.items()}
    total = sum(wanted.values())
    found = sum(weight * min(1.0, said[gram] / reference[gram]) for gram, weight in wanted.items())
    return found / total if total else 1.0


def _entailed(gram: Gram, known: set[str]) -> float:
    """The share of an n-gram's words that stand in the product's values: the paper's word-overlap model."""
    return sum(word in known for word in gram) / len(gram)


def _mean(by_order: Sequence[float]) -> float:
    """The geometric mean over the orders; a text without one right word has 0, however long its n-grams are."""
    first, *longer = by_order
    return float(prod([first, *(share or SMOOTHING for share in longer)]) ** (1 / len(by_order)))


def _grams(tokens: list[str], order: int) -> Counter[Gram]:
    return Counter(tuple(tokens[at : at + order]) for at in range(len(tokens) - order + 1))


def _table_recall(said: list[str], records: Sequence[Record]) -> float:
    places: dict[str, int] = {}
    for at, word in enumerate(said):
        places[word] = places.get(word, 0) | 1 << at
    shares = [max(_common(value, places) / len(value) for value in record) for record in records]
    return sum(shares) / len(shares) if shares else 1.0


def _common(value: Sequence[str], places: Mapping[str, int]) -> int:
    """The length of the longest common subsequence with a text, of each of whose words the places are set bits.

    A row of the dynamic program is one number, whose bits that are not set count the length: Hyyrö (2004),
    "Bit-parallel LCS-length computation revisited".
    """
    row = -1
    for word in value:
        if found := row & places.get(word, 0):
            row = (row + found) | (row - found)
    return (~row).bit_count()


def _records(facts: Sequence[Fact], locale: str) -> list[Record]:
    lexicon = load_lexicon(locale)
    found = []
    for fact in facts:
        value = fact.value.rpartition(" > ")[2] if fact.attribute == "category" else fact.value
        wordings = (fact.attribute,) if lexicon.polarity(value) is not None else (value, *fact.also)
        found.append([tokens for tokens in map(_tokens, wordings) if tokens])
    return [record for record in found if record]


def _tokens(text: str) -> list[str]:
    return [word.casefold() for word in words(text)]
