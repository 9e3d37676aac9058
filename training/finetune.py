"""Fine-tuning: from a base model and examples to an adapter in a run's directory.

    with shown_progress() as progress:
        finetune(run, options, base, progress)

It can be called again on the same directory after a kill, and goes on where the newest whole checkpoint stands; what it
learns from is the same as without the kill. AdaLoRA starts over: the shape of its weights changes on the way.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import PrinterCallback
from transformers.integrations.integration_utils import TensorBoardCallback

from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError, TrainingFailed
from training.augmentation import augmented
from training.batching import EpochSampler, PackedBatch, PackedSet, PaddedBatch, check_packing
from training.callbacks import BestWeights, Epochs, Journal, RankAllocation, Tell, say_nothing, take_best
from training.dataset import Example, ExampleSet, Vary, read_examples
from training.domain import TextSet, text_sets
from training.options import TrainOptions
from training.run_directory import RunDirectory
from training.swaps import Swaps
from training.trainer import AnswerTrainer, failures_explained, planned_steps, train_on, training_arguments, uses_bf16
from training.weights import add_adapter

_BEST = "best.safetensors"

Data = ExampleSet | TextSet


@dataclass(frozen=True)
class Trained:
    """What a run did. Losses are in nats per token; ``held_out_loss`` is that of the weights that were kept, those of
    ``best_step``. ``left_out`` counts examples that were too long. Seconds are of this process alone."""

    steps: int
    best_step: int
    train_loss: float | None
    held_out_loss: float
    examples: int
    held_out_examples: int
    left_out: int
    tokens: int
    seconds: float
    precision: str
    resumed_from: str | None = None


def finetune(
    run: RunDirectory,
    options: TrainOptions,
    base: BaseModel,
    progress: Tell = say_nothing,
    *,
    start: Path | None = None,
) -> Trained:
    """Train on the data of a run's directory and leave the finished result in ``run.adapter``.

    Stage ``finetune`` learns examples, stage ``domain`` texts. ``progress`` is called after each step. ``start`` is the
    folder of a finished adapter to train on; its shape stands, whatever the options say of it. With method ``full`` the
    result is a whole model instead of an adapter.

    Raises:
        TrainingFailed: when there is no result; the message is the reason and names the fix.
        ConfigurationError: when base model or examples cannot be read, or the directory is another run's.
    """
    if start is not None and options.method in ("adalora", "full"):
        raise TrainingFailed(f"method {options.method} cannot go on from an adapter: leave out --start, or use lora")
    started = time.monotonic()
    with failures_explained(run.path):
        run.open(options.model_dump(mode="json"))
        tokenizer, model = load_base(base, options, start)
        train, held_out = _sets(run, options, tokenizer, _context(model, options))
        trainer = _trainer(options, run, model, tokenizer, (train, held_out))
        _watch(trainer, run, options, progress)
        resumed = train_on(trainer, run.checkpoints)
        step, loss = _keep_best(trainer, run, options)
        history = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        trained = Trained(
            steps=trainer.state.global_step,
            best_step=step,
            train_loss=history[-1] if history else None,
            held_out_loss=loss,
            examples=len(train),
            held_out_examples=len(held_out),
            left_out=train.left_out + held_out.left_out,
            tokens=trainer.tokens,
            seconds=round(time.monotonic() - started, 1),
            precision="bf16" if uses_bf16(options) else "fp32",
            resumed_from=resumed,
        )
        if trainer.is_world_process_zero():
            run.finish(trainer.model, tokenizer, base=base, metrics=asdict(trained), start=start)
    return trained


def load_base(base: BaseModel, options: TrainOptions, start: Path | None = None) -> tuple[Any, Any]:
    """Tokenizer and model to be trained: the base with an adapter, or for ``full`` the base itself.

    The adapter is that of the folder ``start``, or a fresh one, whose first weights are a function of the seed.

    Raises:
        ConfigurationError: when the base model cannot be loaded, or the adapter does not belong to it.
    """
    origin: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    is_frozen_on_gpu = options.method != "full" and torch.cuda.is_available() and uses_bf16(options)
    dtype = torch.bfloat16 if is_frozen_on_gpu else torch.float32
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(base.path, **origin)
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            base.path, use_safetensors=True, dtype=dtype, **origin
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ConfigurationError(f"{base.path}: the base model cannot be loaded: {error}") from error
    transformers.set_seed(options.seed)
    if options.gradient_checkpointing:
        model.enable_input_require_grads()
    return tokenizer, model if options.method == "full" else _adapted(model, options, base, start)


def _adapted(model: Any, options: TrainOptions, base: BaseModel, start: Path | None) -> Any:
    with warnings.catch_warnings():  # peft asks transformers by a name that it gives up
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        from peft import get_peft_model

        if start is not None:
            return add_adapter(model, start, base)
        return get_peft_model(model, _adapter_config(options))


def _adapter_config(options: TrainOptions) -> Any:
    from peft import AdaLoraConfig, LoraConfig

    shape: dict[str, Any] = {
        "task_type": "CAUSAL_LM",
        "target_modules": "all-linear",
        "lora_alpha": options.alpha,
        "lora_dropout": options.dropout,
    }
    if options.method == "adalora":
        # Its total_step is set when the number of steps is known. It starts half as wide again as it is to become.
        return AdaLoraConfig(init_r=math.ceil(options.rank * 1.5), target_r=options.rank, total_step=1, **shape)
    is_dora, is_rslora = options.method == "dora", options.method == "rslora"
    return LoraConfig(r=options.rank, use_dora=is_dora, use_rslora=is_rslora, **shape)


def _context(model: Any, options: TrainOptions) -> int:
    """The most tokens that an example may have: what the options allow and the model can read."""
    config = model.config.get_text_config(decoder=True)
    return min(options.max_tokens, int(getattr(config, "max_position_embeddings", options.max_tokens)))


def _sets(run: RunDirectory, options: TrainOptions, tokenizer: Any, max_tokens: int) -> tuple[Data, Data]:
    if options.stage == "domain":
        return text_sets(run, options, tokenizer, max_tokens)
    return _example_sets(run, options, tokenizer, max_tokens)


def _example_sets(
    run: RunDirectory, options: TrainOptions, tokenizer: Any, max_tokens: int
) -> tuple[ExampleSet, ExampleSet]:
    """The examples that are learnt, with their variations, and those held out, as they are."""
    examples = read_examples(run.train_file)
    train = ExampleSet(examples, tokenizer, max_tokens, vary=_variation(options, examples), seed=options.seed)
    held = read_examples(run.held_out_file)
    if len(held) > options.held_out_limit:
        held = Random(options.seed).sample(held, options.held_out_limit)
    held_out = ExampleSet(sorted(held, key=lambda each: len(each.text)), tokenizer, max_tokens)
    for name, each, least in (("training", train, options.batch_size), ("held-out", held_out, 1)):
        if len(each) < least:
            raise TrainingFailed(
                f"too little data: {len(each)} {name} examples fit into {max_tokens} tokens and {least} are needed "
                f"({each.left_out} longer ones were left out): import more pairs, raise max_tokens or lower batch_size"
            )
    return train, held_out


def _variation(options: TrainOptions, examples: Sequence[Example]) -> Vary | None:
    chances = options.augment
    if not (chances.attribute_order or chances.attribute_dropout or chances.value_swap):
        return None
    swaps = Swaps.of(examples)
    return lambda example, random: augmented(example, random, chances, swaps)


def _trainer(
    options: TrainOptions, run: RunDirectory, model: Any, tokenizer: Any, sets: tuple[Data, Data]
) -> AnswerTrainer:
    arguments = training_arguments(options, run.checkpoints)
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    train, held_out = (PackedSet(each, options.max_tokens) if options.packing else each for each in sets)
    arguments.max_steps = planned_steps(options, len(train), arguments.world_size)
    if options.method == "adalora":
        _plan_ranks(model, arguments.max_steps)
    lengths = sets[0].lengths if options.length_grouped and not options.packing else None
    trainer = AnswerTrainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=held_out,
        data_collator=PackedBatch(pad) if options.packing else PaddedBatch(pad),
        sampler=EpochSampler(len(train), options.seed, batch=options.batch_size, lengths=lengths),
        label_smoothing=options.label_smoothing,
    )
    if options.packing:
        check_packing(trainer.model)
    return trainer


def _plan_ranks(model: Any, steps: int) -> None:
    """AdaLoRA: ranks move from the first tenth of the steps to the last third, in which they stay as they are."""
    config = model.peft_config["default"]
    config.total_step, config.tinit, config.tfinal, config.deltaT = steps, steps // 10, steps // 3, max(1, steps // 100)


def _watch(trainer: AnswerTrainer, run: RunDirectory, options: TrainOptions, progress: Tell) -> None:
    """Replace what the Trainer prints by our own log and progress, and keep the best weights."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Epochs(trainer.sampler))
    trainer.add_callback(BestWeights(run.checkpoints / _BEST, options.patience))
    trainer.add_callback(Journal(run.log, progress, lambda: trainer.tokens))
    if options.method == "adalora":
        trainer.add_callback(RankAllocation())
    if trainer.is_world_process_zero():
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(run.tensorboard))
        trainer.add_callback(TensorBoardCallback(writer))  # type: ignore[no-untyped-call]


def _keep_best(trainer: AnswerTrainer, run: RunDirectory, options: TrainOptions) -> tuple[int, float]:
    """The step and the held-out loss of the weights that are kept, which the model has after this.

    AdaLoRA keeps the last ones: only these have the rank that was asked for.
    """
    if options.method != "adalora":
        return take_best(trainer.model, run.checkpoints / _BEST)
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    return trainer.state.global_step, losses[-1]
