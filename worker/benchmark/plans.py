"""The plans by which Postgres runs the statements of real functions, from auto_explain.

The statements are those that the service sends, with its parameters, and those that triggers and foreign keys add:
nothing is compiled a second time for the sake of the measurement.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.errors import Diagnostic
from sqlalchemy import Engine, event

_SETTINGS = {
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",
    "client_min_messages": "log",
}


@dataclass(frozen=True)
class Plan:
    """One statement as it was run. ``buffers`` are the pages of 8 kB that it touched."""

    statement: str
    duration_ms: float
    buffers: int
    tree: dict[str, Any]

    @property
    def most_read(self) -> tuple[int, str]:
        """The most rows that a step read of a table or an index, those thrown away too, and what it read."""
        return max(_reads(self.tree), default=(0, "nothing"))


@contextmanager
def watched(database: Engine) -> Iterator[list[Plan]]:
    """Collect the plans of the statements that go through a pool of connections while the ``with`` lasts.

    A plan is there once its transaction has ended. The user must be a superuser, as that of the embedded server is:
    auto_explain is a library of the server.
    """
    plans: list[Plan] = []

    def take(notice: Diagnostic) -> None:
        said = notice.message_primary or ""
        if said.startswith("duration: ") and "plan:" in said:
            plans.append(_plan(said))

    def prepare(connection: Any, _record: object) -> None:
        connection.execute("LOAD 'auto_explain'")
        for name, value in _SETTINGS.items():
            connection.execute(f"SET {name} = '{value}'")
        connection.commit()
        connection.add_notice_handler(take)

    database.dispose()
    event.listen(database, "connect", prepare)
    try:
        yield plans
    finally:
        event.remove(database, "connect", prepare)
        database.dispose()


def _plan(said: str) -> Plan:
    duration, _, written = said.partition("plan:")
    found = json.loads(written)
    tree = found["Plan"]
    return Plan(
        statement=" ".join(found["Query Text"].split()),
        duration_ms=float(duration.split()[1]),
        buffers=tree.get("Shared Hit Blocks", 0) + tree.get("Shared Read Blocks", 0),
        tree=tree,
    )


def _reads(step: dict[str, Any]) -> Iterator[tuple[int, str]]:
    place = step.get("Relation Name") or step.get("Index Name")
    if place:
        thrown_away = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
        rows = (step.get("Actual Rows", 0) + thrown_away) * step.get("Actual Loops", 1)
        yield round(rows), f"{step['Node Type']} of {place}"
    for child in step.get("Plans", ()):
        yield from _reads(child)
