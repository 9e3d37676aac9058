"""Whether a product calls for new copy, or what is published still stands.

The evidence decides: a changed attribute that no published span rests on costs no generation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.content.planning import LESS_SALIENT, Plan
from shared.events import Product
from shared.factcheck.evidence import Span, find_spans
from shared.facts import Fact, product_facts
from shared.policy import Policy
from shared.profiles import Profile
from shared.rules.hits import rule_hits

CLOSING = "closing sentence"
"""What supports the approved sentence that a profile puts at the end: the profile's version stands for it."""

_MOST_NAMED = 5


@dataclass(frozen=True)
class Standing:
    """The copy of a product in one profile as it stands.

    ``requested_digest`` is what the newest generation was asked for, None after a failure. The rest is the current
    description's, as long as there is one; ``is_newest`` says that the generation asked for last wrote it.
    """

    requested_digest: str | None
    is_newest: bool = False
    status: str | None = None
    text: str = ""
    profile_version: str = ""
    policy_id: int | None = None
    facts: Sequence[tuple[str, str]] = ()
    evidence: Sequence[dict[str, Any]] = ()

    @property
    def is_published(self) -> bool:
        """Whether shoppers read it, and nothing newer is on its way."""
        return self.is_newest and self.status == "published"


def known_facts(product: Product, plan: Plan) -> list[Fact]:
    """All that is known of a product: what its copy is to say, with approved knowledge, and what was left out."""
    planned = {fact.attribute for fact in plan.facts}
    return [*plan.facts, *(fact for fact in product_facts(product) if fact.attribute not in planned)]


def input_digest(plan: Plan, profile: Profile) -> str:
    """What a description is made from, as one digest: the same digest needs no new copy."""
    facts = [[fact.attribute, fact.value, *fact.also] for fact in plan.facts]
    content = [profile.name, profile.version, *facts]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def appraise(product: Product, profile: Profile, policy: Policy, standing: Standing | None) -> tuple[str, str | None]:
    """The digest of what the copy would be made from, and why what stands may stand, in words for the ledger.

    The reason is None when new copy is called for: there is none yet, the profile changed, a rule now blocks what is
    published, the plan has an attribute that was not known before, a value that a published span rests on is another
    now, or something known speaks against a published statement.
    """
    plan = policy.plan(product, profile)
    digest = input_digest(plan, profile)
    if standing is None or standing.requested_digest is None or _is_blocked(standing, profile, policy):
        return digest, None
    if standing.requested_digest == digest:
        is_refuted = standing.is_published and _has_witness(plan) and not _holds(standing, product, profile, plan)
        return digest, None if is_refuted else "nothing that the copy depends on has changed"
    if not standing.is_published or standing.profile_version != profile.version:
        return digest, None
    before = dict(standing.facts)
    now = {fact.attribute: fact.value for fact in plan.facts}
    if not now.keys() <= before.keys() or not _holds(standing, product, profile, plan):
        return digest, None
    changed = [name for name, value in before.items() if now.get(name) != value] or ["the order of the attributes"]
    named = ", ".join(changed[:_MOST_NAMED]) + (" and others" if len(changed) > _MOST_NAMED else "")
    return digest, f"no published words rest on what has changed: {named}"


def _is_blocked(standing: Standing, profile: Profile, policy: Policy) -> bool:
    """Whether a rule that came into force after the copy was written keeps it from being published."""
    if not standing.is_published or standing.policy_id == policy.id:
        return False
    spans = [Span(**span) for span in standing.evidence]
    return any(hit.severity == "block" for hit in rule_hits(standing.text, profile, policy.packs, spans))


def _has_witness(plan: Plan) -> bool:
    """Whether something is known that the copy is not to say, but that could speak against what it says. The check
    takes milliseconds, and most changes are of prices and stocks, which cannot."""
    return any(reason.startswith(LESS_SALIENT) for _, reason in plan.left_out)


def _holds(standing: Standing, product: Product, profile: Profile, plan: Plan) -> bool:
    """Whether all that the published text rests on is as it was, and nothing known speaks against it."""
    known = known_facts(product, plan)
    values = {fact.attribute: fact.value for fact in known}
    used = {(span["attribute"], span["value"]) for span in standing.evidence} - {(None, None)}
    if any(values.get(attribute) != value for attribute, value in used if attribute != CLOSING):
        return False
    own = standing.text.removesuffix(profile.closing or "")
    return all(span.kind != "unsupported" for span in find_spans(own, known, profile.locale))
