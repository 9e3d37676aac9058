"""The plan of a description: which facts it states and in what order, and why it leaves out the others.

A product carries up to 500 attributes, a small model states about six of them well, and a shopper asks for no more.
What no shopper asks for is left out first (:mod:`shared.content.selection`). The rest is ranked by how much a shopper
asks for each (:mod:`shared.content.salience`) times the profile's weight. They are chosen one after the other, and each
one that is chosen makes others of its group less wanted, as in maximal marginal relevance (Carbonell and Goldstein
1998): after three facts of the screen a shopper would rather hear of the battery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from shared.content.attributes import counted_name, plain_name, polarity, says_nothing, topic_of
from shared.content.knowledge import KnowledgeEntry, own_attributes
from shared.content.names import name_of
from shared.content.number_formats import AMBIGUOUS, in_numbers_of, is_written_alike
from shared.content.salience import ASKED_ATTRIBUTES, LEAST_SALIENCE, Salience, salience_in
from shared.content.selection import IDENTITY, NO_UNIT, REPEATS, reason_to_leave_out, repeated, weight_in
from shared.events import Product
from shared.facts import Fact, product_facts
from shared.profiles import Profile
from shared.prompts import MAX_VALUE_ITEMS
from shared.text import language_of

MAX_KNOWLEDGE = 2
"""How many approved facts beyond the catalogue a description states, besides the profile's ``max_attributes``."""
GROUP_DISCOUNT = 0.8
"""What is left of an attribute's salience for each one of its group that is chosen already."""
POLARITY_WEIGHTS = {True: 0.6, False: 0.18, None: 1.0}
"""A yes or no says less than a value, and what a product lacks is seldom what sells it."""
LONG_LIST_WEIGHT = 0.3
"""A list of more items than a prompt holds is never told whole."""
ONE_WEIGHT = 0.4
"""That there is one of something goes without saying, but for what most products have more of."""
LESS_SALIENT = "less salient"


@dataclass(frozen=True)
class Plan:
    """What a description states: ``facts`` in the order of the prompt.

    ``lead`` names what the copy begins with, ``groups`` what is told together, ``close`` what comes last: yes and no,
    then origin and warranty. ``left_out`` has a pair (attribute, reason) for each other attribute and for each
    approved fact that was not taken.
    """

    facts: tuple[Fact, ...]
    lead: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    close: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    def document(self) -> dict[str, Any]:
        """The plan as JSON holds it."""
        return {
            "facts": [
                {name: value for name, value in vars(fact).items() if value not in ((), None)} for fact in self.facts
            ],
            "lead": self.lead,
            "groups": self.groups,
            "close": self.close,
            "left_out": [{"attribute": attribute, "reason": reason} for attribute, reason in self.left_out],
        }

    def missing(self, product: Product, profile: Profile, salience: Salience) -> tuple[str, ...]:
        """What its catalogue should add to the product: the attributes asked for in its category that it lacks, then
        those that have a number without a unit, as ``weight (unit)``. What the profile gives no weight is not asked
        for."""
        facts = product_facts(product)
        held = {counted_name(fact.attribute) for fact in facts if not says_nothing(fact.value)}
        named = (Fact(name, name) for name in salience.asked(product.category))
        lacking = [
            fact.attribute
            for fact in named
            if fact.attribute not in held and not reason_to_leave_out(fact, (), profile)
        ]
        unitless = [attribute for attribute, reason in self.left_out if reason == NO_UNIT]
        unitless.sort(key=lambda attribute: -salience.of(attribute, product.category))
        return (*lacking, *(f"{attribute} (unit)" for attribute in unitless[:ASKED_ATTRIBUTES]))


def is_thin(plan: Plan) -> bool:
    """Whether too little is known for a description: nothing but what the product is called, or besides that only one
    yes or no or one bare number. One sentence holds so little; anything longer would be invented."""
    known = [fact for fact in plan.facts if fact.attribute not in IDENTITY]
    return not known or (len(known) == 1 and _is_weak(known[0].value))


def _is_weak(value: str) -> bool:
    return polarity(value) is not None or not any(map(str.isalpha, value))


def plan_copy(product: Product, profile: Profile, salience: Salience, entries: Sequence[KnowledgeEntry] = ()) -> Plan:
    """Plan the copy of a product.

    A product with no more usable attributes than the profile's ``max_attributes`` keeps its own order: it is how the
    catalogue tells them, and how models were taught. ``entries`` are those that :meth:`KnowledgeBase.of` gives for the
    product; at most two are taken, in their order, where the product has no such attribute itself.
    """
    facts = product_facts(product)
    written_alike = is_written_alike(profile.locale, product.locale)
    named = sum(bool(part) for part in (product.title, product.brand, product.category))
    identity, attributes = facts[:named], facts[named:]
    if len(product.attributes) > profile.max_attributes:
        identity = [_shortened(fact, product, profile) for fact in identity]
    left_out: dict[str, str] = dict.fromkeys(product.attributes, "says nothing")
    usable = []
    for fact in attributes:
        value = fact.value if written_alike else in_numbers_of(profile.locale, fact.value, product.locale)
        reason = AMBIGUOUS if value is None else reason_to_leave_out(fact, identity, profile)
        left_out[fact.attribute] = reason or ""
        if not reason:
            usable.append(fact if value == fact.value else replace(fact, value=value or fact.value))
    chosen = _chosen(usable, product, profile, salience, left_out)
    known, refused = _known(entries, product, profile)
    if any(reason.startswith(LESS_SALIENT) for reason in left_out.values()):
        top, groups, close = _in_groups([*chosen, *known])
    else:
        taken = {fact.attribute for fact in chosen}
        own = [fact for fact in usable if fact.attribute in taken]
        top, groups, close = [], [group for group in (own, known) if group], []
    told = [*top, *(fact for group in groups for fact in group), *close]
    return Plan(
        facts=tuple(_with_names(_approved(fact, profile), left_out) for fact in (*identity, *told)),
        lead=tuple(fact.attribute for fact in (*identity, *top)),
        groups=tuple(tuple(fact.attribute for fact in group) for group in groups),
        close=tuple(fact.attribute for fact in close),
        left_out=(*((name, reason) for name, reason in left_out.items() if reason), *refused),
    )


def _shortened(fact: Fact, product: Product, profile: Profile) -> Fact:
    """The title as the name in it; the whole title stays approved. What stood behind the name may then be told."""
    name = name_of(product, profile.locale) if fact.attribute == "title" else fact.value
    return fact if name == fact.value else replace(fact, value=name, also=(fact.value,))


class _Wanted(NamedTuple):
    fact: Fact
    salience: float
    group: str


def _chosen(
    usable: Sequence[Fact], product: Product, profile: Profile, salience: Salience, left_out: dict[str, str]
) -> list[Fact]:
    """The facts that are told, the most salient first; the others go to ``left_out``."""
    wanted = _wanted(usable, product, profile, salience)
    # Of a product with few attributes each is told; of one with many none that nobody asks for, though there be room.
    if len(product.attributes) > profile.max_attributes:
        unasked = [each.fact.attribute for each in wanted if each.salience < LEAST_SALIENCE]
        left_out |= dict.fromkeys(unasked, f"{LESS_SALIENT} than a shopper would ask for")
        wanted = [each for each in wanted if each.salience >= LEAST_SALIENCE]
    chosen: list[Fact] = []
    taken = dict.fromkeys((each.group for each in wanted), 0)
    while wanted and len(chosen) < profile.max_attributes:
        worth = [each.salience * GROUP_DISCOUNT ** taken[each.group] for each in wanted]
        best = wanted.pop(worth.index(max(worth)))
        if reason := repeated(best.fact, chosen):
            left_out[best.fact.attribute] = reason
            continue
        chosen.append(best.fact)
        if best.group:
            taken[best.group] += 1
    kind = product.category[-1] if product.category else "this product"
    for fact, *_ in wanted:
        reason = repeated(fact, chosen)
        left_out[fact.attribute] = reason or f"{LESS_SALIENT} than the {len(chosen)} chosen for {kind}"
    return chosen


def _wanted(usable: Sequence[Fact], product: Product, profile: Profile, salience: Salience) -> list[_Wanted]:
    counts = salience.ladder(product.category)
    return [
        _Wanted(
            fact,
            salience_in(counts, fact.attribute) * weight_in(profile, fact.attribute) * _weight_of_value(fact.value),
            topic_of(fact.attribute).group,
        )
        for fact in usable
    ]


def _weight_of_value(value: str) -> float:
    """How much a value says, whatever it is the value of."""
    if value.count(",") >= MAX_VALUE_ITEMS:
        return LONG_LIST_WEIGHT
    return ONE_WEIGHT if value == "1" else POLARITY_WEIGHTS[polarity(value)]


def _in_groups(chosen: Sequence[Fact]) -> tuple[list[Fact], list[list[Fact]], list[Fact]]:
    """What leads, what is told together and what closes, of facts that come the most salient first."""
    last = [fact for fact in chosen if polarity(fact.value) is not None]
    last += [fact for fact in chosen if fact not in last and topic_of(fact.attribute).close]
    told = [fact for fact in chosen if fact not in last]
    groups: dict[str, list[Fact]] = {}
    for fact in told:
        groups.setdefault(topic_of(fact.attribute).group or fact.attribute, []).append(fact)
    together = [
        group for group in ([fact for fact in group if fact not in told[:1]] for group in groups.values()) if group
    ]
    return told[:1], together, last


def _known(
    entries: Sequence[KnowledgeEntry], product: Product, profile: Profile
) -> tuple[list[Fact], list[tuple[str, str]]]:
    """The facts of the entries that are taken, and those that are not with the reason."""
    own = own_attributes(product) if entries else set()
    taken: list[Fact] = []
    refused = []
    for entry in entries:
        fact = Fact(entry.attribute, entry.value, knowledge=entry.key)
        if counted_name(entry.attribute) in own:
            reason: str | None = "the product's own attribute wins"
        elif entry.locale and language_of(entry.locale) != language_of(profile.locale):
            reason = f"is approved for the language {language_of(entry.locale)} only"
        elif len(taken) == MAX_KNOWLEDGE:
            reason = f"{MAX_KNOWLEDGE} approved facts are enough"
        else:
            reason = reason_to_leave_out(fact, (), profile)
        if reason:
            refused.append((entry.attribute, f"knowledge {entry.key}: {reason}"))
        else:
            taken.append(fact)
    return taken, refused


def _with_names(fact: Fact, left_out: Mapping[str, str]) -> Fact:
    """Title and category with the names of the attributes that they tell: copy of an "Enamel Mug" may speak of its
    ``coating``."""
    if fact.attribute not in ("title", "category"):
        return fact
    repeats = REPEATS.format(fact.attribute)
    told = [name for name, reason in left_out.items() if reason == repeats]
    if not told:
        return fact
    return replace(fact, also=(*fact.also, *(f"{fact.value} {plain_name(name)}" for name in told)))


def _approved(fact: Fact, profile: Profile) -> Fact:
    """A fact in the profile's wording: what its glossary has instead of the value, or of an item of a list or of a
    category's path. The catalogue's own wording stays valid, as does each other one that is approved."""
    if fact.attribute in ("title", "brand"):
        return fact
    if (state := polarity(fact.value)) is not None:
        # A catalogue's letter is no word to tell.
        is_letter = fact.value.upper() in ("Y", "N")
        return replace(fact, value="yes" if state else "no", also=(fact.value,)) if is_letter else fact
    wordings = _wordings(profile)
    if not wordings:
        return fact
    if whole := wordings.get(fact.value.casefold()):
        return replace(fact, value=whole[0], also=(*whole[1:], fact.value))
    separator = " > " if fact.attribute == "category" else ", "
    items = fact.value.split(separator)
    found = [wordings.get(item.casefold(), (item,)) for item in items]
    worded = separator.join(words[0] for words in found)
    if worded == fact.value:
        return fact
    others = tuple(word for words in found for word in words[1:])
    return replace(fact, value=worded, also=(*others, fact.value))


@lru_cache(maxsize=256)
def _wordings(profile: Profile) -> Mapping[str, Sequence[str]]:
    return {value.casefold(): words for value, words in profile.glossary.items()}
