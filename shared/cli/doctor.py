"""``shelftalk doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import typer

FREE_GB_WANTED = 2


@dataclass(frozen=True)
class Finding:
    """The result of one check. ``fix`` is what to do; it is empty when all is well."""

    name: str
    found: str
    fix: str = ""


def doctor() -> None:
    """Check settings, servers, model and processes. Each failing line names its fix; exits 1 if there is one."""
    from rich.markup import escape

    from shared.cli.terminal import console

    out = console()
    failed = 0
    for check in CHECKS:
        finding = check()
        failed += bool(finding.fix)
        mark = "[red]✗[/red]" if finding.fix else "[green]✓[/green]"
        fix = f"\n  fix: {escape(finding.fix)}" if finding.fix else ""
        out.print(f"{mark} {finding.name}: {escape(finding.found)}{fix}", soft_wrap=True)
        if check is _settings and finding.fix:
            break  # the other checks read them
    raise typer.Exit(int(failed > 0))


def _settings() -> Finding:
    from shared.errors import ConfigurationError
    from shared.settings import settings

    try:
        found = settings()
    except ConfigurationError as error:
        return Finding("settings", "not readable", str(error))
    return Finding("settings", f"home {found.home}")


def _guarded(name: str, found: str, check: Callable[[], object]) -> Finding:
    """The result of a check that raises ConfigurationError, whose message says what is wrong and what to do."""
    from shared.errors import ConfigurationError

    try:
        check()
    except ConfigurationError as error:
        return Finding(name, "not as it must be", str(error))
    return Finding(name, found)


def _postgres() -> Finding:
    from shared import db

    return _guarded("postgres", "answers, and its schema is up to date", lambda: db.check(db.engine()))


def _redis() -> Finding:
    from shared import redis_server

    return _guarded("redis", "answers, and evicts nothing", lambda: redis_server.check(redis_server.redis()))


def _append_only_file() -> Finding:
    from redis.exceptions import RedisError

    from shared import redis_server
    from shared.errors import ConfigurationError

    try:
        kept = redis_server.redis().config_get("appendonly").get("appendonly")
    except (RedisError, ConfigurationError):
        return Finding("redis persistence", "unknown", "make Redis reachable, and allow CONFIG GET")
    if kept == "yes":
        return Finding("redis persistence", "an append-only file")
    return Finding("redis persistence", "none: a restart loses events not yet read", "set `appendonly yes` in Redis")


def _profiles() -> Finding:
    from shared.profiles import load_profiles
    from shared.settings import settings

    return _guarded("profiles", "all are valid", lambda: load_profiles(settings().profiles_dir))


def _libraries() -> Finding:
    try:
        versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers", "celery")}
    except importlib.metadata.PackageNotFoundError as error:
        fix = f"pip install -c constraints/cpu.txt -e '.[model]' brings {error.name}"
        return Finding("libraries", f"{error.name} is not installed", fix)
    return Finding("libraries", ", ".join(f"{name} {version}" for name, version in versions.items()))


def _model() -> Finding:
    from shared import checkpoints
    from shared.settings import settings

    def check() -> None:
        checkpoints.verify(checkpoints.resolve_base_model(settings()).path)

    return _guarded("base model", "there, with the right checksums", check)


def _disk() -> Finding:
    from shared.settings import settings

    home = settings().home
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free / 1e9
    fix = "" if free >= FREE_GB_WANTED else f"free at least {FREE_GB_WANTED} GB, or set SHELFTALK_HOME elsewhere"
    return Finding("disk", f"{free:.0f} GB free at {existing}", fix)


def _processes() -> Finding:
    from sqlalchemy.exc import SQLAlchemyError

    from shared import db
    from shared.errors import ConfigurationError
    from shared.repository import registry
    from shared.settings import settings

    try:
        with db.engine().connect() as connection:
            alive = {
                each["role"] for each in registry.living(connection, timedelta(seconds=settings().heartbeat_s * 4))
            }
    except (SQLAlchemyError, ConfigurationError):
        return Finding("processes", "unknown", "make Postgres reachable first")
    missing = [role for role in ("ingest", "worker", "beat") if role not in alive]
    if missing:
        fix = " and ".join(f"`shelftalk {role}`" for role in missing)
        return Finding("processes", f"no {', no '.join(missing)} lives", f"start {fix}, or all with `shelftalk up`")
    return Finding("processes", "ingest, worker and beat live")


CHECKS = (
    _settings,
    _libraries,
    _disk,
    _profiles,
    _model,
    _postgres,
    _redis,
    _append_only_file,
    _processes,
)
