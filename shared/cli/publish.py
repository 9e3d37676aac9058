"""``shelftalk publish``: puts products on the stream, as any catalogue system would."""

from __future__ import annotations

import gzip
import io
import sys
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from shared.events import Event

BATCH = 200
POLL_S = 0.5
RETRY_WAITS_S = (0.5, 1, 2, 4, 8)
SHOWN_ERRORS = 50


def publish(
    file: Annotated[
        str, typer.Argument(help="Products or events, as JSON Lines or CSV (.gz too); - is standard input.")
    ],
    source: Annotated[str, typer.Option(help="The source of rows that name none.")] = "shelftalk-cli",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until each event has ended; exit 1 if any failed.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 3_600,
) -> None:
    """Publish products. A wrong line is named with its field and left out; the good ones are published."""
    from shared.cli.terminal import console

    out = console(stderr=True)
    events, wrong = read(file, source, out)
    entries = send(events)
    out.print(f"published {len(entries)} events" + (f", left out {wrong} wrong lines" if wrong else ""))
    failed = await_outcomes(entries, timeout, out) if wait and entries else 0
    raise typer.Exit(int(bool(wrong or failed)))


def read(file: str, source: str, out: Console) -> tuple[list[Event], int]:
    """The events of a file, and how many lines are wrong; each wrong line is printed with its field."""
    from shared.product_files import read_lines

    lines, as_csv = _lines(file)
    events: list[Event] = []
    wrong = 0
    unknown: dict[str, None] = {}
    for line in read_lines(lines, as_csv=as_csv, source=source):
        unknown |= dict.fromkeys(line.unknown)
        if line.event is not None:
            events.append(line.event)
            continue
        wrong += 1
        if wrong <= SHOWN_ERRORS:
            out.print(f"{file}:{line.number}: {line.error}", markup=False, soft_wrap=True)
    if unknown:
        names = ", ".join(list(unknown)[:SHOWN_ERRORS])
        out.print(f"{file}: left out members that a product does not have: {names}", markup=False, soft_wrap=True)
    if not events and not wrong:
        out.print(f"{file}: holds no product and no event", markup=False)
    if wrong > SHOWN_ERRORS:
        out.print(f"… and {wrong - SHOWN_ERRORS} more wrong lines")
    return events, wrong


def _lines(file: str) -> tuple[list[str], bool]:
    """The lines of a file, and whether they are CSV."""
    from shared.errors import ConfigurationError

    path = Path(file)
    try:
        if file == "-":
            raw = sys.stdin.buffer.read()
        else:
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    text = raw.decode("utf-8-sig", "surrogateescape")
    as_csv = ".csv" in path.suffixes if file != "-" else not text.lstrip().startswith(("{", "["))
    return list(io.StringIO(text, newline="")), as_csv


def send(events: Sequence[Event]) -> list[str]:
    """Append events to the stream, with a progress bar. Returns the stream entries.

    When the connection breaks, a batch is sent again: what had arrived is recorded as a duplicate and does no harm.
    """
    from shared.cli.terminal import progress

    entries: list[str] = []
    with progress("publishing") as bar:
        for start in range(0, len(events), BATCH):
            entries += _send_batch(events[start : start + BATCH])
            bar(len(entries), len(events))
    return entries


def _send_batch(batch: Sequence[Event]) -> list[str]:
    from redis.exceptions import ConnectionError, TimeoutError

    from shared import redis_server
    from shared.errors import ConfigurationError
    from shared.events import publish
    from shared.settings import settings

    for wait in (*RETRY_WAITS_S, None):
        try:
            return publish(redis_server.redis(), batch, stream=settings().stream)
        except (ConnectionError, TimeoutError) as error:
            if wait is None:
                raise ConfigurationError(f"Redis cannot be reached ({error}): start it, or set REDIS_URL") from None
            time.sleep(wait)
    raise AssertionError("the last wait is None")


def await_outcomes(entries: Sequence[str], timeout: float, out: Console) -> int:
    """Wait until each stream entry has its outcome, with a progress bar, and say how they ended.

    Returns:
        how many failed: became dead letters, or had not ended when the time was up.
    """
    from shared import db
    from shared.cli.terminal import progress
    from shared.repository import reading

    ended: dict[str, tuple[str, str | None]] = {}
    deadline = time.monotonic() + timeout
    with progress("waiting") as bar:
        while True:
            left = [entry for entry in entries if entry not in ended]
            with db.engine().connect() as connection:
                states = reading.entry_states(connection, left)
            ended |= {entry: (state[0], state[1]) for entry, state in states.items() if state[0]}
            bar(len(ended), len(entries))
            if len(ended) == len(entries) or time.monotonic() > deadline:
                break
            time.sleep(POLL_S)
    outcomes = Counter(outcome for outcome, _ in ended.values())
    out.print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()) or "nothing has ended")
    for entry, (outcome, reason) in ended.items():
        if outcome == "dead_lettered":
            out.print(f"{entry}: {reason}", markup=False, soft_wrap=True)
    missing = len(entries) - len(ended)
    if missing:
        out.print(f"{missing} have not ended after {timeout:.0f} s: see `shelftalk status` and `shelftalk doctor`")
    return outcomes["dead_lettered"] + missing
