"""How much a shopper asks for an attribute, learned from copy that people wrote.

For each text, *stated* are its product's attributes that the text bears out, and *expected* is the share of all its
product's attributes that it states: a text which states everything says nothing of what matters. Over many texts,
the lift of an attribute is how much more often it is stated than expected::

    lift(overall)  = (stated + M) / (expected + M)
    lift(parent)   = (stated + M · lift(overall)) / (expected + M)     counts of the categories below the parent
    lift(category) = (stated + M · lift(parent)) / (expected + M)

with M = PRIOR_TEXTS. It is the posterior mean of a ratio of observed to expected counts under a gamma prior, the
shrinkage of DuMouchel (1999), "Bayesian data mining in large frequency tables"; the ladder of categories gives each
prior its mean. The salience of an attribute is its lift times the weight that its name has by itself
(``knowledge/attributes.toml``), at most 1.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, ValidationError

from shared.content.attributes import attribute_words, counted_name, plain_name, reason_against, topic_of
from shared.content.selection import IDENTITY, repeats_identity
from shared.errors import ConfigurationError
from shared.events import Product
from shared.factcheck.evidence import find_spans
from shared.facts import product_facts
from shared.settings import ROOT

FILE = ROOT / "knowledge" / "salience.json"
PRIOR_TEXTS = 10
"""How many texts a prior weighs."""
SOURCE_TEXTS = 20
"""Overall, each source weighs at most so many texts of an attribute: a large collection speaks for its own kind of
product, and hardly for others."""
LEAST_TEXTS = 3
"""Fewer texts of an attribute in a category are not kept."""
ASKED_SHARE = 0.1
"""An attribute is asked for in a category when at least this share of its texts has it."""
ASKED_ATTRIBUTES = 5
"""At most so many attributes are asked for."""
LEAST_SALIENCE = 0.15
"""Shoppers do not ask for what is less salient."""


class Count(BaseModel):
    """Texts of products that have an attribute, how many state it, and how many would if all attributes were alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    texts: NonNegativeInt
    stated: NonNegativeFloat
    expected: NonNegativeFloat

    def lift(self, prior: float) -> float:
        """Stated to expected, drawn to ``prior`` where there are few texts."""
        return (self.stated + PRIOR_TEXTS * prior) / (self.expected + PRIOR_TEXTS)


class CategoryCounts(BaseModel):
    """What the texts of one category, and of those below it, state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    texts: NonNegativeInt
    attributes: dict[str, Count]


class Salience(BaseModel):
    """What was learned; see the module for the formula. ``sources`` counts the texts of each source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    locale: str = "en"
    sources: dict[str, int] = Field(default={})
    overall: dict[str, Count] = Field(default={})
    categories: dict[str, CategoryCounts] = Field(default={})

    def document(self) -> dict[str, Any]:
        """The counts as JSON holds them."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """The version of these counts."""
        return hashlib.sha256(json.dumps(self.document(), sort_keys=True).encode()).hexdigest()[:12]

    def of(self, attribute: str, category: Sequence[str] = ()) -> float:
        """How much a shopper asks for an attribute of a product of this category, from 0 to 1."""
        return salience_in(self.ladder(category), attribute)

    def ladder(self, category: Sequence[str]) -> list[Mapping[str, Count]]:
        """What was counted overall, then in each known category at or above this one, the widest first."""
        known = (self.categories.get(path) for path in _paths(category))
        return [self.overall, *(counts.attributes for counts in known if counts)]

    def counts(self, category: Sequence[str]) -> Mapping[str, Count]:
        """What was counted in the narrowest known category at or above this one; empty when none is known."""
        _, *known = self.ladder(category)
        return known[-1] if known else {}

    def asked(self, category: Sequence[str] = ()) -> tuple[str, ...]:
        """The attributes that products of a category should have, by the names they are counted under, the most
        salient first. Of an unknown category a few general ones are asked for."""
        known = [counts for path in _paths(category) if (counts := self.categories.get(path))]
        if not known:
            return attribute_words().asked
        often = [
            name
            for name, count in known[-1].attributes.items()
            if count.texts >= ASKED_SHARE * known[-1].texts
            and self.of(name, category) >= LEAST_SALIENCE
            and not reason_against(name)
        ]
        return tuple(sorted(often, key=lambda name: -self.of(name, category))[:ASKED_ATTRIBUTES])


def salience_in(ladder: Sequence[Mapping[str, Count]], attribute: str) -> float:
    """:meth:`Salience.of`, with the counts of the category at hand, for who asks of many attributes of a product."""
    name = counted_name(attribute)
    lift = 1.0
    for counts in ladder:
        if name in counts:
            lift = counts[name].lift(lift)
    return min(1.0, topic_of(attribute).weight * lift)


def load_salience(path: Path = FILE) -> Salience:
    """Read what was learned.

    Raises:
        ConfigurationError: with the file, and the line or the field that is wrong.
    """
    try:
        return Salience.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error.strerror}; make it with `shelftalk salience learn`"
        ) from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path}: line {error.lineno}: not JSON: {error.msg}; learn it anew") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: line 1: not UTF-8; learn it anew") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigurationError(f"{path}: {where}: {first['msg']}; learn it anew") from None


def save_salience(salience: Salience, path: Path) -> None:
    """Write what was learned, one line for each category, so that a change is easy to read."""
    document = salience.document()
    lines = [f"{json.dumps(name)}: {_one_line(document[name])}" for name in ("locale", "sources", "overall")]
    categories = [
        f"{json.dumps(name, ensure_ascii=False)}: {_one_line(it)}" for name, it in document["categories"].items()
    ]
    lines.append('"categories": {\n' + ",\n".join(categories) + "\n}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _paths(category: Sequence[str]) -> Iterator[str]:
    """The category and those above it, the widest first."""
    names = [plain_name(name) for name in category]
    for length in range(1, len(names) + 1):
        yield " > ".join(names[:length])


@dataclass
class _Tally:
    texts: int = 0
    stated: float = 0
    expected: float = 0

    def add(self, is_stated: bool, share: float) -> None:
        self.texts += 1
        self.stated += is_stated
        self.expected += share

    def count(self, most: float = float("inf")) -> Count:
        """The count, as if of at most so many texts."""
        part = min(1.0, most / self.texts)
        return Count(texts=self.texts, stated=round(self.stated * part, 2), expected=round(self.expected * part, 2))


def learn(rows: Iterable[Mapping[str, Any]], locale: str = "en") -> Salience:
    """Learn from human texts which attributes matter.

    A row has ``title``, ``brand``, ``category``, ``attributes``, ``description`` and perhaps ``source``, as in the
    project's data; anything else, such as attributes derived from the text, is not looked at. Of curated copy give
    only the attributes that the curator saw: what a plan left out was never there to be stated.
    """
    sources: dict[str, int] = defaultdict(int)
    by_source: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    by_category: dict[str, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    texts: dict[str, int] = defaultdict(int)
    for row in rows:
        stated = _stated(row, locale)
        if not stated:
            continue
        source = str(row.get("source") or "")
        paths = list(_paths(_category(row)))
        share = sum(stated.values()) / len(stated)
        sources[source] += 1
        for path in paths:
            texts[path] += 1
        for name, is_stated in stated.items():
            by_source[source, name].add(is_stated, share)
            for path in paths:
                by_category[path][name].add(is_stated, share)
    return Salience(
        locale=locale,
        sources=dict(sorted(sources.items())),
        overall=_overall(by_source),
        categories=_kept(by_category, texts),
    )


def _stated(row: Mapping[str, Any], locale: str) -> dict[str, bool]:
    """The counted names of a row's attributes, and whether its text states each. What only repeats the product's name
    is not counted, since a text that names the product says nothing of it."""
    product = Product(
        sku="row",
        version=0,
        title=row["title"],
        brand=row.get("brand"),
        category=_category(row),
        attributes=row["attributes"],
    )
    facts = product_facts(product)
    identity = [fact for fact in facts if fact.attribute in IDENTITY]
    spans = find_spans(row["description"], facts, locale)
    supported = {span.attribute for span in spans if span.kind != "unsupported"}
    return {
        counted_name(fact.attribute): fact.attribute in supported
        for fact in facts
        if fact.attribute in product.attributes and not repeats_identity(fact, identity)
    }


def _category(row: Mapping[str, Any]) -> list[str]:
    category = row.get("category") or []
    return [category] if isinstance(category, str) else list(category)


def _overall(by_source: Mapping[tuple[str, str], _Tally]) -> dict[str, Count]:
    found: dict[str, _Tally] = defaultdict(_Tally)
    for (_, name), tally in sorted(by_source.items()):
        if tally.texts >= LEAST_TEXTS:
            count = tally.count(SOURCE_TEXTS)
            found[name].texts += count.texts
            found[name].stated += count.stated
            found[name].expected += count.expected
    return {name: tally.count() for name, tally in found.items()}


def _kept(by_category: Mapping[str, Mapping[str, _Tally]], texts: Mapping[str, int]) -> dict[str, CategoryCounts]:
    """The counts of each category that are large enough to tell something."""
    found = {}
    for path, tallies in sorted(by_category.items()):
        counts = {name: tally.count() for name, tally in sorted(tallies.items()) if tally.texts >= LEAST_TEXTS}
        if counts:
            found[path] = CategoryCounts(texts=texts[path], attributes=counts)
    return found
