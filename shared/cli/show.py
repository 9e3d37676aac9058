"""``shelftalk show SKU``: a product's copy, what supports it, and how it came to be."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

STATUS_STYLES = {"published": "green", "needs_review": "yellow", "rejected": "red"}


def show(
    sku: Annotated[str, typer.Argument(help="The product's key.")],
    source: Annotated[str | None, typer.Option(help="Its source, when several have this sku.")] = None,
    profile: Annotated[str | None, typer.Option(help="The copy of one profile only.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Name each attribute that was left out, with the reason.")
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML too, where the profile asks for it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Show the current copy of a product: evidence in color, scores, plan, rule hits, repair, and its history."""
    found = _found(sku, source, profile)
    if as_json:
        typer.echo(json.dumps(found, default=str))
        return
    _print(found, whole_plan=plan, html=html)


def _found(sku: str, source: str | None, profile: str | None) -> dict[str, Any]:
    """All that is known of a product's copy, as ``--json`` prints it."""
    from shared import db
    from shared.errors import ConfigurationError
    from shared.repository import reading

    with db.engine().connect() as connection:
        copies = reading.copy_of(connection, sku, source)
        events = reading.events_of(connection, sku, source)
        gaps = reading.gaps_of(connection, sku, source)
        keys = {span["knowledge"] for copy in copies for span in copy["evidence"] if span.get("knowledge")}
        knowledge = reading.knowledge_sources(connection, sorted(keys))
    if not events:
        raise ConfigurationError(f"no event of a product {sku!r} has arrived; its sku is as published, case included")
    if profile is not None:
        known = sorted({copy["profile"] for copy in copies})
        if profile not in known:
            raise ConfigurationError(f"{sku!r} has no copy in profile {profile!r}; it has {', '.join(known) or 'none'}")
        copies = [copy for copy in copies if copy["profile"] == profile]
        gaps = [gap for gap in gaps if gap["profile"] == profile]
    return {"copy": copies, "gaps": gaps, "knowledge": knowledge, "events": events}


def _print(found: dict[str, Any], *, whole_plan: bool, html: bool) -> None:
    from shared.cli.copy_view import print_copy
    from shared.cli.terminal import console, plain

    out = console()
    current = sorted((copy for copy in found["copy"] if copy["is_current"]), key=lambda copy: copy["profile"])
    for copy in current:
        print_copy(out, copy, found["knowledge"], whole_plan=whole_plan, html=html)
    if not current:
        newest = found["events"][0]
        out.print(f"{plain(newest['sku'])} of {plain(newest['source'])} has no copy now")
    _print_gaps(out, found["gaps"])
    _print_history(out, found["copy"], found["events"])


def _print_gaps(out: Any, gaps: list[dict[str, Any]]) -> None:
    from shared.cli.terminal import plain

    for gap in gaps:
        announced = "its catalogue was told" if gap["announced_at"] else "its catalogue will be told"
        out.print(
            f"\nversion {gap['product_version']} says too little for {plain(gap['profile'])} ({announced});"
            f" it lacks {plain(', '.join(gap['missing']))}",
            soft_wrap=True,
        )


def _print_history(out: Any, copies: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    from shared.cli.copy_view import number, table
    from shared.cli.terminal import plain

    older = [copy for copy in copies if not copy["is_current"]]
    if older:
        history = table("\nhistory", "version", "written", "profile", "status", "quality", "text")
        for copy in older:
            cells = (f"{copy['described_at']:%Y-%m-%d %H:%M:%S}", copy["profile"], copy["status"])
            history.add_row(str(copy["described_version"]), *cells, number(copy["quality"]), plain(copy["text"]))
        out.print(history)
    ledger = table("\nevents", "version", "received", "outcome", "why")
    for event in events:
        received = f"{event['received_at']:%Y-%m-%d %H:%M:%S}"
        version = "" if event["product_version"] is None else str(event["product_version"])
        ledger.add_row(version, received, event["outcome"] or "open", plain(event["reason"] or ""))
    out.print(ledger)
