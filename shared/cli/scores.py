"""``shelftalk scores``: what the scores mean, and what they say of a curator's decision."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(name="scores", help="What the scores mean, and how they predict decisions.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print it as a JSON list.")] = False) -> None:
    """Show each score with its range, formula, source and version."""
    from dataclasses import asdict

    from shared.scoring.definitions import DEFINITIONS, SCORES_VERSION

    if as_json:
        typer.echo(json.dumps([asdict(score) for score in DEFINITIONS], ensure_ascii=False))
        return
    from rich.table import Table

    from shared.cli.terminal import console

    table = Table("score", "range", "best", "formula", "source", "version", show_lines=True)
    for score in DEFINITIONS:
        table.add_row(score.name, score.range, score.best, score.formula, score.source, str(score.version))
    console().print(table)
    typer.echo(f"version of the scores: {SCORES_VERSION}")


@app.command()
def calibrate() -> None:
    """Fit p_accept on the decisions of curators, and say how far it can be trusted."""
    from shared import db
    from shared.repository import calibration
    from shared.scoring.calibration import fit, shortage

    with db.engine().begin() as connection:
        found = calibration.decisions(connection)
        accepted = [outcome for _, outcome in found]
        if lack := shortage(accepted):
            typer.echo(f"not calibrated, p_accept stays empty; {lack}")
            return
        fitted = fit([quality for quality, _ in found], accepted)
        calibration.store(connection, fitted)
    typer.echo(
        f"calibrated on {fitted.decisions} decisions, {sum(accepted)} of them accepted; by cross-validation:"
        f" Brier score {fitted.brier:.3f}, expected calibration error {fitted.ece:.3f} (0 is best for both)"
    )
