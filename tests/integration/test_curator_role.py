"""The role ``curator``: what it may do, and that it may do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, ObjectNotInPrerequisiteState

from shared import db
from tests.conftest import Addresses
from tests.event_fakes import Service, Writer, changed

FALSE = Writer(answer="The {title} is red and has a power of 2200 watt.")


@contextmanager
def login(server_url: str, *of_roles: str) -> Iterator[str]:
    """A user of its own, member of these roles, while the ``with`` lasts; its name is also its password."""
    name = f"test_{token_hex(6)}"
    user, password = sql.Identifier(name), sql.Literal(name)
    with psycopg.connect(server_url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, password))
        for role in of_roles:
            administrator.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), user))
        try:
            yield name
        finally:
            administrator.execute(sql.SQL("DROP ROLE {}").format(user))


def address(url: str, user: str, database: str | None = None) -> str:
    """An address with another user, and maybe another database."""
    parts = urlsplit(url)
    netloc = f"{user}:{user}@{parts.hostname}:{parts.port}"
    return parts._replace(scheme="postgresql", netloc=netloc, path=f"/{database}" if database else parts.path).geturl()


@pytest.fixture
def curator(shelftalk: Service, database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of a curator to a service in which one description waits."""
    shelftalk.describe(changed(), writer=FALSE)
    with (
        login(database_url, "curator") as name,
        psycopg.connect(address(database_url, name), autocommit=True) as connection,
    ):
        yield connection


def waiting(curator: psycopg.Connection[Any]) -> tuple[int, str]:
    [(id_, content_hash)] = curator.execute("SELECT description_id, content_hash FROM curation.queue").fetchall()
    return id_, content_hash


def test_a_curator_decides_under_the_name_of_the_login(curator: psycopg.Connection[Any]) -> None:
    id_, content_hash = waiting(curator)
    curator.execute("SELECT curation.edit(%s, %s, 'It is black.')", [id_, content_hash])

    assert curator.execute("SELECT text, status, curated_by FROM analytics.current_description").fetchall() == [
        ("It is black.", "published", curator.info.user)
    ]
    assert curator.execute("SELECT decision, via FROM analytics.review").fetchall() == [("edited", "sql")]


def test_a_curator_approves_rejects_and_looks(curator: psycopg.Connection[Any]) -> None:
    [(id_, content_hash)] = curator.execute("SELECT description_id, content_hash FROM curation.next(5)").fetchall()
    curator.execute("SELECT curation.reject(%s, %s, reason => 'not red')", [id_, content_hash])
    [(decision, again)] = curator.execute("SELECT decision, content_hash FROM curation.look(%s)", [id_]).fetchall()
    assert decision == "rejected"

    curator.execute("SELECT curation.approve(%s, %s, seconds => 3)", [id_, again])
    assert curator.execute("SELECT count(*) FROM curation.queue").fetchone() == (0,)


@pytest.mark.parametrize(
    ("state", "call"),
    [
        ("ST409", "curation.approve(%s, 'another')"),
        ("ST400", "curation.reject(%s, 'another', reason => '')"),
        ("ST400", "curation.approve(%s, 'another', editor => NULL)"),
        ("ST400", "curation.approve(-%s, 'another')"),
        ("ST400", "curation.approve(%s, 'another', via => 'telephone')"),
    ],
)
def test_a_refusal_has_a_state_of_its_own(curator: psycopg.Connection[Any], state: str, call: str) -> None:
    id_, _ = waiting(curator)
    with pytest.raises(psycopg.Error) as refused:
        curator.execute(f"SELECT {call}".encode(), [id_])

    assert refused.value.sqlstate == state


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM app.description",
        "SELECT * FROM app.product",
        "UPDATE app.current_copy SET description_id = NULL",
        "INSERT INTO app.review (description_id, decision, editor) VALUES (1, 'approved', 'kim')",
        "DELETE FROM app.review",
        "TRUNCATE app.review",
        "UPDATE analytics.current_description SET text = ''",
        "UPDATE curation.queue SET text = ''",
        "DELETE FROM curation.queue",
        "SELECT * FROM curation.candidate",
        "SELECT curation.decide(1, '', 'approved', 'kim', NULL, NULL, NULL, 'sql')",
        "CREATE TABLE curation.mine (id integer)",
        "CREATE TABLE analytics.mine (id integer)",
        "CREATE TABLE public.mine (id integer)",
        "CREATE ROLE mine",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_a_curator_may_do_nothing_else(curator: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises((InsufficientPrivilege, ObjectNotInPrerequisiteState)):
        curator.execute(statement.encode())


def test_every_view_for_analysts_can_be_read(curator: psycopg.Connection[Any]) -> None:
    views = curator.execute("SELECT relname FROM pg_class WHERE relnamespace = 'analytics'::regnamespace").fetchall()

    assert len(views) >= 10
    for (view,) in views:
        curator.execute(sql.SQL("SELECT * FROM analytics.{}").format(sql.Identifier(view)))


def test_what_a_curator_makes_in_a_temporary_schema_stands_for_nothing(curator: psycopg.Connection[Any]) -> None:
    id_, content_hash = waiting(curator)
    with curator.transaction(force_rollback=True):
        curator.execute("CREATE TEMP TABLE review (id bigint); CREATE TEMP TABLE description (id bigint)")
        curator.execute(
            "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT '\\x00'::bytea $$;"
            " SET LOCAL search_path = pg_temp, curation, app"
        )
        curator.execute("SELECT curation.approve(%s, %s)", [id_, content_hash])

        assert curator.execute("SELECT decision FROM analytics.review").fetchall() == [("approved",)]


def test_whoever_is_no_curator_may_neither_read_the_queue_nor_decide(shelftalk: Service, database_url: str) -> None:
    with login(database_url) as name, psycopg.connect(address(database_url, name), autocommit=True) as stranger:
        for statement in (b"SELECT * FROM curation.queue", b"SELECT curation.approve(1, '')"):
            with pytest.raises(InsufficientPrivilege):
                stranger.execute(statement)


def test_all_that_curators_see_is_described(shelftalk: Service) -> None:
    assert shelftalk.rows("SELECT obj_description('curation'::regnamespace)")[0][0]
    assert not shelftalk.rows(
        "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'curation'::regnamespace"
        " AND obj_description(oid, 'pg_proc') IS NULL"
    )
    assert not shelftalk.rows(
        "SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
        " WHERE relnamespace = 'curation'::regnamespace AND attnum > 0"
        " AND (col_description(attrelid, attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)"
    )


def test_the_role_outlives_a_downgrade_but_what_it_was_granted_does_not(empty_database_url: str) -> None:
    db.upgrade(empty_database_url)
    db.downgrade(empty_database_url, "0005")

    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        assert connection.execute("SELECT to_regrole('curator') IS NOT NULL").fetchone() == (True,)
        assert connection.execute("SELECT to_regnamespace('curation')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM pg_default_acl").fetchone() == (0,)
        [granted] = connection.execute(
            "SELECT count(*) FROM pg_shdepend WHERE refobjid = to_regrole('curator')"
            " AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
        assert granted == (0,)
    db.upgrade(empty_database_url)


@contextmanager
def without_curator(administrator: psycopg.Connection[Any]) -> Iterator[None]:
    """A cluster in which no role has that name, while the ``with`` lasts."""
    administrator.execute("ALTER ROLE curator RENAME TO curator_of_other_databases")
    try:
        yield
    finally:
        administrator.execute("ALTER ROLE curator_of_other_databases RENAME TO curator")


def test_a_migrator_that_may_not_create_roles_is_told_so_and_the_rest_goes_on(
    addresses: Addresses, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    db.print_upgrade(database_url)
    script = capsys.readouterr().out
    with psycopg.connect(addresses.database_url, autocommit=True) as administrator, login(database_url) as name:
        database = sql.Identifier(f"{name}_own")
        administrator.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                database, sql.Identifier(name)
            )
        )
        try:
            with (
                without_curator(administrator),
                psycopg.connect(address(database_url, name, f"{name}_own"), autocommit=True) as migrator,
            ):
                migrator.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
                migrator.execute(script.encode())
                assert migrator.execute("SELECT count(*) FROM curation.queue").fetchone() == (0,)
                assert migrator.execute("SELECT to_regrole('curator')").fetchone() == (None,)
        finally:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))

    assert any("the role curator was not made: this user may not create roles" in each for each in said)
