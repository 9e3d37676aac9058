"""Whole runs on a tiny model: what they leave, how they go on after a kill, and how they fail."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from shared.checkpoints import BaseModel
from shared.errors import TrainingFailed
from shared.facts import Fact
from shared.profiles import Profile
from tests.tiny_model import build_tiny_model
from training.callbacks import Step
from training.dataset import Example, write_examples
from training.finetune import Trained, finetune
from training.options import TrainOptions
from training.run_directory import RunDirectory

PROFILE = Profile(name="tiny", version="1")
COLOURS = ("red", "blue", "green")
SHORT = {"max_tokens": 400, "batch_size": 2, "epochs": 2, "eval_every": 3, "save_every": 3, "log_every": 1}


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return BaseModel("tiny", build_tiny_model(tmp_path_factory.mktemp("tiny")), "d" * 64)


def example(number: int) -> Example:
    colour = COLOURS[number % 3]
    facts = (Fact("title", f"Kettle {number}"), Fact("colour", colour), Fact("weight", f"{number} kg"))
    return Example(facts, PROFILE, f"The Kettle {number} is {colour}. Its weight is {number} kg.", f"k{number}")


def run_in(path: Path, options: TrainOptions, train: int = 8, held_out: int = 2) -> RunDirectory:
    run = RunDirectory(path)
    run.open(options.model_dump(mode="json"))
    write_examples(run.train_file, map(example, range(1, train + 1)))
    write_examples(run.held_out_file, map(example, range(50, 50 + held_out)))
    return run


def trained(path: Path, base: BaseModel, **changes: Any) -> tuple[RunDirectory, Trained]:
    options = TrainOptions.model_validate(SHORT | changes)
    run = run_in(path, options)
    return run, finetune(run, options, base)


def weights(run: RunDirectory) -> dict[str, Any]:
    return {name: each.tolist() for name, each in load_file(run.adapter / "adapter_model.safetensors").items()}


def test_a_run_leaves_a_finished_adapter_its_log_and_tensorboard(tmp_path: Path, base: BaseModel) -> None:
    run, result = trained(tmp_path / "run", base)
    assert run.is_finished
    assert (result.steps, result.examples, result.held_out_examples, result.resumed_from) == (8, 8, 2, None)
    log = run.read_log()
    assert [each["step"] for each in log if "loss" in each] == list(range(1, 9))
    assert [each["step"] for each in log if "eval_loss" in each] == [3, 6, 8]
    assert result.held_out_loss == min(each["eval_loss"] for each in log if "eval_loss" in each)
    assert len(list(run.checkpoints.glob("checkpoint-*"))) == 2
    assert list(run.tensorboard.iterdir())
    config = json.loads((run.adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"


def test_a_killed_run_goes_on_to_the_result_of_one_that_was_not(tmp_path: Path, base: BaseModel) -> None:
    changes = {"dropout": 0.1, "augment": {"attribute_order": 0.7, "attribute_dropout": 0.5}}
    whole, _ = trained(tmp_path / "whole", base, **changes)
    options = TrainOptions.model_validate(SHORT | changes)
    cut = run_in(tmp_path / "cut", options)

    def killed_at_seven(at: Step) -> None:
        if at.step == 7:
            raise Killed

    with pytest.raises(Killed):
        finetune(cut, options, base, killed_at_seven)
    assert not cut.is_finished
    half_written = cut.checkpoints / "checkpoint-7"
    half_written.mkdir()
    (half_written / "adapter_model.safetensors").write_bytes(b"\x00")
    result = finetune(cut, options, base)
    assert result.resumed_from == "checkpoint-6"
    assert weights(cut) == weights(whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "dora", "precision": "fp32"},
        {"method": "rslora", "optimizer": "adafactor", "scheduler": "linear"},
        {"method": "adalora", "label_smoothing": 0.1},
        {"method": "full", "optimizer": "sgd", "gradient_checkpointing": True},
        {"packing": True, "gradient_accumulation": 2},
        {"gradient_checkpointing": True, "length_grouped": False},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_each_method_ends_with_a_result(tmp_path: Path, base: BaseModel, changes: dict[str, Any]) -> None:
    run, result = trained(tmp_path / "run", base, **changes)
    assert run.is_finished
    assert result.steps > 0


@pytest.mark.parametrize(("train", "held_out", "named"), [(1, 2, "1 training"), (8, 0, "0 held-out")])
def test_too_little_data_is_told_with_the_fix(
    tmp_path: Path, base: BaseModel, train: int, held_out: int, named: str
) -> None:
    options = TrainOptions.model_validate(SHORT)
    with pytest.raises(TrainingFailed, match=f"too little data: {named} examples .* import more pairs"):
        finetune(run_in(tmp_path / "run", options, train, held_out), options, base)


def test_a_full_disk_ends_the_run_with_the_fix(tmp_path: Path, base: BaseModel) -> None:
    options = TrainOptions.model_validate(SHORT)
    run = run_in(tmp_path / "run", options)
    run.log_file.symlink_to("/dev/full")
    with pytest.raises(TrainingFailed, match="is full: free space"):
        finetune(run, options, base)
