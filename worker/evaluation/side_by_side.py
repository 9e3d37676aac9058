"""``shelftalk eval models``: any number of models and the trivial template side by side on one file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.cli.terminal import console, progress
from shared.curation.families import family_of, split_of
from shared.errors import ConfigurationError
from shared.evaluation.options import ModelsOptions
from shared.policy import read_policy
from shared.settings import Settings
from worker.drafting import Brief
from worker.evaluation.briefs import briefs_of
from worker.evaluation.catalogue import Row, merged, read_catalogue, sample
from worker.evaluation.display import print_metrics
from worker.evaluation.measuring import Measured, all_measured
from worker.evaluation.metrics import Estimate, Part, estimates, parts_of
from worker.evaluation.models import Contestants
from worker.evaluation.page import page
from worker.evaluation.texts import Text, TextFile, all_texts


@dataclass(frozen=True)
class Result:
    """What one contestant wrote, by the line of the product, and how it was measured."""

    measured: Mapping[int, Measured]
    parts: Mapping[int, Mapping[str, Part]]
    metrics: Mapping[str, Estimate | None]


def run(options: ModelsOptions, config: Settings, contestants: Contestants) -> int:
    """Measure, print, and write what the options ask for. Returns the exit status: 1 when rows had to be left out.

    Raises:
        ConfigurationError: when nothing can be measured, or a file cannot be written.
    """
    found, problems = read_catalogue(options.file)
    policy = read_policy(config)
    rows = sample(_products(found, options), options.limit, options.seed)
    briefs = briefs_of(rows, options, config, policy)
    texts, failures = all_texts(contestants, briefs, TextFile(options.out), config.threads)
    problems += [f"{options.file}: line {line}: {reason}" for line, reason in sorted(failures.items())]
    for problem in problems:
        console(stderr=True).print(problem, markup=False, soft_wrap=True)
    rows = [row for row in rows if row.line not in failures]
    if not rows:
        raise ConfigurationError(f"{options.file}: nothing was written; the lines above say why")
    with progress("scoring") as bar:
        results = {}
        for done, name in enumerate(texts):
            bar(done, len(texts), name)
            results[name] = _result(rows, briefs, texts[name], options.seed)
    report = document(rows, results, contestants, options, config)
    _publish(report, rows, briefs, results, options)
    return int(bool(problems))


def _products(rows: Sequence[Row], options: ModelsOptions) -> Sequence[Row]:
    """The products of a file, or those that no training sees."""
    products = merged(rows)
    if not options.held_out:
        return products
    held_out = [row for row in products if split_of(family_of(row.product)) == "holdout"]
    if not held_out:
        raise ConfigurationError(f"{options.file}: none of its products is held out; leave --held-out out")
    return held_out


def _result(rows: Sequence[Row], briefs: Mapping[int, Brief], texts: Mapping[int, Text], seed: int) -> Result:
    found = all_measured(rows, briefs, texts)
    parts = parts_of(texts, found, briefs)
    return Result(found, parts, estimates(list(parts.values()), seed=seed))


def document(
    rows: Sequence[Row],
    results: Mapping[str, Result],
    contestants: Contestants,
    options: ModelsOptions,
    config: Settings,
) -> dict[str, Any]:
    """The report as JSON holds it; docs/evaluation.md names its members."""
    names = _names(rows)
    return {
        "file": options.file.name,
        "rows": len(rows),
        "profile": options.profile,
        "seed": options.seed,
        "candidates": config.candidates,
        "second_try": config.second_try,
        "contestants": {
            name: {
                "model": dict(model.document) if (model := contestants[name]) else {},
                "metrics": {metric: each and asdict(each) for metric, each in result.metrics.items()},
                "rows": {
                    names[line]: {metric: part.value for metric, part in parts.items()}
                    for line, parts in result.parts.items()
                },
            }
            for name, result in results.items()
        },
    }


def _names(rows: Sequence[Row]) -> dict[int, str]:
    """How a report names each product: by its SKU, with the line where two products have one SKU."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for row in rows:
        sku = row.product.sku
        names[row.line] = f"{sku} (line {row.line})" if sku in taken else sku
        taken.add(sku)
    return names


def _publish(
    report: Mapping[str, Any],
    rows: Sequence[Row],
    briefs: Mapping[int, Brief],
    results: Mapping[str, Result],
    options: ModelsOptions,
) -> None:
    """Print the table, and write the files that were asked for."""
    if options.json_file:
        _write(options.json_file, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    if options.report:
        measured = {name: result.measured for name, result in results.items()}
        parts = {name: result.parts for name, result in results.items()}
        _write(options.report, page(report, rows, briefs, measured, parts, options.samples))
    print_metrics(report, console())


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8", errors="replace")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}; name another file") from None
