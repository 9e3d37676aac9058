"""``shelftalk eval facts``: the champion, the untuned base and a trivial template side by side, in every score."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shared.cli.terminal import console, progress
from shared.errors import ConfigurationError
from shared.evaluation.options import FactsOptions
from shared.policy import read_policy
from shared.settings import Settings
from worker.drafting import Brief
from worker.evaluation.briefs import briefs_of
from worker.evaluation.catalogue import read_catalogue, sample
from worker.evaluation.display import print_facts, print_samples
from worker.evaluation.measuring import Measured, all_measured, summary
from worker.evaluation.models import Model
from worker.evaluation.texts import TextFile, all_texts


def run(options: FactsOptions, config: Settings, champion: Model, base: Model) -> int:
    """Measure and print. Returns the exit status: 1 when rows had to be left out.

    Where the base is the champion, its texts are written once and count for both.

    Raises:
        ConfigurationError: when nothing can be measured.
    """
    found, problems = read_catalogue(options.file)
    rows = sample(found, options.limit, options.seed)
    briefs = briefs_of(rows, options, config, read_policy(config))
    contestants = {"champion": champion, "base": base, "template": None}
    texts, failures = all_texts(contestants, briefs, TextFile(options.out), config.threads)
    problems += [f"{options.file}: line {line}: {reason}" for line, reason in sorted(failures.items())]
    for problem in problems:
        console(stderr=True).print(problem, markup=False, soft_wrap=True)
    rows = [row for row in rows if row.line not in failures]
    if not rows:
        raise ConfigurationError(f"{options.file}: nothing was written; the lines above say why")
    with progress("scoring") as bar:
        by_name = {}
        for done, name in enumerate(texts):
            bar(done, len(texts), name)
            by_name[name] = list(all_measured(rows, briefs, texts[name]).values())
    locale = briefs[rows[0].line].profile.locale
    report = {name: summary(each, locale) for name, each in by_name.items()}
    if champion.digest == base.digest:
        report["champion"]["note"] = (
            f"The champion is the untuned base model, {base.name}; its texts were written once."
        )
        by_name = {"champion and base": by_name["base"], "template": by_name["template"]}
    _print(report, by_name, briefs, options)
    return int(bool(problems))


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
