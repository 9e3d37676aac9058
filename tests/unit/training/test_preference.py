from __future__ import annotations

from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from shared.adapters import read_adapter
from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError, TrainingFailed
from shared.facts import Fact
from shared.profiles import Profile
from tests.tiny_model import build_tiny_model
from training.callbacks import Step
from training.options import TrainOptions
from training.preference import Preference, prefer, read_preferences, write_preferences
from training.run_directory import RunDirectory

# peft 0.21 and TRL 1.16 ask transformers 5.23 by names that leave in version 6.
pytestmark = pytest.mark.filterwarnings("ignore:.*gradient_checkpointing. is deprecated:FutureWarning")

PROFILE = Profile(name="product_page", version="1")
PREFERENCES = [
    Preference((Fact("title", f"Kettle {at}"), Fact("colour", "red")), PROFILE, f"The Kettle {at} is red.", "Steel.")
    for at in range(6)
]
OPTIONS = TrainOptions(
    stage="preference",
    learning_rate=5e-3,
    scheduler="constant",
    batch_size=2,
    max_steps=4,
    epochs=9,
    eval_every=2,
    save_every=2,
    log_every=1,
    precision="fp32",
)


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return BaseModel("tiny", build_tiny_model(tmp_path_factory.mktemp("tiny")), "d" * 64)


@pytest.fixture(scope="module")
def adapter(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.warns(FutureWarning):
        model = get_peft_model(
            AutoModelForCausalLM.from_pretrained(base.path),
            LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"),
        )
    run = RunDirectory(tmp_path_factory.mktemp("runs") / "finetune")
    run.open({"method": "lora"})
    return run.finish(model, AutoTokenizer.from_pretrained(base.path), base=base, metrics={})


def prepared(path: Path) -> RunDirectory:
    run = RunDirectory(path)
    run.open(OPTIONS.model_dump(mode="json"))
    write_preferences(run.train_file, PREFERENCES[:4])
    write_preferences(run.held_out_file, PREFERENCES[4:])
    return run


def test_preferences_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_preferences(tmp_path / "pairs.jsonl", PREFERENCES)
    assert read_preferences(tmp_path / "pairs.jsonl") == PREFERENCES


def test_a_line_that_is_no_preference_is_named(tmp_path: Path) -> None:
    write_preferences(tmp_path / "pairs.jsonl", PREFERENCES[:1])
    with (tmp_path / "pairs.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(ConfigurationError, match=r"pairs\.jsonl:2: is no preference"):
        read_preferences(tmp_path / "pairs.jsonl")


def test_a_killed_run_goes_on_and_ends_with_an_adapter_that_prefers_the_chosen(
    tmp_path: Path, base: BaseModel, adapter: Path
) -> None:
    run = prepared(tmp_path / "run")

    def kill(at: Step) -> None:
        if at.step == 3:
            raise Killed

    with pytest.raises(Killed):
        prefer(run, OPTIONS, base, adapter, kill)
    assert not run.is_finished
    trained = prefer(run, OPTIONS, base, adapter)
    assert trained.resumed_from == "checkpoint-2"
    assert trained.steps == 4
    assert trained.held_out_loss < 0.69  # ln 2 is the loss of a model that prefers neither
    tuned = read_adapter(run.adapter)
    assert tuned.manifest["start"] == read_adapter(adapter).name
    assert tuned.digest != read_adapter(adapter).digest


def test_too_few_preferences_are_refused(tmp_path: Path, base: BaseModel, adapter: Path) -> None:
    run = prepared(tmp_path / "run")
    write_preferences(run.held_out_file, [])
    with pytest.raises(TrainingFailed, match=r"too little data: examples\.held_out\.jsonl holds no preference"):
        prefer(run, OPTIONS, base, adapter)


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, base: BaseModel, adapter: Path) -> None:
    other = build_tiny_model(tmp_path / "other")
    weights = other / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\x00\x00\x00\x40")
    run = prepared(tmp_path / "run")
    with pytest.raises(ConfigurationError, match="was trained on tiny"):
        prefer(run, OPTIONS, BaseModel("other", other, "e" * 64), adapter)
