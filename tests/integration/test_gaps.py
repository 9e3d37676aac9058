"""Products that say too little of themselves: plain copy without the model, and one event that says what is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.gaps import CatalogGaps
from tests.event_fakes import FailingWriter, Service, changed
from worker.announcing import announce_gaps

UNASKED = FailingWriter(AssertionError("the model was asked"))


class Crash(Exception):
    """The process dies."""


class DyingRedis(Redis):
    """A Redis whose client dies after it has sent an entry."""

    def xadd(self, *arguments: Any, **options: Any) -> Any:
        super().xadd(*arguments, **options)
        raise Crash


def announced(shelftalk: Service) -> list[CatalogGaps]:
    entries = shelftalk.redis.xrange(shelftalk.config.gaps_stream)
    return [CatalogGaps.model_validate_json(fields[b"event"]) for _, fields in entries]


def take_in_thin(shelftalk: Service, version: int = 1) -> None:
    shelftalk.take_in(changed(version=version, attributes={}))
    assert [said.partition(",")[0] for said in shelftalk.write(UNASKED)] == ["published"]


def test_a_thin_product_gets_plain_copy_and_the_model_is_not_asked(shelftalk: Service) -> None:
    take_in_thin(shelftalk)

    assert shelftalk.copy() == "This is the Norrland Kettle K2."
    assert shelftalk.rows("SELECT step, outcome, texts, new_tokens FROM analytics.repair_step") == [
        ("plain", "published", 0, 0)
    ]


def test_its_gap_is_sent_upstream_once_with_what_is_missing(shelftalk: Service) -> None:
    take_in_thin(shelftalk)
    shelftalk.sweep()
    shelftalk.sweep()

    [(id_, missing)] = shelftalk.rows("SELECT id, missing FROM app.gap")
    [event] = announced(shelftalk)
    assert (event.id, event.type, event.source) == (f"gap-{id_}", "catalog.gaps.v1", "shelftalk")
    assert (event.data.source, event.data.sku, event.data.version) == ("erp", "KET-42", 1)
    assert event.data.profile == "product_page"
    assert event.data.missing == missing
    assert "color" in missing


def test_the_view_shows_the_gap_and_when_it_was_sent(shelftalk: Service) -> None:
    take_in_thin(shelftalk)
    query = "SELECT catalogue, sku, title, profile, product_version, announced_at IS NULL FROM analytics.catalog_gap"

    assert shelftalk.rows(query) == [("erp", "KET-42", "Kettle K2", "product_page", 1, True)]
    shelftalk.sweep()
    assert shelftalk.rows(query) == [("erp", "KET-42", "Kettle K2", "product_page", 1, False)]


def test_after_a_crash_between_sending_and_the_commit_it_is_sent_again_with_the_same_id(
    shelftalk: Service, redis_url: str
) -> None:
    take_in_thin(shelftalk)
    with DyingRedis.from_url(redis_url) as dying, pytest.raises(Crash):
        announce_gaps(shelftalk.database, dying, shelftalk.config.gaps_stream)
    shelftalk.sweep()
    shelftalk.sweep()

    first, again = announced(shelftalk)
    assert first == again


def test_while_redis_is_away_the_gap_waits(shelftalk: Service) -> None:
    take_in_thin(shelftalk)
    with Redis(port=1) as away, pytest.raises(RedisConnectionError):
        announce_gaps(shelftalk.database, away, shelftalk.config.gaps_stream)

    assert announce_gaps(shelftalk.database, shelftalk.redis, shelftalk.config.gaps_stream) == 1


def test_a_product_that_says_more_later_gets_a_description(shelftalk: Service) -> None:
    take_in_thin(shelftalk)
    shelftalk.take_in(changed(version=2))

    assert len(shelftalk.pending()) == 1


def test_a_product_that_says_enough_has_no_gap(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    shelftalk.sweep()

    assert announced(shelftalk) == []
    assert shelftalk.rows("SELECT count(*) FROM app.gap") == [(0,)]


def test_the_event_is_json_that_any_language_reads(shelftalk: Service) -> None:
    take_in_thin(shelftalk)
    shelftalk.sweep()
    [(_, fields)] = shelftalk.redis.xrange(shelftalk.config.gaps_stream)
    document = json.loads(fields[b"event"])

    assert set(document) == {"specversion", "id", "source", "type", "time", "data"}
    assert document["time"].endswith(("Z", "+00:00"))
