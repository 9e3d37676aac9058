"""``shelftalk bench path``: what the path around the model costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def path(
    events: Annotated[int, typer.Option(min=1, help="Publish so many at once, and as many at a steady rate.")] = 3_000,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Events a second; half of what was reached without it.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="So many workers together.")] = 1,
    replay: Annotated[
        Path | None, typer.Option(help="Texts that a model wrote, as JSON Lines with `sku` and `text`.")
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="The products that these texts describe, as JSON Lines (.gz too).")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
) -> None:
    """Measure from XADD to the committed row, with an engine that answers at once. It has servers of its own."""
    from shared.benchmarks.path import PathOptions
    from shared.cli.bench import measure

    measure(
        "path",
        PathOptions(events=events, rate=rate, workers=workers, replay=replay, products=products, out=json_file),
    )
