"""Adapters on disk: read, checked, found and installed, without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shared.adapters import (
    check_fit,
    find_adapter,
    finished_adapters,
    fits,
    install_adapter,
    read_adapter,
    weights_digest,
)
from shared.checkpoints import MANIFEST, BaseModel, write_manifest
from shared.errors import ConfigurationError
from shared.settings import Settings, child_environment
from tests.finished_adapter import a_base, an_adapter, seal


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    return a_base(tmp_path / "base")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(models_dir=tmp_path / "models", adapters_dir=tmp_path / "shipped")


def manifest_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MANIFEST).read_text()))


def test_a_finished_adapter_tells_what_it_is(base: BaseModel, tmp_path: Path) -> None:
    adapter = read_adapter(an_adapter(tmp_path / "house", base))
    assert (adapter.name, adapter.prompt_version, adapter.is_whole_model) == ("house", "3t", False)
    assert adapter.metrics == {"bleu": {"value": 30.0}}
    assert fits(adapter, base)


def test_a_new_model_card_is_no_other_adapter_and_new_weights_are(base: BaseModel, tmp_path: Path) -> None:
    folder = an_adapter(tmp_path / "house", base)
    before, manifest = read_adapter(folder), manifest_of(folder)
    del manifest["files"]
    (folder / "README.md").write_text("# A better card\n")
    assert read_adapter(seal(folder, **manifest)).digest == before.digest
    (folder / "adapter_model.safetensors").write_bytes(b"others!")
    assert read_adapter(seal(folder, **manifest)).digest != before.digest


def test_only_weights_decide_whether_a_base_fits(base: BaseModel, tmp_path: Path) -> None:
    adapter = read_adapter(an_adapter(tmp_path / "house", base))
    elsewhere = a_base(tmp_path / "elsewhere")
    (elsewhere.path / "config.json").write_text('{"transformers_version": "9"}')
    write_manifest(elsewhere.path, name="base", licence="", source={})
    assert fits(adapter, elsewhere)
    other = a_base(tmp_path / "other", b"other weights")
    assert not fits(adapter, other)
    with pytest.raises(ConfigurationError, match=r"house: was trained on base .* not on other .*SHELFTALK_BASE_MODEL"):
        check_fit(adapter, other)


def test_a_folder_without_a_manifest_is_not_finished(base: BaseModel, tmp_path: Path) -> None:
    (an_adapter(tmp_path / "house", base) / MANIFEST).unlink()
    with pytest.raises(ConfigurationError, match=r"house: holds no finished model \(no manifest\.json\)"):
        read_adapter(tmp_path / "house")


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "chat_template.jinja", "README.md"])
def test_a_changed_file_is_named(base: BaseModel, tmp_path: Path, name: str) -> None:
    path = an_adapter(tmp_path / "house", base) / name
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(ConfigurationError, match=f"house/{name}: has changed"):
        read_adapter(tmp_path / "house")


def test_a_missing_file_is_named(base: BaseModel, tmp_path: Path) -> None:
    (an_adapter(tmp_path / "house", base) / "tokenizer.json").unlink()
    with pytest.raises(ConfigurationError, match=r"house/tokenizer\.json: is missing"):
        read_adapter(tmp_path / "house")


def test_a_prompt_that_this_version_does_not_ask_is_refused(base: BaseModel, tmp_path: Path) -> None:
    an_adapter(tmp_path / "house", base, prompt_version="1t")
    with pytest.raises(ConfigurationError, match="was taught with prompt 1t, and this version of Shelftalk asks with"):
        read_adapter(tmp_path / "house")


def test_a_tokenizer_without_a_chat_template_is_refused(base: BaseModel, tmp_path: Path) -> None:
    folder = an_adapter(tmp_path / "house", base)
    manifest = manifest_of(folder)
    del manifest["files"]
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ConfigurationError, match="house: has no tokenizer with a chat template; run `shelftalk train`"):
        read_adapter(seal(folder, **manifest))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "../house"}, "cannot be an adapter's name"),
        ({"base": {"name": "base"}}, "weights_digest"),
        ({"base": "smol"}, "is not an adapter's"),
        ({"files": {"../../escape.safetensors": {"bytes": 1, "sha256": "0"}}}, "outside of its folder"),
        ({"files": {"/etc/passwd": {"bytes": 1, "sha256": "0"}}}, "outside of its folder"),
        ({"files": {"README.md": {"bytes": 15, "sha256": "0"}}}, "has no weights"),
        ({"files": []}, "cannot be read"),
    ],
)
def test_a_manifest_that_is_not_an_adapters_is_refused(
    base: BaseModel, tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    an_adapter(tmp_path / "house", base, **changes)
    with pytest.raises(ConfigurationError, match=complaint):
        read_adapter(tmp_path / "house")


@examples(max_examples=30, deadline=None)
@given(st.binary(max_size=80) | st.recursive(st.none() | st.text(), lambda each: st.lists(each)).map(json.dumps))
def test_no_manifest_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes | str) -> None:
    folder = tmp_path_factory.mktemp("odd")
    (folder / MANIFEST).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    with pytest.raises(ConfigurationError):
        read_adapter(folder)
    assert list(finished_adapters(folder.parent)) == []


def test_an_installed_adapter_is_found_by_its_name_and_digest(
    base: BaseModel, settings: Settings, tmp_path: Path
) -> None:
    installed = install_adapter(settings, an_adapter(tmp_path / "run" / "house", base))
    assert installed.path == settings.models_dir / "adapters" / "house"
    assert find_adapter(settings, "house", installed.digest) == installed
    assert install_adapter(settings, tmp_path / "run" / "house") == installed


def test_one_that_ships_is_found_whatever_its_folder_is_called(
    base: BaseModel, settings: Settings, tmp_path: Path
) -> None:
    shipped = read_adapter(an_adapter(settings.adapters_dir / "default", base, name="house"))
    assert find_adapter(settings, "house", shipped.digest).path == settings.adapters_dir / "default"


def test_an_adapter_that_is_not_here_names_both_places(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"adapter house is not on this machine; copy .*models/adapters or .*"):
        find_adapter(settings, "house", "0" * 64)


def test_another_adapter_of_the_name_is_never_taken_for_it(base: BaseModel, settings: Settings) -> None:
    an_adapter(settings.adapters_dir / "house", base)
    with pytest.raises(ConfigurationError, match="holds another adapter house"):
        find_adapter(settings, "house", "0" * 64)


def test_the_right_one_of_two_of_one_name_is_found(base: BaseModel, settings: Settings, tmp_path: Path) -> None:
    installed = install_adapter(settings, an_adapter(tmp_path / "run" / "house", base, b"trained here"))
    shipped = read_adapter(an_adapter(settings.adapters_dir / "house", base))
    assert find_adapter(settings, "house", installed.digest).path == installed.path
    assert find_adapter(settings, "house", shipped.digest).path == shipped.path


def test_a_copy_that_was_killed_is_never_found_and_the_next_one_replaces_it(
    base: BaseModel, settings: Settings, tmp_path: Path
) -> None:
    source = an_adapter(tmp_path / "run" / "house", base)
    killed = settings.models_dir / "adapters" / ".house.unfinished"
    an_adapter(killed, base, b"half of it", name="house")
    assert list(finished_adapters(settings.models_dir / "adapters")) == []
    installed = install_adapter(settings, source)
    assert find_adapter(settings, "house", installed.digest) == installed
    assert not killed.exists()


def test_a_damaged_installation_is_replaced_and_another_adapter_is_not(
    base: BaseModel, settings: Settings, tmp_path: Path
) -> None:
    source = an_adapter(tmp_path / "run" / "house", base)
    installed = install_adapter(settings, source)
    (installed.path / "adapter_model.safetensors").write_bytes(b"damaged")
    assert install_adapter(settings, source) == installed
    assert find_adapter(settings, "house", installed.digest) == installed
    with pytest.raises(ConfigurationError, match="holds another adapter of this name"):
        install_adapter(settings, an_adapter(tmp_path / "second" / "house", base, b"others"))


def test_a_new_model_card_reaches_the_installed_one_and_stray_files_do_not(
    base: BaseModel, settings: Settings, tmp_path: Path
) -> None:
    source = an_adapter(tmp_path / "run" / "house", base)
    install_adapter(settings, source)
    manifest = manifest_of(source)
    del manifest["files"]
    (source / "README.md").write_text("# Measured\n")
    seal(source, **manifest | {"metrics": {"bleu": {"value": 35.0}}})
    (source / "pytorch_model.bin").write_bytes(b"stray")
    installed = install_adapter(settings, source)
    assert installed.metrics == {"bleu": {"value": 35.0}}
    assert not (installed.path / "pytorch_model.bin").exists()


def test_finished_adapters_come_with_the_newest_first(base: BaseModel, settings: Settings) -> None:
    for name, created in (("old", "2026-01-01T00:00:00+00:00"), ("new", "2026-11-01T00:00:00+00:00")):
        an_adapter(settings.adapters_dir / name, base, created=created)
    assert [adapter.name for adapter in finished_adapters(settings.adapters_dir)] == ["new", "old"]
    assert list(finished_adapters(settings.adapters_dir / "nowhere")) == []


def test_the_digest_of_weights_is_the_same_with_and_without_a_manifest(base: BaseModel) -> None:
    before = weights_digest(base.path)
    write_manifest(base.path, name="base", licence="", source={})
    assert weights_digest(base.path) == before


def test_adapters_are_read_without_torch() -> None:
    code = "import sys, shared.adapters, worker.champion, worker.serving; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=child_environment()).returncode == 0
