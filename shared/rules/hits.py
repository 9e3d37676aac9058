"""Holds copy against rule packs, which say as data what it must not say. Each is one TOML file in ``rules/``.

A profile names the packs that its copy is held against. A hit of severity ``block`` is never published, one of
``review`` goes to a curator, and one of ``note`` is only recorded. ``docs/rules.md`` tells what a pack may hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import ConfigurationError
from shared.profiles import Profile
from shared.rules.files import load_pack, load_packs
from shared.rules.matching import Folded, folded, matches, phrases
from shared.rules.packs import ANY, TITLE_START, Rule, RulePack, Severity
from shared.text import language_of

if TYPE_CHECKING:
    from shared.factcheck.evidence import Span

__all__ = ["Hit", "Rule", "RulePack", "Severity", "check_names", "compliance", "load_pack", "load_packs", "rule_hits"]

MAX_CHARACTERS = 20_000
"""The longest text that is held against rules. A longer one is blocked unread."""

_NAMES = ("title", "brand", "category")


@dataclass(frozen=True)
class Hit:
    """What a rule found: ``text`` stands from ``start`` to ``end``, counted in code points; ``message`` says the fix.

    The pack ``profile`` are the profile's own words, and ``limits`` the bounds of the check itself.
    """

    pack: str
    rule: str
    severity: Severity
    start: int
    end: int
    text: str
    message: str


def rule_hits(text: str, profile: Profile, packs: Mapping[str, RulePack], spans: Sequence[Span] = ()) -> list[Hit]:
    """What the packs of a profile, and its own words, find in its copy, in the text's order.

    ``spans`` are the copy's evidence (:func:`shared.factcheck.evidence.find_spans`): what the facts support is excused
    by rules that say so.

    Raises:
        ConfigurationError: when the profile names a pack that is not among ``packs``.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"shorten it: no more than {MAX_CHARACTERS} characters are held against the rules"
        return [Hit("limits", "length", "block", MAX_CHARACTERS, len(text), text[MAX_CHARACTERS:], message)]
    check_names(profile, packs)
    said = folded(text)
    hits = [hit for name in profile.rules for hit in _pack_hits(said, profile, packs[name], spans)]
    hits += _own_hits(said, profile)
    return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.pack, hit.rule))


def _pack_hits(said: Folded, profile: Profile, pack: RulePack, spans: Sequence[Span]) -> Iterator[Hit]:
    language = language_of(profile.locale)
    if not pack.covers(language):
        return
    for rule in pack.rules:
        if not rule.applies(language, profile.channel) or _is_allowed(rule, pack, profile):
            continue
        for start, end in rule.found(said, language):
            if not _is_evident(rule, start, end, spans):
                yield Hit(pack.name, rule.id, rule.severity, start, end, said.raw[start:end], rule.message)


def _is_allowed(rule: Rule, pack: RulePack, profile: Profile) -> bool:
    """What a profile allows is allowed by the general pack only: a law or a marketplace knows no such permission."""
    if pack.name != "general":
        return False
    asked = "url" if rule.detect == "domain" else rule.detect
    return asked in profile.allowed or (rule.detect == "html" and profile.format == "html")


def _is_evident(rule: Rule, start: int, end: int, spans: Sequence[Span]) -> bool:
    """Whether evidence that the rule accepts touches a place, and nothing unsupported does."""
    if not rule.unless_evidence:
        return False
    touching = [span for span in spans if span.start < end and start < span.end]
    if TITLE_START in rule.unless_evidence and any(_begins_title(span, start) for span in touching):
        return True
    if any(span.kind == "unsupported" for span in touching):
        return False
    return any(_accepts(rule.unless_evidence, span.attribute) for span in touching)


def _begins_title(span: Span, start: int) -> bool:
    """Whether a place is where the title is told from its start: there catalogues put the brand."""
    return span.attribute == "title" and span.start == start and (span.value or "").startswith(span.text)


def _accepts(wanted: tuple[str, ...], attribute: str | None) -> bool:
    if attribute is None:
        return False
    named = phrases(tuple(word for word in wanted if word != ANY), "en", True)
    return (ANY in wanted and attribute not in _NAMES) or named.search(attribute) is not None


def _own_hits(said: Folded, profile: Profile) -> Iterator[Hit]:
    language = language_of(profile.locale)
    for start, end in matches(phrases(profile.forbidden_words, language, True), said):
        word = said.raw[start:end]
        yield Hit("profile", "forbidden_words", "review", start, end, word, f"profile {profile.name} forbids this word")
    for word in profile.required_words:
        if not phrases((word,), language, True).search(said.text):
            yield Hit("profile", "required_words", "review", 0, 0, "", f"profile {profile.name} requires {word!r}")


def check_names(profile: Profile, packs: Mapping[str, RulePack], path: Path | None = None) -> None:
    """Make sure that a profile names packs that exist and cover its language. ``path`` is the profile's file.

    Raises:
        ConfigurationError: naming the file, the line where the file can be read, and the field.
    """
    for name in profile.rules:
        if name in packs and packs[name].covers(profile.locale):
            continue
        if name in packs:
            wrong = f"pack {name} covers {', '.join(packs[name].locales)}, not {profile.locale}; remove it"
        else:
            wrong = f"there is no pack {name}; use one of {', '.join(sorted(packs)) or '(none)'}"
        raise ConfigurationError(f"{_place_of_rules(profile, path)}: {wrong}")


def _place_of_rules(profile: Profile, path: Path | None) -> str:
    if path is None:
        return f"profile {profile.name}: rules"
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return f"{path}: rules"
    found = [number for number, line in enumerate(lines, 1) if line.partition("=")[0].strip() == "rules"]
    return f"{path}: line {found[0]}: rules" if found else f"{path}: rules"


def compliance(hits: Sequence[Hit]) -> float:
    """How well copy keeps the rules: 1 without hits, 0 with a blocking one, else 0.5^r · 0.95^n.

    ``r`` and ``n`` are the numbers of rules of severity ``review`` and ``note`` that have hits; the formula is our own.
    """
    rules = {(hit.pack, hit.rule): hit.severity for hit in hits}
    severities = list(rules.values())
    if "block" in severities:
        return 0.0
    return float(0.5 ** severities.count("review") * 0.95 ** severities.count("note"))
