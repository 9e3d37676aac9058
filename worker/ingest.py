"""``shelftalk ingest``: moves events from the Redis stream into Postgres, then nudges the workers.

One consumer of a consumer group. A batch is read, written in one transaction, acknowledged and enqueued, in this
order: a crash between any two steps repeats work that changes nothing, or leaves a nudge to the sweep.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from shared import broker, db, redis_server, startup
from shared.events import FIELD
from shared.heartbeat import Heartbeat
from shared.logs import logger
from shared.policy import Policy, PolicyWatch
from shared.redis_server import GENERATE
from shared.repository import sweeping
from shared.repository.generations import Nudge
from shared.settings import Settings
from worker.intake import Delivery, take_in

log = logger(__name__)

BLOCK_MS = 1_000
MAX_PAUSE_S = 10
TRIM_EVERY_S = 60


class Ingest:
    """The consumer. Call :meth:`run` until :meth:`stop`; or :meth:`step` once."""

    def __init__(self, database: Engine, redis: Redis, app: Celery, policies: PolicyWatch, config: Settings) -> None:
        self._database = database
        self._redis = redis
        self._app = app
        self._policies = policies
        self._config = config
        self._consumer = f"{socket.gethostname()}-{os.getpid()}"
        self._stopping = threading.Event()
        self._has_unfinished = False
        self._next_trim = 0.0

    def stop(self) -> None:
        """Make :meth:`run` return after the batch in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Take in events until stopped. While a server is away, wait for it; nothing is lost meanwhile."""
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                self.step()
                pause = 0.0
            except (RedisError, BrokerError, OperationalError) as error:
                # What was read and not acknowledged is read again first.
                self._has_unfinished = True
                if str(error).startswith("NOGROUP"):
                    self.create_group()
                    continue
                pause = min(max(0.5, pause * 2), MAX_PAUSE_S)
                log.warning("a server is away", error=str(error).splitlines()[0], retry_in_s=pause)

    def step(self, block_ms: int = BLOCK_MS) -> int:
        """Take in one batch. Returns its size."""
        entries = self._unfinished() or self._abandoned() or self._unread(block_ms)
        if entries:
            self._take_in(entries)
        self._trim()
        return len(entries)

    def create_group(self) -> None:
        """Make the consumer group. It starts at the first entry: events published before the first start count."""
        try:
            self._redis.xgroup_create(self._config.stream, self._config.stream_group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _unfinished(self) -> list[tuple[str, bytes | None]]:
        """What this consumer read before something went wrong."""
        if not self._has_unfinished:
            return []
        entries = self._read_group("0", None)
        self._has_unfinished = bool(entries)
        return entries

    def _abandoned(self) -> list[tuple[str, bytes | None]]:
        reply: Any = self._redis.xautoclaim(
            self._config.stream,
            self._config.stream_group,
            self._consumer,
            min_idle_time=int(self._config.ingest_claim_idle_s * 1_000),
            count=self._config.ingest_batch,
        )
        return _entries(reply[1])

    def _unread(self, block_ms: int) -> list[tuple[str, bytes | None]]:
        return self._read_group(">", block_ms)

    def _read_group(self, start: str, block_ms: int | None) -> list[tuple[str, bytes | None]]:
        reply: Any = self._redis.xreadgroup(
            self._config.stream_group,
            self._consumer,
            {self._config.stream: start},
            count=self._config.ingest_batch,
            block=block_ms,
        )
        if not reply:
            return []
        # The reply is a list of pairs in RESP2 and a mapping in RESP3.
        batches = next(iter(reply.values())) if isinstance(reply, dict) else [reply[0][1]]
        return [entry for batch in batches for entry in _entries(batch)]

    def _trim(self) -> None:
        """Now and then drop old entries from the stream, but none that is not acknowledged."""
        if time.monotonic() < self._next_trim:
            return
        self._next_trim = time.monotonic() + TRIM_EVERY_S
        stream, group = self._config.stream, self._config.stream_group
        floor = (int((time.time() - self._config.stream_keep_s) * 1_000), 0)
        summary: Any = self._redis.xpending(stream, group)
        groups: list[dict[str, Any]] = self._redis.xinfo_groups(stream)
        delivered = next(each["last-delivered-id"] for each in groups if each["name"] == group.encode())
        oldest = min(floor, _entry_order(delivered), _entry_order(summary["min"] or delivered))
        self._redis.xtrim(stream, minid="-".join(map(str, oldest)), approximate=True)

    def _take_in(self, entries: Sequence[tuple[str, bytes | None]]) -> None:
        policy = self._policies.current()
        deliveries = [Delivery.read(entry, raw, policy) for entry, raw in entries]
        try:
            nudges = self._commit(deliveries, policy)
        except DBAPIError as error:
            if db.may_pass(error):
                raise
            # One message that Postgres refuses must not hold up the others.
            log.error("a batch was refused; its messages are taken one by one", error=str(error).splitlines()[0])
            nudges = []
            for each in deliveries:
                nudges += self._commit_alone(each, policy)
        self._redis.xack(
            self._config.stream, self._config.stream_group, *[each.row.stream_entry for each in deliveries]
        )
        # More waits in Postgres alone, until the sweep sends it: so Redis holds a burst of any size.
        room = max(0, sweeping.MOST_WAITING - redis_server.queue_depths(self._redis)[GENERATE])
        broker.nudge(self._app, nudges[:room])
        log.info("took in", events=len(deliveries), generations=len(nudges))

    def _commit(self, deliveries: Sequence[Delivery], policy: Policy) -> list[Nudge]:
        with self._database.begin() as connection:
            return take_in(connection, deliveries, policy, self._policies.today())

    def _commit_alone(self, delivery: Delivery, policy: Policy) -> list[Nudge]:
        try:
            return self._commit([delivery], policy)
        except DBAPIError as error:
            if db.may_pass(error):
                raise
            refused = delivery.refused(f"Postgres refused it: {str(error.orig).splitlines()[0]}")
            return self._commit([refused], policy)


def _entry_order(entry: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry.decode().partition("-")
    return int(milliseconds), int(sequence or 0)


def _entries(batch: Any) -> list[tuple[str, bytes | None]]:
    return [(entry.decode(), (fields or {}).get(FIELD.encode())) for entry, fields in batch]


def main() -> None:
    """Run the consumer until SIGTERM or SIGINT."""
    config = startup.prepare()
    consumer = Ingest(
        db.engine(), redis_server.redis(), broker.celery_app(config.redis_dsn), startup.policies(config), config
    )
    consumer.create_group()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumer.stop())
    with Heartbeat("ingest", db.engine(), config.home / "run" / "ingest.heartbeat", config.heartbeat_s):
        log.info("ready", stream=config.stream, group=config.stream_group)
        consumer.run()


if __name__ == "__main__":
    startup.explain(main)
