"""``shelftalk drift``: how far products, copy and decisions have moved from what the model learnt from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.drift import Measure
    from shared.drift_watch import DriftCheck

KINDS = {"psi": "PSI", "jensen_shannon": "Jensen-Shannon, bits"}


def drift(
    days: Annotated[int, typer.Option(min=1, max=365, help="Compare so many last days.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Compare the last days with what the champion learnt from. It is recorded, as beat's own check is each week."""
    from shared import broker, db
    from shared.drift_watch import check_drift
    from shared.settings import settings

    config = settings()
    check = check_drift(db.engine(), config, broker.celery_app(config.redis_dsn), days)
    if as_json:
        typer.echo(json.dumps(_document(check)))
        return
    _print(check)


def _document(check: DriftCheck) -> dict[str, object]:
    from shared.drift import as_json

    return {
        "id": check.id,
        "snapshot_id": check.snapshot_id,
        "period_start": check.period.start.isoformat(),
        "period_end": check.period.end.isoformat(),
        "is_alert": check.is_alert,
        "asked_for_training": check.asked_for_training,
        "measures": [as_json(measure) for measure in check.measures],
    }


def _print(check: DriftCheck) -> None:
    from rich.table import Table

    from shared.cli.terminal import console

    table = Table("what", "measure", "value", "alert from", "compared", "verdict", "moved most")
    for measure in check.measures:
        table.add_row(*_row(measure))
    out = console()
    out.print(table)
    if check.snapshot_id is None:
        out.print("No run has learnt from curated pairs yet: there is no snapshot to compare products and texts with.")
    if check.asked_for_training:
        out.print("A training run was asked for; `shelftalk status` shows it.")


def _row(measure: Measure) -> tuple[str, ...]:
    from shared.cli.terminal import plain

    colour = {"moved": "red", "moved a little": "yellow", "steady": "green"}.get(measure.verdict, "dim")
    return (
        measure.name,
        KINDS[measure.kind],
        "" if measure.value is None else f"{measure.value:.3f}",
        "" if measure.bound is None else f"{measure.bound:.3f}",
        f"{measure.now} with {measure.before}",
        f"[{colour}]{measure.verdict}[/{colour}]",
        plain(", ".join(map(str, measure.movers))),
    )
