"""A catalogue with a past: products, events, generations, descriptions and fingerprints of realistic size.

Postgres makes the rows itself, a million in minutes. No process of Shelftalk wrote them, but the ledger adds up:
``shelftalk audit`` finds nothing amiss.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import Connection, text

from shared.repository import registry
from shared.repository.registry import ModelContent

_SQL = Path(__file__).with_name("seed.sql")
_WITH_KEYS = ("product", "inbox_event", "generation", "description")
_TABLES = (*_WITH_KEYS, "current_copy", "copy_fingerprint")
_GIN = "CREATE INDEX ix_copy_fingerprint_bands ON app.copy_fingerprint USING gin (bands) WITH (fastupdate = off)"
_DAYS = 180
_CHUNK = 50_000


def seed(connection: Connection, products: int) -> None:
    """Fill an empty catalogue with so many products, each with one event and one description of the last 180 days.

    Nine of ten descriptions are published, the tenth waits for review. The caller commits. The user must be allowed to
    switch off triggers: the rows are right, and to check a million foreign keys would take longer than to make them.
    """
    model = registry.register_model(connection, ModelContent("seeded", "0" * 64, "1"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    # Twenty entries for each row one by one take ten times as long as an index of all.
    connection.execute(text("DROP INDEX app.ix_copy_fingerprint_bands"))
    raw: Any = connection.connection.driver_connection
    with ClientCursor(raw) as cursor:
        for first in range(1, products + 1, _CHUNK):
            last = min(first + _CHUNK - 1, products)
            numbers = {"first": first, "last": last, "count": products, "apart": _DAYS * 86_400 / products}
            cursor.execute(_rows(numbers | {"model": model}))
    connection.execute(text(_GIN))
    for table in _WITH_KEYS:
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('app.{table}', 'id'), {products})"))


def _rows(numbers: Mapping[str, float]) -> bytes:
    statements = _SQL.read_text()
    for name, value in numbers.items():
        statements = statements.replace(f":{name}", str(value))
    return statements.encode()


def settle(connection: Connection) -> None:
    """Do at once what autovacuum would do within minutes: free dead rows, and count. Needs autocommit."""
    connection.execute(text("SET statement_timeout = 0"))
    for table in _TABLES:
        connection.execute(text(f"VACUUM (ANALYZE) app.{table}"))
