"""The sweep: after an event is in Postgres, Redis may lose or repeat anything, and a worker may die; this finds it."""

from __future__ import annotations

from datetime import timedelta

from celery import Celery
from sqlalchemy import Connection

from shared import broker, db, redis_server
from shared.logs import logger
from shared.redis_server import GENERATION_QUEUES
from shared.repository import sweeping
from shared.repository.generations import Nudge
from shared.settings import Settings, settings
from worker.announcing import announce_gaps

log = logger(__name__)


def sweep(app: Celery) -> str:
    """Give back expired leases, enqueue what has no message, close events whose last step a crash cut off, and announce
    gaps.

    Running it twice at once, or when nothing is wrong, does no harm.
    """
    config = settings()
    depths = redis_server.queue_depths(redis_server.redis())
    with db.engine().begin() as connection:
        again, dead = sweeping.release_expired(connection, config.max_attempts)
        sweeping.close_forgotten_events(connection)
        nudges = [nudge for queue in GENERATION_QUEUES for nudge in _missing(connection, queue, depths[queue], config)]
    broker.nudge(app, nudges)
    announced = announce_gaps(db.engine(), redis_server.redis(), config.gaps_stream)
    if again or dead or nudges or announced:
        log.info("swept", expired=again, dead=dead, enqueued=len(nudges), gaps=announced)
    return f"{again} expired, {dead} dead, {len(nudges)} enqueued"


def _missing(connection: Connection, queue: str, depth: int, config: Settings) -> list[Nudge]:
    """What the queue lacks. A long queue is no loss: only when it holds fewer messages than generations wait."""
    spare = sweeping.pending_count(connection, queue) - depth
    return sweeping.due_nudges(connection, queue, timedelta(seconds=config.patience_s), spare)
