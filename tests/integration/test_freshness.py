"""Freshness, from the stream to the ledger: which changes cost a generation."""

from __future__ import annotations

from typing import Any

from tests.event_fakes import Service, Writer, changed

ATTRIBUTES = {"color": "black", "power": "2200 watt", "height": "30 cm", "lid": "steel"}


def attributes(**changes: Any) -> dict[str, Any]:
    """The kettle's attributes with changes; None removes one."""
    return {name: value for name, value in (ATTRIBUTES | changes).items() if value is not None}


def published(shelftalk: Service) -> None:
    """The kettle is described: its published copy speaks of its color and its power, not of its height and lid."""
    writer = Writer(answer="The {title} is black and has a power of 2200 watt.")
    shelftalk.describe(changed(version=1, attributes=attributes()), writer=writer)
    assert shelftalk.rows("SELECT status FROM app.description") == [("published",)]


def test_a_changed_attribute_that_no_published_span_uses_costs_no_generation_and_is_named(shelftalk: Service) -> None:
    published(shelftalk)
    (entry,) = shelftalk.take_in(changed(version=2, attributes=attributes(height="31 cm")))

    assert shelftalk.outcomes()[-1] == ("KET-42:2", "unchanged")
    assert shelftalk.reason(entry) == "no published words rest on what has changed: height"
    assert shelftalk.pending() == []


def test_a_changed_attribute_that_a_span_uses_asks_for_new_copy(shelftalk: Service) -> None:
    published(shelftalk)
    shelftalk.take_in(changed(version=2, attributes=attributes(color="white")))

    assert len(shelftalk.pending()) == 1


def test_a_new_title_asks_for_new_copy(shelftalk: Service) -> None:
    published(shelftalk)
    shelftalk.take_in(changed(version=2, title="Kettle K3", attributes=attributes()))

    assert len(shelftalk.pending()) == 1


def test_a_change_back_and_forth_of_what_is_unused_costs_nothing(shelftalk: Service) -> None:
    published(shelftalk)
    for version, height in enumerate(("31 cm", "30 cm", "32 cm", None), start=2):
        shelftalk.take_in(changed(version=version, attributes=attributes(height=height)))

    assert [outcome for _, outcome in shelftalk.outcomes()] == ["described", *["unchanged"] * 4]


def test_after_unused_changes_a_change_of_what_is_used_asks_for_new_copy_from_the_newest_facts(
    shelftalk: Service,
) -> None:
    published(shelftalk)
    shelftalk.take_in(changed(version=2, attributes=attributes(height="31 cm")))
    shelftalk.take_in(changed(version=3, attributes=attributes(height="31 cm", color="white")))
    writer = Writer(answer="The {title} is white and has a power of 2200 watt.")
    shelftalk.write(writer)

    assert "- height: 31 cm" in writer.asked[0].question[1]
    assert shelftalk.copy() == "The Norrland Kettle K2 is white and has a power of 2200 watt."
    shelftalk.take_in(changed(version=4, attributes=attributes(height="30 cm", color="white")))
    assert shelftalk.outcomes()[-1] == ("KET-42:4", "unchanged")


def test_copy_that_was_not_published_is_asked_for_anew(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1, attributes=attributes()))
    assert shelftalk.rows("SELECT status FROM app.description") != [("published",)]
    shelftalk.take_in(changed(version=2, attributes=attributes(height="31 cm")))

    assert len(shelftalk.pending()) == 1


def test_copy_that_is_still_to_be_written_is_asked_for_anew(shelftalk: Service) -> None:
    published(shelftalk)
    shelftalk.take_in(changed(version=2, attributes=attributes(color="white")))
    shelftalk.take_in(changed(version=3, attributes=attributes(color="white", height="31 cm")))

    assert len(shelftalk.pending()) == 1
    assert shelftalk.outcomes()[1:] == [("KET-42:2", "stale"), ("KET-42:3", None)]


def test_copy_in_a_profile_that_the_product_no_longer_names_is_kept_true(shelftalk: Service) -> None:
    shelftalk.describe(changed(profiles=["product_page", "teaser"]))
    shelftalk.take_in(changed(version=2, profiles=["product_page"], title="Kettle K3"))

    asked = shelftalk.rows("SELECT profile FROM app.generation WHERE status = 'pending' ORDER BY profile")
    assert asked == [("product_page",), ("teaser",)]
