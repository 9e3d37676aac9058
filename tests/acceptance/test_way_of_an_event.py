"""The way of an event through the real processes, on a tiny model: whatever breaks, each event ends exactly once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from shared.profiles import load_profiles
from shared.settings import ROOT, child_environment, settings
from shared.stack.servers import Valkey
from tests.event_fakes import Service, changed, eventually, forget_connections, service
from tests.malformed import MALFORMED
from tests.tiny_model import build_tiny_model

EX_CONFIG = 78
SAMPLES = [json.loads(line) for line in (ROOT / "samples" / "products.jsonl").read_text().splitlines()]
QUICK = {
    "SHELFTALK_LEASE_S": "4",
    "SHELFTALK_HEARTBEAT_S": "0.5",
    "SHELFTALK_SWEEP_S": "1",
    "SHELFTALK_PATIENCE_S": "2",
    "SHELFTALK_RETRY_DELAY_S": "0.1",
    "SHELFTALK_INGEST_CLAIM_IDLE_S": "1",
    "SHELFTALK_BATCH_SIZE": "8",
    "SHELFTALK_THREADS": "16",
    "SHELFTALK_DEVICE": "cpu",
}
COMMANDS = {"ingest": ["worker.ingest"], "worker": ["worker"], "beat": ["shared.cli", "beat"]}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One profile, of so short a copy that the tiny model is done with it soon."""
    folder = tmp_path_factory.mktemp("profiles")
    short = 'default = true\nmin_words = 3\nmax_words = 10\nignored_attributes = ["price"]\nrules = []\n'
    (folder / "product_page.toml").write_text(short)
    return folder


@pytest.fixture
def shelftalk(
    monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str, model: Path, profiles: Path
) -> Iterator[Service]:
    """The real processes find their servers, the tiny model, and short times."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SHELFTALK_BASE_MODEL", str(model))
    monkeypatch.setenv("SHELFTALK_PROFILES_DIR", str(profiles))
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    with service(load_profiles(profiles)) as found:
        yield found
    forget_connections()


@contextmanager
def running(*names: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """These processes, ready. They are asked to end, and must end well, unless the test has killed them."""
    with ExitStack() as undo:
        processes = [undo.enter_context(_process(name)) for name in names]
        for name in names:
            eventually((settings().home / "run" / f"{name}.heartbeat").exists, within_s=60)
        yield processes


@contextmanager
def _process(name: str) -> Iterator[subprocess.Popen[bytes]]:
    heartbeat = settings().home / "run" / f"{name}.heartbeat"
    heartbeat.unlink(missing_ok=True)
    with subprocess.Popen([sys.executable, "-m", *COMMANDS[name]], env=child_environment()) as process:
        try:
            yield process
        finally:
            was_killed = process.poll() is not None
            process.terminate()
            status = process.wait(30)
            assert was_killed or status == 0, f"{name} ended with {status}"


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.cli", *arguments]
    return subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)


def open_events(shelftalk: Service) -> int:
    return int(shelftalk.rows("SELECT count(*) FROM app.inbox_event WHERE outcome IS NULL")[0][0])


def assert_everything_adds_up(shelftalk: Service, outcomes: dict[str, int]) -> None:
    audit = json.loads(cli("audit", "--json").stdout)
    assert audit == {"events": sum(outcomes.values()), "outcomes": outcomes, "amiss": []}
    once = "SELECT count(*), count(DISTINCT generation_id) FROM app.description"
    [(written, generations)] = shelftalk.rows(once)
    assert written == generations
    assert shelftalk.unacknowledged() == 0


def test_real_products_are_described_and_what_is_no_event_is_set_aside_beside_them(
    shelftalk: Service, tmp_path: Path
) -> None:
    with running("ingest", "worker", "beat"):
        shelftalk.send(*[raw for raw, _ in MALFORMED.values()])
        published = cli("publish", str(ROOT / "samples" / "products.jsonl"), "--wait", "--timeout", "60")
        assert (published.returncode, "30 described" in published.stderr) == (0, True), published.stderr
        status = json.loads(cli("status", "--json").stdout)

    assert [len(status[role]) for role in ("workers", "ingests", "beats")] == [1, 1, 1]
    assert (status["done"], status["dead"], status["pending"]) == (30, len(MALFORMED), 0)
    assert_everything_adds_up(shelftalk, {"described": 30, "dead_lettered": len(MALFORMED)})
    assert {sku for (sku,) in shelftalk.rows("SELECT sku FROM analytics.current_description")} == {
        row["sku"] for row in SAMPLES
    }


def test_a_worker_killed_in_the_middle_of_its_batch_loses_no_event_and_writes_none_twice(shelftalk: Service) -> None:
    number = 60
    with running("ingest", "beat"):
        shelftalk.send(*[changed(f"K{each}", title=f"Kettle K{each}") for each in range(number)])
        with running("worker") as [worker]:
            eventually(lambda: _count(shelftalk, "running") > 0 and _count(shelftalk, "done") > 0, every_s=0.01)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        left = open_events(shelftalk)
        with running("worker"):
            eventually(lambda: _ended(shelftalk) == number, within_s=60)

    assert left > 0, "the worker was killed too late to prove anything"
    assert_everything_adds_up(shelftalk, {"described": number})
    assert shelftalk.rows("SELECT max(attempts) FROM app.generation") > [(1,)]


def _count(shelftalk: Service, status: str) -> int:
    query = "SELECT count(*) FROM app.generation WHERE status = :status"
    return int(shelftalk.rows(query, status=status)[0][0])


def _ended(shelftalk: Service) -> int:
    return int(shelftalk.rows("SELECT count(*) FROM app.inbox_event WHERE outcome IS NOT NULL")[0][0])


def test_what_redis_forgets_after_intake_is_written_all_the_same(shelftalk: Service) -> None:
    number = 20
    with running("ingest"):
        shelftalk.send(*[changed(f"K{each}") for each in range(number)])
        eventually(lambda: shelftalk.queued() == number)
    for key in shelftalk.redis.keys("*"):
        if key.decode() != shelftalk.config.stream:
            shelftalk.redis.delete(key)
    assert shelftalk.queued() == 0
    with running("worker", "beat"):
        eventually(lambda: _ended(shelftalk) == number, within_s=60)

    assert_everything_adds_up(shelftalk, {"described": number})


@contextmanager
def _evicting_valkey() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory(prefix="shelftalk-tests-") as folder,
        Valkey(Path(folder), durable=False) as valkey,
    ):
        with Redis.from_url(valkey.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        yield valkey.url


WRONG: dict[str, tuple[str, dict[str, str], str]] = {
    "Postgres is away": (
        "ingest",
        {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x"},
        'cannot be reached (connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused)'
        ": start it, or set DATABASE_URL",
    ),
    "Redis is away": ("ingest", {"REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}, "start it, or set REDIS_URL"),
    "no address of Postgres": ("ingest", {"DATABASE_URL": "http://me:hunter2@db"}, "DATABASE_URL: must be a Postgres"),
    "no number": ("ingest", {"SHELFTALK_THREADS": "many"}, "SHELFTALK_THREADS: Input should be a valid integer"),
    "no model": ("worker", {"SHELFTALK_BASE_MODEL": "{tmp}/none"}, "SHELFTALK_BASE_MODEL: "),
    "a folder that is no model": ("worker", {"SHELFTALK_BASE_MODEL": "{tmp}"}, "SHELFTALK_BASE_MODEL"),
    "beat without Postgres": ("beat", {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "start it, or set DATABASE_URL"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_ends_the_process_with_one_line_that_says_what_to_do(
    shelftalk: Service, tmp_path: Path, name: str
) -> None:
    process, changes, advice = WRONG[name]

    assert_it_refuses(process, {key: value.replace("{tmp}", str(tmp_path)) for key, value in changes.items()}, advice)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (None, "add one, or set SHELFTALK_PROFILES_DIR"),
        ("max_wrods = 20\n", "page.toml: line 1: max_wrods: "),
        ("max_words = 20\n", "no profile has `default = true`"),
    ],
    ids=["none", "broken", "none is a default"],
)
def test_the_first_start_with_profiles_that_are_not_as_they_must_be_is_refused(
    database_url: str, redis_url: str, tmp_path: Path, content: str | None, advice: str
) -> None:
    if content:
        (tmp_path / "page.toml").write_text(content)
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}

    assert_it_refuses("ingest", {**servers, "SHELFTALK_PROFILES_DIR": str(tmp_path)}, advice)


def assert_it_refuses(name: str, changes: dict[str, Any], advice: str) -> None:
    command = [sys.executable, "-m", *COMMANDS[name]]
    said = subprocess.run(
        command, env=child_environment(**changes), capture_output=True, text=True, check=False, timeout=60
    )
    assert said.returncode == (1 if name == "beat" else EX_CONFIG), said.stderr
    assert len(said.stderr.splitlines()) == 1, said.stderr
    assert said.stderr.startswith("shelftalk: ")
    assert advice in said.stderr
    assert "hunter2" not in said.stderr


def test_a_redis_that_may_evict_what_waits_is_refused(shelftalk: Service) -> None:
    with _evicting_valkey() as url:
        assert_it_refuses("ingest", {"REDIS_URL": url}, "is allkeys-lru; run `CONFIG SET maxmemory-policy noeviction`")


def test_a_database_without_the_schema_is_refused(shelftalk: Service, empty_database_url: str) -> None:
    assert_it_refuses("ingest", {"DATABASE_URL": empty_database_url}, "run `shelftalk db upgrade`")
