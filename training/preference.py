"""Preference tuning: a finished adapter learns which of two texts people prefer, by DPO (Rafailov et al. 2023).

A pair is what a model wrote (rejected) and what a curator made of it (chosen), for the same facts. The reference model
is the adapter as it was; the loss is -log sigmoid(beta * (log ratio of chosen - log ratio of rejected)). TRL computes
it, which the extra ``preference`` installs; everything else is as in fine-tuning.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError, TrainingFailed
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import as_text, description_prompt
from training.callbacks import BestWeights, Journal, Tell, say_nothing, take_best
from training.dataset import end_token
from training.finetune import Trained, load_base
from training.options import TrainOptions
from training.run_directory import RunDirectory
from training.trainer import failures_explained, planned_steps, train_on, training_arguments, uses_bf16
from training.weights import add_adapter

BETA = 0.1
"""How closely the tuned model keeps to the one it starts from: the paper's value."""
INSTALL = "pip install 'shelftalk[preference]'"
_BEST = "best.safetensors"


@dataclass(frozen=True)
class Preference:
    """Two texts for the same facts: people prefer ``chosen`` to ``rejected``."""

    facts: tuple[Fact, ...]
    profile: Profile
    chosen: str
    rejected: str


def write_preferences(path: Path, preferences: Iterable[Preference]) -> None:
    """Store preferences as JSON Lines; the file appears when it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w") as file:
        for each in preferences:
            document = {
                "facts": [asdict(fact) for fact in each.facts],
                "profile": each.profile.document(),
                "chosen": each.chosen,
                "rejected": each.rejected,
            }
            file.write(json.dumps(document, ensure_ascii=False) + "\n")
    unfinished.replace(path)


def read_preferences(path: Path) -> list[Preference]:
    """The preferences of a file of :func:`write_preferences`.

    Raises:
        ConfigurationError: naming file and line, when it is not there or not whole.
    """
    try:
        with path.open() as file:
            return [_preference(path, number, line) for number, line in enumerate(file, start=1)]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; write the preferences anew") from None


def _preference(path: Path, number: int, line: str) -> Preference:
    try:
        document = json.loads(line)
        facts = tuple(Fact(**(each | {"also": tuple(each.get("also", ()))})) for each in document["facts"])
        profile = Profile.from_document(document["profile"])
        return Preference(facts, profile, str(document["chosen"]), str(document["rejected"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}:{number}: is no preference: {error!r}; write them anew") from None


def prefer(
    run: RunDirectory, options: TrainOptions, base: BaseModel, adapter: Path, progress: Tell = say_nothing
) -> Trained:
    """Tune a finished adapter on the preferences of a run's directory; the result is in ``run.adapter``.

    Called again on the same directory after a kill, it goes on from the newest whole checkpoint.

    Raises:
        TrainingFailed: when there is no result; the message is the reason and names the fix.
        ConfigurationError: when base, adapter or preferences cannot be read, or the directory is another run's.
    """
    if find_spec("trl") is None:
        raise TrainingFailed(f"preference tuning needs TRL: run `{INSTALL}`")
    started = time.monotonic()
    with failures_explained(run.path):
        run.open(options.model_dump(mode="json"))
        tokenizer, bare = load_base(base, options.model_copy(update={"method": "full"}))
        pairs = [_rows(file, tokenizer, options) for file in (run.train_file, run.held_out_file)]
        trainer = _trainer(run, options, add_adapter(bare, adapter, base), tokenizer, *pairs)
        _watch(trainer, run, options, progress)
        resumed = train_on(trainer, run.checkpoints)
        step, loss = take_best(trainer.model, run.checkpoints / _BEST)
        history = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        trained = Trained(
            steps=trainer.state.global_step,
            best_step=step,
            train_loss=float(history[-1]) if history else None,
            held_out_loss=loss,
            examples=len(pairs[0]),
            held_out_examples=len(pairs[1]),
            left_out=0,
            tokens=_tokens_seen(trainer),
            seconds=round(time.monotonic() - started, 1),
            precision="bf16" if uses_bf16(options) else "fp32",
            resumed_from=resumed,
        )
        if trainer.is_world_process_zero():
            run.finish(trainer.model, tokenizer, base=base, metrics=asdict(trained), start=adapter)
    return trained


def _rows(file: Path, tokenizer: Any, options: TrainOptions) -> list[dict[str, str]]:
    """Preferences in the form of TRL: texts that begin with the prompt as serving sends it."""
    end = tokenizer.decode([end_token(tokenizer)])
    rows = [
        {
            "prompt": as_text(
                description_prompt(each.facts, each.profile, taught=True).messages, tokenizer, answer_follows=True
            ),
            "chosen": each.chosen + end,
            "rejected": each.rejected + end,
        }
        for each in read_preferences(file)
    ]
    if not rows:
        raise TrainingFailed(f"too little data: {file.name} holds no preference; curate more descriptions")
    return rows


def _trainer(
    run: RunDirectory,
    options: TrainOptions,
    model: Any,
    tokenizer: Any,
    train: list[dict[str, str]],
    held_out: list[dict[str, str]],
) -> Any:
    import datasets
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    datasets.disable_progress_bars()
    arguments = training_arguments(options, run.checkpoints)
    taken = {each.name for each in fields(DPOConfig) if each.init} & {each.name for each in fields(arguments)}
    given = {name: getattr(arguments, name) for name in taken}
    config = DPOConfig(**given, beta=BETA, max_length=options.max_tokens)
    config.max_steps = planned_steps(options, len(train), arguments.world_size)
    return DPOTrainer(
        model=model,
        args=config,
        train_dataset=datasets.Dataset.from_list(train),
        eval_dataset=datasets.Dataset.from_list(held_out[: options.held_out_limit]),
        processing_class=tokenizer,
    )


def _watch(trainer: Any, run: RunDirectory, options: TrainOptions, progress: Tell) -> None:
    """Replace what the Trainer prints by our own log and progress, and keep the best weights."""
    from torch.utils.tensorboard import SummaryWriter
    from transformers import PrinterCallback
    from transformers.integrations.integration_utils import TensorBoardCallback

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(BestWeights(run.checkpoints / _BEST, options.patience))
    trainer.add_callback(Journal(run.log, progress, lambda: _tokens_seen(trainer)))
    if trainer.is_world_process_zero():
        board: Any = TensorBoardCallback
        trainer.add_callback(board(SummaryWriter(str(run.tensorboard))))


def _tokens_seen(trainer: Any) -> int:
    seen = (entry["num_tokens"] for entry in trainer.state.log_history if "num_tokens" in entry)
    return int(max(map(float, seen), default=0))
