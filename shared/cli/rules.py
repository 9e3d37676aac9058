"""``shelftalk rules``: the rule packs, and what they would do to published copy before they are activated."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shared.profiles import Profile
    from shared.rules.hits import Hit, RulePack
    from shared.rules.survey import Ruleset, Survey

app = typer.Typer(name="rules", help="Rule packs: what copy must not say.", no_args_is_help=True)

RulesDir = Annotated[Path | None, typer.Option("--rules-dir", help="Folder of rule packs. Default: the setting.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_packs(rules_dir: RulesDir = None, as_json: AsJson = False) -> None:
    """List the rule packs on disk with their sources."""
    from rich.table import Table

    from shared.cli.terminal import console, plain

    packs = _packs(rules_dir)
    if as_json:
        _print_json([pack.model_dump(mode="json", exclude={"rules"}) | _severities(pack) for pack in packs.values()])
        return
    table = Table("pack", "version", "languages", "block", "review", "note", "title and source", box=None)
    for pack in packs.values():
        counts = _severities(pack)["severities"]
        numbers = [str(counts[severity]) for severity in ("block", "review", "note")]
        about = f"{plain(pack.title)}\n[dim]{plain(pack.source)}[/dim]"
        table.add_row(pack.name, pack.version, " ".join(pack.locales) or "all", *numbers, about)
    console().print(table)


@app.command()
def check(
    pack: Annotated[
        list[Path] | None,
        typer.Option("--pack", help="A pack's file, held against the copy of every profile in its languages."),
    ] = None,
    rules_dir: RulesDir = None,
    text: Annotated[str | None, typer.Option(help="Check this text instead of the published copy.")] = None,
    profile: Annotated[str | None, typer.Option(help="The profile of the text.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the rule packs on disk would do to published copy. Nothing is changed.

    They are compared with those in force. The exit status is 1 only when a file is broken or Postgres is away.
    """
    from shared.rules.hits import load_pack

    extra = {path.stem: load_pack(path) for path in pack or ()}
    proposed = _proposed(_packs(rules_dir) | extra, extra)
    if text is not None:
        _check_text(text, _named(proposed.profiles, profile), proposed.packs, as_json=as_json)
        return
    found, active = _survey(proposed)
    if as_json:
        _print_json(_document(found, proposed, active))
    else:
        _print_survey(found, active)


def _packs(rules_dir: Path | None) -> dict[str, RulePack]:
    from shared.rules.hits import load_packs
    from shared.settings import settings

    return load_packs(rules_dir or settings().rules_dir)


def _proposed(packs: Mapping[str, RulePack], extra: Mapping[str, RulePack]) -> Ruleset:
    """The packs with the profiles on disk, each of which is held against the extra packs of its language as well."""
    from shared.profiles import load_profiles
    from shared.rules.hits import check_names
    from shared.rules.survey import Ruleset
    from shared.settings import settings

    folder = settings().profiles_dir
    profiles = {}
    for name, profile in load_profiles(folder).items():
        check_names(profile, packs, folder / f"{name}.toml")
        more = [each.name for each in extra.values() if each.covers(profile.locale)]
        profiles[name] = profile.model_copy(update={"rules": tuple(dict.fromkeys((*profile.rules, *more)))})
    return Ruleset(profiles, packs)


def _named(profiles: Mapping[str, Profile], name: str | None) -> Profile:
    from shared.errors import ConfigurationError

    if name is None or name not in profiles:
        given = "--text needs --profile" if name is None else f"--profile {name}: there is none"
        raise ConfigurationError(f"{given}; known are {', '.join(sorted(profiles))}")
    return profiles[name]


def _check_text(text: str, profile: Profile, packs: Mapping[str, RulePack], *, as_json: bool) -> None:
    from shared.cli.terminal import console, plain
    from shared.rules.hits import compliance, rule_hits

    hits = rule_hits(text, profile, packs)
    if as_json:
        _print_json({"compliance": compliance(hits), "hits": [vars(hit) for hit in hits]})
        return
    out = console()
    for hit in hits:
        place = f"{hit.start}-{hit.end} {plain(hit.pack)}/{plain(hit.rule)}"
        out.print(f"{_coloured(hit)} {place}: {plain(repr(hit.text))}: {plain(hit.message)}")
    out.print(f"compliance {compliance(hits):.2f}")


def _coloured(hit: Hit) -> str:
    colour = {"block": "red", "review": "yellow", "note": "dim"}[hit.severity]
    return f"[{colour}]{hit.severity}[/{colour}]"


def _survey(proposed: Ruleset) -> tuple[Survey, Ruleset | None]:
    from shared import db
    from shared.repository.published import published_copy
    from shared.rules.survey import survey

    active = _active()
    return survey(published_copy(db.engine()), proposed, active), active


def _active() -> Ruleset | None:
    """The packs and profiles in force."""
    from shared import db
    from shared.profiles import Profile
    from shared.repository import policies
    from shared.rules.survey import Ruleset

    with db.engine().connect() as connection:
        row, packs = policies.newest(connection), policies.active_packs(connection)
    if row is None or packs is None:
        return None
    return Ruleset({name: Profile.from_document(each) for name, each in row["profiles"].items()}, packs)


def _document(found: Survey, proposed: Ruleset, active: Ruleset | None) -> dict[str, Any]:
    return {
        "published": found.read,
        "would_no_longer_publish": found.stopped,
        "newly_hit": {severity: found.by_severity[severity] for severity in ("block", "review", "note")},
        "rules": [vars(finding) for _, finding in sorted(found.findings.items())],
        "without_profile": dict(found.without_profile),
        "packs": {name: pack.version for name, pack in proposed.packs.items()},
        "active": {name: pack.version for name, pack in active.packs.items()} if active else None,
    }


def _print_survey(found: Survey, active: Ruleset | None) -> None:
    from rich.table import Table

    from shared.cli.terminal import console, plain

    out = console()
    against = "compared with the packs in force" if active else "no packs are in force yet"
    out.print(f"{found.read} published descriptions, {against}")
    table = Table("severity", "pack", "rule", "newly hit", "for example", box=None)
    for _, finding in sorted(found.findings.items()):
        quotes = "\n".join(f"{plain(each['sku'])}: …{plain(each['quote'])}…" for each in finding.examples)
        table.add_row(finding.severity, finding.pack, finding.rule, str(finding.descriptions), quotes)
    if found.findings:
        out.print(table)
    for name, count in sorted(found.without_profile.items()):
        out.print(f"{count} not checked: there is no profile {plain(name)} any more")
    out.print(f"{found.stopped} would no longer publish")


def _severities(pack: RulePack) -> dict[str, Any]:
    given = [rule.severity for rule in pack.rules]
    return {"severities": {severity: given.count(severity) for severity in ("block", "review", "note")}}


def _print_json(content: object) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
