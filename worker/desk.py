"""Where descriptions are written: one generation from claim to commit. No transaction is open while the model runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.errors import PermanentError, TransientError
from shared.gate import Standards
from shared.logs import logger
from shared.policy import PolicyWatch
from shared.repository import calibration, fingerprints, gaps, generations
from shared.repository.generations import Claim
from shared.settings import Settings
from worker import pipeline
from worker.drafting import Brief
from worker.pipeline import Copy, Writer

log = logger(__name__)

MAX_REASON_CHARACTERS = 2_000


@dataclass
class Leases:
    """The generations that this process holds; its heartbeat renews them."""

    lease: timedelta
    _held: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def holding(self, generation_id: int) -> Iterator[None]:
        """Hold a generation for as long as the block runs."""
        with self._lock:
            self._held.add(generation_id)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(generation_id)

    def renew(self, connection: Connection, worker_id: UUID) -> None:
        """Renew all that are held."""
        with self._lock:
            held = sorted(self._held)
        generations.renew_leases(connection, worker_id, held, self.lease)


class Writers(Protocol):
    """What the desk needs of an engine."""

    def serving(self) -> Writer:
        """A view of the model that serves now; one description asks one view."""


@dataclass(frozen=True)
class Desk:
    """The engine and all that a generation needs beside it. One for each worker process, used by all its threads."""

    database: Engine
    engine: Writers
    policies: PolicyWatch
    config: Settings
    worker_id: UUID
    leases: Leases
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def write(self, generation_id: int) -> str:
        """Write the copy of a pending generation. Returns what became of it, in a few words for Flower."""
        with self._turn(generation_id), self.leases.holding(generation_id):
            with self.database.begin() as connection:
                held = generations.claim(connection, generation_id, self.worker_id, self.leases.lease)
            if held is None:
                return "nothing to do"
            try:
                return self._write(held)
            except (PermanentError, TransientError) as error:
                return self.record_failure(generation_id, error)

    def _turn(self, generation_id: int) -> AbstractContextManager[object]:
        """Whoever has one attempt left waits for a turn before the claim, so that only one such is ever claimed.

        Whatever kills workers is alone in the batch at its last attempt, and costs no neighbour its own last one.
        """
        with self.database.connect() as connection:
            attempts = generations.attempts(connection, generation_id)
        return self._alone if 0 < attempts == self.config.max_attempts - 1 else nullcontext()

    def _write(self, held: Claim) -> str:
        brief, policy_id = self._brief(held)
        is_last = held.attempt > 1 and held.attempt >= self.config.max_attempts
        serving = self.engine.serving()
        copy = pipeline.describe(brief, serving, alone=is_last)
        made_by = {"model_version_id": serving.model.version_id, "policy_id": policy_id}
        if not self._save(held, copy, made_by):
            return "too late: a newer change came first"
        draft = copy.draft
        quality = draft.scores.quality
        log.info("described", sku=held.product.sku, status=draft.verdict.status, quality=round(quality, 2))
        return f"{draft.verdict.status}, quality {quality:.2f}, waited {held.waited_s:.1f} s"

    def _brief(self, held: Claim) -> tuple[Brief, int]:
        """What is to be written, under the policy in force, and that policy's id."""
        policy = self.policies.current()
        profile = policy.profiles.get(held.profile)
        if profile is None:
            raise PermanentError(f"the profile {held.profile!r} is no longer in force; add it back and activate it")
        profile = profile.on(self.policies.today())
        plan = policy.plan(held.product, profile)

        def likeness(text: str) -> float:
            with self.database.connect() as connection:
                return fingerprints.nearest(connection, held.product_id, held.profile, text)

        with self.database.connect() as connection:
            fitted = calibration.newest(connection)
        brief = Brief(
            held.product,
            profile,
            plan,
            standards=self.standards,
            packs=policy.packs,
            missing=plan.missing(held.product, profile, policy.salience),
            calibration=fitted,
            likeness=likeness,
        )
        return brief, policy.id

    @property
    def standards(self) -> Standards:
        """What copy has to reach, as the settings say."""
        config = self.config
        return Standards(config.publish_quality, config.reject_quality, config.candidates, config.second_try)

    def _save(self, held: Claim, copy: Copy, made_by: Mapping[str, int]) -> bool:
        """Store copy with what belongs to it, in one transaction. Whether it came in time."""
        values = {**copy.values, **made_by}
        with self.database.begin() as connection:
            id_ = generations.save_description(connection, held, self.worker_id, values)
            if id_ is None:
                return False
            if copy.draft.verdict.status == "published":
                fingerprints.store(connection, id_, held.product_id, held.profile, copy.draft.text)
            if copy.missing:
                gaps.record(connection, held.product_id, held.product.version, held.profile, copy.missing)
        return True

    def record_failure(self, generation_id: int, error: BaseException) -> str:
        """Give a generation back, or set it aside when the error is permanent or the last attempt is used up."""
        expected = isinstance(error, PermanentError | TransientError)
        reason = str(error) if expected else f"{type(error).__name__}: {error}"
        with self.database.begin() as connection:
            again = generations.fail(
                connection,
                generation_id,
                self.worker_id,
                reason.replace("\x00", "")[:MAX_REASON_CHARACTERS],
                max_attempts=0 if isinstance(error, PermanentError) else self.config.max_attempts,
                delay=timedelta(seconds=self.config.retry_delay_s),
            )
        log.warning("attempt failed", generation=generation_id, again=again, error=reason)
        return f"failed, will be tried again: {reason}" if again else f"dead letter: {reason}"


_desk: list[Desk] = []


def open_desk(desk: Desk) -> None:
    """Make this the desk of the process, before Celery starts its threads."""
    _desk[:] = [desk]


def the_desk() -> Desk:
    """The desk of this process."""
    return _desk[0]
