"""How Postgres runs what the service asks of it, with 20,000 descriptions stored and a burst that it has not counted.

The plans are those of the real functions' statements, from auto_explain. None may read much more of a table than it is
about: what a step costs must not grow with what is stored, nor with what waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from shared.repository import backfills, generations, published, reading, requesting, retention
from tests.event_fakes import Service, changed
from worker.benchmark import seeding
from worker.benchmark.plans import watched

STORED = 20_000
BURST = 5_000
MOST_ROWS = 2_500
"""No step of a plan may read more: the batch of a step is 1,000 at most, and 2,000 entries of the index of bands."""

_BURST = """
    WITH event AS (
        INSERT INTO app.inbox_event (stream_entry, payload_digest, source, event_id, sku, product_id)
        SELECT 'burst-' || i, '', 'seeded', 'burst-' || i, 'K-' || i, i FROM generate_series(1, :burst) AS i
        RETURNING id, product_id
    ), asked AS (
        INSERT INTO app.generation (inbox_event_id, product_id, profile, input_digest, queue)
        SELECT id, product_id, 'product_page', 'burst', 'generate' FROM event RETURNING id, product_id
    )
    UPDATE app.current_copy AS c SET requested_generation_id = asked.id, requested_digest = 'burst'
    FROM asked WHERE asked.product_id = c.product_id
"""


@pytest.fixture
def crowded(shelftalk: Service) -> Service:
    """A catalogue with a past, and more that waits than Postgres knows."""
    with shelftalk.database.begin() as connection:
        seeding.seed(connection, STORED)
    with shelftalk.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        seeding.settle(connection)
    shelftalk.execute(_BURST, burst=BURST)
    return shelftalk


def too_much_read(database: Engine, act: Callable[[], object]) -> list[str]:
    """What each statement read that read too much."""
    with watched(database) as plans:
        act()
    assert plans
    return [
        f"{plan.most_read}: {plan.statement[:200]}"
        for plan in plans
        # Counting what waits is all that a sweep does with it, and it stops at 20,000.
        if plan.most_read[0] > MOST_ROWS and not plan.statement.startswith("SELECT count(*)")
    ]


def seeded_change(number: int) -> dict[str, object]:
    """A new version of a product that is described."""
    return changed(f"K-{number}", 2, source="seeded", attributes={"material": "copper"})


def in_a_transaction(database: Engine, act: Callable[[Connection], object]) -> Callable[[], None]:
    def run() -> None:
        with database.begin() as connection:
            act(connection)

    return run


def test_nothing_on_the_way_of_an_event_reads_more_than_it_is_about(crowded: Service) -> None:
    known = [seeded_change(number) for number in range(BURST - 100, BURST)]
    new = [changed(f"NEW-{number}") for number in range(100)]
    desk, waiting = crowded.desk(), crowded.pending()
    crowded.pass_time(60)
    crowded.execute("UPDATE app.generation SET nudged_at = now() WHERE status = 'pending' AND id % 10 <> 0")

    assert too_much_read(crowded.database, lambda: crowded.take_in(*known, *new)) == []
    assert too_much_read(crowded.database, lambda: [desk.write(id_) for id_ in waiting[:5]]) == []
    assert too_much_read(crowded.database, crowded.sweep) == []


READS: dict[str, Callable[[Connection], object]] = {
    "leases": lambda c: generations.renew_leases(c, uuid4(), range(STORED, STORED + 100), timedelta(seconds=20)),
    "back-fill": lambda c: requesting.standing_copy(c, backfills.next_products(c, STORED // 2, 100)),
    "snapshots": lambda c: backfills.snapshots(c, backfills.next_products(c, STORED // 2, 100)),
    "the first page of copy": lambda c: published.published_after(c, (0, "")),
    "a later page of copy": lambda c: published.published_after(c, (STORED // 2, "product_page")),
    "a product's copy": lambda c: reading.copy_of(c, "K-77"),
    "a product's events": lambda c: reading.events_of(c, "K-77"),
    "a product's gaps": lambda c: reading.gaps_of(c, "K-77"),
    "stream entries": lambda c: reading.entry_states(c, [f"170000000{n:04}-0" for n in range(1_000)]),
    "retention": lambda c: retention.expire_events(c, timedelta(days=90), 100),
}


def test_what_is_asked_about_a_few_rows_reads_no_others(crowded: Service) -> None:
    found = {
        name: too_much_read(crowded.database, in_a_transaction(crowded.database, act)) for name, act in READS.items()
    }

    assert found == {name: [] for name in READS}


def test_the_seeded_catalogue_adds_up(shelftalk: Service) -> None:
    with shelftalk.database.begin() as connection:
        seeding.seed(connection, 1_000)

        assert reading.audit(connection, timedelta()) == []
        query = text("SELECT text, evidence FROM app.description WHERE id = 77")
        copy, evidence = connection.execute(query).one()

    assert [copy[span["start"] : span["end"]] for span in evidence] == [span["text"] for span in evidence]
