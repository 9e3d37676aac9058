"""The Dockerfile and the scripts beside it. No image is built here: that takes a Docker engine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from shared.settings import Settings, child_environment
from tests.deployment import ROOT, make_secrets

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES: dict[str, str] = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.M | re.S))


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_an_image_ends_as_a_user_without_rights(target: str) -> None:
    assert STAGES[target].rstrip().endswith("USER 10001:10001")
    assert f"COPY --from=venv-{target} /venv /venv" in STAGES[target]
    assert "STOPSIGNAL SIGTERM" in STAGES["app"]


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_torch_is_the_first_layer_of_what_is_installed(target: str) -> None:
    installs = re.findall(r"pip install [^&\n]*", STAGES[f"venv-{target}"])

    assert [install.rstrip().endswith(" torch") for install in installs] == [True, False, False]


def test_no_file_of_the_deployment_names_a_host() -> None:
    files = [ROOT / "Dockerfile", ROOT / "docker-compose.yml", ROOT / "docker-compose.cpu.yml", ROOT / ".env.example"]
    hosts = {host for file in files for host in re.findall(r"https?://([^/:\s']+)", file.read_text())}

    assert hosts == {"127.0.0.1"}


def test_everything_that_the_image_copies_may_enter_it() -> None:
    copied = {path for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.M) for path in line.split()[:-1]}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert copied - {"."} <= let_in
    code = {"deploy/flower/", "migrations/", "shared/", "training/", "worker/"}
    assert code | {"knowledge/", "profiles/", "rules/"} <= let_in


def test_the_image_holds_every_file_that_the_settings_name() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    config = Settings()
    named = [config.profiles_dir, config.rules_dir, config.salience_file]

    assert {f"{path.relative_to(ROOT).parts[0]}/" for path in named} <= let_in
    assert [path for path in named if not path.exists()] == []


def test_the_requirements_of_the_image_are_those_of_the_project() -> None:
    script, pyproject = ROOT / "deploy" / "requirements.py", ROOT / "pyproject.toml"
    command = [sys.executable, str(script), str(pyproject), "training", "ops"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    of_training = [line for line in extras["training"] if line != "shelftalk[model]"]
    assert printed == [*project["dependencies"], *extras["model"], *of_training, *extras["ops"]]


def test_the_image_installs_what_its_layers_hold() -> None:
    [layers] = re.findall(r"python requirements\.py pyproject\.toml (.*) >", DOCKERFILE)

    assert re.findall(r"-e '\.\[(.*)\]'", DOCKERFILE) == [layers.replace(" ", ",")] * 2


def test_secrets_are_new_each_time_and_their_folder_is_closed(tmp_path: Path) -> None:
    first, second = make_secrets(tmp_path / "first"), make_secrets(tmp_path / "second")

    assert first.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in first.iterdir()} == {0o444}
    assert [path.name for path in first.iterdir() if path.read_text() == (second / path.name).read_text()] == []


def test_passwords_do_not_stand_in_the_file_of_users(tmp_path: Path) -> None:
    secrets = make_secrets(tmp_path / "secrets")
    users = (secrets / "users.acl").read_text()
    passwords = [word for path in secrets.glob("redis_url_*") for word in re.findall(r":(\w{48})@", path.read_text())]

    assert len(passwords) == 3
    assert [password for password in passwords if password in users] == []
    assert "@PRODUCER@" not in users and "@WORKER@" not in users and "@FLOWER@" not in users


def test_secrets_that_are_in_use_are_not_overwritten(tmp_path: Path) -> None:
    secrets = make_secrets(tmp_path / "secrets")
    before = {path.name: path.read_text() for path in secrets.iterdir()}

    again = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "make-secrets.sh", secrets], capture_output=True, text=True, check=False
    )

    assert again.returncode == 1
    assert "already holds secrets" in again.stderr
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


def test_flower_does_not_start_without_a_password(tmp_path: Path) -> None:
    absent = tmp_path / "flower_basic_auth"

    start = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "flower" / "start.sh"],
        env=child_environment(FLOWER_BASIC_AUTH_FILE=str(absent)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert start.returncode == 1
    assert start.stderr == f"{absent}: holds no user:password for Flower; run deploy/make-secrets.sh\n"
