"""What the tests of an event's way share: events, a model that answers at once, and the service without processes."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from celery import Celery
from click.testing import Result
from redis import Redis
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from shared import broker, cli, db, redis_server
from shared.content.salience import Salience
from shared.events import CHANGED, DELETED
from shared.policy import Policy, PolicyWatch, activate
from shared.profiles import Profile
from shared.prompts import Prompt
from shared.repository import registry
from shared.settings import Settings, settings
from worker.backfill import advance
from worker.desk import Desk, Leases
from worker.engine import Generated
from worker.ingest import Ingest
from worker.serving import ServedModel
from worker.sweep import sweep

PROFILES = {
    "product_page": Profile(name="product_page", version="1", default=True, ignored_attributes=("capacity",), rules=()),
    "teaser": Profile(name="teaser", version="1", min_words=3, max_words=20, rules=()),
}
FAKE = ServedModel(0, "fake", taught=False)
KETTLE = {"title": "Kettle K2", "brand": "Norrland", "attributes": {"color": "black", "power": "2200 watt"}}


def eventually(holds: Callable[[], object], within_s: float = 20.0, every_s: float = 0.02) -> None:
    """Return as soon as something holds; fail when it still does not after ``within_s`` seconds."""
    never = threading.Event()
    for _ in range(round(within_s / every_s)):
        if holds():
            return
        never.wait(every_s)
    raise AssertionError(f"this did not hold within {within_s:g} s: {holds.__qualname__}")


def changed(sku: str = "KET-42", version: int = 1, *, id: str | None = None, **product: Any) -> dict[str, Any]:
    """The event that a kettle has changed; None removes a member of the product."""
    data = {"sku": sku, "version": version, **KETTLE, **product}
    return _event(CHANGED, {name: value for name, value in data.items() if value is not None}, id)


def deleted(sku: str = "KET-42", version: int = 1, *, id: str | None = None) -> dict[str, Any]:
    """The event that a kettle has left the catalogue."""
    return _event(DELETED, {"sku": sku, "version": version}, id)


def _event(type_: str, data: dict[str, Any], id_: str | None) -> dict[str, Any]:
    id_ = id_ or f"{data['sku']}:{data['version']}"
    return {"id": id_, "source": "erp", "type": type_, "time": "2026-11-23T10:00:00Z", "data": data}


@dataclass
class Writer:
    """A model that says the same of each product. ``meanwhile`` runs while it writes."""

    meanwhile: Callable[[], object] = lambda: None
    answer: str = "This is the {title}, and it is what you have been looking for."
    asked: list[Prompt] = field(default_factory=list)
    model: ServedModel = FAKE

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        self.asked.append(prompt)
        self.meanwhile()
        title = prompt.question[1].partition("\n")[0].removeprefix("- title: ")
        written = Generated(
            text=self.answer.format(title=title),
            confidence=0.9,
            prompt_tokens=30,
            new_tokens=12,
            complete=True,
            queue_ms=1.0,
            decode_ms=2.0,
            batch_size=1,
        )
        return [written] * candidates


@dataclass
class FailingWriter:
    """A model that fails with one error at each attempt. ``alone`` notes which attempts had a batch of their own."""

    error: Exception
    alone: list[bool] = field(default_factory=list)
    model: ServedModel = FAKE

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        self.alone.append(alone)
        raise self.error


@dataclass(frozen=True)
class OneModel:
    """An engine that never changes its model."""

    writer: Writer | FailingWriter

    def serving(self) -> Writer | FailingWriter:
        """That model."""
        return self.writer


class Calendar(PolicyWatch):
    """The policy in force, on the day that the test says."""

    day = date(2026, 11, 1)

    def today(self) -> date:
        """That day."""
        return self.day


@dataclass(frozen=True)
class Service:
    """The service on real servers, without its processes: the test takes each step itself."""

    database: Engine
    redis: Redis
    app: Celery
    config: Settings
    policies: Calendar

    def send(self, *messages: dict[str, Any] | bytes) -> list[str]:
        """Put messages on the stream, as a catalogue system does. Returns their entries."""
        raw = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
        return [self.redis.xadd(self.config.stream, {"event": each}).decode() for each in raw]

    def consumer(self, **changes: Any) -> Ingest:
        """An ingest consumer with some settings of its own."""
        config = self.config.model_copy(update=changes)
        consumer = Ingest(self.database, self.redis, self.app, self.policies, config)
        consumer.create_group()
        return consumer

    def take_in(self, *messages: dict[str, Any] | bytes) -> list[str]:
        """Put messages on the stream and ingest all that is there, in one batch if it is not very much."""
        entries = self.send(*messages)
        consumer = self.consumer()
        while consumer.step(block_ms=1):
            pass
        return entries

    def desk(self, writer: Writer | FailingWriter | None = None, **changes: Any) -> Desk:
        """The desk of another worker process, with some settings of its own."""
        writer = writer or Writer()
        with self.database.begin() as connection:
            content = registry.ModelContent("fake", "0" * 64, "1")
            writer.model = replace(writer.model, version_id=registry.register_model(connection, content))
        config = self.config.model_copy(update=changes)
        leases = Leases(timedelta(seconds=config.lease_s))
        return Desk(self.database, OneModel(writer), self.policies, config, uuid.uuid4(), leases)

    def write(self, writer: Writer | FailingWriter | None = None) -> list[str]:
        """Work on all that is pending, oldest first. Returns what became of each."""
        desk = self.desk(writer)
        return [desk.write(id_) for id_ in self.pending()]

    def describe(self, *messages: dict[str, Any] | bytes, writer: Writer | None = None) -> None:
        """Take these messages in, and write what they ask for."""
        self.take_in(*messages)
        self.write(writer)

    def activate(self, policy: Policy) -> int:
        """Put a policy in force. Returns its id."""
        with self.database.begin() as connection:
            return activate(connection, policy)[0]

    def advance_backfill(self) -> str:
        """Go on with the back-fill once."""
        return advance(self.app, self.database, self.policies)

    def pending(self) -> list[int]:
        """The generations that wait, oldest first."""
        return [row[0] for row in self.rows("SELECT id FROM app.generation WHERE status = 'pending' ORDER BY id")]

    def pass_time(self, seconds: float) -> None:
        """Let time pass for all that Postgres knows of."""
        ago = {"ago": timedelta(seconds=seconds)}
        with self.database.begin() as connection:
            connection.execute(
                text(
                    "UPDATE app.generation SET due_at = due_at - :ago, nudged_at = nudged_at - :ago,"
                    " lease_expires_at = lease_expires_at - :ago, created_at = created_at - :ago"
                ),
                ago,
            )
            connection.execute(text("UPDATE app.inbox_event SET received_at = received_at - :ago"), ago)

    def sweep(self) -> str:
        """Sweep once."""
        return sweep(self.app)

    def queued(self, queue: str = "generate") -> int:
        """How many messages wait in one of Celery's queues of generations."""
        return redis_server.queue_depths(self.redis)[queue]

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), parameters)]

    def execute(self, statement: str, **parameters: Any) -> None:
        """Run one statement in a transaction."""
        with self.database.begin() as connection:
            connection.execute(text(statement), parameters)

    def outcomes(self) -> list[tuple[str | None, str | None]]:
        """Event id and outcome of each row of the ledger, in the order of their arrival."""
        return [
            (id_, outcome) for id_, outcome in self.rows("SELECT event_id, outcome FROM app.inbox_event ORDER BY id")
        ]

    def reason(self, entry: str) -> str:
        """Why the event of a stream entry ended as it did."""
        [(reason,)] = self.rows("SELECT reason FROM app.inbox_event WHERE stream_entry = :entry", entry=entry)
        return str(reason)

    def copy(self, sku: str = "KET-42", profile: str = "product_page") -> str | None:
        """The current copy of a product, as analysts see it."""
        query = "SELECT text FROM analytics.current_description WHERE sku = :sku AND profile = :profile"
        found = self.rows(query, sku=sku, profile=profile)
        return found[0][0] if found else None

    def unacknowledged(self) -> int:
        """How many entries of the stream were read and not finished."""
        return redis_server.stream_lag(self.redis, self.config.stream, self.config.stream_group)["unacknowledged"]


@contextmanager
def service(profiles: Mapping[str, Profile] = PROFILES, without: Collection[str] = ()) -> Iterator[Service]:
    """The service at the addresses of the settings. ``without`` names profiles that it does not know.

    It uses this process's connections, which stay open: see :func:`forget_connections`.
    """
    known = {name: profile for name, profile in profiles.items() if name not in without}
    config = settings().model_copy(update={"second_try": False, "candidates": 1})  # fakes say the same again
    app = broker.celery_app(config.redis_dsn)
    with db.engine().begin() as connection:
        activate(connection, Policy(known, {}, Salience()))
    policies = Calendar(db.engine())
    try:
        yield Service(db.engine(), redis_server.redis(), app, config, policies)
    finally:
        app.close()


def forget_connections() -> None:
    """Close the connections of this process, so that the next test begins with its own addresses."""
    for connect, close in ((db.engine, "dispose"), (redis_server.redis, "close")):
        if connect.cache_info().currsize:
            with suppress(OSError):
                getattr(connect(), close)()
        connect.cache_clear()


def run(*arguments: str | Path, given: str | bytes | None = None) -> Result:
    """Run a command of ``shelftalk`` in this process."""
    return CliRunner().invoke(cli.app, [str(each) for each in arguments], input=given)
