"""``shelftalk status``: how the service stands."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

ROLES = ("worker", "ingest", "beat", "trainer")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Show what waits, what runs, what failed, and who is there to do it."""
    found = snapshot()
    if as_json:
        typer.echo(json.dumps(found, default=str))
        return
    _print(found)


def snapshot() -> dict[str, Any]:
    """The state of the service, from Postgres and Redis alone: no worker is asked."""
    from datetime import timedelta

    from shared import db, redis_server
    from shared.repository import reading, registry, training
    from shared.settings import settings

    config = settings()
    server = redis_server.redis()
    with db.engine().connect() as connection:
        counts = reading.generation_counts(connection)
        processes = registry.living(connection, timedelta(seconds=config.heartbeat_s * 4))
        return {
            "stream": redis_server.stream_lag(server, config.stream, config.stream_group),
            "queues": redis_server.queue_depths(server),
            **{name: counts[name] for name in ("pending", "running", "done", "superseded")},
            "failed": counts["dead"],
            "dead": reading.dead_letter_count(connection),
            "oldest_wait_s": round(reading.oldest_wait_s(connection), 1),
            "outcomes": reading.outcome_counts(connection),
            "champion": registry.champion(connection),
            "last_run": next(map(_run, training.runs(connection, 1)), None),
            **{f"{role}s": _of_role(processes, role) for role in ROLES},
        }


def _of_role(processes: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
    kept = ("pid", "host", "device", "started_at", "heartbeat_at")
    return [{name: each[name] for name in kept} for each in processes if each["role"] == role]


def _run(run: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "stage", "status", "reason", "asked_by", "started_at", "ended_at")
    return {name: run[name] for name in kept}


def _print(found: dict[str, Any]) -> None:
    from rich.table import Table

    from shared.cli.terminal import console, plain

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    stream, champion = found["stream"], found["champion"]
    rows = [
        ("stream", f"{stream['unread']} unread, {stream['unacknowledged']} read but not finished"),
        ("queues", ", ".join(f"{name} {depth}" for name, depth in found["queues"].items())),
        ("generations", ", ".join(f"{found[name]} {name}" for name in ("pending", "running", "done", "failed"))),
        ("oldest wait", f"{found['oldest_wait_s']:.1f} s"),
        ("events", ", ".join(f"{count} {name}" for name, count in sorted(found["outcomes"].items())) or "none yet"),
        ("dead letters", str(found["dead"])),
        ("champion", _model(champion) if champion else "none yet: start a worker"),
    ]
    rows += [
        (f"{role}s", "; ".join(f"pid {each['pid']} on {each['host']}" for each in found[f"{role}s"]) or "none")
        for role in ROLES
    ]
    rows.append(("last training run", _said(found["last_run"]) if found["last_run"] else "none yet"))
    for name, value in rows:
        table.add_row(name, plain(value))
    console().print(table)


def _said(run: dict[str, Any]) -> str:
    ended = f" at {run['ended_at']:%Y-%m-%d %H:%M} UTC" if run["ended_at"] else ""
    reason = f": {run['reason']}" if run["reason"] else ""
    return f"{run['id']} ({run['stage']}, asked for by {run['asked_by']}) {run['status']}{ended}{reason}"


def _model(champion: dict[str, Any]) -> str:
    adapter = f" + {champion['adapter']}" if champion["adapter"] else ""
    return f"{champion['base_model']}{adapter}, prompt version {champion['prompt_version']}"
