"""The examples of docs/publishing.md run as they are written, against both kinds of Redis: of Compose, and of `up`."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis

from shared.events import FIELD, STREAM, Product, ProductDeleted, Quantity, decode
from shared.gaps import STREAM_FIELD, CatalogGaps, Gap
from shared.settings import child_environment
from shared.stack.servers import Valkey
from tests.deployment import ROOT, guarded_redis

EXAMPLES = ROOT / "docs" / "examples"
PAGE = (ROOT / "docs" / "publishing.md").read_text()

KETTLE = Product(
    source="shop",
    sku="KET-42",
    version=7,
    title="Kettle K2",
    brand="Norrland",
    category=["Kitchen", "Kettles"],
    attributes={"capacity": Quantity(value=1.7, unit="l"), "color": ["black", "white"], "cordless": True},
)


@dataclass(frozen=True)
class Producer:
    """A publisher's machine: the address it was given, and what became of its events."""

    url: str
    worker: Redis

    @property
    def environment(self) -> dict[str, str]:
        return child_environment(REDIS_URL=self.url)

    def run(self, *command: str | Path) -> str:
        """Run a program and return what it prints. It must end well and complain about nothing."""
        result = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.strip()

    def arrived(self, entry: str) -> bytes:
        """The event of one entry of the stream."""
        entries: Any = self.worker.xrange(STREAM, entry, entry)
        [(_, fields)] = entries
        return bytes(fields[FIELD.encode()])


@contextmanager
def of_compose(folder: Path) -> Iterator[Producer]:
    """The user `producer` of the Compose stack."""
    with guarded_redis(folder) as server, Redis.from_url(server.url("worker")) as worker:
        yield Producer(server.url("producer"), worker)


@contextmanager
def of_up(folder: Path) -> Iterator[Producer]:
    """The one user of the stack of `shelftalk up`."""
    with Valkey(folder, durable=False) as server, Redis.from_url(server.url) as client:
        yield Producer(server.url, client)


@contextmanager
def without_user(folder: Path) -> Iterator[Producer]:
    """A password alone, which is how many write the address of a Redis of their own."""
    with of_up(folder) as producer:
        yield replace(producer, url=producer.url.replace("default:", ":"))


@pytest.fixture(scope="module", params=[of_compose, of_up, without_user])
def producer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Producer]:
    with request.param(tmp_path_factory.mktemp("redis")) as producer:
        yield producer


def block(language: str, holding: str = "") -> str:
    """The code block of the page in this language that holds some text."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(text for text in blocks if holding in text)


def run_python(producer: Producer) -> str:
    return producer.run(sys.executable, EXAMPLES / "publish.py")


def run_node(producer: Producer) -> str:
    return producer.run("node", EXAMPLES / "publish.mjs")


def run_shell(producer: Producer) -> str:
    return producer.run("/bin/sh", "-c", block("sh", "XADD"))


def send_words_of_shell(producer: Producer) -> str:
    """The command that the shell example gives to redis-cli, word by word, without redis-cli."""
    words = shlex.split(block("sh", "XADD"))
    assert words[:5] == ["redis-cli", "-e", "-u", "$REDIS_URL", "XADD"]
    with Redis.from_url(producer.url) as client:
        entry: Any = client.execute_command(*words[4:])
        return bytes(entry).decode()


# redis-cli and Node are not on every machine; the words and the bytes of their examples are sent on all of them.
WAYS: dict[str, Callable[[Producer], str]] = {"Python": run_python, "the words of redis-cli": send_words_of_shell}
if shutil.which("redis-cli"):
    WAYS["redis-cli"] = run_shell
if shutil.which("node"):
    WAYS["Node"] = run_node


@pytest.mark.parametrize("publish", WAYS.values(), ids=WAYS)
def test_an_example_publishes_the_kettle(producer: Producer, publish: Callable[[Producer], str]) -> None:
    entry = publish(producer)

    event = decode(producer.arrived(entry))
    assert (event.id, event.source, event.data) == ("KET-42:7", "shop", KETTLE)


def test_the_bytes_of_the_page_publish_the_deletion(producer: Producer) -> None:
    address = urlsplit(producer.url)
    words = ("AUTH", *filter(None, (address.username, address.password)))
    sign_in = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)

    with socket.create_connection(("127.0.0.1", address.port or 0), timeout=10) as connection:
        connection.sendall(sign_in.encode() + block("text", "XADD").replace("\n", "\r\n").encode())
        answers = connection.makefile("rb")
        assert answers.readline() == b"+OK\r\n"
        assert answers.readline().startswith(b"$")
        event = decode(producer.arrived(answers.readline().decode().strip()))

    assert isinstance(event, ProductDeleted)
    assert (event.data.sku, event.data.version) == ("KET-42", 8)


def test_the_node_example_writes_a_command_as_the_page_does() -> None:
    written = (EXAMPLES / "publish.mjs").read_text()
    [words] = re.findall(r'command\(("XADD".*?), JSON', written)

    assert json.loads(f"[{words}]") == block("text", "XADD").splitlines()[2:9:2]


@pytest.mark.parametrize(
    ("language", "file"),
    [("python", "publish.py"), ("js", "publish.mjs"), ("python", "gaps.py"), ("js", "gaps.mjs")],
)
def test_the_page_shows_the_examples_as_they_are(language: str, file: str) -> None:
    assert block(language, file) == (EXAMPLES / file).read_text()


GAP = CatalogGaps(
    id="gap-17",
    time=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
    data=Gap(source="shop", sku="KET-42", version=7, profile="product_page", missing=["größe", "weight (unit)"]),
)
LATER_GAP = GAP.model_copy(update={"id": "gap-18"})

READERS: dict[str, tuple[str | Path, ...]] = {"Python": (sys.executable, EXAMPLES / "gaps.py")}
if shutil.which("node"):
    READERS["Node"] = ("node", EXAMPLES / "gaps.mjs")


def announce(worker: Redis, gap: CatalogGaps) -> str:
    """Append a gap as a worker does; the id of its entry."""
    entry = worker.xadd("catalog:gaps", {STREAM_FIELD: gap.model_dump_json()})
    assert isinstance(entry, bytes)
    return entry.decode()


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_an_example_reads_the_gaps_and_goes_on_after_the_last(
    producer: Producer, reader: tuple[str | Path, ...]
) -> None:
    producer.worker.delete("catalog:gaps")
    assert producer.run(*reader) == ""
    first, second = announce(producer.worker, GAP), announce(producer.worker, LATER_GAP)
    lines = [
        f"{first} gap-17 KET-42 größe, weight (unit)",
        f"{second} gap-18 KET-42 größe, weight (unit)",
    ]

    assert producer.run(*reader).splitlines() == lines
    assert producer.run(*reader, first).splitlines() == lines[1:]


def test_the_words_of_redis_cli_read_the_gaps(producer: Producer) -> None:
    entry = announce(producer.worker, GAP)
    words = shlex.split(block("sh", "XREAD"))
    assert words[:5] == ["redis-cli", "-e", "-u", "$REDIS_URL", "XREAD"]

    with Redis.from_url(producer.url) as client:
        assert entry.encode() in str(client.execute_command(*words[4:])).encode()
