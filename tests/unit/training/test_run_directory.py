from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from shared.adapters import read_adapter, weights_digest
from shared.checkpoints import BaseModel, verify
from shared.errors import ConfigurationError, TrainingFailed
from tests.tiny_model import build_tiny_model
from training.run_directory import RunDirectory, TrainingData, add_report

# peft 0.21 asks models of transformers 5.23 by a name that leaves in version 6.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")

OPTIONS = {"stage": "finetune", "method": "lora", "learning_rate": 5e-4}
REPORT = {
    "file": "/somewhere/test.jsonl",
    "rows": 20,
    "contestants": {"adapter": {"metrics": {"bleu": {"value": 35.0, "low": 33.0, "high": 37.0}}, "rows": {}}},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return BaseModel("Owner/Tiny-1M-Instruct", build_tiny_model(tmp_path_factory.mktemp("tiny")), "d" * 64)


def adapted(base: BaseModel) -> tuple[Any, Any]:
    """A tiny model with an adapter, and its tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(base.path)
    config = LoraConfig(r=4, target_modules=["v_proj", "q_proj"], task_type="CAUSAL_LM")
    return get_peft_model(model, config), AutoTokenizer.from_pretrained(base.path)


def opened(path: Path, **changes: Any) -> RunDirectory:
    run = RunDirectory(path)
    run.open(OPTIONS | changes)
    return run


def finished(path: Path, base: BaseModel, **changes: Any) -> RunDirectory:
    run = opened(path, **changes)
    run.log({"step": 1, "loss": 2.0})
    run.finish(*adapted(base), base=base, metrics={"held_out_loss": 1.5})
    return run


def test_a_run_goes_on_with_the_same_options(tmp_path: Path) -> None:
    opened(tmp_path / "run")
    again = opened(tmp_path / "run")
    assert again.checkpoints.is_dir()
    assert not again.is_finished


def test_a_directory_of_another_run_is_refused_with_what_differs_and_the_fix(tmp_path: Path) -> None:
    opened(tmp_path / "run")
    with pytest.raises(
        ConfigurationError, match=r"learning_rate 0.0005, not 0.1.*name a new directory, or give the same"
    ):
        opened(tmp_path / "run", learning_rate=0.1)


def test_a_directory_that_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"holds files but no options\.json.*name a new directory"):
        opened(tmp_path)


def test_a_line_of_the_log_that_a_kill_cut_off_is_passed_over(tmp_path: Path) -> None:
    run = opened(tmp_path)
    assert run.read_log() == []
    run.log({"step": 1, "loss": 2.0})
    with run.log_file.open("a") as file:
        file.write('{"step": 2, "lo')
    assert run.read_log() == [{"step": 1, "loss": 2.0}]


def test_the_first_entry_after_a_kill_is_read(tmp_path: Path) -> None:
    run = opened(tmp_path)
    run.log_file.write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    run.log({"step": 2, "loss": 1.0})
    assert [entry["step"] for entry in run.read_log()] == [1, 2]


def test_a_finished_adapter_is_whole_small_and_names_no_folder_of_this_machine(tmp_path: Path, base: BaseModel) -> None:
    start = finished(tmp_path / "domain", base).adapter
    run = opened(tmp_path / "run")
    run.describe_data(TrainingData("5e1f", 12, 3, {"house": {"rows": 15, "licence": "Apache-2.0"}}, {"is empty": 1}))
    folder = run.finish(*adapted(base), base=base, metrics={"held_out_loss": 1.5}, start=start)
    assert run.is_finished
    adapter = read_adapter(folder)
    assert adapter.base_digest == weights_digest(base.path)
    assert adapter.name.startswith("tiny-1m-20")
    assert adapter.manifest["data"]["sources"]["house"]["licence"] == "Apache-2.0"
    assert adapter.manifest["start"] == read_adapter(start).name
    assert {each.dtype for each in load_file(folder / "adapter_model.safetensors").values()} == {torch.float16}
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == base.name
    assert config["target_modules"] == ["q_proj", "v_proj"]
    expected = {"tokenizer.json", "chat_template.jinja", "generation_config.json", "README.md", "loss.png"}
    assert expected <= set(adapter.manifest["files"])
    for file in folder.iterdir():
        for place in (tmp_path, base.path, Path.cwd()):
            assert str(place).encode() not in file.read_bytes(), file.name


def test_a_finished_adapter_gives_the_answers_of_the_model_that_was_trained(tmp_path: Path, base: BaseModel) -> None:
    model, tokenizer = adapted(base)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.constant_(weight, 0.05)
    run = opened(tmp_path)
    folder = run.finish(model, tokenizer, base=base, metrics={})
    again = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base.path), folder)
    ids = tokenizer("Kettle", return_tensors="pt").input_ids
    with torch.no_grad():
        assert torch.allclose(again(ids).logits, model.eval()(ids).logits, atol=1e-2)


def test_a_whole_model_is_saved_after_full_fine_tuning(tmp_path: Path, base: BaseModel) -> None:
    run = opened(tmp_path / "run", method="full")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base.path), AutoTokenizer.from_pretrained(base.path)
    folder = run.finish(model, tokenizer, base=base, metrics={})
    assert read_adapter(folder).is_whole_model
    assert str(base.path) not in (folder / "config.json").read_text()


def test_weights_that_are_not_finite_end_the_run_without_a_result(tmp_path: Path, base: BaseModel) -> None:
    model, tokenizer = adapted(base)
    next(weight for name, weight in model.named_parameters() if "lora_A" in name).data[0, 0] = float("nan")
    run = opened(tmp_path)
    with pytest.raises(TrainingFailed, match=r"lora_A.* is not finite; lower the learning rate"):
        run.finish(model, tokenizer, base=base, metrics={})
    assert not run.is_finished
    run.finish(*adapted(base), base=base, metrics={})
    assert run.is_finished


def test_a_report_adds_its_metrics_to_card_and_manifest(tmp_path: Path, base: BaseModel) -> None:
    run = finished(tmp_path, base)
    before = read_adapter(run.adapter)
    run.add_report(REPORT, "adapter")
    after = read_adapter(run.adapter)
    assert after.metrics == {"held_out_loss": 1.5, "bleu": {"value": 35.0, "low": 33.0, "high": 37.0}}
    assert after.digest == before.digest
    assert "35 [33, 37]" in (run.adapter / "README.md").read_text()
    assert after.manifest["report"]["file"] == "test.jsonl"


def test_a_report_about_others_is_refused(tmp_path: Path, base: BaseModel) -> None:
    run = finished(tmp_path, base)
    with pytest.raises(ConfigurationError, match=r"is about adapter and not champion"):
        add_report(run.adapter, REPORT, "champion")
    verify(run.adapter)
