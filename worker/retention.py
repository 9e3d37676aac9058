"""Lets go of what the ledger no longer needs, a little at each run, so that no sweep waits long."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from shared.logs import logger
from shared.repository.retention import Expired, expire_events

log = logger(__name__)

BATCH = 1_000
"""Events in one transaction."""
MOST_BATCHES = 100
"""Transactions in one run of the periodic task: at one run a minute, more events than any worker here can end."""


def retire_events(database: Engine, keep_days: int) -> str:
    """Delete, or empty of their payload, the events that ended more than so many days ago. Harmless when repeated.

    Returns:
        what was done, in a few words for Flower.
    """
    total = Expired()
    for _ in range(MOST_BATCHES):
        with database.begin() as connection:
            expired = expire_events(connection, timedelta(days=keep_days), BATCH)
        total += expired
        if expired.looked_at < BATCH:
            break
    if total.looked_at:
        log.info("retired events", deleted=total.deleted, emptied=total.emptied)
    return f"{total.deleted} deleted, {total.emptied} emptied"
