"""The commands that look after the service: audit, doctor and health, and the exit status that scripts rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.policy import activate, read_policy
from shared.repository import reading
from shared.settings import child_environment, settings
from tests.event_fakes import Service, changed, run

PLANTED = {
    "an open event that nothing works on": (
        "UPDATE app.inbox_event SET outcome = NULL, closed_at = NULL, received_at = now() - interval '1 hour'"
        " WHERE outcome = 'described'"
    ),
    "an event that ended while its copy was still to be written": "UPDATE app.generation SET status = 'pending'",
    "a described event without a description": (
        "UPDATE app.inbox_event SET outcome = 'described' WHERE event_id = 'BAD'"
    ),
    "a finished generation without exactly one description": "UPDATE app.generation SET status = 'superseded'",
    "a dead-lettered event without a dead letter": "DELETE FROM app.dead_letter",
    "a generation that not exactly one of an event, a back-fill and a recall asked for": (
        "ALTER TABLE app.generation DROP CONSTRAINT ck_generation_asked_for_once;"
        " UPDATE app.generation SET inbox_event_id = NULL"
    ),
    "a generation that failed for good without exactly one dead letter": "UPDATE app.generation SET status = 'dead'",
    "a dead letter of neither an event nor a generation": "UPDATE app.dead_letter SET inbox_event_id = NULL",
    "an event id accepted twice": (
        "DROP INDEX app.uq_inbox_event_source_event_id; INSERT INTO app.inbox_event"
        " (stream_entry, payload_digest, source, event_id, outcome, closed_at)"
        " SELECT '9-9', payload_digest, source, event_id, 'stale', now() FROM app.inbox_event"
        " WHERE outcome = 'described'"
    ),
    "a duplicate of an event that is not in the ledger": (
        "UPDATE app.inbox_event SET event_id = 'gone' WHERE outcome = 'duplicate'"
    ),
    "current copy of a deleted product": "UPDATE app.product SET deleted_at = now()",
    "current copy that a newer description should have replaced": (
        "UPDATE app.current_copy SET description_id = (SELECT min(id) FROM app.description)"
    ),
    "a generation whose lease ran out long ago": (
        "UPDATE app.generation SET status = 'running', lease_expires_at = now() - interval '1 hour'"
    ),
}


def test_the_audit_finds_every_kind_of_inconsistency(shelftalk: Service) -> None:
    shelftalk.describe(changed(version=1))
    shelftalk.describe(changed(version=2, title="Kettle K3"))
    shelftalk.take_in(changed(version=1), changed("BAD", id="BAD", title=None))
    assert set(PLANTED) == set(reading.AUDIT)
    with shelftalk.database.connect() as connection:
        assert reading.audit(connection, timedelta(minutes=1)) == []
        connection.rollback()
        for wrong, statement in PLANTED.items():
            connection.execute(text(statement))
            assert wrong in {found for found, _, _ in reading.audit(connection, timedelta(minutes=1))}
            connection.rollback()


def test_the_audit_of_a_ledger_that_adds_up_ends_well(shelftalk: Service) -> None:
    shelftalk.describe(changed(), changed(), changed("BAD", title=None))
    shelftalk.take_in(changed("OPEN"))
    result = run("audit")

    assert result.exit_code == 0, result.stdout
    assert "everything adds up; 1 still on their way" in result.stdout


def test_the_audit_fails_and_names_what_is_amiss(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    shelftalk.execute("UPDATE app.generation SET status = 'superseded'")
    result = run("audit", "--json")

    assert result.exit_code == 1
    [amiss] = json.loads(result.stdout)["amiss"]
    assert amiss["what"] == "a finished generation without exactly one description"
    assert "amiss a finished generation without exactly one description" in run("audit").stdout


def test_the_audit_finds_an_entry_that_was_acknowledged_and_never_recorded(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    [lost] = shelftalk.send(changed("LOST"))
    stream, group = shelftalk.config.stream, shelftalk.config.stream_group
    shelftalk.redis.xreadgroup(group, "hasty", {stream: ">"})
    assert run("audit").exit_code == 0
    shelftalk.redis.xack(stream, group, lost)
    result = run("audit", "--json")

    assert result.exit_code == 1
    assert [each["name"] for each in json.loads(result.stdout)["amiss"]] == [lost]


def test_doctor_names_a_fix_for_each_line_that_fails(
    configured: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("SHELFTALK_PROFILES_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("SHELFTALK_MODELS_DIR", str(tmp_path / "none"))
    settings.cache_clear()
    result = run("doctor")

    assert result.exit_code == 1, repr(result.exception)
    for name in ("postgres", "redis", "redis persistence", "policy files", "policy", "base model", "processes"):
        failing = result.stdout.partition(f"✗ {name}: ")[2].splitlines()
        assert failing, f"{name} is said to be well"
        assert failing[1].startswith("  fix: "), f"{name} has no fix"
    assert result.stdout.count("✗") == result.stdout.count("fix: ") == 7


def said_of(name: str) -> tuple[bool, str]:
    """Whether doctor finds something in order, and what it says of it, the fix included."""
    lines = run("doctor").stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if line[2:].startswith(f"{name}: "))
    well = lines[at].startswith("✓")
    return well, lines[at].removeprefix("✓ ") if well else "\n".join(lines[at : at + 2])


def activate_files(shelftalk: Service) -> None:
    """Put the policy of this checkout in force."""
    with shelftalk.database.begin() as connection:
        activate(connection, read_policy(shelftalk.config))


def test_doctor_says_that_no_policy_is_in_force(configured: None) -> None:
    well, said = said_of("policy")

    assert not well
    assert "none is in force" in said and "fix: `shelftalk policy activate`" in said


def test_doctor_says_whether_the_files_are_what_is_in_force(shelftalk: Service) -> None:
    well, said = said_of("policy")

    assert not well
    assert "1 is in force, and the files say otherwise: profiles " in said
    assert "product_page_de" in said and "rule packs cn, " in said
    assert "fix: `shelftalk policy activate`" in said
    activate_files(shelftalk)
    assert said_of("policy") == (True, "policy: 2 is in force, as the files say")


def test_doctor_names_the_fault_of_a_broken_file_and_what_stays_in_force(
    shelftalk: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.toml").write_text("min_words = 'many'\n")
    monkeypatch.setenv("SHELFTALK_PROFILES_DIR", str(tmp_path))
    settings.cache_clear()

    assert f"{tmp_path / 'broken.toml'}: line 1: min_words: " in said_of("policy files")[1]
    assert said_of("policy") == (True, "policy: 1 is in force; the files are broken, see above")
    assert said_of("languages") == (True, "languages: unknown until the policy files are valid")


def test_doctor_takes_a_language_that_the_model_does_not_write_for_a_fault_once_it_is_used(shelftalk: Service) -> None:
    activate_files(shelftalk)
    well, said = said_of("languages")
    assert well
    assert "the base model smollm2-135m-instruct writes English; the profiles product_page_de (German), " in said
    assert said.endswith("need a base that speaks them: set SHELFTALK_BASE_MODEL, before they are used")

    shelftalk.take_in(changed(profiles=["product_page_de"]))
    well, said = said_of("languages")
    assert not well
    assert "the profile product_page_de (German) needs a base that speaks it" in said
    assert "fix: set SHELFTALK_BASE_MODEL" in said


def test_doctor_claims_nothing_of_the_languages_of_a_model_that_it_does_not_know(
    shelftalk: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_BASE_MODEL", "acme/shopwriter-1b")
    settings.cache_clear()
    well, said = said_of("languages")

    assert well
    assert "nothing is known of acme/shopwriter-1b; profiles in other languages than English: product_page_de" in said


def test_doctor_goes_on_after_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_THREADS", "many")
    settings.cache_clear()
    result = run("doctor")

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert "SHELFTALK_THREADS" in result.stdout


def test_doctor_prints_a_path_with_square_brackets_as_it_is(
    configured: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHELFTALK_PROFILES_DIR", str(tmp_path / "[red]"))
    settings.cache_clear()

    assert "[red]" in run("doctor").stdout


def test_health_tells_by_the_age_of_the_heartbeat(tmp_path: Path) -> None:
    file = tmp_path / "run" / "worker.heartbeat"
    assert run("health", "worker").exit_code == 1
    file.parent.mkdir()
    file.touch()
    assert run("health", "worker").exit_code == 0
    os.utime(file, (0, 0))
    assert run("health", "worker").exit_code == 1


def test_an_error_that_was_foreseen_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shared.cli", "publish", "gone.jsonl"]
    said = subprocess.run(command, cwd=tmp_path, env=child_environment(), capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert said.stderr == "shelftalk: gone.jsonl: cannot be read: No such file or directory\n"
