"""The aliases of models, and the decisions that move them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from string import ascii_lowercase

import pytest
from sqlalchemy import Connection, text

from shared.errors import ConfigurationError
from shared.repository import promotions, registry
from shared.repository.promotions import Decision
from shared.repository.registry import ModelContent
from tests.event_fakes import Service, eventually

BY_HAND = Decision("kim", "it reads better")
BY_GATE = Decision("the gate", "it is better", "auto", {"products": 40, "tests": []}, "**Passed**")


@pytest.fixture
def connection(shelftalk: Service) -> Iterator[Connection]:
    with shelftalk.database.begin() as connection:
        yield connection


def registered(connection: Connection, count: int) -> list[int]:
    """So many models."""
    contents = [ModelContent("smol", "a" * 64, "3t", name, name * 64) for name in ascii_lowercase[:count]]
    return [registry.register_model(connection, content) for content in contents]


def aliases(connection: Connection) -> dict[str, int]:
    return {
        name: held
        for name in ("champion", "previous", "challenger")
        if (held := promotions.holder(connection, name)) is not None
    }


def told(connection: Connection) -> list[tuple[str, int, int | None]]:
    """What was decided, the oldest first: action, model, champion then."""
    found = promotions.decisions(connection)
    return [(each["action"], each["model_version_id"], each["champion_id"]) for each in reversed(found)]


def promote_all(connection: Connection, *ids: int) -> None:
    for id_ in ids:
        promotions.promote(connection, id_, BY_HAND)


def test_a_promotion_makes_the_champion_before_the_previous_one(connection: Connection) -> None:
    first, second = registered(connection, 2)
    promote_all(connection, first, second)
    assert aliases(connection) == {"champion": second, "previous": first}
    assert told(connection) == [("promote", first, None), ("promote", second, first)]


def test_a_second_promotion_of_the_champion_changes_nothing(connection: Connection) -> None:
    first, second = registered(connection, 2)
    promote_all(connection, first, second, second)
    assert aliases(connection) == {"champion": second, "previous": first}
    assert len(told(connection)) == 2


def test_the_decision_is_kept_with_its_numbers(connection: Connection) -> None:
    [model] = registered(connection, 1)
    promotions.promote(connection, model, BY_GATE)
    [decision] = promotions.decisions(connection, model)
    assert {name: decision[name] for name in vars(BY_GATE)} == vars(BY_GATE)


def test_one_that_passed_waits_as_the_challenger_until_it_is_promoted(connection: Connection) -> None:
    first, second = registered(connection, 2)
    promote_all(connection, first)
    promotions.hold(connection, second, BY_GATE)
    assert aliases(connection) == {"champion": first, "challenger": second}
    promote_all(connection, second)
    assert aliases(connection) == {"champion": second, "previous": first}
    assert told(connection)[1:] == [("hold", second, first), ("promote", second, first)]


def test_one_that_is_refused_is_no_challenger_and_the_champion_stays(connection: Connection) -> None:
    first, second, third = registered(connection, 3)
    promote_all(connection, first)
    promotions.hold(connection, second, BY_GATE)
    promotions.refuse(connection, third, BY_GATE)
    assert aliases(connection) == {"champion": first, "challenger": second}
    promotions.refuse(connection, second, BY_GATE)
    assert aliases(connection) == {"champion": first}
    assert [action for action, _, _ in told(connection)] == ["promote", "hold", "refuse", "refuse"]


def test_a_rollback_gives_the_place_back_and_the_next_goes_further(connection: Connection) -> None:
    first, second, third = registered(connection, 3)
    promote_all(connection, first, second, third)
    assert promotions.roll_back(connection, BY_HAND) == (third, second)
    assert aliases(connection) == {"champion": second, "previous": first}
    assert promotions.roll_back(connection, BY_HAND) == (second, first)
    assert aliases(connection) == {"champion": first}
    assert told(connection)[3:] == [("rollback", second, third), ("rollback", first, second)]


def test_the_first_champion_was_never_promoted_and_can_be_gone_back_to(connection: Connection) -> None:
    first, second, third = registered(connection, 3)
    registry.promote_if_first(connection, first)
    promote_all(connection, second, third)
    assert promotions.roll_back(connection, BY_HAND) == (third, second)
    assert promotions.roll_back(connection, BY_HAND) == (second, first)


@pytest.mark.parametrize("promoted", [0, 1])
def test_a_rollback_needs_a_model_that_served_before(connection: Connection, promoted: int) -> None:
    promote_all(connection, *registered(connection, 1)[:promoted])
    before = aliases(connection)
    with pytest.raises(ConfigurationError, match=r"no model served before this one: .* `shelftalk models promote`"):
        promotions.roll_back(connection, BY_HAND)
    assert aliases(connection) == before
    assert len(told(connection)) == promoted


def test_rollbacks_never_come_back_to_a_model_that_was_rolled_back(connection: Connection) -> None:
    a, b, c = registered(connection, 3)
    promote_all(connection, a, b, c, a)
    assert promotions.roll_back(connection, BY_HAND) == (a, c)
    assert promotions.roll_back(connection, BY_HAND) == (c, b)
    assert aliases(connection) == {"champion": b}
    with pytest.raises(ConfigurationError, match="no model served before"):
        promotions.roll_back(connection, BY_HAND)


def test_a_model_that_was_rolled_back_counts_again_once_it_is_promoted_again(connection: Connection) -> None:
    a, b, c = registered(connection, 3)
    promote_all(connection, a, b)
    promotions.roll_back(connection, BY_HAND)
    promote_all(connection, b, c)
    assert promotions.roll_back(connection, BY_HAND) == (c, b)
    assert promotions.roll_back(connection, BY_HAND) == (b, a)


@pytest.mark.parametrize("decide", [promotions.promote, promotions.hold, promotions.refuse])
def test_a_model_that_is_not_there_is_refused_by_its_number(connection: Connection, decide: object) -> None:
    assert callable(decide)
    with pytest.raises(ConfigurationError, match="there is no model 99: `shelftalk models list` shows all"):
        decide(connection, 99, BY_HAND)
    assert aliases(connection) == {}


def test_of_two_promotions_at_once_the_second_waits_and_follows_the_first(shelftalk: Service) -> None:
    with shelftalk.database.begin() as connection:
        first, second, third = registered(connection, 3)
        promote_all(connection, first)

    def promote_third() -> None:
        with shelftalk.database.begin() as connection:
            promotions.promote(connection, third, BY_HAND)

    with ThreadPoolExecutor(1) as other:
        with shelftalk.database.begin() as connection:
            promotions.promote(connection, second, BY_HAND)
            waiting = other.submit(promote_third)
            eventually(lambda: waiting.done() or waits(shelftalk))
            assert not waiting.done()
        waiting.result(timeout=20)

    with shelftalk.database.connect() as connection:
        assert aliases(connection) == {"champion": third, "previous": second}
        assert told(connection)[1:] == [("promote", second, first), ("promote", third, second)]


def waits(shelftalk: Service) -> bool:
    """Whether someone waits for the lock of the aliases."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    [(count,)] = shelftalk.rows(query)
    return bool(count)


def test_a_promotion_that_is_rolled_back_by_the_database_leaves_nothing(shelftalk: Service) -> None:
    with shelftalk.database.connect() as connection:
        [model] = registered(connection, 1)
        connection.commit()
        promotions.promote(connection, model, BY_HAND)
        connection.rollback()
        assert aliases(connection) == {}
        assert connection.scalar(text("SELECT count(*) FROM app.model_decision")) == 0
