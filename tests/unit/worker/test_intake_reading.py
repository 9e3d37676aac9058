"""How ingest reads one entry of the stream: an event, or words that say why it is none."""

from __future__ import annotations

import hashlib
import json

import pytest

from shared.content.salience import Salience
from shared.events import ProductChanged
from shared.policy import Policy
from tests.event_fakes import PROFILES, changed, deleted
from tests.malformed import MALFORMED
from worker.intake import MAX_NAME, Delivery

POLICY = Policy(PROFILES, {}, Salience())


def read(document: dict[str, object]) -> Delivery:
    return Delivery.read("1-0", json.dumps(document).encode(), POLICY)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_event_is_refused_in_words_that_a_person_can_read(name: str) -> None:
    raw, words = MALFORMED[name]
    delivery = Delivery.read("1-0", raw, POLICY)

    assert delivery.event is None
    assert words in str(delivery.invalid)
    assert len(str(delivery.invalid)) < 1_000
    assert str(delivery.invalid).isprintable()


def test_an_entry_without_the_field_is_refused() -> None:
    delivery = Delivery.read("1-0", None, POLICY)

    assert str(delivery.invalid) == "the entry has no field `event`: XADD … * event <json>"
    assert delivery.raw == b""


def test_an_event_fills_the_row_of_the_ledger() -> None:
    raw = json.dumps(changed(version=7)).encode()
    delivery = Delivery.read("5-1", raw, POLICY)

    assert isinstance(delivery.event, ProductChanged)
    row = delivery.row
    assert (row.stream_entry, row.payload_digest) == ("5-1", hashlib.sha256(raw).hexdigest())
    assert (row.source, row.event_id, row.sku, row.product_version) == ("erp", "KET-42:7", "KET-42", 7)
    assert row.type == "catalog.product.changed.v1"
    assert row.occurred_at is not None and row.occurred_at.isoformat() == "2026-11-23T10:00:00+00:00"


def test_a_deletion_is_read() -> None:
    assert read(deleted(version=3)).row.product_version == 3


def test_a_wrong_event_is_recorded_with_the_names_that_can_be_read() -> None:
    row = read(changed(title=None)).row

    assert (row.source, row.event_id, row.type, row.sku) == ("erp", "KET-42:1", "catalog.product.changed.v1", "KET-42")
    assert (row.product_version, row.payload) == (1, None)


def test_names_of_a_wrong_event_that_are_no_text_are_left_out() -> None:
    row = read(changed(sku=[1]) | {"id": 5, "source": {"a": 1}}).row  # type: ignore[arg-type]

    assert (row.source, row.event_id, row.sku) == (None, None, None)


def test_names_of_a_wrong_event_are_cut() -> None:
    row = read(changed() | {"id": "x" * 5_000}).row

    assert row.event_id == "x" * MAX_NAME


def test_the_first_unknown_profile_is_named_with_those_that_are_known() -> None:
    delivery = read(changed(profiles=["teaser", "poem", "ode"]))

    assert str(delivery.invalid) == "data.profiles: 'poem' is unknown; known are product_page, teaser"


def test_a_known_segment_is_taken_and_an_unknown_one_is_named_with_those_that_are_known() -> None:
    gifts = PROFILES["teaser"].model_copy(update={"name": "gifts", "segment": "gift buyers"})
    policy = Policy({**PROFILES, "gifts": gifts}, {}, Salience())

    def read_segments(*segments: str) -> Delivery:
        return Delivery.read("1-0", json.dumps(changed(segments=list(segments))).encode(), policy)

    assert read_segments("gift buyers").event is not None
    unknown = str(read_segments("gift buyers", "pet owners").invalid)
    assert unknown == "data.segments: 'pet owners' is unknown; known are gift buyers"


def test_where_no_profile_is_for_a_segment_the_message_says_so() -> None:
    assert str(read(changed(segments=["cooks"])).invalid) == "data.segments: 'cooks' is unknown; known are none"


def test_a_delivery_can_be_refused_afterwards() -> None:
    delivery = read(changed()).refused("Postgres refused it")

    assert delivery.event is None
    assert str(delivery.invalid) == "Postgres refused it"
    assert delivery.row.sku == "KET-42"
