"""``shelftalk rules check``: what packs on disk would do to the published copy of a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from shared import db
from shared.cli.rules import app
from shared.errors import ConfigurationError
from shared.models import current_copy, description, generation, inbox_event, model_version, product
from shared.models import policy as policy_table
from shared.repository.published import published_copy
from shared.rules.hits import load_packs
from shared.settings import settings
from tests.event_fakes import forget_connections

HEAD = 'title = "House"\nsource = "House policy"\n\n[[rules]]\nid = "noun"\n'
PACK = HEAD + 'severity = "{}"\nmessage = "x"\nwords = ["{}"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one profile and one pack, which the settings name."""
    for name, content in (("profiles/page.toml", 'rules = ["general"]\n'), ("rules/general.toml", PACK)):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(content.format("block", "gadget"))
        monkeypatch.setenv(f"SHELFTALK_{path.parent.name.upper()}_DIR", str(path.parent))
    settings.cache_clear()
    return tmp_path


@pytest.fixture
def database(folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A database of its own, which the settings name."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield db.engine()
    forget_connections()


def required(table: Any, **given: Any) -> dict[str, Any]:
    """A row with something in every column that must have a value."""
    plain: dict[str, Any] = {
        "ARRAY": [],
        "BOOLEAN": False,
        "JSON": {},
        "JSONB": [],
        "DOUBLE": 1.0,
        "DOUBLE_PRECISION": 1.0,
    }
    row = {}
    for column in table.columns:
        if column.name in given:
            row[column.name] = given[column.name]
        elif not column.nullable and column.server_default is None and column.identity is None:
            kind = type(column.type).__name__.upper()
            row[column.name] = plain.get(kind, 1 if "INT" in kind else "x")
    return row


def publish(database: Engine, *copies: str, profile: str = "page", status: str = "published") -> None:
    """Put copy into the database as if the service had written it."""
    with database.begin() as connection:
        start = connection.execute(product.select()).rowcount

        def add(table: Any, **given: Any) -> int:
            key = next(iter(table.primary_key.columns))
            return connection.execute(table.insert().values(required(table, **given)).returning(key)).scalar_one()

        model = add(model_version, base_model="fake", base_digest=f"{start}", prompt_version="1")
        for number, copy in enumerate(copies, start):
            sku = f"KET-{number}"
            owner = add(product, source="erp", sku=sku, version=1, title="Kettle")
            event = add(inbox_event, stream_entry=f"{number}-0", payload_digest=f"{number}")
            wanted = add(
                generation, inbox_event_id=event, product_id=owner, profile=profile, input_digest="x", queue="generate"
            )
            keys = {"generation_id": wanted, "product_id": owner, "model_version_id": model}
            written = add(description, **keys, profile=profile, text=copy, status=status, evidence=[], locale="en")
            add(current_copy, product_id=owner, profile=profile, description_id=written)


def check(*arguments: str | Path) -> Any:
    """What the command says as JSON."""
    return json.loads(said("check", *arguments, "--json").stdout)


def said(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result


def activate(database: Engine, folder: Path) -> None:
    """Put what is on disk in force."""
    profiles = {"page": {"name": "page", "version": "1", "rules": ["general"]}}
    packs = {name: pack.document() for name, pack in load_packs(folder / "rules").items()}
    row = required(policy_table, digest="x", profiles=profiles, packs=packs, salience={}, knowledge_digest="x")
    with database.begin() as connection:
        connection.execute(policy_table.insert().values(row))


def test_the_check_counts_what_each_rule_would_hit_and_what_would_no_longer_publish(database: Engine) -> None:
    publish(database, "A gadget for tea.", "A kettle.", "Gadgets, and a gadget.")
    found = check()

    assert (found["published"], found["would_no_longer_publish"], found["active"]) == (3, 2, None)
    assert found["newly_hit"] == {"block": 2, "review": 0, "note": 0}
    [rule] = found["rules"]
    assert (rule["pack"], rule["rule"], rule["severity"], rule["descriptions"]) == ("general", "noun", "block", 2)
    assert rule["examples"][0] == {
        "sku": "KET-0",
        "profile": "page",
        "text": "gadget",
        "quote": "A gadget for tea.",
        "message": "x",
    }


def test_what_the_packs_in_force_hit_already_is_not_new(database: Engine, folder: Path) -> None:
    publish(database, "A gadget for tea.", "A thing for tea.")
    activate(database, folder)
    assert check()["rules"] == []
    pack = folder / "house.toml"
    pack.write_text(PACK.format("review", "tea"))
    found = check("--pack", pack)

    assert set(found["active"]) == {"general"}
    assert found["newly_hit"] == {"block": 0, "review": 2, "note": 0}
    assert found["would_no_longer_publish"] == 1


def test_a_note_keeps_nothing_from_publishing(database: Engine, folder: Path) -> None:
    publish(database, "A gadget for tea.")
    (folder / "rules" / "general.toml").write_text(PACK.format("note", "gadget"))
    found = check()

    assert (found["newly_hit"]["note"], found["would_no_longer_publish"]) == (1, 0)


def test_only_current_published_copy_of_live_products_is_read(database: Engine) -> None:
    publish(database, "A gadget.", status="needs_review")
    publish(database, "A gadget.")
    with database.begin() as connection:
        connection.execute(text("UPDATE app.product SET deleted_at = now()"))

    assert check()["published"] == 0


def test_copy_is_read_in_pages_without_losing_or_repeating_a_row(database: Engine) -> None:
    publish(database, *(f"Kettle {number}." for number in range(7)))

    assert [copy.text for copy in published_copy(database, page=3)] == [f"Kettle {number}." for number in range(7)]
    assert len(list(published_copy(database, page=7))) == 7


def test_copy_of_a_profile_that_is_gone_is_counted_apart(database: Engine) -> None:
    publish(database, "A gadget.", profile="flyer")
    found = check()

    assert (found["without_profile"], found["rules"]) == ({"flyer": 1}, [])
    assert "1 not checked: there is no profile flyer any more" in said("check").stdout


def test_the_table_shows_examples_and_changes_nothing(database: Engine) -> None:
    publish(database, "A [red]gadget[/red] for tea.")
    before = [copy.text for copy in published_copy(database)]
    shown = said("check").stdout

    assert "block     general  noun  1" in shown
    assert "KET-0: …A [red]gadget[/red] for tea.…" in shown
    assert "1 would no longer publish" in shown
    assert [copy.text for copy in published_copy(database)] == before


def test_one_text_is_checked_without_a_database(folder: Path) -> None:
    found = check("--text", "A gadget.", "--profile", "page")

    assert found["compliance"] == 0
    assert [(hit["rule"], hit["start"], hit["end"], hit["text"]) for hit in found["hits"]] == [("noun", 2, 8, "gadget")]
    assert "block 2-8 general/noun: 'gadget': x" in said("check", "--text", "A gadget.", "--profile", "page").stdout


def test_a_text_needs_the_name_of_a_profile(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--profile flyer: there is none; known are page"):
        said("check", "--text", "A gadget.", "--profile", "flyer")


def test_a_broken_pack_stops_the_check_with_file_line_and_field(folder: Path) -> None:
    pack = folder / "rules" / "general.toml"
    pack.write_text(PACK.format("fatal", "gadget"))
    with pytest.raises(ConfigurationError) as wrong:
        said("check")

    assert str(wrong.value).startswith(f"{pack}: line 6: rules[noun].severity: Input should be 'block'")


def test_a_profile_that_names_a_missing_pack_is_named_with_its_line(folder: Path) -> None:
    (folder / "profiles" / "page.toml").write_text('tone = "warm"\nrules = ["mars"]\n')
    with pytest.raises(ConfigurationError, match=r"page\.toml: line 2: rules: there is no pack mars"):
        said("check")


def test_the_list_names_each_pack_with_its_source(folder: Path) -> None:
    assert "House policy" in said("list").stdout
    [pack] = json.loads(said("list", "--json").stdout)

    assert (pack["name"], pack["severities"]) == ("general", {"block": 1, "review": 0, "note": 0})
