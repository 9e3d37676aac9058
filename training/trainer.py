"""The Trainer of Hugging Face, with a loss at the learnt positions only, an order of data that a kill does not change,
and failures that say what to do.

Several GPUs: start the program by ``torchrun --nproc-per-node N`` or ``accelerate launch``. The Trainer finds its rank
in the environment, a step then learns from N times ``batch_size``, and only rank 0 writes into the run's directory.
"""

from __future__ import annotations

import errno
import json
import math
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch.nn import functional
from transformers import Trainer, TrainingArguments

from shared.errors import TrainingFailed
from training.batching import EpochSampler
from training.dataset import IGNORED
from training.options import TrainOptions

_OPTIMIZERS = {"adamw": "adamw_torch", "adamw_8bit": "adamw_bnb_8bit", "adafactor": "adafactor", "sgd": "sgd"}
_SCHEDULERS = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
_FULL_DISK = ("No space left", "PytorchStreamWriter", "unexpected pos")


class AnswerTrainer(Trainer):
    """A Trainer whose loss is the cross-entropy of the learnt tokens, in nats per token.

    The language-model head and the softmax over the vocabulary are computed at the learnt positions alone; the value is
    that of the Trainer's own loss. Label smoothing shapes the training loss; the held-out loss has none, so that its
    exponential is the perplexity.
    """

    def __init__(self, *, sampler: EpochSampler, label_smoothing: float, **given: Any) -> None:
        super().__init__(**given)
        self.model_accepts_loss_kwargs = True  # so that the learnt tokens of all batches of a step are counted
        self.loss_is_scaled_for_ga = True
        self.tokens = 0
        self.sampler = sampler
        self._label_smoothing = label_smoothing
        self._head: torch.nn.Module = given["model"].get_output_embeddings()

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:
        return self.sampler

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch: summed over its learnt tokens, and divided by those of the whole step."""
        labels = inputs["labels"]
        given = {name: each for name, each in inputs.items() if name != "labels"}
        logits, targets = learnt_logits(model, self._head, given, labels)
        smoothing = self._label_smoothing if model.training else 0.0
        total = functional.cross_entropy(logits.float(), targets, reduction="sum", label_smoothing=smoothing)
        if not torch.isfinite(total):
            raise TrainingFailed(
                f"the loss became {total.item()} at step {self.state.global_step + 1}: lower learning_rate "
                f"(it is {self.args.learning_rate:g}), raise warmup_ratio, or set precision to fp32"
            )
        loss = total / (targets.numel() if num_items_in_batch is None else num_items_in_batch)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes  # gradients are averaged over the processes
        if model.training:
            self.tokens += int(given["attention_mask"].sum()) if "attention_mask" in given else labels.numel()
            loss = loss + orthogonality(self.model)
        return (loss, {"logits": logits}) if return_outputs else loss


def learnt_logits(
    model: Any, head: torch.nn.Module, inputs: dict[str, torch.Tensor], labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of shape (learnt, vocabulary) and the tokens (learnt,) that they predict.

    A position's logits predict the next position's token. The selection stands before the head, and not after the base,
    so that the model's own ``forward`` runs: a wrapper for several GPUs depends on that.
    """
    targets = labels[:, 1:]
    learnt = targets != IGNORED
    selection = head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, :-1][learnt],))
    try:
        logits = model(**inputs, use_cache=False).logits
    finally:
        selection.remove()
    return logits, targets[learnt]


def orthogonality(model: Any) -> torch.Tensor | float:
    """AdaLoRA's regulariser, 0 for other methods: the mean Frobenius norm of PᵀP - I and QQᵀ - I (Zhang et al., 2023,
    equation 4), with peft's weight. peft adds it only to a loss that the model's own ``forward`` computes."""
    config = getattr(model, "peft_config", {}).get("default")
    weight = getattr(config, "orth_reg_weight", 0.0)
    if not weight:
        return 0.0
    norms = []
    for name, each in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            square = each @ each.T if "lora_A" in name else each.T @ each
            norms.append(torch.linalg.matrix_norm(square - torch.eye(len(square), device=square.device)))
    return weight * torch.stack(norms).mean()


def training_arguments(options: TrainOptions, checkpoints: Path) -> TrainingArguments:
    """The options as the Trainer takes them.

    Raises:
        TrainingFailed: when an option needs a package that is not installed.
    """
    _check_installed(options)
    on_cpu = not torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        gradient_accumulation_steps=options.gradient_accumulation,
        activation_checkpointing=options.gradient_checkpointing,
        learning_rate=options.learning_rate,
        lr_scheduler_type=_SCHEDULERS[options.scheduler],
        warmup_steps=options.warmup_ratio,
        weight_decay=options.weight_decay,
        max_grad_norm=options.max_grad_norm,
        optim=_OPTIMIZERS[options.optimizer],
        num_train_epochs=options.epochs,
        bf16=uses_bf16(options),
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        eval_strategy="steps",
        eval_steps=options.eval_every,
        prediction_loss_only=True,
        save_strategy="no" if options.method == "adalora" else "steps",
        save_steps=options.save_every,
        save_total_limit=2,
        logging_steps=options.log_every,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to=[name for name in options.report_to if name != "tensorboard"],
        remove_unused_columns=False,
        seed=options.seed,
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # several GPUs are for torchrun; DataParallel is slower and unsupported
    return arguments


def uses_bf16(options: TrainOptions) -> bool:
    """Whether to compute in bfloat16: where the hardware multiplies such numbers, unless the options say otherwise."""
    if options.precision != "auto":
        return options.precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _check_installed(options: TrainOptions) -> None:
    needed: dict[str, str] = {name: name for name in options.report_to}
    if options.optimizer == "adamw_8bit":
        needed["bitsandbytes"] = "adamw_8bit"
    for package, option in needed.items():
        if find_spec(package) is None:
            raise TrainingFailed(
                f"{option} needs the package {package}: run `pip install {package}`, or choose another"
            )


def planned_steps(options: TrainOptions, rows: int, world: int) -> int:
    """The optimiser's steps of a whole run; ``rows`` are examples, or rows of packed ones."""
    batches = math.ceil(rows / (options.batch_size * world))
    steps = math.ceil(options.epochs * math.ceil(batches / options.gradient_accumulation))
    return steps if options.max_steps is None else min(steps, options.max_steps)


def newest_whole_checkpoint(checkpoints: Path) -> Path | None:
    """The checkpoint to go on from. One that a kill left half-written is passed over."""
    found = [path for path in checkpoints.glob("checkpoint-*") if path.name.rpartition("-")[2].isdecimal()]
    newest_first = sorted(found, key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    return next((path for path in newest_first if _is_whole(path)), None)


def _is_whole(checkpoint: Path) -> bool:
    """Whether all files can be read. The Trainer writes its state last, but a crash of the machine keeps no order."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text())
    except (OSError, ValueError):
        return False
    archives = [checkpoint / "optimizer.pt", checkpoint / "scheduler.pt", *checkpoint.glob("rng_state*.pth")]
    weights = list(checkpoint.glob("*.safetensors"))
    return len(archives) > 2 and all(map(zipfile.is_zipfile, archives)) and bool(weights) and all(map(_reads, weights))


def _reads(weights: Path) -> bool:
    from safetensors import safe_open

    try:
        with safe_open(weights, framework="pt"):  # compares the file's size with what its header promises
            return True
    except (OSError, SafetensorError):
        return False


def train_on(trainer: Trainer, checkpoints: Path) -> str | None:
    """Train to the end, from the newest whole checkpoint where there is one; the name of that checkpoint.

    Raises:
        TrainingFailed: with the reason and the fix, when memory or disk do not suffice.
    """
    resumed = newest_whole_checkpoint(checkpoints)
    if trainer.args.should_save:
        for path in checkpoints.glob("checkpoint-*"):
            if not _is_whole(path):
                shutil.rmtree(path)
    with failures_explained(checkpoints):
        trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    return resumed.name if resumed else None


@contextmanager
def failures_explained(directory: Path) -> Iterator[None]:
    """Turn what goes wrong outside of the model into TrainingFailed; everything else passes through."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingFailed(
            "the GPU's memory does not suffice: halve batch_size and double gradient_accumulation, set "
            "gradient_checkpointing = true, or lower max_tokens"
        ) from error
    except (OSError, RuntimeError, SafetensorError) as error:
        is_full = getattr(error, "errno", None) == errno.ENOSPC or any(sign in str(error) for sign in _FULL_DISK)
        if not is_full:
            raise
        raise TrainingFailed(
            f"the disk of {directory} is full: free space, or set SHELFTALK_TRAINING_DIR to another disk; the run goes "
            "on from its last checkpoint"
        ) from error
