"""What curators judge next, and what their decisions say of all copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from shared import db
from shared.curation.reviews import next_for_review, recalibrate, stats
from shared.repository import calibration, curation
from shared.scoring.definitions import SCORES_VERSION
from tests.written_copy import add_description, add_product


@pytest.fixture
def written(database_url: str) -> Iterator[Connection]:
    """A transaction in a database of its own."""
    database = db.connect(database_url)
    with database.connect() as connection:
        yield connection
    database.dispose()


def add_waiting(connection: Connection, number: int, **values: object) -> int:
    """Copy of another product that waits, unlike all others; its id."""
    copy = f"Kettle {number} holds {number * 7} cups, weighs {number * 13} grams, is {number * 3} inches tall."
    product_id = add_product(connection, f"K{number}")
    return add_description(connection, product_id, copy, **{"status": "needs_review", "quality": 0.5, **values})


def test_the_least_likely_to_be_accepted_comes_first(written: Connection) -> None:
    ids = [add_waiting(written, number, p_accept=1 - number / 100, quality=number / 100) for number in range(40)]
    drawn = {each.description_id for each in curation.sampled(written, 40, 0.05)}

    chosen = [each.description_id for each in next_for_review(written, 5, seed=1) if not each.is_random]
    assert chosen == [id_ for id_ in reversed(ids) if id_ not in drawn][: len(chosen)]
    assert len(chosen) >= 4


def test_a_twentieth_of_all_copy_published_or_not_is_the_random_sample(written: Connection) -> None:
    for number in range(400):
        add_waiting(written, number, status="published" if number % 2 else "needs_review")
    sample = curation.sampled(written, 400, 0.05)

    assert 8 <= len(sample) <= 32  # 20 are expected, with a standard deviation of 4.4
    assert {each.status for each in sample} == {"published", "needs_review"}
    assert not {each.description_id for each in sample} & {
        each.description_id for each in curation.doubtful(written, 400, 0.05)
    }
    assert [each.description_id for each in sample] == [
        each.description_id for each in curation.sampled(written, 400, 0.05)
    ]


def test_the_estimate_counts_the_random_sample_only(written: Connection) -> None:
    for number in range(200):
        add_waiting(written, number, status="published")
    sample = curation.sampled(written, 200, 0.05)
    others = written.scalars(text("SELECT description_id FROM curation.candidate WHERE random_place >= 0.05 LIMIT 20"))
    for at, each in enumerate(sample):
        if at % 2:
            curation.reject(written, each.description_id, each.content_hash, "dull", "kim", seconds=at)
        else:
            curation.approve(written, each.description_id, each.content_hash, "kim", seconds=at)
    for id_ in others.all():
        seen = curation.look(written, id_)
        assert seen
        curation.reject(written, id_, seen.content_hash, "dull", "jo")
    found = stats(written)

    accepted = (len(sample) + 1) // 2
    assert (found.sample.accepted, found.sample.decisions) == (accepted, len(sample))
    assert found.sample.low < accepted / len(sample) < found.sample.high
    assert [(each.editor, each.approved, each.rejected) for each in found.groups] == [
        ("jo", 0, 20),
        ("kim", accepted, len(sample) - accepted),
    ]
    assert found.groups[1].median_seconds == pytest.approx((len(sample) - 1) / 2)
    assert found.groups[0].median_seconds is None
    assert found.waiting == 0


def test_p_accept_is_fitted_anew_when_enough_new_decisions_are_there(written: Connection) -> None:
    def decide(number: int) -> None:
        id_ = add_waiting(written, number, quality=number / 300, scores_version=SCORES_VERSION)
        seen = curation.look(written, id_)
        assert seen
        if number < 100:
            curation.reject(written, id_, seen.content_hash, "dull", "kim")
        else:
            curation.approve(written, id_, seen.content_hash, "kim")

    for number in range(199):
        decide(number)
    assert recalibrate(written) is None
    decide(199)
    fitted = recalibrate(written)
    assert fitted and fitted == calibration.newest(written)
    assert fitted.decisions == 200
    decide(200)
    assert recalibrate(written) is None


def test_next_in_sql_gives_as_many_as_asked_for(written: Connection) -> None:
    for number in range(60):
        add_waiting(written, number, p_accept=number / 60)
    rows = written.execute(text("SELECT random_place, p_accept FROM curation.next(20)")).all()

    assert len(rows) == 20
    assert [place for place, _ in rows if place < 0.05] == sorted(place for place, _ in rows if place < 0.05)
    doubtful = [p_accept for place, p_accept in rows if place >= 0.05]
    assert doubtful == sorted(doubtful) and max(doubtful) < 0.5
