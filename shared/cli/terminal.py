"""What the commands print with: rich on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_WIDTH = 140


def console(*, stderr: bool = False) -> Console:
    """A console; where there is no terminal it is wide, so that tables do not wrap needlessly."""
    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH)


def plain(value: object) -> str:
    """Text of a product as it may stand in rich markup: nothing in it styles, or turns the direction of, a line."""
    from rich.markup import escape

    from shared.text import printable

    return escape(printable(str(value)))


class Bar(Protocol):
    """The progress of one long wait."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Show that ``done`` of ``total`` are done."""


@contextmanager
def progress(title: str) -> Iterator[Bar]:
    """A progress bar on a terminal; elsewhere a plain line at each tenth of the way."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield _plain(title, out)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=out) as shown:
        bar = shown.add_task(title, total=None, note="")

        def update(done: int, total: int, note: str = "") -> None:
            shown.update(bar, completed=done, total=total, note=note)

        yield update


def _plain(title: str, out: Console) -> Bar:
    said = -1

    def update(done: int, total: int, note: str = "") -> None:
        nonlocal said
        tenth = 10 * done // total if total else 10
        if tenth != said:
            said = tenth
            out.print(f"{title}: {done} of {total} {note}".rstrip(), markup=False)

    return update
