"""The supervisor with real servers and stand-ins for the processes: what it keeps running, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import typer
from redis import Redis
from typer.testing import CliRunner

from shared.cli import stack as commands
from shared.errors import ConfigurationError
from shared.settings import STACK_FILE, child_environment, settings
from shared.stack.ownership import is_alive, wait_until
from shared.stack.remote import remove_home, running_stack, start_stack, stop_stack
from shared.stack.state import Stack, load_stack
from tests.conftest import Addresses

SMALL_STACK = (sys.executable, str(Path(__file__).with_name("small_stack.py")))
LIMIT_S = 30.0


@contextmanager
def home_for_all() -> Iterator[Path]:
    """A home that every user can reach; nothing of its stack outlives it."""
    home = Path(tempfile.mkdtemp(prefix="shelftalk-tests-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        stop_stack(home)
        remove_home(home)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of this test."""
    with home_for_all() as home:
        monkeypatch.setenv("SHELFTALK_HOME", str(home))
        settings.cache_clear()
        yield home


class SmallStack:
    """Starts the supervisor of ``small_stack.py`` in a home, and collects what it says."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: list[str] = []

    def start(self, *flags: str) -> Stack:
        return start_stack(self.home, self.said.append, (*SMALL_STACK, *flags))

    def log(self, name: str) -> str:
        return (self.home / "logs" / f"{name}.log").read_text()


@pytest.fixture
def small(home: Path) -> SmallStack:
    """The small stack of this home, not started."""
    return SmallStack(home)


@pytest.fixture(scope="module")
def shared_stack() -> Iterator[SmallStack]:
    """One stack that runs, for the tests that only look at it."""
    with home_for_all() as home:
        shared = SmallStack(home)
        shared.start()
        yield shared


@pytest.fixture
def running(shared_stack: SmallStack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack that runs in the home that the settings name."""
    monkeypatch.setenv("SHELFTALK_HOME", str(shared_stack.home))
    settings.cache_clear()
    return reloaded(shared_stack.home)


def reloaded(home: Path) -> Stack:
    found = load_stack(home)
    assert found is not None
    return found


def test_a_stack_that_is_ready_says_so_and_can_be_used(shared_stack: SmallStack, running: Stack) -> None:
    assert {"starting postgres", "ingest is ready", "worker is ready"} <= set(shared_stack.said)
    assert (shared_stack.home / STACK_FILE).stat().st_mode & 0o777 == 0o600
    assert running.is_ready
    assert set(running.processes) == {"ingest", "worker"}
    assert all(map(is_alive, running.marks.values()))
    assert shared_stack.log("prepare").split() == [running.database_url, running.redis_url]
    with psycopg.connect(running.database_url) as connection, Redis.from_url(settings().redis_dsn) as client:
        connection.execute("SELECT 1")
        client.ping()


def test_down_stops_everything_in_order_and_says_what(small: SmallStack, home: Path) -> None:
    stack = small.start()
    assert stop_stack(home) == ["ingest", "worker", "postgres", "valkey"]
    assert not any(map(is_alive, stack.marks.values()))
    assert not (home / STACK_FILE).exists()
    stops = [line for line in small.log("supervisor").splitlines() if line.startswith("stopping")]
    assert stops == ["stopping ingest", "stopping worker", "stopping valkey", "stopping postgres"]


def test_work_that_runs_is_finished_before_the_end(small: SmallStack, home: Path) -> None:
    small.start("slow")
    stop_stack(home)
    assert "worker is done" in small.log("worker")


def test_a_process_that_dies_is_started_again(small: SmallStack, home: Path) -> None:
    stack = small.start()
    os.kill(stack.processes["worker"], signal.SIGKILL)
    assert wait_until(lambda: reloaded(home).processes.get("worker") not in (None, stack.processes["worker"]), LIMIT_S)
    assert "worker was ended by SIGKILL; it starts again in 1 s" in small.log("supervisor")
    assert reloaded(home).processes["ingest"] == stack.processes["ingest"]


def test_a_server_that_dies_comes_back_at_the_same_address(small: SmallStack, home: Path) -> None:
    stack = small.start()
    before = stack.marks["valkey"]
    os.kill(int(before.partition("@")[0]), signal.SIGKILL)
    assert wait_until(lambda: reloaded(home).marks["valkey"] not in ("", before), LIMIT_S)
    with Redis.from_url(stack.redis_url) as client:
        assert client.ping()


def test_a_process_with_a_wrong_configuration_stops_the_start(small: SmallStack, home: Path) -> None:
    with pytest.raises(ConfigurationError) as failed:
        small.start("broken")
    cause = "worker ended with code 1 before it was ready: SHELFTALK_BASE_MODEL: no such folder"
    assert str(failed.value) == f"the stack did not start: {cause} (its log is {home}/logs/supervisor.log)"
    assert small.said[-1] == cause
    assert f"the end of {home}/logs/worker.log:" in small.said
    assert load_stack(home) is None
    assert not (home / STACK_FILE).exists()


def test_a_killed_supervisor_takes_all_with_it_and_the_next_start_finds_the_data(small: SmallStack, home: Path) -> None:
    stack = small.start()
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    os.kill(stack.supervisor_pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, stack.marks.values())), LIMIT_S)
    assert load_stack(home) is None
    again = small.start()
    assert again.database_url == stack.database_url
    with psycopg.connect(again.database_url) as connection:
        assert connection.execute("SELECT text FROM note").fetchone() == ("kept",)


def test_the_file_of_a_dead_supervisor_is_removed(small: SmallStack, home: Path) -> None:
    stack = small.start()
    os.kill(stack.supervisor_pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, stack.marks.values())), LIMIT_S)
    assert (home / STACK_FILE).exists()
    assert stop_stack(home) is None
    assert not (home / STACK_FILE).exists()


def test_a_second_stack_in_one_home_is_refused(shared_stack: SmallStack, running: Stack) -> None:
    with pytest.raises(ConfigurationError, match=rf"process {running.supervisor_pid}\): stop it with `shelftalk down`"):
        shared_stack.start()


def test_servers_that_are_given_are_used_and_left_running(
    small: SmallStack, addresses: Addresses, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", addresses.database_url)
    monkeypatch.setenv("REDIS_URL", addresses.redis_url)
    stack = small.start()
    assert (stack.database_url, stack.redis_url) == (addresses.database_url, addresses.redis_url)
    assert stop_stack(home) == ["ingest", "worker"]
    psycopg.connect(addresses.database_url).close()


def test_a_stack_in_a_with_block_ends_with_it(home: Path) -> None:
    with running_stack(home, argv=SMALL_STACK) as stack:
        assert stack.is_ready
        with running_stack(home, argv=SMALL_STACK) as same:
            assert same == stack
        assert load_stack(home) == stack
    assert load_stack(home) is None
    assert not any(map(is_alive, stack.marks.values()))


def test_a_stack_in_a_with_block_ends_with_a_process_that_is_killed(home: Path) -> None:
    script = """
import sys
from pathlib import Path
from shared.stack.remote import running_stack
with running_stack(Path(sys.argv[1]), argv=sys.argv[2:]) as stack:
    print(*stack.marks.values(), flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", script, str(home), *SMALL_STACK]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        marks = owner.stdout.readline().split()
        owner.kill()
        assert len(marks) == 4
        assert wait_until(lambda: not any(map(is_alive, marks)), LIMIT_S)


@pytest.fixture
def shell() -> typer.Typer:
    """The commands of the stack alone."""
    app = typer.Typer()
    for command in (commands.up, commands.down, commands.env):
        app.command()(command)
    return app


def test_env_prints_the_addresses_for_a_shell(running: Stack, shell: typer.Typer) -> None:
    printed = CliRunner().invoke(shell, ["env"]).output.strip()
    script = f'{printed}; printf "%s\\n" "$DATABASE_URL" "$REDIS_URL"'
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == [running.database_url, running.redis_url]


def test_without_a_stack_env_fails_and_down_says_so(home: Path, shell: typer.Typer) -> None:
    failed = CliRunner().invoke(shell, ["env"])
    assert failed.exit_code == 1
    assert isinstance(failed.exception, ConfigurationError)
    down = CliRunner().invoke(shell, ["down"])
    assert (down.exit_code, down.output) == (0, f"No stack runs in {home}.\n")


def test_up_beside_a_running_stack_names_the_way_out(running: Stack, shell: typer.Typer) -> None:
    failed = CliRunner().invoke(shell, ["up"])
    assert failed.exit_code == 1
    assert f"a stack runs already in {settings().home}" in str(failed.exception)
    assert "`shelftalk down`" in str(failed.exception)


def test_the_commands_start_without_torch_and_celery() -> None:
    script = """
import json, sys
import shared.cli.stack, shared.stack.supervisor, shared.stack.remote, shared.stack.plan
print(json.dumps([name for name in ("torch", "celery", "transformers") if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", script], env=child_environment(), capture_output=True, text=True)
    assert json.loads(done.stdout) == [], done.stderr
