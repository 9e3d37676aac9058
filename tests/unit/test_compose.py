"""docker-compose.yml and its override are valid, and keep the promises of docs/deployment.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.settings import Settings
from tests.deployment import RESET, ROOT, compose_file, interpolated, make_secrets, merged

GPU = compose_file("docker-compose.yml")
OVERRIDE = compose_file("docker-compose.cpu.yml")
CPU = merged(GPU, OVERRIDE)

SERVICES: dict[str, Any] = GPU["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
LASTING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
ONE_SHOT = [name for name in SERVICES if name not in LASTING]

SETTINGS = {f"SHELFTALK_{name.upper()}" for name in Settings.model_fields}
EXAMPLE = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", [GPU, CPU], ids=["with a GPU", "without a GPU"])
def test_the_files_are_valid_compose_files(document: dict[str, Any], tmp_path: Path) -> None:
    written = tmp_path / "docker-compose.json"
    written.write_text(json.dumps(document))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(written)]

    check = subprocess.run(command, capture_output=True, text=True, check=False)

    assert check.returncode == 0, check.stdout + check.stderr


def test_the_services_are_those_that_the_design_names() -> None:
    assert set(LASTING) == {"redis", "postgres", "ingest", "worker", "trainer", "beat", "flower"}
    assert set(ONE_SHOT) == {"migrate", "model"}


def test_every_port_is_bound_to_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(ports) == 3
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_redis_keeps_what_it_took() -> None:
    options = SERVICES["redis"]["command"]
    given = dict(zip(options[::2], options[1::2], strict=True))

    assert given["--appendonly"] == "yes"
    assert given["--maxmemory-policy"] == "noeviction"
    assert "redis:/data" in SERVICES["redis"]["volumes"]


def test_postgres_18_gets_the_parent_of_its_data_folder() -> None:
    assert interpolated(SERVICES["postgres"]["image"]) == "postgres:18"
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["ingest", "worker", "trainer", "beat"])
def test_our_processes_are_checked_by_their_heartbeat(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "shelftalk", "health", name]


@pytest.mark.parametrize("name", SERVICES)
def test_logs_are_rotated(name: str) -> None:
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_until_others_are_healthy_or_done(name: str) -> None:
    wanted = {
        other: "service_healthy" if other in LASTING else "service_completed_successfully"
        for other in SERVICES[name].get("depends_on", {})
    }

    assert {other: how["condition"] for other, how in SERVICES[name].get("depends_on", {}).items()} == wanted


def test_the_policy_is_put_in_force_once_before_any_process_starts() -> None:
    assert SERVICES["migrate"]["command"] == ["sh", "-c", "shelftalk db upgrade && shelftalk policy activate"]
    for name in ("ingest", "worker", "trainer", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_the_worker_and_the_trainer_reserve_a_gpu() -> None:
    devices = {name: service.get("deploy", {}).get("resources") for name, service in SERVICES.items()}
    reserved = {name: resources["reservations"]["devices"] for name, resources in devices.items() if resources}

    one = [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
    assert reserved == {"worker": one, "trainer": one}
    assert {SERVICES[name]["environment"]["SHELFTALK_DEVICE"] for name in reserved} == {"cuda"}


def test_the_override_removes_the_reservations() -> None:
    assert "nvidia" not in json.dumps(CPU)
    for name in ("worker", "trainer"):
        assert OVERRIDE["services"][name]["deploy"] is RESET
        assert CPU["services"][name]["environment"]["SHELFTALK_DEVICE"] == "cpu"


@pytest.mark.parametrize(("document", "target"), [(GPU, "gpu"), (CPU, "cpu")], ids=["gpu", "cpu"])
def test_one_image_serves_all_our_services(document: dict[str, Any], target: str) -> None:
    services = [document["services"][name] for name in OURS]

    assert {service["build"]["target"] for service in services} == {target}
    assert {interpolated(service["image"]) for service in services} == {f"shelftalk:0.1.0-{target}"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_no_privileges(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert SERVICES[name]["init"] is True


def test_the_worker_reads_the_models_that_the_model_service_and_the_trainer_write() -> None:
    mounts = {name: mount for name in SERVICES for mount in SERVICES[name].get("volumes", []) if "models" in mount}

    assert mounts == {"model": "models:/models", "worker": "models:/models:ro", "trainer": "models:/models"}


def test_an_interrupted_run_finds_its_directory_again() -> None:
    assert "training:/state/training" in SERVICES["trainer"]["volumes"]
    assert SERVICES["trainer"]["hostname"] == "trainer", "a run goes on under the name of the machine it began on"


def test_the_worker_has_time_to_finish_a_batch() -> None:
    grace = SERVICES["worker"]["stop_grace_period"]

    assert int(grace.removesuffix("s")) >= 120


def test_there_is_one_beat_with_a_schedule_that_outlives_it() -> None:
    assert SERVICES["beat"]["deploy"]["replicas"] == 1
    assert "/state/beat/schedule" in SERVICES["beat"]["command"]
    assert SERVICES["beat"]["volumes"] == ["beat:/state/beat"]


def test_flower_and_the_trainer_start_only_when_asked_for() -> None:
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "flower": ["ops"],
        "trainer": ["training"],
    }


def test_no_secret_is_in_an_environment_or_a_command() -> None:
    secret = re.compile(r"password|secret|token(?!s)|_url|auth", re.IGNORECASE)  # tokens in flight are none
    named = [key for service in SERVICES.values() for key in service.get("environment", {}) if secret.search(key)]
    commands = json.dumps([service.get("command") for service in SERVICES.values()])

    assert named == ["POSTGRES_PASSWORD_FILE"]
    assert "://" not in commands


def test_the_script_writes_every_secret_that_is_mounted(tmp_path: Path) -> None:
    written = {path.name for path in make_secrets(tmp_path / "secrets").iterdir()}
    files = {secret["file"] for secret in GPU["secrets"].values()}

    assert {f"deploy/secrets/{name}" for name in written - {"redis_url_producer"}} == files


@pytest.mark.parametrize("name", ["migrate", "ingest", "worker", "trainer", "beat", "flower"])
def test_settings_find_the_mounted_secrets_by_their_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    written, mounted = make_secrets(tmp_path / "written"), tmp_path / "mounted"
    mounted.mkdir()
    for mount in SERVICES[name]["secrets"]:
        source, target = (mount, mount) if isinstance(mount, str) else (mount["source"], mount["target"])
        (mounted / target).write_text((written / Path(GPU["secrets"][source]["file"]).name).read_text())

    config = Settings(_secrets_dir=mounted, _env_file=None)

    redis_user = "flower" if name == "flower" else "worker"
    if name != "migrate":
        assert config.redis_dsn == (written / f"redis_url_{redis_user}").read_text().strip()
    if name != "flower":
        password = (written / "postgres_password").read_text().strip()
        assert config.database_dsn == f"postgresql+psycopg://shelftalk:{password}@postgres:5432/shelftalk"


def test_every_name_that_compose_passes_on_is_a_setting() -> None:
    passed_on = {key for name in OURS for key in SERVICES[name]["environment"] if key.startswith("SHELFTALK_")}

    assert passed_on <= SETTINGS


def test_the_example_lists_every_variable_that_can_be_set() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "docker-compose.cpu.yml").read_text()
    read = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(r"^ +([A-Z_]+):$", text, re.MULTILINE))

    assert set(EXAMPLE) == read


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "docker-compose.cpu.yml").read_text()
    of_compose = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    of_settings = {name: value for name, value in EXAMPLE.items() if name in SETTINGS and value}
    example = tmp_path / "example.env"
    example.write_text("".join(f"{name}={value}\n" for name, value in of_settings.items()))

    shown = Settings(_env_file=example).model_dump(exclude={"home"})

    assert shown == Settings(_env_file=None).model_dump(exclude={"home"})
    assert {name: EXAMPLE[name] for name in of_compose} == of_compose
