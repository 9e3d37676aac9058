"""`shelftalk eval models` with real models, tiny ones: an adapter, the champion of the database, and the base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.adapters import read_adapter
from shared.evaluation.options import ModelsOptions
from shared.repository import registry
from shared.repository.registry import ModelContent
from shared.settings import Settings
from tests.event_fakes import Service
from tests.scripted_model import BOWL, KETTLE, file_of
from tests.tiny_adapter import build_tiny_adapter
from tests.tiny_model import build_tiny_model
from worker.evaluation import side_by_side
from worker.evaluation.contestants import champion_model, contestants_of
from worker.evaluation.models import base_model

# peft asks models in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


def config_of(base: Path, home: Path, **changes: object) -> Settings:
    found = {
        "base_model": str(base),
        "device": "cpu",
        "models_dir": home / "models",
        "adapters_dir": home / "shipped",
        "candidates": 1,
        "second_try": False,
        "threads": 2,
    }
    return Settings.model_validate(found | changes)


def test_an_adapter_and_the_base_write_their_own_texts(tmp_path: Path, base: Path) -> None:
    folder = build_tiny_adapter(tmp_path / "shop", base)
    report, out = tmp_path / "report.json", tmp_path / "texts.jsonl"
    options = ModelsOptions(
        file=file_of(tmp_path, [KETTLE, BOWL]), adapters=(f"challenger={folder}",), base=True, json_file=report, out=out
    )
    config = config_of(base, tmp_path)
    assert side_by_side.run(options, config, contestants_of(options, config)) == 0
    contestants = json.loads(report.read_text())["contestants"]
    assert {name: each["model"].get("prompt_version") for name, each in contestants.items()} == {
        "challenger": "3t",
        "base": "3",
        "template": None,
    }
    kept = [json.loads(line) for line in out.read_text().splitlines()]
    assert len({(row["contestant"], row["key"]) for row in kept}) == 6
    perplexities = [contestants[name]["metrics"]["perplexity"]["value"] for name in ("challenger", "base")]
    assert min(perplexities) > 1
    assert perplexities[0] != perplexities[1]


def test_the_champion_is_the_one_that_the_database_names(
    shelftalk: Service, database_url: str, tmp_path: Path, base: Path
) -> None:
    config = config_of(base, tmp_path, database_url=database_url)
    build_tiny_adapter(config.adapters_dir / "newer", base, created="2026-11-24T10:00:00+00:00")
    adapter = read_adapter(build_tiny_adapter(config.models_dir / "adapters" / "served", base, seed=1))
    assert champion_model(config).name == "newer"  # nothing is promoted yet
    with shelftalk.database.begin() as connection:
        content = ModelContent("tiny", "a" * 64, adapter.prompt_version, adapter.name, adapter.digest)
        registry.promote_if_first(connection, registry.register_model(connection, content))
    assert champion_model(config).name == "served"


def test_the_base_that_the_database_names_wins_over_an_adapter_that_ships(
    shelftalk: Service, database_url: str, tmp_path: Path, base: Path
) -> None:
    config = config_of(base, tmp_path, database_url=database_url)
    build_tiny_adapter(config.adapters_dir / "shipped", base)
    with shelftalk.database.begin() as connection:
        registry.promote_if_first(connection, registry.register_model(connection, ModelContent("tiny", "a" * 64, "3")))
    assert champion_model(config).digest == base_model(config).digest
