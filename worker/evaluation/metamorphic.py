"""``shelftalk eval metamorphic``: one attribute changes, and only the words that it supports may."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.cli.terminal import console, plain, progress
from shared.errors import ConfigurationError
from shared.evaluation.options import MetamorphicOptions
from shared.evaluation.perturbations import value_pools
from shared.policy import read_policy
from shared.settings import Settings
from worker.drafting import Brief
from worker.evaluation.briefs import briefs_of
from worker.evaluation.catalogue import Row, read_catalogue, sample
from worker.evaluation.changes import Changed, change
from worker.evaluation.display import marked
from worker.evaluation.models import Model, written
from worker.evaluation.relations import Outcome, compare
from worker.pipeline import Copy, describe

RATES = ("held", "collateral", "restated", "stale", "stale_published", "lost_meaning", "stated", "published")


def run(options: MetamorphicOptions, config: Settings, model: Model) -> int:
    """Measure and print. Returns the exit status: 1 when rows had to be left out.

    Raises:
        ConfigurationError: when nothing can be measured.
    """
    found, problems = read_catalogue(options.file)
    rows = sample(found, options.limit, options.seed)
    changes = _changes(rows, options, config, value_pools(row.product for row in found))
    if not changes:
        raise ConfigurationError(f"{options.file}: no product has an attribute that can be changed")
    outcomes, failures = _outcomes(changes, model, config.threads)
    problems += [f"{options.file}: line {line}: {reason}" for line, reason in sorted(failures.items())]
    for problem in problems:
        console(stderr=True).print(problem, markup=False, soft_wrap=True)
    if not outcomes:
        raise ConfigurationError(f"{options.file}: nothing was written; the lines above say why")
    unchanged = len(rows) - len(changes)
    if options.as_json:
        examples = [_example(line, each) for line, each in _failed(outcomes)[: options.examples]]
        document = {**report(list(outcomes.values())), "unchanged": unchanged, "examples": examples}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        _print(outcomes, unchanged, options.examples, console())
    return int(bool(problems))


def _changes(
    rows: Sequence[Row], options: MetamorphicOptions, config: Settings, pools: Mapping[str, Sequence[str]]
) -> dict[int, Changed]:
    """The change of each row, by its line. The kinds take turns; where one cannot be made the next is tried."""
    policy = read_policy(config)
    briefs = briefs_of(rows, options, config, policy)
    changes: dict[int, Changed] = {}
    for row in rows:
        turn = len(changes) % len(options.changes)
        kinds = options.changes[turn:] + options.changes[:turn]
        if made := change(briefs[row.line], policy, kinds, options.seed, pools):
            changes[row.line] = made
    return changes


def _outcomes(changes: Mapping[int, Changed], model: Model, threads: int) -> tuple[dict[int, Outcome], dict[int, str]]:
    """What became of each change, by line, and why nothing could be written."""
    briefs = {(line, side): brief for line, each in changes.items() for side, brief in enumerate(_both(each))}
    copies: dict[tuple[int, int], Copy] = {}
    failures: dict[int, str] = {}
    with progress("writing") as bar, model.open() as engine:
        for done, ((line, side), copy) in enumerate(written(briefs, engine, threads, describe), start=1):
            if isinstance(copy, Copy):
                copies[line, side] = copy
            else:
                failures[line] = str(copy)
            bar(done, len(briefs))
    outcomes = {
        line: compare(each, copies[line, 0].draft, copies[line, 1].draft)
        for line, each in changes.items()
        if line not in failures
    }
    return outcomes, failures


def _both(changed: Changed) -> tuple[Brief, Brief]:
    return changed.before, changed.after


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The rates in all and of each kind of change, as shares of the pairs.

    ``held``: all relations hold. ``collateral``: words changed that the attribute does not support;
    ``restated``: other statements did, not only how they are put. ``stale``: the old value is still stated;
    ``stale_published``: in a text that the gate lets pass. ``lost_meaning``: a reworded product is described by other
    attributes. ``stated``: the first text states the attribute. ``published``: both texts are.
    """
    kinds = list(dict.fromkeys(each.changed.kind for each in outcomes))
    return {
        "all": _rates(outcomes),
        **{kind: _rates([each for each in outcomes if each.changed.kind == kind]) for kind in sorted(kinds)},
    }


def _rates(outcomes: Sequence[Outcome]) -> dict[str, float | int]:
    counts = {
        "held": sum(each.holds for each in outcomes),
        "collateral": sum(bool(each.collateral) for each in outcomes),
        "restated": sum(each.is_restated for each in outcomes),
        "stale": sum(each.is_stale for each in outcomes),
        "stale_published": sum(each.is_stale and each.after.verdict.status == "published" for each in outcomes),
        "lost_meaning": sum(each.lost_meaning for each in outcomes),
        "stated": sum(each.is_stated for each in outcomes),
        "published": sum(each.is_published for each in outcomes),
    }
    return {"pairs": len(outcomes)} | {name: counts[name] / len(outcomes) for name in RATES}


def _failed(outcomes: Mapping[int, Outcome]) -> list[tuple[int, Outcome]]:
    return [(line, each) for line, each in outcomes.items() if not each.holds]


def _example(line: int, outcome: Outcome) -> dict[str, Any]:
    changed = outcome.changed
    return {
        "line": line,
        "sku": changed.before.product.sku,
        "change": changed.kind,
        "attribute": changed.attribute,
        "old": changed.old,
        "new": changed.new,
        "before": outcome.before.text,
        "after": outcome.after.text,
        "collateral": outcome.collateral,
        "stale": outcome.is_stale,
        "lost_meaning": outcome.lost_meaning,
    }


def _print(outcomes: Mapping[int, Outcome], unchanged: int, examples: int, out: Console) -> None:
    table = Table(title="One attribute changes: do only its words?", title_justify="left")
    table.add_column("change")
    table.add_column("pairs", justify="right")
    for name in RATES:
        table.add_column(name.replace("_", " "), justify="right")
    for kind, rates in report(list(outcomes.values())).items():
        table.add_row(kind, str(rates["pairs"]), *(f"{rates[name]:.1%}" for name in RATES))
    out.print(table)
    if unchanged:
        out.print(f"{unchanged} more products have no attribute in their plan that can be changed")
    for line, outcome in _failed(outcomes)[:examples]:
        _print_example(line, outcome, out)


def _print_example(line: int, outcome: Outcome, out: Console) -> None:
    changed = outcome.changed
    new = "nothing" if changed.new is None else repr(changed.new)
    out.print(f"\nline {line}, {changed.kind} {plain(changed.attribute)}: {plain(f'{changed.old!r} → {new}')}")
    for name, draft in (("before", outcome.before), ("after", outcome.after)):
        out.print(f"  {name}: ", marked(draft.text, draft.spans), soft_wrap=True)
    found = [f"{before or 'nothing'!r} became {after or 'nothing'!r}" for before, after in outcome.collateral]
    found += ["the old value is still stated"] if outcome.is_stale else []
    found += ["other attributes are stated"] if outcome.lost_meaning else []
    out.print(f"  [red]{plain('; '.join(found))}[/red]", soft_wrap=True)
