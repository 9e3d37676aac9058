"""The manifests of deploy/kubernetes are valid, and agree with the settings, the commands and Compose."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from shared import cli
from shared.settings import Settings
from tests.deployment import ROOT, compose_file

FOLDER = ROOT / "deploy" / "kubernetes"
SCHEMAS = ROOT / "tests" / "data" / "keda"

KUSTOMIZATION = YAML(typ="safe").load((FOLDER / "kustomization.yaml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document
    for name in KUSTOMIZATION["resources"]
    for document in YAML(typ="safe").load_all((FOLDER / name).read_text())
]
DEPLOYMENTS = {each["metadata"]["name"]: each for each in DOCUMENTS if each["kind"] == "Deployment"}
SCALED = {each["metadata"]["name"]: each for each in DOCUMENTS if each["kind"] == "ScaledObject"}
SERVICES = compose_file("docker-compose.yml")["services"]
SETTINGS = {f"SHELFTALK_{name.upper()}": field for name, field in Settings.model_fields.items()}

# What the scalers take, by their source: tests/data/keda/README.md names it.
PARAMETERS = {
    "redis-streams": {"stream", "consumerGroup", "lagCount", "activationLagCount"},
    "postgresql": {"query", "targetQueryValue", "activationTargetQueryValue"},
    "cpu": {"value"},
}
# The fields that we use, as Kubernetes names them: its own schemas would be a hundred times as long.
API = {
    "Deployment": "apps/v1",
    "Job": "batch/v1",
    "ConfigMap": "v1",
    "PersistentVolumeClaim": "v1",
    "PodDisruptionBudget": "policy/v1",
    "ScaledObject": "keda.sh/v1alpha1",
    "TriggerAuthentication": "keda.sh/v1alpha1",
}
POD = {"containers", "hostname", "securityContext", "terminationGracePeriodSeconds", "tolerations", "volumes"}
CONTAINER = {
    "command",
    "env",
    "envFrom",
    "image",
    "livenessProbe",
    "name",
    "resources",
    "securityContext",
    "startupProbe",
    "volumeMounts",
}


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [each for each in DOCUMENTS if each["kind"] == kind]


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = DEPLOYMENTS[name]["spec"]["template"]["spec"]
    return found


def container(name: str) -> dict[str, Any]:
    [found] = pod(name)["containers"]
    return dict(found)


def environment(name: str) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(name)["env"]}


def closed(schema: Any) -> Any:
    """The same schema, where a name that it does not know is an error, as kubectl sees it."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(each) for name, each in schema.items()}
    return {"additionalProperties": False, **found} if isinstance(schema.get("properties"), dict) else found


@pytest.mark.parametrize("kind", ["ScaledObject", "TriggerAuthentication"])
def test_the_resources_of_keda_are_valid(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind.lower()}.json").read_text())
    schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
    validator = Draft202012Validator(closed(schema))

    assert of_kind(kind)
    assert [error.message for each in of_kind(kind) for error in validator.iter_errors(each)] == []


def test_a_misspelt_field_of_a_scaled_object_is_found() -> None:
    schema = json.loads((SCHEMAS / "scaledobject.json").read_text())
    wrong = {
        "spec": {"scaleTargetRef": {"name": "worker"}, "triggers": [{"type": "cpu", "metadata": {}}], "maxReplicas": 3}
    }

    assert [error.validator for error in Draft202012Validator(closed(schema)).iter_errors(wrong)] == [
        "additionalProperties"
    ]


def test_every_resource_has_its_api_and_a_name_of_its_own() -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in DOCUMENTS]

    assert {each["kind"]: each["apiVersion"] for each in DOCUMENTS} == API
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_fields_of_a_pod_are_spelt_as_kubernetes_spells_them(name: str) -> None:
    assert set(DEPLOYMENTS[name]["spec"]) <= {"replicas", "strategy", "selector", "template"}
    assert set(pod(name)) <= POD
    assert set(container(name)) == CONTAINER


def test_the_files_are_those_that_kustomize_is_told_of() -> None:
    assert {path.name for path in FOLDER.glob("*.yaml")} == {"kustomization.yaml", *KUSTOMIZATION["resources"]}


def test_the_processes_are_those_of_compose() -> None:
    assert set(DEPLOYMENTS) == {"ingest", "worker", "beat", "trainer"}
    assert set(DEPLOYMENTS) < set(SERVICES)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_process_is_started_and_probed_by_commands_that_exist(name: str) -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]

    assert container(name)["command"] == ["shelftalk", name]
    assert {name, "health"} <= set(commands)
    for probe in ("startupProbe", "livenessProbe"):
        assert container(name)[probe]["exec"]["command"] == ["shelftalk", "health", name]
        assert container(name)[probe]["periodSeconds"] >= container(name)[probe]["timeoutSeconds"]


def test_the_migration_runs_commands_that_exist() -> None:
    [job] = of_kind("Job")
    [migrate] = job["spec"]["template"]["spec"]["containers"]

    assert migrate["command"][:2] == ["sh", "-c"]
    assert migrate["command"][2].split(" && ") == [
        "shelftalk db upgrade",
        "shelftalk policy activate",
        "shelftalk models prepare",
    ]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_selectors_labels_and_volumes_agree(name: str) -> None:
    spec = DEPLOYMENTS[name]["spec"]
    mounted = {mount["name"] for mount in container(name)["volumeMounts"]}
    claims = {each["metadata"]["name"] for each in of_kind("PersistentVolumeClaim")}

    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert mounted == {volume["name"] for volume in pod(name)["volumes"]}
    assert {
        v["persistentVolumeClaim"]["claimName"] for v in pod(name)["volumes"] if "persistentVolumeClaim" in v
    } <= claims


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_setting_is_one_and_secrets_come_from_the_secret(name: str) -> None:
    [shared] = [each for each in of_kind("ConfigMap") if each["metadata"]["name"] == "shelftalk-settings"]
    given = environment(name)

    assert container(name)["envFrom"] == [{"configMapRef": {"name": "shelftalk-settings"}}]
    assert {each for each in (*shared["data"], *given) if each.startswith("SHELFTALK_")} <= set(SETTINGS)
    for secret in ("DATABASE_URL", "REDIS_URL"):
        assert given[secret] == {"secretKeyRef": {"name": "shelftalk", "key": secret}}


def test_the_autoscaler_watches_the_stream_and_the_group_that_ingest_reads() -> None:
    [trigger] = [each for each in SCALED["ingest"]["spec"]["triggers"] if each["type"] == "redis-streams"]
    [shared] = of_kind("ConfigMap")
    named = (trigger["metadata"]["stream"], trigger["metadata"]["consumerGroup"])

    assert named == (SETTINGS["SHELFTALK_STREAM"].default, SETTINGS["SHELFTALK_STREAM_GROUP"].default)
    assert named == (shared["data"]["SHELFTALK_STREAM"], shared["data"]["SHELFTALK_STREAM_GROUP"])
    assert int(trigger["metadata"]["lagCount"]) > int(trigger["metadata"]["activationLagCount"])


@pytest.mark.parametrize("name", SCALED)
def test_a_scaled_object_names_a_deployment_and_parameters_that_exist(name: str) -> None:
    spec = SCALED[name]["spec"]
    known = {each["metadata"]["name"] for each in of_kind("TriggerAuthentication")}

    assert spec["scaleTargetRef"]["name"] in DEPLOYMENTS
    assert "replicas" not in DEPLOYMENTS[name]["spec"]
    assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
    for trigger in spec["triggers"]:
        assert set(trigger["metadata"]) <= PARAMETERS[trigger["type"]]
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        assert trigger["type"] == "cpu" or trigger["authenticationRef"]["name"] in known


def test_the_workers_query_uses_the_index_of_what_is_pending() -> None:
    [trigger] = SCALED["worker"]["spec"]["triggers"]

    assert "status = 'pending' AND lease_expires_at IS NULL" in trigger["metadata"]["query"]
    assert re.search(r"LIMIT \d+", trigger["metadata"]["query"])


def test_a_worker_has_time_to_finish_what_runs() -> None:
    assert pod("worker")["terminationGracePeriodSeconds"] > float(environment("worker")["SHELFTALK_REQUEST_DEADLINE_S"])
    assert pod("ingest")["terminationGracePeriodSeconds"] >= 30


def test_only_the_worker_and_the_trainer_get_a_gpu() -> None:
    gpus = {name: container(name)["resources"]["limits"].get("nvidia.com/gpu") for name in DEPLOYMENTS}

    assert gpus == {"ingest": None, "worker": 1, "beat": None, "trainer": 1}
    assert {environment(name)["SHELFTALK_DEVICE"] for name, count in gpus.items() if count} == {"cuda"}


@pytest.mark.parametrize("name", ["beat", "trainer"])
def test_there_is_never_a_second_beat_or_trainer(name: str) -> None:
    assert DEPLOYMENTS[name]["spec"]["replicas"] == 1
    assert DEPLOYMENTS[name]["spec"]["strategy"] == {"type": "Recreate"}
    assert name not in SCALED


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_process_runs_as_the_images_user_without_rights(name: str) -> None:
    user = re.search(r"useradd --uid (\d+)", (ROOT / "Dockerfile").read_text())

    assert user is not None
    assert pod(name)["securityContext"]["runAsUser"] == int(user[1])
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", ["ingest", "worker"])
def test_nodes_are_drained_one_pod_at_a_time(name: str) -> None:
    [budget] = [each for each in of_kind("PodDisruptionBudget") if each["metadata"]["name"] == name]

    assert budget["spec"]["selector"] == DEPLOYMENTS[name]["spec"]["selector"]
    assert budget["spec"]["maxUnavailable"] == 1


def test_the_image_is_the_one_that_compose_builds() -> None:
    [image] = KUSTOMIZATION["images"]
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version is not None
    assert image == {"name": "shelftalk", "newTag": f"{version[1]}-gpu"}
    assert {container(name)["image"] for name in DEPLOYMENTS} == {image["name"]}


def test_the_schemas_name_their_source() -> None:
    said = Path(SCHEMAS / "README.md").read_text()

    assert re.search(r"`[0-9a-f]{40}`", said)
    assert "Apache License 2.0" in said
