"""What becomes of a batch of messages: the ledger, the snapshots, and the copy that they ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.event_fakes import Service, changed, deleted
from worker.intake import Delivery, take_in


def snapshot(shelftalk: Service, sku: str = "KET-42") -> tuple[Any, ...]:
    [row] = shelftalk.rows("SELECT version, title, deleted_at IS NULL FROM app.product WHERE sku = :sku", sku=sku)
    return row


def test_an_event_is_recorded_with_its_product_and_asks_for_copy(shelftalk: Service) -> None:
    shelftalk.take_in(changed())

    assert shelftalk.outcomes() == [("KET-42:1", None)]
    assert snapshot(shelftalk) == (1, "Kettle K2", True)
    assert len(shelftalk.pending()) == shelftalk.queued() == 1


def test_the_ledger_keeps_the_event_as_it_was_published(shelftalk: Service) -> None:
    event = changed(attributes={"weight": {"value": 1.2, "unit": "kg"}, "colors": ["black", "white"], "cordless": True})
    shelftalk.take_in(event)

    [(payload, sku, version)] = shelftalk.rows("SELECT payload, sku, product_version FROM app.inbox_event")
    assert payload["data"]["attributes"] == event["data"]["attributes"]
    assert (sku, version) == ("KET-42", 1)


def test_attributes_keep_the_order_in_which_they_were_published(shelftalk: Service) -> None:
    attributes = dict.fromkeys(("zinc", "alpha", "mid", "äöü", "0"), "x")
    shelftalk.take_in(changed(attributes=attributes))

    [(stored,)] = shelftalk.rows("SELECT attributes FROM app.product")
    assert list(stored) == list(attributes)


def test_the_same_event_id_again_is_a_duplicate(shelftalk: Service) -> None:
    shelftalk.take_in(changed(id="1"))
    shelftalk.take_in(changed(id="1", version=2, title="Another"))

    assert shelftalk.outcomes() == [("1", None), ("1", "duplicate")]
    assert snapshot(shelftalk) == (1, "Kettle K2", True)
    assert len(shelftalk.pending()) == 1


def test_the_same_event_id_twice_in_one_batch_is_one_event_and_a_duplicate(shelftalk: Service) -> None:
    shelftalk.take_in(changed(id="1"), changed(id="1"), changed(id="1"))

    assert shelftalk.outcomes() == [("1", None), ("1", "duplicate"), ("1", "duplicate")]


def test_the_same_id_of_another_source_is_another_event(shelftalk: Service) -> None:
    shelftalk.take_in(changed(id="1"), changed(id="1") | {"source": "shop"})

    assert shelftalk.outcomes() == [("1", None), ("1", None)]
    assert shelftalk.rows("SELECT source FROM app.product ORDER BY 1") == [("erp",), ("shop",)]


def test_an_event_id_that_was_refused_may_come_again_put_right(shelftalk: Service) -> None:
    shelftalk.take_in(changed(id="1", title=None))
    shelftalk.take_in(changed(id="1"))

    assert shelftalk.outcomes() == [("1", "dead_lettered"), ("1", None)]


def test_the_same_stream_entry_again_changes_nothing(shelftalk: Service) -> None:
    messages = (changed(), changed(), deleted("GONE"), b"no JSON", changed("SEEN", 1))
    raw = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
    deliveries = [
        Delivery.read(f"{number}-0", each, shelftalk.policies.current()) for number, each in enumerate(raw, start=1)
    ]
    tables = ("inbox_event", "product", "generation", "current_copy", "dead_letter")

    def taken_in() -> tuple[int, list[Any]]:
        with shelftalk.database.begin() as connection:
            nudges = take_in(connection, deliveries, shelftalk.policies.current(), shelftalk.policies.today())
        return len(nudges), [shelftalk.rows(f"SELECT * FROM app.{name} ORDER BY 1") for name in tables]  # noqa: S608

    first, before = taken_in()
    again, after = taken_in()
    assert (first, again) == (2, 0)
    assert after == before


def test_the_same_entry_id_of_a_new_redis_is_another_event(shelftalk: Service) -> None:
    for event in (changed("A"), changed("B")):
        delivery = Delivery.read("1-0", json.dumps(event).encode(), shelftalk.policies.current())
        with shelftalk.database.begin() as connection:
            take_in(connection, [delivery], shelftalk.policies.current(), shelftalk.policies.today())

    assert shelftalk.outcomes() == [("A:1", None), ("B:1", None)]


def test_an_older_version_never_wins(shelftalk: Service) -> None:
    shelftalk.take_in(changed(version=5))
    entries = shelftalk.take_in(changed(version=4, title="Old"), changed("OTHER"))

    assert shelftalk.outcomes() == [("KET-42:5", None), ("KET-42:4", "stale"), ("OTHER:1", None)]
    assert shelftalk.reason(entries[0]) == "version 4 is not newer than version 5, which is known"
    assert snapshot(shelftalk) == (5, "Kettle K2", True)


def test_the_same_version_with_another_id_is_stale(shelftalk: Service) -> None:
    shelftalk.take_in(changed(id="1"))
    shelftalk.take_in(changed(id="2", title="Another"))

    assert shelftalk.outcomes() == [("1", None), ("2", "stale")]
    assert snapshot(shelftalk) == (1, "Kettle K2", True)


def test_of_one_version_twice_in_a_batch_the_first_counts(shelftalk: Service) -> None:
    entries = shelftalk.take_in(changed(id="1"), changed(id="2", title="Another"))

    assert shelftalk.outcomes() == [("1", None), ("2", "stale")]
    assert shelftalk.reason(entries[1]) == "another version 1 came before this one was written"
    assert snapshot(shelftalk) == (1, "Kettle K2", True)


def test_versions_out_of_order_in_one_batch_leave_the_newest(shelftalk: Service) -> None:
    entries = shelftalk.take_in(*[changed(version=version, title=f"K{version}") for version in (3, 9, 1, 7)])

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["stale", None, "stale", "stale"]
    assert shelftalk.reason(entries[3]) == "version 9 came before this one was written"
    assert snapshot(shelftalk) == (9, "K9", True)
    assert len(shelftalk.pending()) == 1


def test_every_stale_event_names_its_product(shelftalk: Service) -> None:
    shelftalk.take_in(changed(version=5))
    shelftalk.take_in(changed(version=4))

    [(before,), (after,)] = shelftalk.rows("SELECT product_id FROM app.inbox_event ORDER BY id")
    assert before == after is not None


def test_changes_that_come_before_their_copy_is_written_become_one(shelftalk: Service) -> None:
    for version in (1, 2, 3):
        shelftalk.take_in(changed(version=version, title=f"K{version}"))
    shelftalk.write()

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["stale", "stale", "described"]
    assert shelftalk.rows("SELECT status FROM app.generation ORDER BY id") == [
        ("superseded",),
        ("superseded",),
        ("done",),
    ]
    assert "K3" in (shelftalk.copy() or "")


def test_a_change_of_nothing_asks_for_no_copy(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    entries = shelftalk.take_in(changed(version=2))

    assert shelftalk.outcomes() == [("KET-42:1", "described"), ("KET-42:2", "unchanged")]
    assert shelftalk.reason(entries[0]) == "nothing that the copy depends on has changed"
    assert shelftalk.pending() == []
    assert snapshot(shelftalk)[0] == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"attributes": {"color": "black", "power": "2200 watt", "Price": "39 EUR"}}, id="price"),
        pytest.param({"image_urls": ["https://shop.example/kettle.jpg"]}, id="images"),
        pytest.param({"supplier_text": "Boils water."}, id="the supplier's text"),
        pytest.param({"attributes": {"color": " black ", "power": "2200  watt"}}, id="white space"),
    ],
)
def test_a_change_that_the_copy_does_not_show_asks_for_none(shelftalk: Service, change: dict[str, Any]) -> None:
    shelftalk.describe(changed())
    shelftalk.take_in(changed(version=2, **change))

    assert shelftalk.outcomes()[-1] == ("KET-42:2", "unchanged")
    assert shelftalk.pending() == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"title": "Kettle K3"}, id="title"),
        pytest.param({"brand": None}, id="no brand"),
        pytest.param({"category": ["Kitchen"]}, id="category"),
        pytest.param({"attributes": {"color": "red", "power": "2200 watt"}}, id="a value"),
        pytest.param({"attributes": {"color": "black"}}, id="an attribute less"),
        pytest.param({"attributes": {"power": "2200 watt", "color": "black"}}, id="the order"),
    ],
)
def test_a_change_that_the_copy_shows_asks_for_new_copy(shelftalk: Service, change: dict[str, Any]) -> None:
    shelftalk.describe(changed())
    shelftalk.take_in(changed(version=2, **change))

    assert shelftalk.outcomes()[-1] == ("KET-42:2", None)
    assert len(shelftalk.pending()) == 1


def test_a_change_that_only_one_profile_ignores_asks_the_other_for_copy(shelftalk: Service) -> None:
    both = ["product_page", "teaser"]
    shelftalk.describe(changed(profiles=both))
    sized = {"color": "black", "power": "2200 watt", "capacity": "2 l"}
    shelftalk.take_in(changed(version=2, profiles=both, attributes=sized))

    assert shelftalk.rows("SELECT profile FROM app.generation WHERE status = 'pending'") == [("teaser",)]


def test_going_back_to_what_was_described_asks_for_it_again(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.take_in(changed(version=2, title="Kettle K3"))
    shelftalk.describe(changed(version=3))

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "stale", "described"]
    assert "Kettle K2" in (shelftalk.copy() or "")


def test_going_back_within_one_batch_changes_nothing(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.take_in(changed(version=2, title="Kettle K3"), changed(version=3))

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "stale", "unchanged"]


def test_an_event_asks_for_the_profiles_that_it_names_each_once(shelftalk: Service) -> None:
    shelftalk.take_in(changed(profiles=["teaser", "product_page", "teaser"]))

    assert shelftalk.rows("SELECT profile FROM app.generation ORDER BY id") == [("teaser",), ("product_page",)]


def test_an_unknown_profile_is_named_with_those_that_are_known(shelftalk: Service) -> None:
    entries = shelftalk.take_in(changed(profiles=["product_page", "poem"]), changed("OTHER"))

    assert shelftalk.outcomes() == [("KET-42:1", "dead_lettered"), ("OTHER:1", None)]
    assert shelftalk.reason(entries[0]) == "data.profiles: 'poem' is unknown; known are product_page, teaser"
    assert shelftalk.rows("SELECT sku FROM app.product") == [("OTHER",)]


def test_a_deletion_withdraws_the_copy(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    shelftalk.take_in(deleted(version=2))

    assert shelftalk.outcomes() == [("KET-42:1", "described"), ("KET-42:2", "withdrawn")]
    assert shelftalk.copy() is None
    assert snapshot(shelftalk) == (2, None, False)
    assert shelftalk.rows("SELECT count(*) FROM app.description") == [(1,)]


def test_a_deletion_takes_back_what_was_asked_for(shelftalk: Service) -> None:
    shelftalk.take_in(changed())
    shelftalk.take_in(deleted(version=2))

    assert shelftalk.outcomes() == [("KET-42:1", "stale"), ("KET-42:2", "withdrawn")]
    assert shelftalk.pending() == []


def test_the_deletion_of_an_unknown_product_is_remembered(shelftalk: Service) -> None:
    shelftalk.take_in(deleted(version=5))
    shelftalk.take_in(changed(version=4))

    assert shelftalk.outcomes() == [("KET-42:5", "withdrawn"), ("KET-42:4", "stale")]
    assert shelftalk.pending() == []


def test_a_product_that_comes_back_after_its_deletion_gets_copy_again(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.take_in(deleted(version=2))
    shelftalk.describe(changed(version=3))

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "withdrawn", "described"]
    assert shelftalk.copy() is not None
    assert snapshot(shelftalk) == (3, "Kettle K2", True)


def test_a_deletion_and_a_return_in_one_batch_leave_the_copy_as_it_is(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.take_in(deleted(version=2), changed(version=3))

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", "stale", "unchanged"]
    assert shelftalk.copy() is not None


def test_a_product_belongs_to_the_source_that_its_data_names(shelftalk: Service) -> None:
    shelftalk.take_in(changed(source="shop"), changed(id="2", version=2, source="shop") | {"source": "pim"})

    assert shelftalk.rows("SELECT source, version FROM app.product") == [("shop", 2)]
