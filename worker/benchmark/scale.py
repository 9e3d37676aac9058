"""Whether an event costs the same however many there are: stored already, in one burst, and with more workers."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import text

from shared.benchmarks.scale import ScaleOptions
from shared.cli.terminal import console
from shared.errors import ConfigurationError
from shared.policy import read_policy
from shared.redis_server import GENERATE, queue_depths, stream_lag
from shared.settings import Settings
from shared.stack.programs import celery, python_module
from worker.benchmark import seeding
from worker.benchmark.products import Case, invented, write_answers
from worker.benchmark.stack import INGEST, Stack

TIMEOUT_S = 3_600.0
PARTS = 5
"""In so many parts is a burst measured: the last costs more than the first when the cost grows with the backlog."""
SAMPLE_S = 0.2

_PIDS = text("SELECT pid FROM app.worker_process WHERE role = 'ingest' ORDER BY started_at DESC LIMIT 1")
_NEWEST = text("SELECT max(id) FROM app.description")  # to count a hundred thousand would cost more than to write one
_WAL = text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
_DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


@dataclass(frozen=True)
class Stored:
    """With so many descriptions stored: milliseconds of processor time for one more event, by process, and the bytes
    that it adds to Postgres's write-ahead log."""

    descriptions: int
    cpu_ms: Mapping[str, float]
    wal_bytes: float


@dataclass(frozen=True)
class Burst:
    """What so many events at once do to ingest and to Redis while no worker runs, and then to a worker.

    ``ingest_ms`` and ``postgres_ms`` are processor time for one event in each part of the burst, in milliseconds;
    ``memory_mib`` is the most that ingest had, in MiB, by the end of each part. ``stream_bytes`` and ``message_bytes``
    are what Redis keeps for one event and for one Celery message; ``most_messages`` is how many of these there were.
    ``drain_ms`` is processor time by process for one event that a worker writes while the others wait.
    """

    events: int
    ingest_ms: Sequence[float]
    postgres_ms: Sequence[float]
    memory_mib: Sequence[float]
    stream_bytes: float
    message_bytes: float
    most_messages: int
    drain_ms: Mapping[str, float]


@dataclass(frozen=True)
class Shared:
    """So many workers together: processor time for one event by process, in milliseconds; ``lock_waits`` is the mean
    number of sessions of Postgres that waited for a lock."""

    workers: int
    events_per_s: float
    cpu_ms: Mapping[str, float]
    lock_waits: float
    deadlocks: int


@dataclass(frozen=True)
class Report:
    """All that was measured."""

    stored: Sequence[Stored]
    burst: Burst | None
    shared: Sequence[Shared]


def run(options: ScaleOptions, config: Settings) -> int:
    """Measure, and print what was found. Returns the exit status."""
    found = measure(options, config)
    document = json.dumps(asdict(found), indent=2)
    if options.out:
        options.out.write_text(document + "\n")
    if options.as_json:
        sys.stdout.write(document + "\n")
    else:
        _print(found)
    return 0


def measure(options: ScaleOptions, config: Settings) -> Report:
    """Measure each part in a stack of its own.

    Raises:
        ConfigurationError: when events do not end in time.
    """
    warm = options.warm_up
    cases = list(invented(warm + max(options.probe, options.burst)))
    with tempfile.TemporaryDirectory(prefix="shelftalk-answers-") as folder:
        answers = Path(folder) / "answers.jsonl"
        write_answers(cases, read_policy(config), answers)
        worker = python_module("worker.benchmark.fixed_worker", str(answers))
        few, many = (cases[:warm], cases[warm : warm + options.probe]), cases[warm : warm + options.burst]
        return Report(
            stored=[_with_stored(config, worker, *few, count) for count in options.stored],
            burst=_burst(config, worker, cases[:warm], many, options.probe) if many else None,
            shared=[_with_workers(config, worker, *few, count) for count in options.workers],
        )


def _with_stored(
    config: Settings, worker: Sequence[str], warm: Sequence[Case], probe: Sequence[Case], count: int
) -> Stored:
    with Stack(config, ingests=0, workers=0) as stack:
        with stack.connection() as connection, connection.begin():
            seeding.seed(connection, count)
        with stack.connection().execution_options(isolation_level="AUTOCOMMIT") as connection:
            seeding.settle(connection)
        stack.launch("ingest-1", INGEST)
        stack.launch("worker-1", worker)
        _send(stack, warm)
        before, logged = stack.cpu_seconds(), _wal_bytes(stack)
        _send(stack, probe)
        wal = (_wal_bytes(stack) - logged) / len(probe)
        return Stored(count, _per_event(before, stack.cpu_seconds(), len(probe)), wal)


def _wal_bytes(stack: Stack) -> int:
    with stack.connection() as connection:
        return int(connection.scalar(_WAL) or 0)


def _burst(config: Settings, worker: Sequence[str], warm: Sequence[Case], cases: Sequence[Case], probe: int) -> Burst:
    """After some that warm ingest up, all cases come at once; ``probe`` of them are written while the others wait."""
    burst = len(cases)
    # The back-fill looks at each product of a new policy once, which has nothing to do with the burst.
    with Stack(config, ingests=1, workers=0, environment={"SHELFTALK_BACKFILL_S": "86400"}) as stack:
        stack.publish(case.event for case in warm)
        _wait_for(lambda: _unread(stack) == 0, "the first events were not taken in")
        before = _bytes(stack, config.stream)
        stack.publish(case.event for case in cases)
        stream_bytes = (_bytes(stack, config.stream) - before) / burst
        parts = [_take_in(stack, burst - burst * part // PARTS, burst // PARTS) for part in range(1, PARTS + 1)]
        messages = queue_depths(stack.redis)[GENERATE]
        message_bytes = _bytes(stack, GENERATE) / max(1, messages)
        stack.launch("worker-1", worker)
        stack.launch("beat", celery("beat", f"--schedule={stack.folder / 'schedule'}", "--pidfile="))
        _wait_for(lambda: _written(stack) >= len(warm), "no event was written")
        started, first = stack.cpu_seconds(), _written(stack)
        _wait_for(lambda: _written(stack) >= min(first + probe, len(warm) + burst), "the burst was not written")
        drain_ms = _per_event(started, stack.cpu_seconds(), _written(stack) - first)
    ingest_ms, postgres_ms, memory = zip(*parts, strict=True)
    return Burst(burst, ingest_ms, postgres_ms, memory, stream_bytes, message_bytes, messages, drain_ms)


def _take_in(stack: Stack, left: int, count: int) -> tuple[float, float, float]:
    """Wait until only so many events are unread, ``count`` fewer than before. Returns ingest's processor time for one
    of them and that of Postgres, in milliseconds, and the most memory that ingest ever had, in MiB."""
    before = stack.cpu_seconds()
    _wait_for(lambda: _unread(stack) <= left, "the burst was not taken in")
    used = _per_event(before, stack.cpu_seconds(), count)
    return used["ingest-1"], used["postgres"], _peak_memory_mib(stack)


def _unread(stack: Stack) -> int:
    return stream_lag(stack.redis, stack.config.stream, stack.config.stream_group)["unread"]


def _written(stack: Stack) -> int:
    with stack.connection() as connection:
        return int(connection.scalar(_NEWEST) or 0)


def _peak_memory_mib(stack: Stack) -> float:
    """VmHWM of ingest, by proc_pid_status(5)."""
    with stack.connection() as connection:
        pid = connection.execute(_PIDS).scalar_one()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _bytes(stack: Stack, key: str) -> int:
    return int(stack.redis.memory_usage(key, samples=0) or 0)


def _with_workers(
    config: Settings, worker: Sequence[str], warm: Sequence[Case], probe: Sequence[Case], count: int
) -> Shared:
    with Stack(config, workers=count, worker=worker) as stack:
        _send(stack, warm)
        before = stack.cpu_seconds()
        with _lock_waits(stack) as waits:
            elapsed = _send(stack, probe)
        cpu_ms = _per_event(before, stack.cpu_seconds(), len(probe))
        with stack.connection() as connection:
            deadlocks = connection.scalar(_DEADLOCKS) or 0
        return Shared(count, len(probe) / elapsed, cpu_ms, sum(waits) / max(1, len(waits)), deadlocks)


def _send(stack: Stack, cases: Sequence[Case]) -> float:
    stack.publish(case.event for case in cases)
    return stack.wait_until_done(len(cases), TIMEOUT_S)


def _per_event(before: Mapping[str, float], after: Mapping[str, float], events: int) -> dict[str, float]:
    """Processor time for one event by process, in milliseconds."""
    return {name: (used - before.get(name, 0.0)) * 1_000 / events for name, used in after.items()}


@contextmanager
def _lock_waits(stack: Stack) -> Iterator[list[int]]:
    """How many sessions wait for a lock, looked at five times a second from a thread beside."""
    found, stopped = list[int](), threading.Event()

    def watch() -> None:
        with stack.connection() as connection:
            while not stopped.wait(SAMPLE_S):
                found.append(int(connection.scalar(_WAITING) or 0))

    thread = threading.Thread(target=watch, name="lock-waits")
    thread.start()
    try:
        yield found
    finally:
        stopped.set()
        thread.join()


def _wait_for(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > deadline:
            raise ConfigurationError(f"{otherwise} within {TIMEOUT_S:g} s: ask for fewer")
        time.sleep(SAMPLE_S)


def _print(found: Report) -> None:
    from rich.table import Table

    out = console()
    table = Table(title="CPU ms for one event", title_justify="left")
    for heading in ("", "ingest", "workers", "Postgres", "Redis", "all"):
        table.add_column(heading, justify="right" if heading else "left")
    for stored in found.stored:
        table.add_row(f"{stored.descriptions:,} descriptions stored", *_columns(stored.cpu_ms))
    if found.burst:
        table.add_row(f"{found.burst.events:,} events waiting", *_columns(found.burst.drain_ms))
    for each in found.shared:
        name = f"{each.workers} worker{'' if each.workers == 1 else 's'}"
        table.add_row(f"{name}, {each.lock_waits:.2f} wait for locks", *_columns(each.cpu_ms))
    out.print(table)
    for stored in found.stored:
        out.print(f"{stored.wal_bytes:,.0f} bytes of write-ahead log for one, with {stored.descriptions:,} stored")
    if found.burst:
        out.print("the burst in parts, CPU ms of ingest for one event: " + _listed(found.burst.ingest_ms, 2))
        out.print("the same, of Postgres: " + _listed(found.burst.postgres_ms, 2))
        out.print("most memory of ingest by then, MiB: " + _listed(found.burst.memory_mib, 0))
        out.print(
            f"Redis: {found.burst.stream_bytes:,.0f} bytes for an event in the stream; {found.burst.message_bytes:,.0f}"
        )
        out.print(f"bytes for a Celery message, of which there were {found.burst.most_messages:,}")


def _listed(values: Sequence[float], digits: int) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


def _columns(cpu_ms: Mapping[str, float]) -> list[str]:
    parts = [
        sum(used for name, used in cpu_ms.items() if name.startswith(start))
        for start in ("ingest", "worker", "postgres", "valkey")
    ]
    return [f"{part:.2f}" for part in (*parts, sum(parts))]
