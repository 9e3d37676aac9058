"""Our programs are ours, whatever modules the folder holds in which they are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shared.settings import child_environment
from shared.stack.plan import shelftalk_plan
from shared.stack.programs import python_module
from shared.stack.remote import SUPERVISOR

PLAN = shelftalk_plan(Path("home"), heartbeat_s=4)
COMMANDS = {
    "the supervisor": SUPERVISOR,
    **{f"the preparation: {' '.join(command[-2:])}": command for command in PLAN.prepare},
    **{process.name: process.argv for process in PLAN.processes},
    **{
        f"shelftalk {name}": python_module("shared.cli", *name.split()) for name in ("beat", "worker", "models prepare")
    },
}


@pytest.fixture
def strange_folder(tmp_path: Path) -> Path:
    """A folder with packages of the same names as ours."""
    for name in ("shared", "worker", "training", "migrations", "celery", "flower"):
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("raise SystemExit('a stranger runs')")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_package_in_the_current_folder_does_not_shadow_ours(strange_folder: Path, command: tuple[str, ...]) -> None:
    wrong = child_environment(SHELFTALK_THREADS="many")  # each of them reads the settings, and ends with them
    ended = subprocess.run(command, cwd=strange_folder, env=wrong, capture_output=True, text=True, check=False)

    assert ended.returncode != 0
    assert "wrong configuration: SHELFTALK_THREADS" in (ended.stdout + ended.stderr).splitlines()[-1]
