"""Group commit: what many threads ask of Postgres at once is done in one transaction.

(DeWitt et al. 1984, "Implementation techniques for main memory database systems".) While one transaction runs, the
next one gathers, and the busier the process is, the more each carries. Most of what a transaction costs does not
depend on how much it carries, so that two never begin within :data:`PACE_S`: who comes after a while goes at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from shared.db import may_pass

PACE_S = 0.03
"""Seconds from the beginning of a transaction to that of the next one, at least."""

Asked = TypeVar("Asked")
Done = TypeVar("Done")

MOST = 256
"""So many are done together at most: a transaction stays short."""


@dataclass
class _Group(Generic[Asked, Done]):
    items: list[Asked] = field(default_factory=list)
    outcome: Future[Sequence[Done]] = field(default_factory=Future)


class GroupCommit(Generic[Asked, Done]):
    """Does what is asked for by many threads in one thread of its own, in as few transactions as there can be.

    Args:
        name: of the thread.
        commit: does a group in one transaction, which is committed when it returns; the results in the group's order.
    """

    def __init__(self, name: str, commit: Callable[[Sequence[Asked]], Sequence[Done]]) -> None:
        self._commit = commit
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = Lock()
        self._open: _Group[Asked, Done] | None = None
        self._waiting = 0
        self._next = 0.0

    @property
    def waiting(self) -> int:
        """How much has been asked for whose transaction has not begun."""
        return self._waiting

    def __call__(self, item: Asked) -> Done:
        """Do one thing with whatever else waits; blocks until it is committed.

        A group that is refused is done one by one, so that nobody loses for a neighbour's fault.

        Raises:
            whatever ``commit`` raises for this item, and SQLAlchemy's OperationalError when the server is away.
        """
        group, place = self._join(item)
        try:
            return group.outcome.result()[place]
        except (DBAPIError, ValueError, TypeError) as error:
            if len(group.items) == 1 or (isinstance(error, DBAPIError) and may_pass(error)):
                raise
        return self._commit([item])[0]

    def _join(self, item: Asked) -> tuple[_Group[Asked, Done], int]:
        with self._lock:
            if self._open is None or len(self._open.items) == MOST:
                self._open = _Group()
                self._open.outcome = self._thread.submit(self._close, self._open)
            self._open.items.append(item)
            self._waiting += 1
            return self._open, len(self._open.items) - 1

    def _close(self, group: _Group[Asked, Done]) -> Sequence[Done]:
        if len(group.items) < MOST and (pause := self._next - time.monotonic()) > 0:
            time.sleep(pause)
        self._next = time.monotonic() + PACE_S
        with self._lock:
            if self._open is group:
                self._open = None
            self._waiting -= len(group.items)
        return self._commit(group.items)
