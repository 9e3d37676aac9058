"""Settings: where they come from, and what is said of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.settings import Settings, child_environment, read_stack, settings

POSTGRES = "postgresql://shelftalk:hunter2@db:5432/shelftalk"
REDIS = "redis://:hunter2@redis:6379/0"


def test_without_any_setting_the_defaults_hold(tmp_path: Path) -> None:
    found = settings()

    assert found.home == tmp_path
    assert (found.stream, found.stream_group, found.gaps_stream) == ("catalog:events", "shelftalk", "catalog:gaps")
    assert (found.second_try, found.time_zone) == (True, "UTC")
    assert found.max_attempts == 3


def test_servers_have_no_default_and_the_message_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set and no stack is running: set it, or run"):
        _ = settings().database_dsn
    with pytest.raises(ConfigurationError, match="REDIS_URL is not set and no stack is running: set it, or run"):
        _ = settings().redis_dsn


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_of_postgres_is_taken_in_each_common_form(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", POSTGRES.replace("postgresql", scheme, 1))

    assert settings().database_dsn == POSTGRES.replace("postgresql", "postgresql+psycopg", 1)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", POSTGRES)
    monkeypatch.setenv("REDIS_URL", REDIS)

    assert "hunter2" not in f"{settings()} {settings()!r}"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("DATABASE_URL", "mysql://db", "DATABASE_URL: must be a Postgres address such as postgresql://"),
        ("DATABASE_URL", "", "DATABASE_URL: must be a Postgres address"),
        ("REDIS_URL", "http://redis", "REDIS_URL: must be a Redis address such as redis://"),
        ("SHELFTALK_THREADS", "many", "SHELFTALK_THREADS: Input should be a valid integer"),
        ("SHELFTALK_LEASE_S", "1", "SHELFTALK_LEASE_S: Input should be greater than or equal to 2"),
        ("SHELFTALK_DEVICE", "tpu", "SHELFTALK_DEVICE: Input should be 'auto', 'cpu' or 'cuda'"),
        ("SHELFTALK_TIME_ZONE", "Mars/Base", "SHELFTALK_TIME_ZONE: 'Mars/Base' is no time zone"),
        ("SHELFTALK_CANDIDATES", "0", "SHELFTALK_CANDIDATES: Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named_as_it_stands_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as wrong:
        settings()

    assert str(wrong.value).startswith("wrong configuration: ")
    assert complaint in str(wrong.value)
    assert len(str(wrong.value).splitlines()) == 1


def test_each_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_THREADS", "0")
    monkeypatch.setenv("SHELFTALK_BATCH_TOKENS", "0")
    with pytest.raises(ConfigurationError, match=r"SHELFTALK_THREADS: .*; SHELFTALK_BATCH_TOKENS: "):
        settings()


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hunter2@db/x")
    with pytest.raises(ConfigurationError) as wrong:
        settings()

    assert "hunter2" not in str(wrong.value)


def test_the_addresses_of_a_running_stack_are_used_until_others_are_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"DATABASE_URL": POSTGRES, "REDIS_URL": REDIS}))
    monkeypatch.setenv("REDIS_URL", "redis://other/1")

    assert settings().database_dsn == POSTGRES.replace("postgresql", "postgresql+psycopg", 1)
    assert settings().redis_dsn == "redis://other/1"


@pytest.mark.parametrize("content", ["", "{half", "[]", "null"])
def test_what_is_left_of_a_broken_stack_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)

    assert read_stack(tmp_path) == {}


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("SHELFTALK_THREADS=3\nSHELFTALK_BATCH_TOKENS=5\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / "env")
    monkeypatch.setenv("SHELFTALK_THREADS", "7")

    assert (settings().threads, settings().batch_tokens) == (7, 5)


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().threads = 5  # type: ignore[misc]


def test_children_get_this_environment_with_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_THREADS", "7")
    given = child_environment(SHELFTALK_BATCH_TOKENS="2")

    assert (given["SHELFTALK_THREADS"], given["SHELFTALK_BATCH_TOKENS"]) == ("7", "2")
    assert "SHELFTALK_BATCH_TOKENS" not in child_environment()
