"""One stage of training on files alone, with a tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.adapters import read_adapter
from shared.checkpoints import resolve_base_model
from shared.curation.firewall import Firewall
from shared.curation.pairs import read_pairs
from shared.errors import ConfigurationError, TrainingFailed
from shared.facts import Fact
from shared.policy import read_policy
from shared.profiles import Profile
from shared.settings import Settings, settings
from shared.training_request import Stage, TrainRequest
from tests.tiny_model import build_tiny_model
from training.dataset import read_examples
from training.flow import RECIPE_OF, train
from training.gathering import Selection
from training.learning import HELD_OUT_ROWS, HOUSE_PAIRS, MOST_QUOTED, Lesson, gather, learn
from training.options import RECIPES, TrainOptions, read_recipe
from training.preference import Preference, read_preferences
from training.run_directory import RunDirectory

SHORT = {"rank": 2, "max_steps": 3, "batch_size": 4, "max_tokens": 2000, "precision": "fp32"}


class Said(Exception):
    """What a run said."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def config(base: Path) -> Settings:
    return settings().model_copy(update={"base_model": str(base)})


def pair_file(path: Path, count: int, first: int = 0, **changes: Any) -> Path:
    """Pairs of bottles, of which some are of held-out families."""
    rows = []
    for at in range(first, first + count):
        name = f"Fjell Bottle {chr(97 + at // 26)}{chr(97 + at % 26)}"
        text = f"The {name} is made of stainless steel and holds 0.75 l."
        attributes = {"material": "stainless steel", "capacity": "0.75 l"}
        rows.append({"sku": name, "title": name, "attributes": attributes, "description": text} | changes)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def selections(folder: Path, *files: Path) -> Path:
    path = folder / "selections.toml"
    path.write_text("".join(f'[[pairs]]\nfile = "{file.name}"\n' for file in files))
    return path


def lesson(config: Settings, *, stage: str = "finetune", chosen: Sequence[Selection] = (), **request: Any) -> Lesson:
    asked = TrainRequest.model_validate({"stage": stage, "offline": True} | request)
    options = TrainOptions.model_validate(SHORT | {"stage": stage})
    wall = Firewall(read_policy(config), date(2026, 11, 23))
    return Lesson(asked, options, resolve_base_model(config), wall, selections=chosen)


def test_files_alone_end_with_a_finished_adapter(tmp_path: Path, config: Settings) -> None:
    chosen = selections(tmp_path, pair_file(tmp_path / "pairs.jsonl", 40))
    said: list[str] = []
    request = TrainRequest(offline=True, selections=chosen, directory=tmp_path / "run", changes=SHORT)
    assert train(request, config, None, said.append) == 0

    run = RunDirectory(tmp_path / "run")
    adapter = read_adapter(run.adapter)
    assert adapter.prompt_version == "3t"
    learnt, held_out = read_examples(run.train_file), read_examples(run.held_out_file)
    assert (len(learnt) + len(held_out), bool(held_out)) == (40, True)
    assert {each.family for each in learnt}.isdisjoint(each.family for each in held_out)
    rows = [pair for _, pair in read_pairs(run.path / HELD_OUT_ROWS)]
    assert {row.product.sku for row in rows} == {each.sku for each in held_out}  # type: ignore[union-attr]
    assert adapter.manifest["data"]["train"] == len(learnt)
    assert said[-1] == f"finished: {run.adapter}"

    before = run.adapter.stat().st_mtime_ns
    assert train(request, config, None, said.append) == 0
    assert f"{run.path} is finished already" in said
    assert run.adapter.stat().st_mtime_ns == before


def test_too_little_data_offline_is_told_and_leaves_no_adapter(tmp_path: Path, config: Settings) -> None:
    chosen = selections(tmp_path, pair_file(tmp_path / "pairs.jsonl", 2))
    request = TrainRequest(offline=True, selections=chosen, directory=tmp_path / "run", changes=SHORT)
    with pytest.raises(TrainingFailed, match="too little data"):
        train(request, config, None, list[str]().append)
    assert not RunDirectory(tmp_path / "run").is_finished


def test_options_that_a_recipe_does_not_know_are_refused_before_anything_is_made(
    tmp_path: Path, config: Settings
) -> None:
    request = TrainRequest(offline=True, directory=tmp_path / "run", changes={"epoch": 3})
    with pytest.raises(ConfigurationError, match="epoch: Extra inputs are not permitted"):
        train(request, config, None, list[str]().append)
    assert not (tmp_path / "run").exists()


def test_a_run_that_goes_on_learns_what_it_began_with(tmp_path: Path, config: Settings) -> None:
    file = pair_file(tmp_path / "pairs.jsonl", 2)
    begun = lesson(config, chosen=[Selection(file)])
    run = RunDirectory(tmp_path / "run")
    with pytest.raises(TrainingFailed, match="too little data"):
        learn(begun, run, None, list[str]().append)
    before = run.train_file.read_text()
    pair_file(file, 40)
    with pytest.raises(TrainingFailed, match="too little data"):
        learn(begun, run, None, list[str]().append)
    assert run.train_file.read_text() == before


def test_pair_files_are_learnt_beside_the_selections(tmp_path: Path, config: Settings) -> None:
    one, other = pair_file(tmp_path / "one.jsonl", 6), pair_file(tmp_path / "other.jsonl", 6, first=6)
    said: list[str] = []
    found = gather(lesson(config, chosen=[Selection(one)], pairs=[other]), said.append)
    assert len(found.train) + len(found.held_out) == 12
    assert said == [f"reading {one}", f"reading {other}"]


def test_without_selections_the_pairs_of_the_house_are_learnt(config: Settings) -> None:
    def said(line: str) -> None:
        raise Said(line)  # there are hundreds of them: that they are begun with is enough

    with pytest.raises(Said, match=f"reading {HOUSE_PAIRS}"):
        gather(lesson(config), said)


def test_rows_that_are_left_out_are_quoted_and_a_long_list_is_cut(tmp_path: Path, config: Settings) -> None:
    file = pair_file(tmp_path / "pairs.jsonl", MOST_QUOTED + 3, description="Too short.")
    said: list[str] = []
    gather(lesson(config, chosen=[Selection(file)]), said.append)
    assert len(said) == MOST_QUOTED + 2
    assert said[1].startswith(f"{file}: line 1: ")
    assert said[-1] == "… and 3 more rows that were left out"


def test_a_domain_stage_needs_texts(tmp_path: Path, config: Settings) -> None:
    with pytest.raises(ConfigurationError, match="--texts: name a catalogue file"):
        learn(lesson(config, stage="domain"), RunDirectory(tmp_path / "run"), None, list[str]().append)


def test_preferences_of_held_out_products_are_held_out_and_the_comparison_has_its_rows(
    tmp_path: Path, config: Settings
) -> None:
    file = pair_file(tmp_path / "pairs.jsonl", 40)
    profile = Profile(name="product_page", version="1")
    learnt, held_out = (
        Preference((Fact("title", name),), profile, f"The {name}.", f"A {name}!") for name in ("Kettle", "Bottle")
    )
    plain = lesson(config, stage="preference", chosen=[Selection(file)])
    given = Lesson(**vars(plain) | {"preferences": [learnt], "held_out": [held_out]})
    run = RunDirectory(tmp_path / "run")
    with pytest.raises(TrainingFailed, match="starts from an adapter: name one with --start"):
        learn(given, run, None, list[str]().append)
    assert read_preferences(run.train_file) == [learnt]
    assert read_preferences(run.held_out_file) == [held_out]
    assert (run.path / HELD_OUT_ROWS).read_text()
    assert (run.data.train, run.data.held_out) == (1, 1)


@pytest.mark.parametrize("stage", get_args(Stage))
def test_each_stage_has_a_recipe_of_its_own(stage: str) -> None:
    assert read_recipe(RECIPES / RECIPE_OF[stage], stage=stage).stage == stage


def test_several_processes_need_a_directory_to_meet_in(
    tmp_path: Path, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    chosen = selections(tmp_path, pair_file(tmp_path / "pairs.jsonl", 40))
    with pytest.raises(ConfigurationError, match="name the run directory"):
        train(TrainRequest(offline=True, selections=chosen, changes=SHORT), config, None, list[str]().append)


def test_two_processes_train_one_adapter(tmp_path: Path, base: Path) -> None:
    chosen = selections(tmp_path, pair_file(tmp_path / "pairs.jsonl", 40))
    request = TrainRequest(offline=True, selections=chosen, directory=tmp_path / "run", changes=SHORT)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run(
        [*launcher, "-m", "training", "train", request.model_dump_json()],
        env=os.environ | {"SHELFTALK_BASE_MODEL": str(base), "SHELFTALK_DEVICE": "cpu", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    run = RunDirectory(tmp_path / "run")
    assert read_adapter(run.adapter).manifest["metrics"]["steps"] == 3
    assert [entry["step"] for entry in run.read_log() if "loss" in entry] == [1]  # rank 0 alone writes
