"""Connections to Postgres and the migrations' entry point."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from psycopg.errors import ProgramLimitExceeded
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from shared.errors import ConfigurationError
from shared.settings import ROOT, settings

if TYPE_CHECKING:
    from alembic.config import Config

# A statement or lock that waits longer than this is a fault, not load.
_OPTIONS = (
    "-c statement_timeout=60s -c lock_timeout=20s -c idle_in_transaction_session_timeout=60s -c timezone=UTC "
    "-c application_name=shelftalk"
)


@lru_cache
def engine() -> Engine:
    """The connection pool of this process."""
    return connect(settings().database_dsn)


def connect(database_url: str) -> Engine:
    """A connection pool for one address.

    ``pool_pre_ping`` replaces connections that died with a restarted server, so that callers see only the loss of the
    transaction they were in.
    """
    return create_engine(
        _with_driver(database_url),
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=16,
        connect_args={"connect_timeout": 5, "options": _OPTIONS},
    )


def may_pass(error: DBAPIError) -> bool:
    """Whether Postgres may take the same statements later: it was away or busy, and they are not to blame."""
    return isinstance(error, OperationalError) and not isinstance(error.orig, ProgramLimitExceeded)


def check(database: Engine) -> None:
    """Make sure that Postgres answers and has the schema that this code needs.

    Raises:
        ConfigurationError: saying which of the two is not so, and what to do.
    """
    try:
        with database.connect() as connection:
            encoding = connection.scalar(text("SHOW server_encoding"))
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
        raise ConfigurationError(
            f"Postgres at {database.url.render_as_string()} cannot be reached ({reason}): start it, or set DATABASE_URL"
        ) from None
    if encoding != "UTF8":
        raise ConfigurationError(f"the database's encoding is {encoding}; create it with ENCODING 'UTF8'")
    found = current(database)
    if found != head():
        raise ConfigurationError(
            f"the database is at migration {found or 'none'}, this code needs {head()}: run `shelftalk db upgrade`"
        )


def head() -> str:
    """The newest migration."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_alembic()).get_current_head())


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring a database's schema up to a revision."""
    from alembic import command

    command.upgrade(_alembic(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Bring a database's schema back down to a revision; ``base`` removes everything."""
    from alembic import command

    command.downgrade(_alembic(database_url), revision)


def current(database: Engine) -> str | None:
    """The migration that the database is at; None when it has none."""
    with database.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('app.alembic_version')")) is None:
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM app.alembic_version"))
        return found


def print_upgrade(database_url: str, revision: str = "head") -> None:
    """Print the SQL of an upgrade from nothing."""
    from alembic import command

    command.upgrade(_alembic(database_url), revision, sql=True)


def _alembic(database_url: str | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = _with_driver(database_url) if database_url else None
    return config


def _with_driver(database_url: str) -> str:
    _, _, rest = database_url.partition("://")
    return f"postgresql+psycopg://{rest}"
