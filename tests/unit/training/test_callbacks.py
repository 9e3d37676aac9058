"""The log, the progress, and the weights that are kept."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerControl, TrainerState

from shared.errors import TrainingFailed
from training.callbacks import BestWeights, Journal, Step, shown_progress, take_best


def at(step: int) -> Step:
    return Step(step, 20, step / 10, 1.5, 2.25, 100.0, 3.0)


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    out = io.StringIO()
    with shown_progress(out) as tell:
        for step in range(1, 21):
            tell(at(step))
    lines = out.getvalue().splitlines()
    assert lines == [f"step {step} of 20: loss 1.500, held out 2.250, 100 tokens/s" for step in (1, 20)]


def test_the_log_has_an_entry_for_losses_and_none_for_the_trainers_summary() -> None:
    entries: list[Any] = []
    steps: list[Step] = []
    journal = Journal(entries.append, steps.append, lambda: 600)
    state = TrainerState(global_step=5, epoch=0.5, max_steps=10)
    journal.on_log(None, state, None, logs={"loss": 2.0, "learning_rate": 1e-3, "epoch": 0.5})
    journal.on_log(None, state, None, logs={"eval_loss": 2.5, "eval_runtime": 1.0})
    journal.on_log(None, state, None, logs={"train_runtime": 9.0})
    journal.on_step_end(None, state, None)
    assert [(each["step"], each.get("loss"), each.get("eval_loss")) for each in entries] == [
        (5, 2.0, None),
        (5, None, 2.5),
    ]
    assert entries[0]["tokens_per_s"] > 0
    assert (steps[0].step, steps[0].steps, steps[0].loss, steps[0].held_out_loss) == (5, 10, 2.0, 2.5)


def evaluate(callback: BestWeights, model: torch.nn.Module, losses: list[float]) -> bool:
    """Whether training is to stop after these held-out losses; at each the model holds its number."""
    state, control = TrainerState(), TrainerControl()
    for step, loss in enumerate(losses, start=1):
        with torch.no_grad():
            model.weight.fill_(step)
        state.global_step = step
        state.log_history.append({"eval_loss": loss})
        callback.on_evaluate(None, state, control, model=model)
    return control.should_training_stop


def test_the_weights_of_the_lowest_held_out_loss_are_kept(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2, bias=False)
    assert not evaluate(BestWeights(tmp_path / "best", patience=3), model, [3.0, 1.0, 2.0])
    assert take_best(model, tmp_path / "best") == (2, 1.0)
    assert model.weight.eq(2).all()


@pytest.mark.parametrize(("losses", "stops"), [([1, 2, 3], True), ([3, 2, 2.5], False), ([3, 2, 2, 2], True)])
def test_training_stops_when_the_held_out_loss_gets_no_lower(tmp_path: Path, losses: list[float], stops: bool) -> None:
    model = torch.nn.Linear(2, 2, bias=False)
    assert evaluate(BestWeights(tmp_path / "best", patience=2), model, losses) is stops


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    evaluate(BestWeights(tmp_path / "best", patience=2), torch.nn.Linear(2, 2, bias=False), [1.0])
    with pytest.raises(TrainingFailed, match="another model"):
        take_best(torch.nn.Linear(2, 2), tmp_path / "best")
