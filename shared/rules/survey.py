"""What other rules would do to the copy that is published now, before they are activated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from shared.factcheck.evidence import Span
from shared.profiles import Profile
from shared.repository.published import PublishedCopy
from shared.rules.hits import Hit, RulePack, Severity, rule_hits

MAX_EXAMPLES = 3
_AROUND = 40
_KEEPS_FROM_PUBLISHING = ("block", "review")
_SPAN_MEMBERS = frozenset(member.name for member in fields(Span))


@dataclass(frozen=True)
class Ruleset:
    """Rule packs, and the profiles that name them."""

    profiles: Mapping[str, Profile]
    packs: Mapping[str, RulePack]

    def hits(self, copy: PublishedCopy) -> list[Hit]:
        """What these rules find in a description; nothing where they do not know its profile."""
        if copy.profile not in self.profiles:
            return []
        spans = [_span(stored) for stored in copy.evidence]
        return rule_hits(copy.text, self.profiles[copy.profile], self.packs, spans)


@dataclass
class Finding:
    """The published copy that a rule would hit and that the rules in force do not."""

    pack: str
    rule: str
    severity: Severity
    descriptions: int = 0
    examples: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Survey:
    """How published copy would fare. ``read`` counts descriptions; ``stopped`` those that would no longer publish."""

    read: int = 0
    stopped: int = 0
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    by_severity: Counter[str] = field(default_factory=Counter)
    without_profile: Counter[str] = field(default_factory=Counter)

    def add(self, copy: PublishedCopy, proposed: Ruleset, active: Ruleset | None) -> None:
        """Hold one description against the proposed rules and those in force."""
        self.read += 1
        if copy.profile not in proposed.profiles:
            self.without_profile[copy.profile] += 1
        before = active.hits(copy) if active else []
        known = {(hit.pack, hit.rule) for hit in before}
        new = {(hit.pack, hit.rule): hit for hit in reversed(proposed.hits(copy))}
        new = {place: hit for place, hit in new.items() if place not in known}
        for place, hit in new.items():
            self._note(place, hit, copy)
        self.by_severity.update({hit.severity for hit in new.values()})
        self.stopped += _keeps_back(new.values()) and not _keeps_back(before)

    def _note(self, place: tuple[str, str], hit: Hit, copy: PublishedCopy) -> None:
        finding = self.findings.setdefault(place, Finding(hit.pack, hit.rule, hit.severity))
        finding.descriptions += 1
        if len(finding.examples) < MAX_EXAMPLES:
            quote = copy.text[max(0, hit.start - _AROUND) : hit.end + _AROUND]
            found = {"text": hit.text, "quote": quote, "message": hit.message}
            finding.examples.append({"sku": copy.sku, "profile": copy.profile} | found)


def survey(copies: Iterable[PublishedCopy], proposed: Ruleset, active: Ruleset | None) -> Survey:
    """Hold published copy against proposed rules. ``active`` are those in force, None when there are none."""
    found = Survey()
    for copy in copies:
        found.add(copy, proposed, active)
    return found


def _keeps_back(hits: Iterable[Hit]) -> bool:
    return any(hit.severity in _KEEPS_FROM_PUBLISHING for hit in hits)


def _span(stored: Mapping[str, Any]) -> Span:
    """A span as it was stored, perhaps by another release."""
    return Span(**{name: value for name, value in stored.items() if name in _SPAN_MEMBERS})
