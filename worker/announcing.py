"""Sends upstream what catalogues should know: the gaps that were found while writing."""

from __future__ import annotations

from redis import Redis
from sqlalchemy import Engine

from shared.gaps import STREAM_FIELD
from shared.repository import gaps

BATCH = 500


def announce_gaps(database: Engine, redis: Redis, stream: str) -> int:
    """Send the events of all gaps that have not been announced. Returns how many it sent.

    A crash between sending and the commit sends them once more, with the same ids.
    """
    sent = 0
    while True:
        with database.begin() as connection:
            events = gaps.unannounced(connection, BATCH)
            for event in events.values():
                redis.xadd(stream, {STREAM_FIELD: event.model_dump_json()}, maxlen=100_000, approximate=True)
            gaps.mark_announced(connection, list(events))
        sent += len(events)
        if len(events) < BATCH:
            return sent
