"""The connection to Redis and what can be read from it without Celery.

Redis carries two things: the stream that catalogue systems write (read by ingest alone) and Celery's own lists, which
nobody but Shelftalk writes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from shared.errors import ConfigurationError
from shared.settings import settings

GENERATE = "generate"
GENERATE_BULK = "generate.bulk"
MAINTENANCE = "maintenance"
TRAINING = "training"
GENERATION_QUEUES = (GENERATE, GENERATE_BULK)
QUEUES = (*GENERATION_QUEUES, MAINTENANCE, TRAINING)


@lru_cache
def redis() -> Redis:
    """The connection pool of this process."""
    return connect(settings().redis_dsn)


def connect(redis_url: str) -> Redis:
    """A connection pool for one address; replies are bytes."""
    return Redis.from_url(redis_url, socket_connect_timeout=5, socket_keepalive=True, health_check_interval=25)


def check(server: Redis) -> None:
    """Make sure that Redis answers and never evicts what waits in it.

    Raises:
        ConfigurationError: saying which of the two is not so, and what to do.
    """
    try:
        server.ping()
    except RedisError as error:
        raise ConfigurationError(
            f"Redis at {_address(server)} cannot be reached ({error}): start it, or set REDIS_URL"
        ) from None
    try:
        policy = server.config_get("maxmemory-policy").get("maxmemory-policy")
    except ResponseError as error:
        raise ConfigurationError(
            f"Redis at {_address(server)} does not say its eviction policy ({error}): allow this user CONFIG GET"
        ) from None
    if policy != "noeviction":
        raise ConfigurationError(
            f"Redis at {_address(server)} may evict queued events: its maxmemory-policy is {policy}; "
            "run `CONFIG SET maxmemory-policy noeviction` and put it into its configuration"
        )


def _address(server: Redis) -> str:
    options = server.connection_pool.connection_kwargs
    return f"{options['host']}:{options['port']}" if "host" in options else str(options.get("path"))


def queue_depths(server: Redis) -> dict[str, int]:
    """How many Celery messages wait in each queue."""
    with server.pipeline(transaction=False) as pipe:
        for name in QUEUES:
            pipe.llen(name)
        return dict(zip(QUEUES, pipe.execute(), strict=True))


def stream_lag(server: Redis, stream: str, group: str) -> dict[str, int]:
    """How far ingest is behind: ``unread`` entries, and ``unacknowledged`` ones that were read but not finished."""
    try:
        groups: list[dict[str, Any]] = server.xinfo_groups(stream)
    except ResponseError:  # there is no stream before the first event
        return {"unread": 0, "unacknowledged": 0}
    for found in groups:
        if found["name"].decode() == group:
            # Redis gives no lag after entries in the middle of the stream were deleted; then the length bounds it.
            unread = found["lag"] if found.get("lag") is not None else server.xlen(stream)
            return {"unread": int(unread), "unacknowledged": int(found["pending"])}
    return {"unread": int(server.xlen(stream)), "unacknowledged": 0}


def last_delivered(server: Redis, stream: str, group: str) -> str:
    """The newest entry that the group has read; ``0-0`` when it has read none."""
    try:
        groups: list[dict[str, Any]] = server.xinfo_groups(stream)
    except ResponseError:
        return "0-0"
    return next((each["last-delivered-id"].decode() for each in groups if each["name"].decode() == group), "0-0")


def unacknowledged(server: Redis, stream: str, group: str) -> set[str]:
    """The entries that the group has read and not acknowledged."""
    try:
        rows: list[dict[str, Any]] = server.xpending_range(stream, group, "-", "+", 100_000)
    except ResponseError:
        return set()
    return {row["message_id"].decode() for row in rows}


def entry_ids(server: Redis, stream: str, start: str, end: str, count: int) -> list[str]:
    """The ids of a page of the stream's entries."""
    rows: Any = server.xrange(stream, start, end, count)
    return [entry.decode() for entry, _ in rows]
