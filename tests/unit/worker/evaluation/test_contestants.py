"""Who takes part in a comparison: how adapters are named, and what is the champion where no database is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.checkpoints import resolve_base_model
from shared.errors import ConfigurationError
from shared.evaluation.options import ModelsOptions
from shared.settings import Settings
from tests.finished_adapter import a_base, an_adapter
from worker.evaluation.contestants import champion_model, contestants_of
from worker.evaluation.models import base_model

FILE = Path("products.jsonl")


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    """Settings with a base model of a few bytes: nothing here loads it."""
    base = a_base(tmp_path / "base").path
    return Settings(base_model=str(base), models_dir=tmp_path / "models", adapters_dir=tmp_path / "shipped")


def adapter(folder: Path, config: Settings, **changes: Any) -> Path:
    """A finished adapter for the base of the settings; its weights are its name."""
    return an_adapter(folder, resolve_base_model(config), folder.name.encode(), **changes)


def asked(*adapters: str, **options: Any) -> ModelsOptions:
    return ModelsOptions(file=FILE, adapters=adapters, **options)


def test_an_adapter_is_named_by_its_folder_its_run_or_its_name(config: Settings, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "run" / "adapter", config, name="shop")
    adapter(config.adapters_dir / "other", config)
    found = contestants_of(asked(str(folder), f"challenger={tmp_path / 'run'}", "other"), config)
    assert list(found) == ["shop", "challenger", "other", "template"]
    shop, challenger, other = (found[name] for name in ("shop", "challenger", "other"))
    assert shop and challenger and other
    assert shop.digest == challenger.digest != other.digest
    assert challenger.document["adapter"] == "shop"
    assert challenger.document["prompt_version"] == "3t"


def test_an_unknown_adapter_is_named_beside_those_that_are_known(config: Settings) -> None:
    adapter(config.adapters_dir / "shop", config)
    with pytest.raises(ConfigurationError, match=r"--adapter shoe: is neither a folder nor a known adapter; .* shop"):
        contestants_of(asked("shoe"), config)


def test_two_contestants_cannot_have_one_name(config: Settings) -> None:
    adapter(config.adapters_dir / "shop", config)
    for names in (("shop", "shop"), ("base=shop",)):
        with pytest.raises(ConfigurationError, match="is taken; write OTHER="):
            contestants_of(asked(*names), config)


def test_an_adapter_of_another_base_does_not_take_part(config: Settings) -> None:
    adapter(config.adapters_dir / "shop", config, base={"name": "big", "weights_digest": "0" * 64})
    with pytest.raises(ConfigurationError, match="was trained on big"):
        contestants_of(asked("shop"), config)


def test_somebody_must_take_part(config: Settings) -> None:
    with pytest.raises(ConfigurationError, match="nobody takes part"):
        contestants_of(asked(template=False), config)


def test_without_a_database_the_newest_adapter_that_ships_and_fits_is_the_champion(config: Settings) -> None:
    adapter(config.adapters_dir / "old", config)
    adapter(config.adapters_dir / "new", config, created="2026-11-24T10:00:00+00:00")
    strange = {"name": "big", "weights_digest": "0" * 64}
    adapter(config.adapters_dir / "strange", config, created="2026-11-25T10:00:00+00:00", base=strange)
    assert champion_model(config).name == "new"


def test_without_an_adapter_the_base_is_the_champion_and_writes_the_same(config: Settings) -> None:
    assert champion_model(config).digest == base_model(config).digest


def test_the_base_is_the_champion_where_the_settings_say_so(config: Settings) -> None:
    adapter(config.adapters_dir / "shop", config)
    first = config.model_copy(update={"first_champion": "base"})
    assert champion_model(first).digest == base_model(config).digest


def test_a_database_that_does_not_answer_is_as_none(config: Settings) -> None:
    silent = Settings.model_validate(config.model_dump() | {"database_url": "postgresql://nobody@127.0.0.1:1/none"})
    assert champion_model(silent).digest == base_model(config).digest


def test_other_decoding_makes_another_contestant_of_one_model(config: Settings) -> None:
    assert base_model(config).digest != base_model(config.model_copy(update={"candidates": 7})).digest
