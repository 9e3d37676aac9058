"""Runs the migrations: one runner at a time, and never waiting long behind a busy table.

The lock and the timeout follow the reasoning of pypi/warehouse: a migration that waits for a lock makes everything
queue behind it, so it gives up early and is tried again instead.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from shared.models import SCHEMA, metadata
from shared.settings import settings

LOCK = 7_305_514_820  # any number that no other program uses for pg_advisory_lock
OPTIONS = {
    "target_metadata": metadata,
    "version_table_schema": SCHEMA,
    "include_schemas": True,
    "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
}


def _database_url() -> str:
    return context.config.attributes.get("database_url") or settings().database_dsn


def _offline() -> None:
    """Print the SQL for a database administrator."""
    # With the driver's own style each per cent sign of the SQL would be doubled.
    context.configure(url=_database_url(), literal_binds=True, dialect_opts={"paramstyle": "named"}, **OPTIONS)
    with context.begin_transaction():
        context.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        context.run_migrations()


def _online() -> None:
    engine = create_engine(_database_url(), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        connection.commit()
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        connection.commit()
    engine.dispose()


if context.is_offline_mode():
    _offline()
else:
    _online()
