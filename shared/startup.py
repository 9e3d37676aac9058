"""What every process of the service does before it starts: check all it needs, and say plainly what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable

from shared import db, logs, redis_server
from shared.errors import ConfigurationError
from shared.policy import PolicyWatch, activate, read_policy
from shared.repository import policies as stored
from shared.settings import Settings, settings

EXIT_CONFIGURATION = 78  # EX_CONFIG of sysexits.h


def prepare() -> Settings:
    """Set up logs and make sure that Postgres and Redis are there and as they must be.

    Raises:
        ConfigurationError: naming what is wrong and the fix.
    """
    config = settings()
    logs.configure()
    db.check(db.engine())
    redis_server.check(redis_server.redis())
    return config


def policies(config: Settings) -> PolicyWatch:
    """The policy in force. When none is yet, the one that stands in the files is activated.

    Raises:
        ConfigurationError: when there is none, and a file is broken.
    """
    with db.engine().connect() as connection:
        is_active = stored.newest_id(connection) is not None
    if not is_active:
        found = read_policy(config)
        with db.engine().begin() as connection:
            activate(connection, found)
    watch = PolicyWatch(db.engine(), config.time_zone)
    watch.current()
    return watch


def explain(main: Callable[[], None]) -> None:
    """Run a process; a configuration that is not as it must be ends it with one line and status 78."""
    try:
        main()
    except ConfigurationError as error:
        sys.stderr.write(f"shelftalk: {error}\n")
        sys.exit(EXIT_CONFIGURATION)
