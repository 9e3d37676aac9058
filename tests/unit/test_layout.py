"""What the packages may import, and how large a module may grow."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from shared.settings import ROOT, child_environment

PACKAGES = ("worker", "shared", "training", "migrations")
MAX_LINES = 320
HEAVY = ("torch", "transformers", "celery", "alembic", "psycopg")


def python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=False)


def loaded_by(script: str) -> set[str]:
    """Those of the heavy libraries that a script brings in."""
    said = python(f"{script}\nimport sys\nprint(*sys.modules, sep='\\n')")
    assert said.returncode == 0, said.stderr
    return set(HEAVY) & set(said.stdout.splitlines())


def test_the_commands_start_without_the_heavy_libraries() -> None:
    assert loaded_by("import shared.cli") == set()


def test_help_needs_none_of_the_heavy_libraries() -> None:
    script = "import sys\nfrom shared.cli import app\nsys.argv = ['shelftalk', '--help']\napp(standalone_mode=False)"
    assert loaded_by(script) == set()


def test_help_names_every_command() -> None:
    said = python("from shared.cli import main; main()", "--help").stdout

    for command in "up down env demo publish show status audit doctor health db models ingest worker beat".split():
        assert f" {command} " in said


@pytest.mark.parametrize("module", ["worker.ingest", "worker.sweep", "worker.desk", "worker.intake", "worker.engine"])
def test_all_but_the_decoder_starts_without_torch(module: str) -> None:
    assert not {"torch", "transformers"} & loaded_by(f"import {module}")


def test_the_contracts_about_imports_hold() -> None:
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout


def test_a_person_can_hold_each_module_in_their_head() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "versions" not in path.parts
    }
    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


def test_only_settings_reads_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "os.environ" in path.read_text() or "getenv(" in path.read_text()
    ]
    assert readers == ["shared/settings.py"]


def test_an_installed_copy_holds_every_package() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = setuptools["packages"]["find"]["include"]
    existing = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert [name for name in existing if not any(fnmatch(name, pattern) for pattern in patterns)] == []
