"""``shelftalk doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

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


def _policy_files() -> Finding:
    from shared.policy import read_policy
    from shared.settings import settings

    return _guarded("policy files", "all are valid", lambda: read_policy(settings()))


def _policy() -> Finding:
    """Whether a policy is in force, and is what the files say."""
    from sqlalchemy.exc import SQLAlchemyError

    from shared import db, policy
    from shared.errors import ConfigurationError
    from shared.repository import knowledge, policies
    from shared.settings import settings

    try:
        with db.engine().connect() as connection:
            row, known = policies.newest(connection), knowledge.load(connection)
            policy.active(connection)
    except SQLAlchemyError:
        return Finding("policy", "unknown", "make Postgres reachable first, and its schema up to date")
    except ConfigurationError as error:
        return Finding("policy", "not as it must be", str(error))
    if row is None:
        return Finding("policy", "none is in force", "`shelftalk policy activate`; the first worker does so by itself")
    try:
        files = policy.read_policy(settings())
    except ConfigurationError:
        return Finding("policy", f"{row['id']} is in force; the files are broken, see above")
    wanted = replace(files, knowledge=known).documents
    if differing := [f"{name} {', '.join(parts)}".strip() for name, parts in _differences(row, wanted).items()]:
        found = f"{row['id']} is in force, and the files say otherwise: {'; '.join(differing)}"
        return Finding("policy", found, "`shelftalk policy activate`, or put the files back")
    return Finding("policy", f"{row['id']} is in force, as the files say")


def _differences(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    """The parts of the policy in force that the files would change; for profiles and packs with their names."""
    if row["digest"] == wanted["digest"]:
        return {}
    found = {
        label: sorted(
            name for name in {*row[column], *wanted[column]} if row[column].get(name) != wanted[column].get(name)
        )
        for label, column in (("profiles", "profiles"), ("rule packs", "packs"))
    }
    changed = {label: names for label, names in found.items() if names}
    single = [column for column in ("salience", "knowledge_digest") if row[column] != wanted[column]]
    return changed | {column.removesuffix("_digest"): [] for column in single}


def _languages() -> Finding:
    """Whether the base model writes the languages of the profiles; where nobody uses one yet, that is no fault."""
    from sqlalchemy.exc import SQLAlchemyError

    from shared import db
    from shared.checkpoints import DEFAULT_BASE
    from shared.errors import ConfigurationError
    from shared.languages import foreign, unspoken, written_by
    from shared.policy import read_policy
    from shared.repository import reading
    from shared.settings import settings

    try:
        profiles = read_policy(settings()).profiles.values()
    except ConfigurationError:
        return Finding("languages", "unknown until the policy files are valid")
    try:
        with db.engine().connect() as connection:
            in_use = reading.profiles_in_use(connection)
    except (SQLAlchemyError, ConfigurationError):
        in_use = set()
    base = settings().base_model or DEFAULT_BASE
    used = [profile for profile in profiles if profile.default or profile.name in in_use]
    if said := unspoken(used, base):
        found, _, fix = said.rpartition(": ")
        return Finding("languages", found, f"{fix}, or take them out of use")
    if written_by(base) is None:
        others = foreign(profiles) or "none"
        return Finding("languages", f"nothing is known of {base}; profiles in other languages than English: {others}")
    if said := unspoken(profiles, base):
        return Finding("languages", f"{said}, before they are used")
    return Finding("languages", f"the base model {base} writes those of all profiles")


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


def _training() -> Finding:
    """Whether what waits for a trainer has one, and how the last run ended."""
    from redis.exceptions import RedisError
    from sqlalchemy.exc import SQLAlchemyError

    from shared import db, redis_server
    from shared.errors import ConfigurationError
    from shared.repository import registry, training
    from shared.settings import settings

    try:
        with db.engine().connect() as connection:
            living = registry.living(connection, timedelta(seconds=settings().heartbeat_s * 4))
            last = next(iter(training.runs(connection, 1)), None)
        waiting = redis_server.queue_depths(redis_server.redis())[redis_server.TRAINING]
    except (SQLAlchemyError, RedisError, ConfigurationError):
        return Finding("training", "unknown until Postgres and Redis are well")
    lives = any(each["role"] == "trainer" for each in living)
    if waiting and not lives:
        return Finding("training", f"requests wait: {waiting}, and no trainer lives", "start `shelftalk trainer`")
    trainer = "a trainer lives" if lives else "no trainer lives, and nothing waits for one"
    if last and last["status"] == "failed":
        fix = "see to the reason, then `shelftalk train`; what serves is not touched"
        return Finding("training", f"{trainer}; run {last['id']} failed: {last['reason']}", fix)
    said = f"the last run, {last['id']}, is {last['status']}" if last else "no run yet"
    return Finding("training", f"{trainer}; {said}")


CHECKS = (
    _settings,
    _libraries,
    _disk,
    _policy_files,
    _model,
    _postgres,
    _policy,
    _languages,
    _redis,
    _append_only_file,
    _processes,
    _training,
)
