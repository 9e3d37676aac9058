"""``shelftalk eval facts``: the champion, the untuned base and a trivial template side by side on one file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.cli.terminal import Bar, console, progress
from shared.errors import ConfigurationError
from shared.evaluation.options import FactsOptions, Options
from shared.gate import Standards
from shared.policy import Policy, read_policy
from shared.settings import Settings
from worker.drafting import Brief
from worker.evaluation.catalogue import Row, read_catalogue, sample
from worker.evaluation.display import print_facts, print_samples
from worker.evaluation.measuring import Measured, likenesses, measured, summary
from worker.evaluation.models import Model
from worker.evaluation.texts import Text, TextFile, model_texts, template_texts

CONTESTANTS = ("champion", "base", "template")


def briefs_of(rows: Sequence[Row], options: Options, config: Settings, policy: Policy) -> dict[int, Brief]:
    """What is to be written for each row, by its line, as the policy has it today.

    Raises:
        ConfigurationError: when the policy has no such profile.
    """
    profile = policy.on(datetime.now(ZoneInfo(config.time_zone)).date()).get(options.profile)
    if profile is None:
        raise ConfigurationError(f"--profile: there is no {options.profile!r}; known are {', '.join(policy.profiles)}")
    standards = Standards(config.publish_quality, config.reject_quality, config.candidates, config.second_try)
    return {
        row.line: Brief(row.product, profile, policy.plan(row.product, profile), standards, policy.packs)
        for row in rows
    }


def run(options: FactsOptions, config: Settings, base: Model) -> int:
    """Measure and print. Returns the exit status: 1 when rows had to be left out.

    No model has been trained yet, so that the base serves; its texts are written once and count for both.

    Raises:
        ConfigurationError: when nothing can be measured.
    """
    found, problems = read_catalogue(options.file)
    rows = sample(found, options.limit, options.seed)
    briefs = briefs_of(rows, options, config, read_policy(config))
    kept = TextFile(options.out)
    with progress("writing") as bar:
        texts, failures = model_texts(base, "base", briefs, kept, config.threads, bar)
    problems += [f"{options.file}: line {line}: {reason}" for line, reason in sorted(failures.items())]
    for problem in problems:
        console(stderr=True).print(problem, markup=False, soft_wrap=True)
    rows = [row for row in rows if row.line in texts]
    if not rows:
        raise ConfigurationError(f"{options.file}: nothing was written; the lines above say why")
    locale = briefs[rows[0].line].profile.locale
    template = template_texts({row.line: briefs[row.line] for row in rows}, kept)
    with progress("scoring") as bar:
        by_base, by_template = _all_measured(rows, briefs, (texts, template), bar)
    note = f"No model is trained yet: the champion is the base model, {base.name}, and its texts were written once."
    report = {
        "champion": summary(by_base, locale) | {"note": note},
        "base": summary(by_base, locale),
        "template": summary(by_template, locale),
    }
    _print(report, {"champion and base": by_base, "template": by_template}, briefs, options)
    return int(bool(problems))


def _all_measured(
    rows: Sequence[Row], briefs: Mapping[int, Brief], contestants: Sequence[Mapping[int, Text]], bar: Bar
) -> list[list[Measured]]:
    """The texts of each contestant with their scores, in the order of the rows."""
    results: list[list[Measured]] = []
    for texts in contestants:
        alike = likenesses({row.line: texts[row.line] for row in rows})
        results.append([])
        for row in rows:
            results[-1].append(measured(row, briefs[row.line], texts[row.line], alike[row.line]))
            bar(sum(map(len, results)), len(rows) * len(contestants))
    return results


def _print(
    report: Mapping[str, Any],
    texts: Mapping[str, Sequence[Measured]],
    briefs: Mapping[int, Brief],
    options: FactsOptions,
) -> None:
    if options.as_json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        print_facts(report, console())
    if options.samples:
        print_samples(texts, briefs, options.samples, console(stderr=options.as_json))
