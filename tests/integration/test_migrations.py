"""The schema: one line of migrations, up and down, with a comment on everything that analysts see."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from shared import db
from shared.errors import ConfigurationError
from shared.models import SCHEMA, metadata
from shared.settings import ROOT

SCRIPTS = ScriptDirectory(ROOT / "migrations")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A database with the newest schema."""
    engine = db.connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    """A database without a schema."""
    engine = db.connect(empty_database_url)
    yield engine
    engine.dispose()


def rows(database: Engine, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), parameters)]


def drift(database: Engine) -> list[Any]:
    """What a new migration would have to change, were the models right."""
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
        "version_table_schema": SCHEMA,
    }
    with database.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def objects(database: Engine) -> list[tuple[Any, ...]]:
    """Everything in the two schemas but the table that counts migrations."""
    return rows(
        database,
        "SELECT 'relation', oid::regclass::text FROM pg_class WHERE relnamespace::regnamespace::text IN"
        " ('app', 'analytics') AND oid <> 'app.alembic_version'::regclass"
        " AND relname <> 'alembic_version_pkc'"
        " UNION SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE pronamespace::regnamespace::text = 'app'"
        " UNION SELECT 'schema', nspname FROM pg_namespace WHERE nspname = 'analytics' ORDER BY 1, 2",
    )


def test_there_is_one_head() -> None:
    assert SCRIPTS.get_heads() == [db.head()]


def test_a_new_database_has_the_newest_migration(database: Engine) -> None:
    db.check(database)
    assert db.current(database) == db.head()


def test_the_migrations_make_what_the_models_say(database: Engine) -> None:
    assert drift(database) == []


@pytest.mark.parametrize("schema", ["app", "analytics"])
def test_every_table_view_and_column_has_a_comment(database: Engine, schema: str) -> None:
    undescribed = rows(
        database,
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind IN ('r', 'v')"
        " AND c.relname <> 'alembic_version' AND a.attnum > 0 AND NOT a.attisdropped"
        " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)",
        schema=schema,
    )

    assert undescribed == []
    assert rows(database, "SELECT obj_description(CAST(:schema AS regnamespace))", schema=schema)[0][0]


def test_up_down_and_up_again_ends_as_it_began(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    db.upgrade(url)
    before = objects(empty)
    assert before
    db.downgrade(url, "base")
    assert db.current(empty) is None
    assert objects(empty) == []
    db.upgrade(url)
    assert objects(empty) == before
    assert drift(empty) == []


@pytest.mark.parametrize("revision", [script.revision for script in SCRIPTS.walk_revisions()])
def test_each_migration_can_be_taken_back(empty: Engine, revision: str) -> None:
    url = empty.url.render_as_string(hide_password=False)
    db.upgrade(url, revision)
    db.downgrade(url, "-1")
    db.upgrade(url, revision)

    assert db.current(empty) == revision


def test_an_upgrade_of_what_is_new_changes_nothing(database: Engine) -> None:
    before = objects(database)
    db.upgrade(database.url.render_as_string(hide_password=False))

    assert objects(database) == before


def test_upgrades_started_at_once_on_several_machines_wait_for_each_other(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(1) as other, empty.connect() as first:
        first.execute(text("SELECT pg_advisory_lock(7305514820)"))
        upgrade = other.submit(db.upgrade, url)
        while not rows(empty, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            assert not upgrade.done()
        assert db.current(empty) is None
        first.execute(text("SELECT pg_advisory_unlock(7305514820)"))
        upgrade.result()

    db.check(empty)


def test_a_database_without_the_schema_is_refused_with_the_command_that_helps(empty: Engine) -> None:
    with pytest.raises(ConfigurationError, match=r"at migration none, this code needs .*: run `shelftalk db upgrade`"):
        db.check(empty)


def test_a_database_of_another_version_is_refused(database: Engine) -> None:
    db.downgrade(database.url.render_as_string(hide_password=False), "-1")
    with pytest.raises(ConfigurationError, match="run `shelftalk db upgrade`"):
        db.check(database)


def test_the_sql_for_administrators_makes_the_same_schema(
    empty: Engine, database: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    db.print_upgrade(empty.url.render_as_string(hide_password=False))
    script = capsys.readouterr().out
    with empty.connect() as connection:
        connection.connection.driver_connection.execute(script)  # type: ignore[union-attr]
        connection.connection.commit()

    assert objects(empty) == objects(database)
    assert db.current(empty) == db.head()
