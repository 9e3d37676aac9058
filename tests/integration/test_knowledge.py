"""Approved knowledge in Postgres, and the commands that keep it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner, Result

from shared.cli.knowledge import app
from shared.content.knowledge import KnowledgeEntry
from shared.errors import ConfigurationError
from shared.repository import knowledge
from shared.repository.knowledge import Imported
from tests.event_fakes import Service

CSV = "key,scope,scope_value,attribute,value,source,approved_by\n"


def entry(key: str = "gore-tex", **members: Any) -> KnowledgeEntry:
    fields = {"scope": "any", "attribute": "waterproof", "value": "yes", "source": "data sheet", "approved_by": "Ada"}
    return KnowledgeEntry(key=key, **fields | members)


@pytest.fixture
def connection(shelftalk: Service) -> Iterator[Connection]:
    with shelftalk.database.begin() as connection:
        yield connection


def test_entries_are_read_back_as_they_were_stored(connection: Connection) -> None:
    narrow = entry("norrland", scope="brand", scope_value="Norrland", locale="en")
    conditional = entry("gore-tex", when_attribute="material", when_value="Gore-Tex")
    knowledge.store(connection, [narrow, conditional])

    assert knowledge.load(connection).entries == (conditional, narrow)


def test_the_same_import_again_changes_nothing(connection: Connection) -> None:
    assert knowledge.store(connection, [entry()]) == Imported(added=("gore-tex",), changed=(), unchanged=())
    before = knowledge.listing(connection, retired=True)

    assert knowledge.store(connection, [entry()]) == Imported(added=(), changed=(), unchanged=("gore-tex",))
    assert knowledge.listing(connection, retired=True) == before


def test_a_changed_entry_ends_the_row_that_held_and_adds_one(connection: Connection) -> None:
    knowledge.store(connection, [entry(), entry("other")])

    imported = knowledge.store(connection, [entry(value="to 20 m")])

    assert imported == Imported(added=(), changed=("gore-tex",), unchanged=())
    rows = [row for row in knowledge.listing(connection, retired=True) if row["key"] == "gore-tex"]
    assert [(row["value"], row["retired_at"] is None) for row in rows] == [("yes", False), ("to 20 m", True)]
    assert len(knowledge.load(connection).entries) == 2


def test_a_retired_entry_holds_no_more_and_may_come_back(connection: Connection) -> None:
    knowledge.store(connection, [entry()])

    assert knowledge.retire(connection, "gore-tex")
    assert not knowledge.retire(connection, "gore-tex")
    assert knowledge.load(connection).entries == ()
    assert knowledge.store(connection, [entry()]).added == ("gore-tex",)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def stored(shelftalk: Service) -> list[str]:
    with shelftalk.database.connect() as connection:
        return [found.key for found in knowledge.load(connection).entries]


def test_a_file_is_imported_listed_and_retired_by_command(shelftalk: Service, tmp_path: Path) -> None:
    file = tmp_path / "k.csv"
    file.write_text(CSV + "wool,category,Clothing,care,wash by hand,label,Ada\n")

    assert run("import", file, "--dry-run").output.startswith("1 added: wool")
    assert stored(shelftalk) == []
    assert run("import", file).exit_code == 0
    assert "care: wash by hand" in run("list").output
    assert run("retire", "wool").exit_code == 0
    assert stored(shelftalk) == []
    assert "wash by hand" in run("list", "--retired").output


def test_a_file_with_one_wrong_row_imports_nothing(shelftalk: Service, tmp_path: Path) -> None:
    file = tmp_path / "k.csv"
    file.write_text(
        CSV + "wool,category,Clothing,care,wash by hand,label,Ada\nsilk,category,,care,dry clean,label,Ada\n"
    )

    refusal = run("import", file).exception

    assert isinstance(refusal, ConfigurationError)
    assert str(refusal) == f"{file}: line 3: entry: scope is 'category': name the category in scope_value"
    assert stored(shelftalk) == []


def test_a_key_that_does_not_hold_is_not_retired(shelftalk: Service) -> None:
    refusal = run("retire", "none").exception

    assert isinstance(refusal, ConfigurationError)
    assert "shelftalk knowledge list" in str(refusal)
