"""What can be checked before any server starts, so that a wrong setting costs a second and leaves nothing behind."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError

from shared import db, redis_server
from shared.checkpoints import resolve_base_model
from shared.policy import read_policy
from shared.settings import Settings


def check(given: Settings) -> None:
    """Check files of the policy, schedules, the servers that are given, and the base model, which may be downloaded.

    Raises:
        ConfigurationError: with the first that is not as it must be, and what to do.
    """
    read_policy(given)
    from shared import broker  # with Celery, which takes a second that `shelftalk --help` need not wait

    broker.training_schedule(given)
    check_servers(given)
    resolve_base_model(given)


def check_servers(given: Settings) -> None:
    """Make sure that the servers whose address is given answer. The migration of the database may be any.

    Raises:
        ConfigurationError: with the first that does not, or that may evict events, and what to do.
    """
    if given.database_url is not None:
        _check_postgres(given.database_dsn)
    if given.redis_url is not None:
        with redis_server.connect(given.redis_dsn) as server:
            redis_server.check(server)


def _check_postgres(database_url: str) -> None:
    database = db.connect(database_url)
    try:
        db.current(database)
    except OperationalError:
        db.check(database)  # it says what is wrong in words
    finally:
        database.dispose()
