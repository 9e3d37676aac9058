"""Recalls: what a bad model published is withdrawn and written anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.repository import curation, recalls, registry
from shared.repository.generations import Nudge
from shared.repository.registry import ModelContent
from tests.event_fakes import Service, Writer, changed, deleted, run
from tests.written_copy import add_description, add_product

BAD = ModelContent("fake", "0" * 64, "1")  # what the fake service writes with
BOTH = ["product_page", "teaser"]
BEFORE = Writer(answer="The {title} is black and has a power of 2200 watt.")
ANEW = Writer(answer="This is the {title}. It is black and has a power of 2200 watt.")


def kettle(sku: str, version: int = 1, **product: Any) -> dict[str, Any]:
    """The event of a kettle that is described in two profiles."""
    return changed(sku, version, profiles=BOTH, **product)


def bad_model(shelftalk: Service) -> int:
    with shelftalk.database.begin() as connection:
        return registry.register_model(connection, BAD)


def recall(shelftalk: Service) -> tuple[int, list[Nudge]]:
    bad = bad_model(shelftalk)
    with shelftalk.database.begin() as connection:
        return recalls.recall_copy(connection, bad, actor="kim", reason="it invents")


def published(shelftalk: Service) -> int:
    bad = bad_model(shelftalk)
    with shelftalk.database.connect() as connection:
        return recalls.published_by(connection, bad)


def requests(shelftalk: Service) -> Sequence[tuple[object, ...]]:
    """The generations that recalls asked for."""
    query = "SELECT queue, status, recall_id FROM app.generation WHERE recall_id IS NOT NULL ORDER BY id"
    return shelftalk.rows(query)


def audit_is_clean(shelftalk: Service) -> bool:
    result = run("audit")
    assert result.exit_code == 0, result.output
    return True


def decide(shelftalk: Service, sku: str, decision: str) -> None:
    """A curator decides on the current copy of a product, in its first profile."""
    query = (
        "SELECT c.description_id FROM app.current_copy c JOIN app.product p ON p.id = c.product_id"
        " WHERE p.sku = :sku AND c.profile = 'product_page'"
    )
    [(description_id,)] = shelftalk.rows(query, sku=sku)
    with shelftalk.database.begin() as connection:
        seen = curation.look(connection, description_id)
        assert seen
        if decision == "approved":
            curation.approve(connection, description_id, seen.content_hash, "ada")
        elif decision == "edited":
            curation.edit(connection, description_id, seen.content_hash, "The Norrland Kettle K2 is black.", "ada")
        else:
            curation.reject(connection, description_id, seen.content_hash, "it is dull", "ada")


def test_published_copy_is_withdrawn_and_asked_for_on_the_bulk_queue(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), kettle("B"), writer=BEFORE)
    assert shelftalk.copy("A")
    count, nudges = recall(shelftalk)

    assert count == 4  # two products in two profiles
    assert {nudge.queue for nudge in nudges} == {"generate.bulk"}
    assert len(nudges) == 4
    assert requests(shelftalk) == [("generate.bulk", "pending", 1)] * 4
    assert shelftalk.copy("A") is None
    assert shelftalk.rows("SELECT actor, reason, descriptions FROM app.recall") == [("kim", "it invents", 4)]
    assert audit_is_clean(shelftalk)


def test_new_copy_is_written_and_published_as_always(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    before = shelftalk.copy("A")
    recall(shelftalk)

    assert [each.partition(",")[0] for each in shelftalk.write(ANEW)] == ["published", "published"]
    assert shelftalk.copy("A") not in (before, None)
    assert audit_is_clean(shelftalk)
    shelftalk.describe(kettle("A", 2, title="Kettle K3"), writer=ANEW)
    assert "K3" in (shelftalk.copy("A") or "")
    assert audit_is_clean(shelftalk)


def test_an_event_that_changes_nothing_does_not_ask_a_second_time(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    recall(shelftalk)
    shelftalk.take_in(kettle("A", 2))
    assert len(shelftalk.pending()) == 2
    assert [each.partition(",")[0] for each in shelftalk.write(ANEW)] == ["published", "published"]


def test_a_second_recall_finds_nothing_more(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    recall(shelftalk)
    assert recall(shelftalk) == (0, [])
    assert len(requests(shelftalk)) == 2


def test_copy_of_another_model_stays(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    with shelftalk.database.begin() as connection:
        add_description(connection, add_product(connection, "B"), "The Kettle is of another model's words.")
    assert recall(shelftalk)[0] == 2
    assert shelftalk.copy("A") is None
    assert shelftalk.copy("B")


@pytest.mark.parametrize("decision", ["approved", "edited", "rejected"])
def test_what_a_curator_decided_on_stays(shelftalk: Service, decision: str) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    decide(shelftalk, "A", decision)
    before = shelftalk.copy("A")
    assert published(shelftalk) == 1  # the teaser, which nobody has decided on
    assert recall(shelftalk)[0] == 1
    assert shelftalk.copy("A") == before
    assert shelftalk.copy("A", "teaser") is None
    assert audit_is_clean(shelftalk)


def test_a_newer_request_that_waits_is_left_alone(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    shelftalk.take_in(kettle("A", 2, title="Kettle K3"))
    waiting = shelftalk.pending()
    assert recall(shelftalk) == (2, [])
    assert shelftalk.pending() == waiting
    assert shelftalk.copy("A") is None
    shelftalk.write(ANEW)
    assert "K3" in (shelftalk.copy("A") or "")
    assert audit_is_clean(shelftalk)


def test_where_the_newer_request_failed_for_good_copy_is_asked_for_again(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    shelftalk.take_in(kettle("A", 2, title="Kettle K3"))
    failed = "UPDATE app.generation SET status = 'dead', finished_at = now() WHERE status = 'pending'"
    shelftalk.execute(failed)
    shelftalk.execute("UPDATE app.current_copy SET requested_digest = NULL")
    count, nudges = recall(shelftalk)
    assert (count, len(nudges)) == (2, 2)
    shelftalk.write(ANEW)
    assert "K3" in (shelftalk.copy("A") or "")


def test_products_that_are_no_longer_sold_are_not_written_anew(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=BEFORE)
    shelftalk.take_in(deleted("A", 2))
    assert recall(shelftalk) == (0, [])
    assert audit_is_clean(shelftalk)


def test_copy_that_waits_for_review_is_not_what_shoppers_read_and_stays(shelftalk: Service) -> None:
    shelftalk.describe(kettle("A"), writer=Writer(answer="The {title} is red, and it is what you have looked for."))
    assert recall(shelftalk) == (0, [])
