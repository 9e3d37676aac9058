"""Freshness: which changes of a product call for new copy, and which cost nothing. The evidence decides."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.content.planning import Plan
from shared.content.salience import Salience
from shared.events import Product
from shared.factcheck.evidence import Span, find_spans
from shared.facts import Fact
from shared.freshness import CLOSING, Standing, appraise, input_digest, known_facts
from shared.policy import Policy
from shared.profiles import Profile
from shared.rules.hits import RulePack

PAGE = Profile(name="page", version="1", max_attributes=6, ignored_attributes=("price",), rules=())
POLICY = Policy({"page": PAGE}, {}, Salience(), id=1)
LAMP = {"material": "brass", "color": "black", "power": "40 watt"}
TEXT = "The Aldo 12 is a black lamp made of brass."
SAME = "nothing that the copy depends on has changed"


def product(attributes: dict[str, Any], **members: Any) -> Product:
    return Product(
        **{"sku": "A1", "version": 1, "title": "Aldo 12", "category": ["lamp"]} | members, attributes=attributes
    )


def published(
    attributes: dict[str, Any], text: str = TEXT, policy: Policy = POLICY, profile: Profile = PAGE
) -> Standing:
    """Published copy that says this of a product with these attributes."""
    written_of = product(attributes)
    plan = policy.plan(written_of, profile)
    spans = find_spans(text, plan.facts)
    assert all(span.kind != "unsupported" for span in find_spans(text, known_facts(written_of, plan)))
    return Standing(
        requested_digest=input_digest(plan, profile),
        is_newest=True,
        status="published",
        text=text,
        profile_version=profile.version,
        policy_id=policy.id,
        facts=[(fact.attribute, fact.value) for fact in plan.facts],
        evidence=[asdict(span) for span in spans],
    )


def reason(
    standing: Standing | None,
    attributes: dict[str, Any],
    policy: Policy = POLICY,
    profile: Profile = PAGE,
    **members: Any,
) -> str | None:
    """Why the copy may stand now that the product is like this; None when new copy is called for."""
    return appraise(product(attributes, **members), profile, policy, standing)[1]


def test_what_was_never_described_is_asked_for() -> None:
    assert reason(None, LAMP) is None


def test_after_a_failure_copy_is_asked_for_again() -> None:
    assert reason(replace(published(LAMP), requested_digest=None), LAMP) is None


def test_when_nothing_changed_nothing_is_asked_for() -> None:
    assert reason(published(LAMP), LAMP) == SAME
    assert reason(published(LAMP), {**LAMP, "price": 12}) == SAME


def test_a_changed_attribute_that_no_published_span_uses_costs_nothing_and_is_named() -> None:
    said = reason(published(LAMP), {**LAMP, "power": "60 watt"})

    assert said == "no published words rest on what has changed: power"


def test_a_changed_attribute_that_a_span_uses_asks_for_new_copy() -> None:
    assert reason(published(LAMP), {**LAMP, "color": "white"}) is None
    assert reason(published(LAMP), {**LAMP, "material": "steel"}) is None


def test_an_added_attribute_that_the_plan_chooses_asks_for_new_copy() -> None:
    assert reason(published(LAMP), {**LAMP, "height": "30 cm"}) is None


def test_a_removed_attribute_that_no_span_uses_costs_nothing() -> None:
    without = {name: value for name, value in LAMP.items() if name != "power"}

    assert reason(published(LAMP), without) == "no published words rest on what has changed: power"


def test_a_removed_attribute_that_a_span_uses_asks_for_new_copy() -> None:
    assert reason(published(LAMP), {"material": "brass", "power": "40 watt"}) is None


def test_another_title_brand_or_category_asks_for_new_copy() -> None:
    standing = published(LAMP)

    assert reason(standing, LAMP, title="Aldo 13") is None
    assert reason(standing, LAMP, brand="Norrland") is None
    assert reason(standing, LAMP, category=["chandelier"]) is None


def test_an_added_attribute_that_contradicts_the_copy_asks_for_new_copy_though_the_plan_leaves_it_out() -> None:
    short = PAGE.model_copy(update={"max_attributes": 2, "attribute_weights": {"switch": 0.2, "cord": 0.2}})
    lamp = {"cord length": "2 m", "color": "black", "switch": "rotary"}
    standing = published(lamp, "The Aldo 12 is a black lamp with a 2 m cord.", profile=short)

    assert reason(standing, {**lamp, "switch": "touch"}, profile=short) == SAME
    assert reason(standing, {**lamp, "cord": True}, profile=short) == SAME
    assert reason(standing, {**lamp, "cord": False}, profile=short) is None
    assert reason(replace(standing, status="needs_review"), {**lamp, "cord": False}, profile=short) == SAME


def test_many_changes_are_named_in_part() -> None:
    many = {f"part {letter}": f"type {letter}" for letter in "pqrstu"}
    wide = PAGE.model_copy(update={"max_attributes": 12})
    standing = published({**LAMP, **many}, profile=wide)
    said = reason(standing, {**LAMP, **dict.fromkeys(many, "another")}, profile=wide)

    assert said is not None and said.endswith(" and others")
    assert said.count(",") == 4


def test_attributes_in_another_order_cost_nothing() -> None:
    turned = dict(reversed(LAMP.items()))

    assert reason(published(LAMP), turned) == "no published words rest on what has changed: the order of the attributes"


def test_a_change_back_and_forth_is_judged_by_what_the_copy_was_written_from() -> None:
    standing = published(LAMP)

    assert reason(standing, {**LAMP, "power": "60 watt"}) is not None
    assert reason(standing, LAMP) == SAME
    assert reason(standing, {**LAMP, "power": "60 watt", "color": "white"}) is None


@pytest.mark.parametrize("changes", [{"status": "needs_review"}, {"status": "rejected"}, {"is_newest": False}])
def test_what_is_not_published_or_not_the_newest_is_asked_for_anew_by_any_change(changes: dict[str, Any]) -> None:
    standing = replace(published(LAMP), **changes)

    assert reason(standing, {**LAMP, "power": "60 watt"}) is None
    assert reason(standing, LAMP) == SAME


def test_another_version_of_the_profile_asks_for_new_copy() -> None:
    assert reason(published(LAMP), LAMP, profile=PAGE.model_copy(update={"version": "2"})) is None


def test_a_closing_sentence_is_no_reason_for_new_copy() -> None:
    closing = "Order in time for the holidays."
    closed = PAGE.model_copy(update={"closing": closing})
    standing = published(LAMP, profile=closed)
    text = f"{TEXT} {closing}"
    own = Span(len(TEXT) + 1, len(text), closing, CLOSING, closing, "exact", source="knowledge", knowledge="page")
    standing = replace(standing, text=text, evidence=[*standing.evidence, asdict(own)])

    assert reason(standing, {**LAMP, "power": "60 watt"}, profile=closed) is not None
    assert reason(standing, {**LAMP, "color": "white"}, profile=closed) is None


def pack(word: str, severity: str = "block", **members: Any) -> RulePack:
    rule = {"id": "word", "severity": severity, "message": "remove it", "words": [word], **members}
    return RulePack.model_validate({"name": "house", "version": "1", "title": "House", "source": "us", "rules": [rule]})


def ruled(by: RulePack, id_: int = 2) -> tuple[Policy, Profile]:
    strict = PAGE.model_copy(update={"rules": ("house",)})
    return Policy({"page": strict}, {"house": by}, Salience(), id=id_), strict


def test_a_rule_that_now_blocks_published_copy_asks_for_new_copy() -> None:
    policy, strict = ruled(pack("brass"))
    standing = published(LAMP, profile=strict)

    assert reason(standing, LAMP, policy, strict) is None
    assert reason(replace(standing, policy_id=2), LAMP, policy, strict) == SAME, "it was written under this policy"
    assert reason(replace(standing, is_newest=False), LAMP, policy, strict) == SAME, "new copy is on its way"


def test_a_rule_that_only_asks_for_a_review_leaves_published_copy() -> None:
    policy, strict = ruled(pack("brass", "review"))

    assert reason(published(LAMP, profile=strict), LAMP, policy, strict) == SAME


def test_a_rule_that_evidence_excuses_leaves_published_copy() -> None:
    policy, strict = ruled(pack("brass", unless_evidence=["material"]))

    assert reason(published(LAMP, profile=strict), LAMP, policy, strict) == SAME


def test_all_that_is_known_holds_what_the_plan_left_out() -> None:
    short = PAGE.model_copy(update={"max_attributes": 1})
    found = product(LAMP)
    plan = POLICY.plan(found, short)
    known = known_facts(found, plan)

    assert {fact.attribute for fact in known} == {"title", "category", *LAMP}
    assert len(plan.facts) == 3


def digest(found: Product, profile: Profile = PAGE) -> str:
    return input_digest(POLICY.plan(found, profile), profile)


def test_the_digest_changes_with_each_fact_that_the_copy_shows_and_no_other() -> None:
    before = digest(product({"color": "red"}))

    assert digest(product({"color": "red", "price": 39}, version=7, supplier_text="x")) == before
    different = [
        product({"color": "blue"}),
        product({"colour": "red"}),
        product({"color": "red", "size": "XL"}),
        product({"color": "red"}, title="Lamps"),
        product({"color": "red"}, brand="B"),
    ]
    assert len({before, *map(digest, different)}) == 6


def test_another_profile_or_another_version_of_it_is_another_digest() -> None:
    profiles = [PAGE, PAGE.model_copy(update={"version": "2"}), PAGE.model_copy(update={"name": "teaser"})]

    assert len({digest(product(LAMP), profile) for profile in profiles}) == 3


def test_another_approved_wording_is_another_digest() -> None:
    german = PAGE.model_copy(update={"glossary": {"black": ("schwarz",)}})
    other = PAGE.model_copy(update={"glossary": {"black": ("schwarz", "schwarze")}})

    assert digest(product(LAMP), german) != digest(product(LAMP), other)


PAIRS = st.lists(st.tuples(st.text(), st.text()), max_size=4)


@given(PAIRS, PAIRS)
def test_two_lists_of_facts_have_the_same_digest_only_if_they_are_equal(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    plans = [Plan(tuple(Fact(*pair) for pair in pairs), (), (), (), ()) for pairs in (first, second)]
    digests = [input_digest(plan, PAGE) for plan in plans]

    assert (digests[0] == digests[1]) == (first == second)
