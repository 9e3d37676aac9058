"""`shelftalk up` with a wrong setting: nothing is started, and the last line says what is wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from shared.settings import child_environment
from shared.stack.ownership import free_port
from shared.stack.programs import python_module
from shared.stack.servers import Valkey


@pytest.fixture
def evicting_redis(tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that forgets when it is full."""
    with Valkey(tmp_path / "evicting", durable=False) as server, Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        yield server.url


def refusal(home: Path, *options: str, **wrong: str) -> str:
    """The last line on standard error of a start that must fail before any server is started."""
    environment = child_environment(SHELFTALK_HOME=str(home), **wrong)
    command = python_module("shared.cli", "up", *options)
    ended = subprocess.run(command, env=environment, cwd=home.parent, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "starting " not in ended.stdout
    assert not (home / "data").exists()
    return ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(("options", "prefix"), [([], ""), (["--detach"], "the stack did not start: ")])
def test_a_missing_base_model_is_the_last_word(tmp_path: Path, options: list[str], prefix: str) -> None:
    said = refusal(tmp_path / "home", *options, SHELFTALK_BASE_MODEL="/nope")
    assert said.startswith(f"shelftalk: {prefix}SHELFTALK_BASE_MODEL: /nope is neither a folder here nor a hub id")


def test_a_broken_profile_is_the_last_word(tmp_path: Path) -> None:
    profile = tmp_path / "product_page.toml"
    profile.write_text("tone = ")
    said = refusal(tmp_path / "home", "--detach", SHELFTALK_PROFILES_DIR=str(tmp_path))
    assert said.startswith(f"shelftalk: the stack did not start: {profile}: line 1: not TOML: ")


def test_a_given_postgres_that_is_away_is_the_last_word(tmp_path: Path) -> None:
    url = f"postgresql://shelftalk:secret@127.0.0.1:{free_port()}/shelftalk"
    said = refusal(tmp_path / "home", "--detach", DATABASE_URL=url)
    assert said.startswith("shelftalk: the stack did not start: Postgres at ")
    assert "cannot be reached" in said
    assert "secret" not in said


def test_a_given_redis_that_is_away_is_the_last_word(tmp_path: Path) -> None:
    port = free_port()
    said = refusal(tmp_path / "home", "--detach", REDIS_URL=f"redis://127.0.0.1:{port}/0")
    assert said.startswith(f"shelftalk: the stack did not start: Redis at 127.0.0.1:{port} cannot be reached")


def test_a_given_redis_that_evicts_is_the_last_word(tmp_path: Path, evicting_redis: str) -> None:
    said = refusal(tmp_path / "home", "--detach", REDIS_URL=evicting_redis)
    assert "its maxmemory-policy is allkeys-lru; run `CONFIG SET maxmemory-policy noeviction`" in said
