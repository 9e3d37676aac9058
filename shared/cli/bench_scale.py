"""``shelftalk bench scale``: whether an event costs the same however many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def scale(
    stored: Annotated[
        list[int] | None, typer.Option(min=1, help="Descriptions stored already; may be repeated. [10000, 1000000]")
    ] = None,
    probe: Annotated[int, typer.Option(min=10, help="Measure so many events.")] = 2_000,
    burst: Annotated[int, typer.Option(min=0, help="So many events at once; 0 leaves this out.")] = 100_000,
    workers: Annotated[
        list[int] | None, typer.Option(min=1, help="So many workers together; may be repeated. [1, 2]")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
) -> None:
    """Measure with a million descriptions stored, in a burst of 100,000 events, and with two workers, without a model.

    It has servers of its own, and fills them: it takes half an hour and 10 GB of disk.
    """
    from shared.benchmarks.scale import ScaleOptions
    from shared.cli.bench import measure

    given = {"stored": tuple(stored or ()), "workers": tuple(workers or ())}
    options = ScaleOptions(probe=probe, burst=burst, out=json_file)
    measure("scale", options.model_copy(update={name: value for name, value in given.items() if value}))
