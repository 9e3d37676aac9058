"""The path around the model: from XADD to the committed row, with an engine that answers at once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import text

from shared.benchmarks.path import PathOptions
from shared.cli.terminal import console
from shared.errors import ConfigurationError
from shared.policy import read_policy
from shared.settings import Settings
from shared.stack.programs import python_module
from worker.benchmark.products import Case, invented, replayed, write_answers
from worker.benchmark.stack import Stack

TIMEOUT_S = 600.0

_LATENCIES = text(
    "SELECT extract(epoch FROM pg_xact_commit_timestamp(d.xmin)) * 1000"
    " - split_part(e.stream_entry, '-', 1)::bigint AS ms"
    " FROM app.description d JOIN app.generation g ON g.id = d.generation_id"
    " JOIN app.inbox_event e ON e.id = g.inbox_event_id WHERE e.id > :before ORDER BY ms"
)
_STATUSES = text("SELECT status, count(*) AS described FROM app.description GROUP BY status ORDER BY status")
_NEWEST = text("SELECT coalesce(max(id), 0) FROM app.inbox_event")


@dataclass(frozen=True)
class Report:
    """What was measured: rates are events a second, ``cpu_ms`` milliseconds of processor time for one event by
    process, ``latency_ms`` milliseconds from XADD to the commit at the steady ``rate``."""

    events: int
    events_per_s: float
    cpu_ms: dict[str, float]
    rate: float
    steady_events: int
    latency_ms: dict[str, float]
    statuses: dict[str, int]

    @property
    def total_cpu_ms(self) -> float:
        """Of all processes together."""
        return sum(self.cpu_ms.values())


def run(options: PathOptions, config: Settings) -> int:
    """Measure, and print what was found. Returns the exit status."""
    found = measure(options, config)
    document = json.dumps(asdict(found) | {"total_cpu_ms": found.total_cpu_ms}, indent=2)
    if options.out:
        options.out.write_text(document + "\n")
    _print(found)
    return 0


def measure(options: PathOptions, config: Settings) -> Report:
    """Send events the whole way, in a stack of their own.

    Raises:
        ConfigurationError: when not every event was described.
    """
    cases = _cases(options)
    warm, burst, steady = _parts(cases, options)
    with tempfile.TemporaryDirectory(prefix="shelftalk-answers-") as folder:
        answers = Path(folder) / "answers.jsonl"
        write_answers(cases, read_policy(config), answers)
        worker = python_module("worker.benchmark.fixed_worker", str(answers))
        with Stack(config, workers=options.workers, worker=worker) as stack:
            _send(stack, warm)
            before = stack.cpu_seconds()
            elapsed = _send(stack, burst)
            cpu = {name: used - before[name] for name, used in stack.cpu_seconds().items()}
            rate = options.rate or len(burst) / elapsed / 2
            steady = steady[: max(1, round(rate * options.steady_s))]
            latencies = _latencies(stack, steady, rate)
            statuses = _described(stack, len(warm) + len(burst) + len(steady))
    return Report(
        events=len(burst),
        events_per_s=len(burst) / elapsed,
        cpu_ms={name: used * 1000 / len(burst) for name, used in cpu.items()},
        rate=rate,
        steady_events=len(steady),
        latency_ms={f"p{share}": _percentile(latencies, share) for share in (50, 90, 99)} | {"max": latencies[-1]},
        statuses=statuses,
    )


def _cases(options: PathOptions) -> list[Case]:
    count = options.warm_up + 2 * options.events
    if options.replay is None:
        return list(invented(count))
    if options.products is None:
        raise ConfigurationError("--replay needs --products, the file with the products that the texts describe")
    return replayed(options.products, options.replay, count)


def _parts(cases: Sequence[Case], options: PathOptions) -> tuple[Sequence[Case], Sequence[Case], Sequence[Case]]:
    """What warms up, what comes at once, and what comes steadily; fewer of each where there are not enough."""
    warm = min(options.warm_up, len(cases) // 10)
    half = min(options.events, (len(cases) - warm) // 2)
    return cases[:warm], cases[warm : warm + half], cases[warm + half : warm + 2 * half]


def _send(stack: Stack, cases: Sequence[Case], rate: float | None = None) -> float:
    if not cases:
        return 0.0
    stack.publish((case.event for case in cases), rate)
    return stack.wait_until_done(len(cases), TIMEOUT_S)


def _latencies(stack: Stack, cases: Sequence[Case], rate: float) -> list[float]:
    with stack.connection() as connection:
        before = connection.scalar(_NEWEST)
    _send(stack, cases, rate)
    with stack.connection() as connection:
        return [float(ms) for ms in connection.scalars(_LATENCIES, {"before": before})]


def _described(stack: Stack, events: int) -> dict[str, int]:
    with stack.connection() as connection:
        statuses = {row.status: row.described for row in connection.execute(_STATUSES)}
    if sum(statuses.values()) != events:
        raise ConfigurationError(
            f"{sum(statuses.values())} of {events} events were described: the figures mean nothing"
        )
    return statuses


def _percentile(ordered: Sequence[float], share: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def _print(found: Report) -> None:
    from rich.table import Table

    table = Table(title=f"{found.events} events: {found.events_per_s:.0f} a second", title_justify="left")
    table.add_column("process")
    table.add_column("CPU ms / event", justify="right")
    for name, ms in found.cpu_ms.items():
        table.add_row(name, f"{ms:.2f}")
    table.add_section()
    table.add_row("all", f"{found.total_cpu_ms:.2f}", style="bold")
    out = console()
    out.print(table)
    spread = ", ".join(f"{name} {ms:.0f}" for name, ms in found.latency_ms.items())
    out.print(f"at {found.rate:.0f} a second ({found.steady_events} events): ms from XADD to commit: {spread}")
    out.print("descriptions: " + ", ".join(f"{count} {status}" for status, count in found.statuses.items()))
