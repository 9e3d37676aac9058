"""The changes of the metamorphic check: one attribute of a plan gets another value or another wording, or goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from shared.content.planning import is_thin
from shared.evaluation.options import Change
from shared.evaluation.perturbations import dropped, flipped, reworded
from shared.events import Product
from shared.facts import Fact
from shared.policy import Policy
from worker.drafting import Brief


@dataclass(frozen=True)
class Changed:
    """What is to be written before and after a change of one attribute; ``new`` is None when it is dropped."""

    kind: Change
    attribute: str
    old: str
    new: str | None
    before: Brief
    after: Brief


def change(
    brief: Brief, policy: Policy, kinds: Sequence[Change], seed: int, pools: Mapping[str, Sequence[str]]
) -> Changed | None:
    """One change, drawn at random, of one attribute that the plan holds; the first of ``kinds`` that can be made.

    Nothing else of the plan changes: a fact that would take the place of a dropped one, or another order, would say
    something of the plan and nothing of who writes. A change is passed over that leaves too little for a description.
    None when no attribute can be changed.
    """
    attributes = [fact.attribute for fact in brief.facts if fact.knowledge is None]
    attributes = [name for name in attributes if name in brief.product.attributes]
    Random(f"{seed} {brief.product.sku}").shuffle(attributes)
    if is_thin(brief.plan):
        return None
    for kind in kinds:
        for attribute in attributes:
            if made := _made(brief, policy, kind, attribute, seed, pools.get(attribute, ())):
                return made
    return None


def _made(brief: Brief, policy: Policy, kind: Change, attribute: str, seed: int, pool: Sequence[str]) -> Changed | None:
    if kind == "drop":
        product: Product | None = dropped(brief.product, attribute)
    elif kind == "flip":
        product = flipped(brief.product, attribute, seed, pool)
    else:
        product = reworded(brief.product, attribute)
    if product is None:
        return None
    [old] = [fact for fact in brief.facts if fact.attribute == attribute]
    new = None if kind == "drop" else _planned(product, brief, policy, attribute)
    if kind != "drop" and (new is None or new.value == old.value):
        return None
    put = {attribute: (new,) if new else ()}
    facts = tuple(fact for each in brief.facts for fact in put.get(each.attribute, (each,)))
    plan = replace(brief.plan, facts=facts)
    if is_thin(plan):
        return None
    after = replace(brief, product=product, plan=plan)
    return Changed(kind, attribute, old.value, new.value if new else None, brief, after)


def _planned(product: Product, brief: Brief, policy: Policy, attribute: str) -> Fact | None:
    """The changed fact in the wording of the profile; None when no plan would take it."""
    alone = product.model_copy(update={"attributes": {attribute: product.attributes[attribute]}})
    facts = policy.plan(alone, brief.profile).facts
    return next((fact for fact in facts if fact.attribute == attribute), None)
