"""What happens beside the steps of a training run: its log, its progress, its best weights, its order of data."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import TrainerCallback

from shared.errors import TrainingFailed
from training.batching import EpochSampler

LINE_EVERY_S = 30.0
"""How often progress is told where there is no terminal to draw a bar on."""


@dataclass(frozen=True)
class Step:
    """How far a run is. ``loss`` and ``held_out_loss`` are the latest ones known, in nats per token; ``seconds`` counts
    from where this process began, ``tokens_per_s`` too."""

    step: int
    steps: int
    epoch: float
    loss: float | None
    held_out_loss: float | None
    tokens_per_s: float
    seconds: float


Tell = Callable[[Step], None]


def say_nothing(step: Step) -> None:
    """Progress that nobody watches."""


@contextmanager
def shown_progress(file: TextIO | None = None) -> Iterator[Tell]:
    """A progress bar on stderr; where that is no terminal, a line every half minute."""
    out = sys.stderr if file is None else file
    console = Console(file=out)
    if not console.is_terminal:
        yield _Lines(out)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("training", total=None)
        yield lambda at: bar.update(task, completed=at.step, total=at.steps, description=_measures(at))


class _Lines:
    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._told_at = -LINE_EVERY_S

    def __call__(self, at: Step) -> None:
        now = time.monotonic()
        if now - self._told_at >= LINE_EVERY_S or at.step >= at.steps:
            self._told_at = now
            print(f"step {at.step} of {at.steps}: {_measures(at)}", file=self._file, flush=True)


def _measures(at: Step) -> str:
    measures = (("loss", at.loss), ("held out", at.held_out_loss))
    said = [f"{name} {value:.3f}" for name, value in measures if value is not None]
    return ", ".join([*said, f"{at.tokens_per_s:.0f} tokens/s"])


class Journal(TrainerCallback):
    """Writes the log, one entry for each time the Trainer logs, and tells the progress after each step.

    An entry has ``step``, ``epoch``, ``loss`` or ``eval_loss`` (held out), ``learning_rate``, ``grad_norm``,
    ``tokens_per_s`` and ``seconds``. ``tokens`` gives the tokens that were learnt from so far.
    """

    def __init__(self, write: Callable[[Mapping[str, Any]], None], tell: Tell, tokens: Callable[[], int]) -> None:
        self._write = write
        self._tell = tell
        self._tokens = tokens
        self._started = time.monotonic()
        self._latest: dict[str, float] = {}

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        kept = ("loss", "eval_loss", "learning_rate", "grad_norm")
        entry = {name: float(logs[name]) for name in kept if name in (logs or {})}
        if not entry or not state.is_world_process_zero:
            return
        self._latest.update(entry)
        seconds, rate = self._pace()
        at = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4)}
        self._write({**at, **entry, "tokens_per_s": round(rate, 1), "seconds": round(seconds, 2)})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            seconds, rate = self._pace()
            losses = self._latest.get("loss"), self._latest.get("eval_loss")
            self._tell(Step(state.global_step, state.max_steps, state.epoch or 0.0, *losses, rate, seconds))

    def _pace(self) -> tuple[float, float]:
        seconds = time.monotonic() - self._started
        return seconds, self._tokens() / max(seconds, 1e-9)


class Epochs(TrainerCallback):
    """Tells the sampler which epoch begins, also where a run goes on in the middle of one."""

    def __init__(self, sampler: EpochSampler) -> None:
        self._sampler = sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._sampler.set_epoch(int(state.epoch or 0))


class BestWeights(TrainerCallback):
    """Keeps the trainable weights of the lowest held-out loss in a file, and stops when that gets no lower.

    What was best is read from the Trainer's own history, which its checkpoints hold: there is no state to restore.
    """

    def __init__(self, file: Path, patience: int) -> None:
        self._file = file
        self._patience = patience

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        best = losses.index(min(losses))
        if best == len(losses) - 1 and state.is_world_process_zero:
            self._save(model, state.global_step, losses[-1])
        if len(losses) - 1 - best >= self._patience:
            control.should_training_stop = True

    def _save(self, model: Any, step: int, loss: float) -> None:
        weights = {name: each.detach().cpu().contiguous() for name, each in _trainable(model)}
        unfinished = self._file.with_name(f".{self._file.name}.unfinished")
        save_file(weights, unfinished, metadata={"step": str(step), "held_out_loss": repr(loss)})
        unfinished.replace(self._file)


def take_best(model: Any, file: Path) -> tuple[int, float]:
    """Put the weights that :class:`BestWeights` kept into the model; their step and held-out loss.

    Raises:
        TrainingFailed: when the file holds other weights than the model has.
    """
    with safe_open(file, framework="pt") as kept, torch.no_grad():
        own = dict(_trainable(model))
        if set(kept.keys()) != set(own):
            raise TrainingFailed(f"{file}: holds the weights of another model; remove the run's directory")
        for name, each in own.items():
            each.copy_(kept.get_tensor(name))
        told = kept.metadata()
    return int(told["step"]), float(told["held_out_loss"])


def _trainable(model: Any) -> Iterator[tuple[str, torch.Tensor]]:
    return ((name, each) for name, each in model.named_parameters() if each.requires_grad)


class RankAllocation(TrainerCallback):
    """AdaLoRA's step after each step: it moves rank to the layers that need it (Zhang et al., 2023, algorithm 1)."""

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        model.base_model.update_and_allocate(state.global_step + 1)
