"""`shelftalk show`: what it prints of the copy that the service has written."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine

from shared.content.knowledge import KnowledgeEntry
from shared.errors import ConfigurationError
from shared.policy import renew
from shared.repository import knowledge
from tests.event_fakes import Service, changed, run
from tests.written_copy import add_description, add_product

OLD_SPAN = {
    "start": 0,
    "end": 6,
    "text": "Kettle",
    "attribute": "title",
    "value": "Kettle",
    "kind": "exact",
    "reason": "",
}


def approve(database: Engine, *, key: str, attribute: str, value: str) -> None:
    """Import a fact that holds for every product, and put it in force."""
    entry = KnowledgeEntry(
        key=key, scope="any", attribute=attribute, value=value, source="data sheet 7", approved_by="Ada"
    )
    with database.begin() as connection:
        knowledge.store(connection, [entry])
        renew(connection)


def test_each_profile_has_its_copy_and_one_can_be_chosen(shelftalk: Service) -> None:
    shelftalk.describe(changed(profiles=["product_page", "teaser"]))
    every, one = run("show", "KET-42").stdout, run("show", "KET-42", "--profile", "teaser").stdout

    assert "KET-42 of erp, profile product_page (en)" in every and "profile teaser (en)" in every
    assert "profile teaser (en)" in one and "product_page" not in one


def test_a_profile_without_copy_is_refused_with_those_that_have_some(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    refused = run("show", "KET-42", "--profile", "poem").exception

    assert isinstance(refused, ConfigurationError)
    assert str(refused) == "'KET-42' has no copy in profile 'poem'; it has product_page"


def test_knowledge_is_named_with_its_source(shelftalk: Service) -> None:
    approve(shelftalk.database, key="guarantee", attribute="looking", value="Norrland has been looking for it")
    shelftalk.describe(changed())

    assert "knowledge guarantee (data sheet 7)" in run("show", "KET-42").stdout


def test_the_json_holds_everything(shelftalk: Service) -> None:
    shelftalk.describe(changed(attributes={"color": "black", "gtin": "4006381333931"}))
    found = json.loads(run("show", "KET-42", "--json").stdout)

    assert set(found) == {"copy", "gaps", "knowledge", "events"}
    [copy] = found["copy"]
    assert {"evidence", "plan", "rule_hits", "steps", "html", "slot_error_rate", "policy_id", "raw_text"} <= set(copy)
    assert copy["plan"]["lead"] == ["title", "brand"]
    assert copy["steps"][0]["name"] == "candidates"


def test_what_the_product_lacks_is_told(shelftalk: Service) -> None:
    shelftalk.describe(changed(attributes={"weight": 31.2}))
    page = run("show", "KET-42").stdout

    assert "version 1 says too little for product_page (its catalogue will be told); it lacks " in page
    assert "weight (unit)" in page
    shelftalk.sweep()
    assert "(its catalogue was told)" in run("show", "KET-42").stdout


@pytest.mark.parametrize("options", [(), ("--plan", "--html")])
def test_copy_that_an_older_version_wrote_is_shown(shelftalk: Service, options: tuple[str, ...]) -> None:
    with shelftalk.database.begin() as connection:
        product_id = add_product(connection, "OLDER")
        add_description(connection, product_id, "Kettle, boils.", evidence=[OLD_SPAN])
    shelftalk.execute("UPDATE app.inbox_event SET sku = 'OLDER', source = 'erp'")
    result = run("show", "OLDER", *options)

    assert result.exit_code == 0, repr(result.exception)
    assert "Kettle, boils." in result.stdout
    assert "slot_error_rate –" in result.stdout
