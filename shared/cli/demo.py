"""``shelftalk demo``: the whole service at work on the sample products."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from shared.stack.state import Stack

SAMPLES = "samples/products.jsonl"
PICTURE_WIDTH, PICTURE_ROWS = 120, 12
ORDER = {"published": 0, "needs_review": 1, "rejected": 2}


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop everything after the table.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw the table into this SVG file too.")] = None,
) -> None:
    """Start a fresh stack, publish the sample products, and show the copy that is written for them."""
    from shared.cli.stack import print_addresses
    from shared.cli.terminal import console
    from shared.settings import settings
    from shared.stack.remote import remove_home, running_stack

    out = console()
    home = settings().home / "demo"
    remove_home(home)
    with running_stack(home, out.print) as stack:
        failed = _publish_samples(home)
        rows = _copies(stack)
        out.print(copy_table(rows))
        out.print(_summary(rows))
        if picture:
            _draw(rows, picture)
        print_addresses(stack, home)
        if not once:
            out.print(f"Try SHELFTALK_HOME={home} shelftalk show {rows[0]['sku']}. Ctrl-C stops everything.")
            threading.Event().wait()
    raise typer.Exit(failed)


def _publish_samples(home: Path) -> int:
    """Run `shelftalk publish` as a catalogue system would. Returns its exit status."""
    from shared.settings import ROOT, child_environment

    command = [sys.executable, "-P", "-m", "shared.cli", "publish", str(ROOT / SAMPLES), "--wait"]
    return subprocess.run(command, env=child_environment(SHELFTALK_HOME=str(home)), check=False).returncode


def _copies(stack: Stack) -> list[dict[str, Any]]:
    from sqlalchemy import text

    from shared import db

    with db.connect(stack.database_url).connect() as connection:
        found = connection.execute(text("SELECT * FROM analytics.current_description ORDER BY quality DESC, sku"))
        rows = [dict(row._mapping) for row in found]
    return sorted(rows, key=lambda row: ORDER[row["status"]])


def copy_table(rows: list[dict[str, Any]]) -> Table:
    """Product, copy, scores and status of each row of ``analytics.current_description``."""
    from rich.markup import escape
    from rich.table import Table

    from shared.cli.show import STATUS_STYLES

    table = Table(show_lines=True, expand=True)
    table.add_column("product", ratio=2)
    table.add_column("copy", ratio=6)
    table.add_column("quality\ncoverage", justify="right", no_wrap=True)
    table.add_column("status", ratio=2)
    for row in rows:
        style = STATUS_STYLES[row["status"]]
        reasons = f"\n[dim]{escape('; '.join(row['reasons']))}[/dim]" if row["reasons"] else ""
        table.add_row(
            f"{escape(row['title'])}\n[dim]{escape(row['sku'])}[/dim]",
            escape(row["text"]),
            f"{row['quality']:.2f}\n{row['attribute_coverage']:.2f}",
            f"[{style}]{row['status']}[/{style}]{reasons}",
        )
    return table


def _draw(rows: list[dict[str, Any]], picture: Path) -> None:
    """The table as a picture: about a dozen rows from the best to the worst, so that it fits beside a page's text."""
    from rich.console import Console

    canvas = Console(record=True, width=PICTURE_WIDTH, file=io.StringIO())
    canvas.print(copy_table(rows[:: max(1, len(rows) // PICTURE_ROWS)]))
    drawing = canvas.export_svg(title="make demo")
    # rich asks a server far away for its font; a picture in a README must not.
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL))


def _summary(rows: list[dict[str, Any]]) -> str:
    counts = {status: sum(row["status"] == status for row in rows) for status in ORDER}
    parts = [f"{count} {status.replace('_', ' ')}" for status, count in counts.items()]
    return f"{len(rows)} descriptions: {', '.join(parts)}"
