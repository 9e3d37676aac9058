"""The loss, the steps, and which checkpoint a run goes on from."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.trainer_pt_utils import LabelSmoother

from shared.errors import TrainingFailed
from training.batching import EpochSampler
from training.dataset import IGNORED
from training.options import TrainOptions
from training.trainer import (
    AnswerTrainer,
    failures_explained,
    newest_whole_checkpoint,
    planned_steps,
    training_arguments,
)


def tiny_llama() -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=40, initializer_range=0.3, **shape))


def trainer_of(model: LlamaForCausalLM, folder: Path, smoothing: float) -> AnswerTrainer:
    arguments = training_arguments(TrainOptions(precision="fp32"), folder)
    sampler = EpochSampler(1, 0)
    return AnswerTrainer(model=model, args=arguments, eval_dataset=[0], sampler=sampler, label_smoothing=smoothing)


def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    ids = torch.randint(0, 40, (3, 9))
    labels = ids.clone()
    labels[0, :5], labels[1, :2], labels[2, 3:] = IGNORED, IGNORED, IGNORED
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_and_its_gradient_are_the_trainers_own(tmp_path: Path, smoothing: float) -> None:
    model, given = tiny_llama(), batch()
    mine = trainer_of(model, tmp_path, smoothing).compute_loss(model.train(), given)
    mine.backward()
    gradients = [each.grad.clone() for each in model.parameters() if each.grad is not None]
    model.zero_grad()
    outputs = model(input_ids=given["input_ids"], attention_mask=given["attention_mask"])
    theirs = LabelSmoother(epsilon=smoothing)(outputs, given["labels"], shift_labels=True)
    theirs.backward()
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(gradients, [each.grad for each in model.parameters() if each.grad is not None])


def test_the_head_is_computed_at_the_learnt_positions_alone(tmp_path: Path) -> None:
    model, given = tiny_llama(), batch()
    sizes: list[torch.Size] = []
    model.lm_head.register_forward_hook(lambda _, inputs, logits: sizes.append(logits.shape))
    trainer_of(model, tmp_path, 0.0).compute_loss(model, given)
    assert sizes == [torch.Size([int((given["labels"][:, 1:] != IGNORED).sum()), 40])]


def test_the_held_out_loss_has_no_smoothing(tmp_path: Path) -> None:
    model, given = tiny_llama(), batch()
    trainer = trainer_of(model, tmp_path, 0.5)
    plain = model(**given).loss
    torch.testing.assert_close(trainer.compute_loss(model.eval(), given), plain)


def test_a_loss_that_is_not_finite_ends_the_run_with_the_fix(tmp_path: Path) -> None:
    model = tiny_llama()
    with torch.no_grad():
        model.lm_head.weight[3] = float("nan")
    with pytest.raises(TrainingFailed, match=r"the loss became nan at step 1: lower learning_rate"):
        trainer_of(model, tmp_path, 0.0).compute_loss(model.train(), batch())


@pytest.mark.parametrize(
    ("options", "named"), [({"optimizer": "adamw_8bit"}, "bitsandbytes"), ({"report_to": ("wandb",)}, "wandb")]
)
def test_a_package_that_is_not_installed_is_named(tmp_path: Path, options: dict[str, object], named: str) -> None:
    with pytest.raises(TrainingFailed, match=f"pip install {named}"):
        training_arguments(TrainOptions.model_validate(options), tmp_path)


@pytest.mark.parametrize(
    ("options", "rows", "world", "steps"),
    [
        ({"epochs": 2, "batch_size": 8}, 17, 1, 6),
        ({"epochs": 2, "batch_size": 8}, 17, 2, 4),
        ({"epochs": 1, "batch_size": 2, "gradient_accumulation": 4}, 17, 1, 3),
        ({"epochs": 0.5, "batch_size": 8}, 80, 1, 5),
        ({"epochs": 9, "batch_size": 8, "max_steps": 4}, 80, 1, 4),
    ],
)
def test_the_steps_of_a_run_are_known_before_it(options: dict[str, object], rows: int, world: int, steps: int) -> None:
    assert planned_steps(TrainOptions.model_validate(options), rows, world) == steps


def write_checkpoint(folder: Path) -> Path:
    folder.mkdir()
    save_file({"weight": torch.zeros(4)}, folder / "adapter_model.safetensors")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        torch.save({"step": 1}, folder / name)
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": 1}))
    return folder


@pytest.mark.parametrize("cut", ["trainer_state.json", "optimizer.pt", "adapter_model.safetensors"])
def test_a_half_written_checkpoint_is_passed_over(tmp_path: Path, cut: str) -> None:
    whole, newer = write_checkpoint(tmp_path / "checkpoint-9"), write_checkpoint(tmp_path / "checkpoint-10")
    assert newest_whole_checkpoint(tmp_path) == newer
    content = (newer / cut).read_bytes()
    (newer / cut).write_bytes(content[: len(content) // 2])
    assert newest_whole_checkpoint(tmp_path) == whole
    (newer / cut).unlink()
    assert newest_whole_checkpoint(tmp_path) == whole


def test_without_a_checkpoint_a_run_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-new").mkdir()
    assert newest_whole_checkpoint(tmp_path) is None


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match=r"is full: free space"), failures_explained(tmp_path):
        torch.save({"weights": torch.zeros(1_000_000)}, "/dev/full")


def test_other_faults_pass_through(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shapes"), failures_explained(tmp_path):
        raise RuntimeError("shapes differ")
