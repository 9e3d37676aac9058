from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shared.checkpoints import (
    DEFAULT_BASE,
    MANIFEST,
    default_base_path,
    read_manifest,
    resolve_base_model,
    verify,
    write_manifest,
)
from shared.errors import ConfigurationError
from shared.settings import Settings, child_environment
from shared.stack.ownership import free_port


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(models_dir=folder, **changes)


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def make_prepared(folder: Path) -> Path:
    write_manifest(make_model(folder), name="m", licence="Apache-2.0", source={"package": "p", "version": "1"})
    return folder


def test_a_prepared_default_model_is_found_with_a_digest_of_its_content(tmp_path: Path) -> None:
    target = make_prepared(default_base_path(settings(tmp_path)))
    model = resolve_base_model(settings(tmp_path))
    assert (model.name, model.path) == (DEFAULT_BASE, target)
    (target / "model.safetensors").write_bytes(b"WEIGHTS")
    write_manifest(target, name="m", licence="Apache-2.0", source={})
    assert resolve_base_model(settings(tmp_path)).digest != model.digest


def test_a_missing_default_model_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run `shelftalk models prepare`"):
        resolve_base_model(settings(tmp_path))


def test_a_folder_without_a_manifest_is_not_a_finished_default_model(tmp_path: Path) -> None:
    make_model(default_base_path(settings(tmp_path)))
    with pytest.raises(ConfigurationError, match="holds no finished model"):
        resolve_base_model(settings(tmp_path))


@pytest.mark.parametrize(("content", "complaint"), [(b"weight", "has 6 bytes, the manifest says 7"), (None, "missing")])
def test_a_file_of_the_wrong_size_is_noticed_each_time(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    weights = make_prepared(default_base_path(settings(tmp_path))) / "model.safetensors"
    weights.unlink() if content is None else weights.write_bytes(content)
    with pytest.raises(ConfigurationError, match=complaint):
        resolve_base_model(settings(tmp_path))


def test_verify_notices_a_change_that_keeps_the_size(tmp_path: Path) -> None:
    folder = make_prepared(tmp_path / "model")
    verify(folder)
    (folder / "model.safetensors").write_bytes(b"Weights")
    with pytest.raises(ConfigurationError, match=r"model\.safetensors: has changed"):
        verify(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {}}', '{"files": {"a": 1}}'])
def test_a_broken_manifest_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ConfigurationError, match=MANIFEST):
        read_manifest(tmp_path)


def test_a_model_of_ones_own_needs_no_manifest(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "mine")
    model = resolve_base_model(settings(tmp_path, base_model=str(folder)))
    assert (model.name, model.path) == ("mine", folder)
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert resolve_base_model(settings(tmp_path, base_model=str(folder))).digest != model.digest


def test_weights_that_are_not_safetensors_are_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "mine")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ConfigurationError, match="weights of another kind are never loaded"):
        resolve_base_model(settings(tmp_path, base_model=str(folder)))


def test_a_folder_that_is_not_there_is_not_taken_for_a_hub_id(tmp_path: Path) -> None:
    missing = str(tmp_path / "no" / "such")
    with pytest.raises(ConfigurationError, match=r"neither a folder here nor a hub id .* run `shelftalk models"):
        resolve_base_model(settings(tmp_path, base_model=missing))


class Hub(BaseHTTPRequestHandler):
    """A model hub that has no model."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def empty_hub() -> Iterator[str]:
    """The address of a hub without any model."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def complaint_about(name: str, hub: str, folder: Path) -> str:
    """What is said about a hub id. In a process of its own: the hub's client reads its address when it is imported."""
    script = """
import sys
from shared.checkpoints import resolve_base_model
from shared.errors import ConfigurationError
from shared.settings import Settings
try:
    resolve_base_model(Settings(base_model=sys.argv[1]))
except ConfigurationError as error:
    print(error)
"""
    environment = child_environment(HF_ENDPOINT=hub, HF_HOME=str(folder), HF_HUB_DISABLE_TELEMETRY="1")
    done = subprocess.run([sys.executable, "-c", script, name], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_model_that_the_hub_does_not_have_is_one_line(tmp_path: Path, empty_hub: str) -> None:
    assert complaint_about("no/such", empty_hub, tmp_path) == (
        "SHELFTALK_BASE_MODEL: no/such is no folder here, and the hub has no such model, or shows it only to some; "
        "correct the id, or log in with `hf auth login`\n"
    )


def test_a_hub_that_is_away_is_one_line(tmp_path: Path) -> None:
    assert complaint_about("no/such", f"http://127.0.0.1:{free_port()}", tmp_path) == (
        "SHELFTALK_BASE_MODEL: no/such is no folder here, and the hub cannot be reached; connect this machine, "
        "name a model's folder, or unset it and run `shelftalk models prepare` for the default model\n"
    )
