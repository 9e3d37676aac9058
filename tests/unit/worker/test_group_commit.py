"""What many threads ask at once is done together, and nobody loses for a neighbour's fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.event_fakes import eventually
from worker.group_commit import MOST, GroupCommit

WAIT_S = 10


class Ledger:
    """Doubles numbers, a group at a time, once the gate is open. Refuses a group with a wrong number in it."""

    def __init__(self, wrong: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self._wrong = wrong

    def commit(self, numbers: Sequence[int]) -> list[int]:
        self.groups.append(list(numbers))
        self.entered.set()
        assert self.gate.wait(WAIT_S)
        if self._wrong and -1 in numbers:
            raise self._wrong
        return [2 * number for number in numbers]


def all_asked(ledger: Ledger, numbers: Sequence[int]) -> list[int | BaseException]:
    """Ask for all numbers at once, while a group of its own, with the number 0, is being committed."""
    grouped: GroupCommit[int, int] = GroupCommit("ledger", ledger.commit)
    with ThreadPoolExecutor(len(numbers) + 1) as threads:
        first = threads.submit(grouped, 0)
        assert ledger.entered.wait(WAIT_S)
        asked = [threads.submit(grouped, number) for number in numbers]
        eventually(lambda: grouped.waiting == len(numbers))
        ledger.gate.set()
        assert first.result(WAIT_S) == 0
        return [each.exception(WAIT_S) or each.result() for each in asked]


def test_what_is_asked_while_a_group_is_committed_is_the_next_group() -> None:
    ledger = Ledger()
    assert all_asked(ledger, [1, 2, 3]) == [2, 4, 6]
    assert [sorted(group) for group in ledger.groups] == [[0], [1, 2, 3]]


def test_a_refused_group_is_done_one_by_one() -> None:
    refused = IntegrityError("INSERT", None, Exception("a row is wrong"))
    ledger = Ledger(refused)
    assert all_asked(ledger, [1, -1, 3]) == [2, refused, 6]


def test_a_server_that_is_away_is_not_asked_again_by_each() -> None:
    away = OperationalError("COMMIT", None, Exception("the server closed the connection"))
    ledger = Ledger(away)
    assert all_asked(ledger, [1, -1, 3]) == [away, away, away]
    assert len(ledger.groups) == 2


def test_one_alone_is_refused_once() -> None:
    ledger = Ledger(ValueError("wrong"))
    ledger.gate.set()
    with pytest.raises(ValueError, match="wrong"):
        GroupCommit("ledger", ledger.commit)(-1)
    assert ledger.groups == [[-1]]


def test_a_group_has_a_limit() -> None:
    ledger = Ledger()
    assert all_asked(ledger, [1] * (MOST + 1)) == [2] * (MOST + 1)
    assert max(map(len, ledger.groups)) == MOST
