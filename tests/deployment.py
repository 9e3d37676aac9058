"""The deployment files as tests use them: read, merged, and with a Redis server that runs as Compose would run it."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from shared.stack.binaries import valkey_program
from shared.stack.ownership import free_port
from shared.stack.tether import tethered

ROOT = Path(__file__).resolve().parents[1]
START_LIMIT_S = 30.0

RESET = object()


class _ComposeConstructor(SafeConstructor):
    """YAML with the tag by which an override removes a value."""


_ComposeConstructor.add_constructor("!reset", lambda *_: RESET)


def compose_file(name: str) -> dict[str, Any]:
    """One Compose file as written; what ``!reset`` removes is ``RESET``."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _ComposeConstructor
    document: dict[str, Any] = yaml.load(ROOT / name)
    return document


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A Compose file with another laid over it: mappings merge, ``!reset`` removes, single values replace.

    Compose joins lists or replaces them, depending on where they stand. Our override has none, and this refuses them.
    """
    result = dict(base)
    for key, value in over.items():
        assert not isinstance(value, list), f"{key}: how Compose merges this list is not written here"
        if value is RESET:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value)
        else:
            result[key] = value
    return result


def interpolated(text: str) -> str:
    """A value of a Compose file where no variable is set: ``${NAME:-default}`` is its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def make_secrets(folder: Path) -> Path:
    """Fresh secrets from the script that operators run."""
    subprocess.run(["/bin/sh", ROOT / "deploy" / "make-secrets.sh", folder], check=True, capture_output=True)
    return folder


@dataclass(frozen=True)
class GuardedRedis:
    """A running server that knows the users of ``deploy/redis/users.acl.template`` and nobody else."""

    port: int
    secrets: Path

    def url(self, user: str) -> str:
        """The address for one user, as the secret says it, but of this server."""
        written = urlsplit((self.secrets / f"redis_url_{user}").read_text().strip())
        return written._replace(netloc=f"{written.username}:{written.password}@127.0.0.1:{self.port}").geturl()


@contextmanager
def guarded_redis(folder: Path) -> Iterator[GuardedRedis]:
    """Run Valkey with the options of docker-compose.yml and the secrets of ``deploy/make-secrets.sh``."""
    secrets = make_secrets(folder / "secrets")
    port = free_port()
    options = [interpolated(option) for option in compose_file("docker-compose.yml")["services"]["redis"]["command"]]
    options = [option.replace("/run/secrets", str(secrets)) for option in options]
    command = [str(valkey_program()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), *options]
    log = folder / "valkey.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            tethered(command, on_death=signal.SIGTERM), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_it_answers(server, port, log)
        yield GuardedRedis(port, secrets)
    finally:
        server.terminate()
        server.wait()


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not _answers(port):
        assert server.poll() is None and time.monotonic() < deadline, f"Valkey did not start:\n{log.read_text()}"
        threading.Event().wait(0.02)


def _answers(port: int) -> bool:
    """As the health check of docker-compose.yml asks."""
    try:
        with Redis(port=port, username="health", password="any", retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except RedisConnectionError:
        return False
