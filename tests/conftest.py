"""Fixtures for all tests: real servers, a database of its own for each test, and none of the developer's settings.

DATABASE_URL and REDIS_URL name servers to use instead of the embedded ones. On that Postgres the tests make and drop
databases of their own; on that Redis they flush database 15, and touch no other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import psycopg
import pytest
from redis import Redis

from shared.settings import Settings, child_environment, settings
from shared.stack.servers import Postgres, Valkey

GIVEN = child_environment()  # before a test can change it
REDIS_DATABASE = 15


@dataclass(frozen=True)
class Addresses:
    """Where the servers of this test run are."""

    database_url: str
    redis_url: str


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the developer's environment and ``.env`` out, and the state of a test in its own folder."""
    for name in GIVEN:
        if name.startswith("SHELFTALK_") or name in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path))
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    """Postgres and Redis for the whole run."""
    # Not in pytest's own temporary folder, which root keeps to itself: Postgres could not read it.
    folder = Path(tempfile.mkdtemp(prefix="shelftalk-tests-"))
    folder.chmod(0o755)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        database_url, redis_url = GIVEN.get("DATABASE_URL"), GIVEN.get("REDIS_URL")
        if not database_url:
            database_url = undo.enter_context(Postgres(folder, durable=False)).url
        if not redis_url:
            redis_url = undo.enter_context(Valkey(folder, durable=False)).url
        yield Addresses(database_url.replace("postgresql+psycopg://", "postgresql://", 1), redis_url)


@pytest.fixture(scope="session")
def _template(addresses: Addresses) -> Iterator[str]:
    """A database with all migrations, from which the others are copied: 40 ms instead of seconds."""
    from shared.db import upgrade

    with _database(addresses.database_url, template="template0") as url:
        upgrade(url)
        yield urlsplit(url).path.lstrip("/")


@pytest.fixture
def database_url(addresses: Addresses, _template: str) -> Iterator[str]:
    """The address of a fresh database with the newest schema. It is gone after the test."""
    with _database(addresses.database_url, template=_template) as url:
        yield url


@pytest.fixture
def empty_database_url(addresses: Addresses) -> Iterator[str]:
    """The address of a fresh database without any schema. It is gone after the test."""
    with _database(addresses.database_url, template="template0") as url:
        yield url


@contextmanager
def _database(server_url: str, template: str) -> Iterator[str]:
    """A database of its own on this server, while the ``with`` lasts."""
    name = f"test_{token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server_url: str, statement: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def redis_url(addresses: Addresses) -> str:
    """The address of an empty Redis database."""
    url = urlsplit(addresses.redis_url)._replace(path=f"/{REDIS_DATABASE}").geturl()
    with Redis.from_url(url) as client:
        client.flushdb()
    return url
