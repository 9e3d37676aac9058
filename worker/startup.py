"""What every process of the service does before it starts: check all it needs, and say plainly what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from shared import db, logs, redis_server
from shared.errors import ConfigurationError
from shared.profiles import Profile, load_profiles
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
    profiles(config)
    return config


def profiles(config: Settings) -> Mapping[str, Profile]:
    """The copy profiles; the default ones are among them.

    Raises:
        ConfigurationError: when one is broken, or a default one does not exist.
    """
    known = load_profiles(config.profiles_dir)
    for name in config.default_profiles:
        if name not in known:
            raise ConfigurationError(
                f"SHELFTALK_DEFAULT_PROFILES names {name!r}, but {config.profiles_dir} has only {', '.join(known)}"
            )
    return known


def explain(main: Callable[[], None]) -> None:
    """Run a process; a configuration that is not as it must be ends it with one line and status 78."""
    try:
        main()
    except ConfigurationError as error:
        sys.stderr.write(f"shelftalk: {error}\n")
        sys.exit(EXIT_CONFIGURATION)
