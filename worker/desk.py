"""Where descriptions are written: one generation from claim to commit. No transaction is open while the model runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import cached_property, lru_cache
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.errors import PermanentError, TransientError
from shared.gate import Standards
from shared.logs import logger
from shared.policy import Policy, PolicyWatch
from shared.redis_server import GENERATE
from shared.repository import calibration, claims, descriptions, fingerprints, gaps, generations
from shared.repository.claims import Claim
from shared.repository.descriptions import Written
from shared.repository.fingerprints import Text
from shared.scoring.calibration import Calibration
from shared.settings import Settings
from worker import pipeline
from worker.drafting import Brief
from worker.group_commit import GroupCommit
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
class _Order:
    """A generation that is held, with what it is written under."""

    held: Claim
    policy: Policy
    calibration: Calibration | None


class _Turn(Enum):
    """Why a generation is not held."""

    NOTHING_TO_DO = "it is taken, ended, not due, or no longer wanted"
    ALONE = "it has one attempt left"


@dataclass(frozen=True)
class _Result:
    """Copy that a generation led to, and the columns that say what made it."""

    held: Claim
    copy: Copy
    made_by: Mapping[str, int]

    @property
    def is_published(self) -> bool:
        """Whether shoppers may read it at once."""
        return self.copy.draft.verdict.status == "published"


@dataclass(frozen=True)
class Desk:
    """The engine and all that a generation needs beside it. One for each worker process, used by all its threads.

    What its threads ask of Postgres at the same time is done together, so that it needs few connections however many
    threads there are.
    """

    database: Engine
    engine: Writers
    policies: PolicyWatch
    config: Settings
    worker_id: UUID
    leases: Leases
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def write(self, generation_id: int) -> str:
        """Write the copy of a pending generation. Returns what became of it, in a few words for Flower."""
        with self.leases.holding(generation_id):
            order = self._claims(generation_id)
            if order is not _Turn.ALONE:
                return self._carry_out(order)
            # Whoever has one attempt left waits for a turn before the claim, so that only one such is ever claimed:
            # what kills workers is alone in the batch at its last attempt, and costs no neighbour its own last one.
            with self._alone:
                [order] = self._claim([generation_id], spare=False)
                return self._carry_out(order)

    def _carry_out(self, order: _Order | _Turn) -> str:
        if isinstance(order, _Turn):
            return "nothing to do"
        try:
            return self._write(order)
        except (PermanentError, TransientError) as error:
            return self.record_failure(order.held.generation_id, error)

    def _write(self, order: _Order) -> str:
        held = order.held
        brief = self._brief(order)
        is_last = held.attempt > 1 and held.attempt >= self.config.max_attempts
        serving = self.engine.serving()
        copy = pipeline.describe(brief, serving, alone=is_last, urgent=held.queue == GENERATE)
        made_by = {"model_version_id": serving.model.version_id, "policy_id": order.policy.id}
        if not self._saves(_Result(held, copy, made_by)):
            return "too late: a newer change came first"
        draft = copy.draft
        return f"{draft.verdict.status}, quality {draft.scores.quality:.2f}, waited {held.waited_s:.1f} s"

    @cached_property
    def _claims(self) -> GroupCommit[int, _Order | _Turn]:
        return GroupCommit("claims", self._claim)

    @cached_property
    def _likeness(self) -> GroupCommit[Text, float]:
        return GroupCommit("likeness", self._nearest)

    @cached_property
    def _saves(self) -> GroupCommit[_Result, bool]:
        return GroupCommit("saves", self._save)

    def _claim(self, generation_ids: Sequence[int], *, spare: bool = True) -> list[_Order | _Turn]:
        """Take these generations; of one that is named twice, once."""
        spare_from = max(1, self.config.max_attempts - 1) if spare else None
        with self.database.begin() as connection:
            claimed = claims.claim(connection, generation_ids, self.worker_id, self.leases.lease, spare_from=spare_from)
            fitted = calibration.newest(connection) if claimed.held else None
        if not claimed.held:
            return [_Turn.ALONE if id_ in claimed.spared else _Turn.NOTHING_TO_DO for id_ in generation_ids]
        # After the claim: what was asked for under a policy must not be written under the one before.
        policy, held = self.policies.current(), dict(claimed.held)
        orders: list[_Order | _Turn] = []
        for id_ in generation_ids:
            found = held.pop(id_, None)
            absent = _Turn.ALONE if id_ in claimed.spared else _Turn.NOTHING_TO_DO
            orders.append(_Order(found, policy, fitted) if found else absent)
        return orders

    def _brief(self, order: _Order) -> Brief:
        """What is to be written, under the policy in force."""
        held, policy = order.held, order.policy
        profile = policy.profiles.get(held.profile)
        if profile is None:
            raise PermanentError(f"the profile {held.profile!r} is no longer in force; add it back and activate it")
        profile = profile.on(self.policies.today())
        plan = policy.plan(held.product, profile)

        @lru_cache  # texts of one description are often the same
        def likeness(copy: str) -> float:
            return self._likeness(Text(held.product_id, held.profile, copy))

        return Brief(
            held.product,
            profile,
            plan,
            standards=self.standards,
            packs=policy.packs,
            missing=plan.missing(held.product, profile, policy.salience),
            calibration=order.calibration,
            likeness=likeness,
        )

    def _nearest(self, texts: Sequence[Text]) -> list[float]:
        with self.database.begin() as connection:
            return fingerprints.nearest(connection, texts)

    @property
    def standards(self) -> Standards:
        """What copy has to reach, as the settings say."""
        config = self.config
        return Standards(config.publish_quality, config.reject_quality, config.candidates, config.second_try)

    def _save(self, results: Sequence[_Result]) -> list[bool]:
        """Store copy with what belongs to it, in one transaction. Of each whether it came in time."""
        written = [Written(each.held, {**each.copy.values, **each.made_by}) for each in results]
        with self.database.begin() as connection:
            stored = descriptions.save(connection, self.worker_id, written)
            done = {id_: each for each in results if (id_ := stored.get(each.held.generation_id)) is not None}
            published = {
                id_: _text(each) for id_, each in done.items() if each.copy.draft.verdict.status == "published"
            }
            if published:
                fingerprints.store(connection, published)
            gaps.record(connection, [_gap(each) for each in done.values() if each.copy.missing])
        return [each.held.generation_id in stored for each in results]

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


def _text(result: _Result) -> Text:
    return Text(result.held.product_id, result.held.profile, result.copy.draft.text)


def _gap(result: _Result) -> dict[str, object]:
    held = result.held
    named = {"product_id": held.product_id, "product_version": held.product.version, "profile": held.profile}
    return named | {"missing": list(result.copy.missing)}


_desk: list[Desk] = []


def open_desk(desk: Desk) -> None:
    """Make this the desk of the process, before Celery starts its threads."""
    _desk[:] = [desk]


def the_desk() -> Desk:
    """The desk of this process."""
    return _desk[0]
