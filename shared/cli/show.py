"""``shelftalk show SKU``: a product's copy, what supports it, and how it came to be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.text import Text

SCORES = (
    "quality",
    "attribute_coverage",
    "numeric_fidelity",
    "unsupported_spans",
    "grounded_precision",
    "repetition",
    "length_fit",
    "language_match",
    "confidence",
    "refusal",
    "pii",
)
STATUS_STYLES = {"published": "green", "needs_review": "yellow", "rejected": "red"}


def show(
    sku: Annotated[str, typer.Argument(help="The product's key.")],
    source: Annotated[str | None, typer.Option(help="Its source, when several have this sku.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Show the current copy of a product with its scores and evidence, and its history."""
    from shared import db
    from shared.errors import ConfigurationError
    from shared.repository import reading

    with db.engine().connect() as connection:
        copies = reading.copy_of(connection, sku, source)
        events = reading.events_of(connection, sku, source)
    if not events:
        raise ConfigurationError(f"no event of a product {sku!r} has arrived; its sku is as published, case included")
    if as_json:
        typer.echo(json.dumps({"copy": copies, "events": events}, default=str))
        return
    _print(copies, events)


def _print(copies: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    from shared.cli.terminal import console, plain

    out = console()
    current = [copy for copy in copies if copy["is_current"]]
    for copy in current:
        style = STATUS_STYLES[copy["status"]]
        out.print(f"\n[bold]{plain(copy['sku'])}[/bold] of {plain(copy['source'])}, profile {copy['profile']}")
        reasons = f": {plain('; '.join(copy['reasons']))}" if copy["reasons"] else ""
        out.print(f"[{style}]{copy['status']}[/{style}]{reasons}")
        out.print(marked(copy["text"], copy["evidence"]), soft_wrap=True)
        out.print(", ".join(f"{name} {_number(copy[name])}" for name in SCORES), style="dim")
        _print_evidence(out, copy["evidence"])
    if not current:
        out.print(f"{plain(events[0]['sku'])} of {plain(events[0]['source'])} has no copy now")
    _print_history(out, copies, events)


def marked(text: str, evidence: list[dict[str, Any]]) -> Text:
    """The text with supported spans in green and unsupported ones in red."""
    from rich.text import Text

    shown = Text(text)
    for span in evidence:
        shown.stylize("green" if span["attribute"] else "bold red", span["start"], span["end"])
    return shown


def _number(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value).lower()


def _print_evidence(out: Any, evidence: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from shared.cli.terminal import plain

    if not evidence:
        return
    table = Table("words", "supported by", "value", "match", box=None, title="evidence", title_justify="left")
    for span in evidence:
        cells = (span["text"], span["attribute"] or "nothing", span["value"] or span["reason"], span["kind"])
        table.add_row(*map(plain, cells))
    out.print(table)


def _print_history(out: Any, copies: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from shared.cli.terminal import plain

    older = [copy for copy in copies if not copy["is_current"]]
    if older:
        table = Table(
            "version", "written", "status", "quality", "text", box=None, title="history", title_justify="left"
        )
        for copy in older:
            written = f"{copy['described_at']:%Y-%m-%d %H:%M:%S}"
            quality = _number(copy["quality"])
            table.add_row(str(copy["described_version"]), written, copy["status"], quality, plain(copy["text"]))
        out.print(table)
    table = Table("version", "received", "outcome", "why", box=None, title="events", title_justify="left")
    for event in events:
        received = f"{event['received_at']:%Y-%m-%d %H:%M:%S}"
        why = plain(event["reason"] or "")
        version = str(event["product_version"] if event["product_version"] is not None else "")
        table.add_row(version, received, event["outcome"] or "open", why)
    out.print(table)
