"""Postgres and Valkey for one machine, without an installation and without Docker: for demos, tests and small shops.

A server lives in a folder. What it stores, its port and its password stay there, and the next start finds them again.
It dies with the process that started it (see ``shared.stack.tether``); what an owner left behind is stopped first.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import ConfigurationError
from shared.stack.binaries import EVERYONES, is_reachable, postgres_folder, valkey_program
from shared.stack.ownership import write_private
from shared.stack.server import SERVER_ENVIRONMENT, Server
from shared.stack.tether import tethered

NAME = "shelftalk"  # of the database, and of the user that owns it
UNPRIVILEGED = "nobody"
ONCE = Retry(NoBackoff(), retries=0)  # by default the client tries for seconds before it says no


class Postgres(Server):
    """Postgres with one database, ``shelftalk``, in UTF-8 and UTC, behind a password on a loopback port.

    Postgres refuses to run as root, so root runs it as ``nobody``. When that user cannot reach the folder, because a
    folder above it is private, ``folder/postgres`` is a link to a place that it can reach. Nothing above is opened.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # the fast shutdown: ends sessions, loses nothing
    passing_faults = (*Server.passing_faults, "is still in use", '"postmaster.pid" already exists')

    @property
    def url(self) -> str:
        """The address, such as ``postgresql://shelftalk:…@127.0.0.1:5432/shelftalk``."""
        return self._url_of(NAME)

    @property
    def data(self) -> Path:
        """The data folder of the server itself."""
        return (self.folder / "postgres").resolve() / "data"

    def _url_of(self, database: str) -> str:
        return f"postgresql://{NAME}:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def _user(self) -> str:
        return UNPRIVILEGED if os.geteuid() == 0 else ""

    def _prepare(self) -> None:
        self._programs = postgres_folder()
        self._find_place(self.folder / "postgres")
        if not self.data.exists():
            self._make_cluster()

    def _find_place(self, place: Path) -> None:
        if place.is_symlink() and not place.exists():
            raise ConfigurationError(
                f"{place.readlink()}, where Postgres kept its data, is gone: bring it back, or remove {place}"
            )
        if place.exists():
            return
        if self._user and not is_reachable(place):
            place.symlink_to(tempfile.mkdtemp(prefix="shelftalk-data-", dir=EVERYONES))
        else:
            place.mkdir(mode=0o700)
        self._give(place)

    def _give(self, path: Path) -> None:
        if self._user:
            shutil.chown(path, self._user)

    def _make_cluster(self) -> None:
        fresh = self.data.with_suffix(".new")  # so that a start that was cut off leaves no half of a data folder
        if fresh.exists():
            shutil.rmtree(fresh)
        password = fresh.with_name("password")
        write_private(password, self.password)
        self._give(password)
        # The built-in locale sorts and folds case alike on every machine, whatever its libraries.
        options = f"""--username={NAME} --auth=scram-sha-256 --encoding=UTF8 --locale-provider=builtin
            --builtin-locale=C.UTF-8 --set=timezone=UTC --set=log_timezone=UTC --no-instructions""".split()
        command = [str(self._programs / "initdb"), f"--pgdata={fresh}", f"--pwfile={password}", *options]
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(
            tethered(command, on_death=signal.SIGKILL, user=self._user),
            cwd=fresh.parent,
            env=SERVER_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        password.unlink()
        if done.returncode != 0:
            raise ConfigurationError(f"Postgres could not make a database in {fresh}: {' '.join(done.stderr.split())}")
        fresh.rename(self.data)

    def _command(self) -> list[str]:
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        if not self.durable:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB"]
        program = str(self._programs / "postgres")
        return [program, "-D", str(self.data), *(part for option in options for part in ("-c", option))]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url_of("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _complete(self) -> None:
        with psycopg.connect(self._url_of("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchall():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _clear(self) -> None:
        if not self.durable:
            _remove_what_is_outside(self.folder)


class Valkey(Server):
    """Valkey behind a password on a loopback port. It never evicts: a queue that forgets is worse than a full one."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """The address, such as ``redis://default:…@127.0.0.1:6379/0``: redis-cli signs in with it only with a user."""
        return f"redis://default:{self.password}@127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        (self.folder / "valkey").mkdir(parents=True, exist_ok=True)

    def _command(self) -> list[str]:
        configuration = self.folder / "valkey.conf"
        lines = (
            f"port {self.port}",
            "bind 127.0.0.1",
            f"requirepass {self.password}",  # not an argument: everyone can list those
            f"dir {json.dumps(str(self.folder / 'valkey'), ensure_ascii=False)}",
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",
        )
        write_private(configuration, "\n".join(lines) + "\n")
        return [str(valkey_program()), str(configuration)]

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5, retry=ONCE) as client:
                client.ping()
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        return True

    def _complete(self) -> None:
        """Nothing: it is ready as it is."""

    def _clear(self) -> None:
        """Nothing: all that it made is in its folder."""


def remove_servers(folder: Path) -> None:
    """Remove a folder of servers that do not run, with the data that had to be kept outside of it."""
    _remove_what_is_outside(folder)
    if folder.exists():
        shutil.rmtree(folder)


def _remove_what_is_outside(folder: Path) -> None:
    place = folder / "postgres"
    if place.is_symlink():
        shutil.rmtree(place.resolve(), ignore_errors=True)
        place.unlink()


@dataclass(frozen=True)
class Servers:
    """Both servers, running."""

    postgres: Postgres
    valkey: Valkey

    @property
    def database_url(self) -> str:
        """The address of Postgres, with the password."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """The address of Valkey, with the password."""
        return self.valkey.url


@contextmanager
def embedded_servers(folder: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Run Postgres and Valkey while the ``with`` lasts. Call it from a thread that lives as long.

    Args:
        folder: Where they keep their data; a second start finds it again. One owner at a time.
        durable: False for tests: nothing waits for the disk, Valkey stores nothing, and data that had to be kept
            outside of the folder is removed at the end.

    Raises:
        ConfigurationError: when a server is not installed, does not start, or the folder is in use.
    """
    with Postgres(folder, durable=durable) as postgres, Valkey(folder, durable=durable) as valkey:
        yield Servers(postgres, valkey)
