"""The word diff of reviews: it holds both texts whole, and it is a shortest one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from shared import db

WORDS = st.lists(st.sampled_from(["a", "b", "c", "dé", "水", "壶", ".", "\n", "  "]), max_size=14).map(" ".join)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A transaction in a database of its own."""
    database = db.connect(database_url)
    with database.connect() as opened:
        yield opened
    database.dispose()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(before=WORDS, after=WORDS)
def test_a_diff_holds_both_texts_whole_and_keeps_a_longest_common_subsequence(
    connection: Connection, before: str, after: str
) -> None:
    values = {"before": before, "after": after}
    parts = connection.scalar(text("SELECT curation.word_diff(:before, :after)"), values)

    assert "".join(old for _, old, _ in parts).split() == before.split()
    assert "".join(new for _, _, new in parts).split() == after.split()
    assert all(len(old.split()) == len(new.split()) for kind, old, new in parts if kind == "equal")
    kept = sum(len(_words(connection, old)) for kind, old, _ in parts if kind == "equal")
    assert kept == _longest(_words(connection, before), _words(connection, after))


def _words(connection: Connection, copy: str) -> list[str]:
    return [word.strip() for word in connection.scalar(text("SELECT curation.words(:copy)"), {"copy": copy}) or ()]


def _longest(left: list[str], right: list[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        above = row[:]
        for at, other in enumerate(right):
            row[at + 1] = above[at] + 1 if word == other else max(above[at + 1], row[at])
    return row[-1]


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("a b c", "a b c", [["equal", "a b c", "a b c"]]),
        ("a b c", "a x c", [["equal", "a ", "a "], ["replace", "b ", "x "], ["equal", "c", "c"]]),
        ("a b", "a b c", [["equal", "a b", "a b "], ["insert", "", "c"]]),
        ("a b c", "b c", [["delete", "a ", ""], ["equal", "b c", "b c"]]),
        ("a  b", "a\nb", [["equal", "a  b", "a\nb"]]),
        ("铜壶", "钢壶", [["replace", "铜", "钢"], ["equal", "壶", "壶"]]),
        ("", "a", [["insert", "", "a"]]),
    ],
)
def test_a_diff_names_what_stays_goes_and_comes(
    connection: Connection, before: str, after: str, parts: list[list[str]]
) -> None:
    values = {"before": before, "after": after}

    assert connection.scalar(text("SELECT curation.word_diff(:before, :after)"), values) == parts


def test_of_texts_too_long_to_compare_the_changed_part_counts_as_replaced(connection: Connection) -> None:
    before, after = " ".join(f"a{at}" for at in range(2_000)), " ".join(f"b{at}" for at in range(2_000))
    values = {"before": f"It {before} is", "after": f"It {after} is"}

    assert connection.scalar(text("SELECT curation.word_diff(:before, :after)"), values) == [
        ["equal", "It ", "It "],
        ["replace", f"{before} ", f"{after} "],
        ["equal", "is", "is"],
    ]
