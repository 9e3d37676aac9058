"""The benchmark from end to end: fine-tune on the training pairs, write the test sets, choose among beams, score.

All that it makes stands in one run directory; the same command goes on where a kill ended it.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from shared.adapters import ADAPTER_WEIGHTS
from shared.checkpoints import BaseModel, read_manifest, resolve_base_model
from shared.errors import ConfigurationError
from shared.evaluation.benchmark import E2EOptions
from shared.settings import Settings
from training.callbacks import shown_progress
from training.dataset import write_examples
from training.e2e import scores
from training.e2e.data import Meaning, asked, drawn, examples, read_meanings, read_tokenised, tokenised
from training.e2e.decoding import Writer
from training.e2e.slots import SlotErrors, SlotReader, total
from training.finetune import finetune
from training.options import RECIPES, TrainOptions, read_recipe
from training.run_directory import RunDirectory, TrainingData
from training.trainer import planned_steps

RECIPE = RECIPES / "e2e.toml"
REPORT = "e2e.json"
CPU_PAIRS, CPU_TESTS, CPU_EPOCHS = 2_000, 100, 1.0
"""What is learnt and written where there is no GPU and nothing else is asked for."""
PARTIAL_HELD_OUT = 64

LICENCE = "CC BY-SA 4.0"
TOLD = ("steps", "seconds", "resumed_from", "held_out_loss", "precision")
"""What the report takes over from the training."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Sets:
    """The part of the data set that a run uses; ``whole`` has the size of each set in the files.

    ``tokens`` are the references of ``test`` as the LoRA paper scores them; ``vocabulary`` is all meanings.
    """

    train: list[Meaning]
    dev: list[Meaning]
    test: list[Meaning]
    cleaned: list[Meaning]
    tokens: list[tuple[str, ...]]
    vocabulary: list[Meaning]
    whole: Mapping[str, int]

    @classmethod
    def read(cls, wanted: E2EOptions) -> Sets:
        """Read the files and draw what is asked for.

        Raises:
            ConfigurationError: when a file is missing, or is none of this data set.
        """
        names = ("train", "dev", "test", "cleaned_test")
        files = {name: read_meanings(wanted.data_dir / f"{name}.jsonl.gz") for name in names}
        tokens = read_tokenised(wanted.data_dir / "lora_test.jsonl.gz")
        if len(tokens) != len(files["test"]):
            raise ConfigurationError(f"{wanted.data_dir}: lora_test and test differ in length: take both of one source")
        limits = {"train": wanted.limit} | dict.fromkeys(names[1:], wanted.test_limit)
        at = {name: drawn(len(each), limits[name], seed=0) for name, each in files.items()}
        train, dev, test, cleaned = ([files[name][position] for position in at[name]] for name in names)
        vocabulary = [meaning for each in files.values() for meaning in each]
        whole = {name: len(each) for name, each in files.items()}
        return cls(train, dev, test, cleaned, [tokens[position] for position in at["test"]], vocabulary, whole)


def benchmark(wanted: E2EOptions, configured: Settings, say: Say) -> dict[str, Any]:
    """Run the benchmark; ``say`` takes a line of progress, the first of which tells whether the run is partial.

    Returns:
        the report, which ``e2e.json`` in the run directory holds too.

    Raises:
        TrainingFailed: when there is no result to score.
        ConfigurationError: when data, recipe or base model cannot be read, or the directory is another run's.
    """
    wanted = _sized(wanted)
    sets = Sets.read(wanted)
    options = options_for(wanted, len(sets.train))
    note = partial_note(sets, options)
    say(note or "A whole run: all training pairs, all epochs of the recipe, all test meanings.")
    base = resolve_base_model(configured)
    run = RunDirectory(wanted.run or configured.training_dir / ("e2e" if note is None else f"e2e-{len(sets.train)}"))
    _train(run, sets, options, base, wanted.start)
    measured = _measure(run, Writer.of(run.adapter, base, options, wanted.beams), sets, wanted, say)
    made = read_manifest(run.adapter)
    report = {
        "partial": note is not None,
        "note": note,
        "pairs": len(sets.train),
        "epochs": options.epochs,
        "beams": wanted.beams,
        "hardware": hardware(),
        "base": base.name,
        "training": {name: made["metrics"][name] for name in TOLD},
        **measured,
    }
    (run.path / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return report


def _sized(wanted: E2EOptions) -> E2EOptions:
    if wanted.limit is not None or torch.cuda.is_available():
        return wanted
    short = {
        "limit": CPU_PAIRS,
        "test_limit": wanted.test_limit or CPU_TESTS,
        "epochs": wanted.epochs or CPU_EPOCHS,
        "penalties": wanted.penalties[:1],
    }
    return wanted.model_copy(update=short)


def options_for(wanted: E2EOptions, pairs: int) -> TrainOptions:
    """The recipe's options. A short run evaluates and saves at each quarter of its steps, on fewer examples."""
    recipe = wanted.recipe or RECIPE
    options = read_recipe(recipe, epochs=wanted.epochs)
    quarter = max(1, planned_steps(options, pairs, 1) // 4)
    if quarter >= options.eval_every:
        return options
    changes = {"eval_every": quarter, "save_every": quarter, "held_out_limit": PARTIAL_HELD_OUT}
    return read_recipe(recipe, epochs=wanted.epochs, **changes)


def partial_note(sets: Sets, options: TrainOptions) -> str | None:
    """What a run leaves out of the benchmark; None for a whole one."""
    epochs = read_recipe(RECIPE).epochs
    parts = [
        (len(sets.train), sets.whole["train"], "training pairs"),
        (options.epochs, epochs, "epochs"),
        (len(sets.test), sets.whole["test"], "test meanings"),
        (len(sets.cleaned), sets.whole["cleaned_test"], "cleaned test meanings"),
    ]
    less = [f"{used:,g} of {whole:,g} {name}" for used, whole, name in parts if used < whole]
    return f"PARTIAL RUN: {', '.join(less)}. Its scores are not those of the benchmark." if less else None


def _train(run: RunDirectory, sets: Sets, options: TrainOptions, base: BaseModel, start: Path | None) -> None:
    """Train, or go on, or leave a finished run as it is."""
    run.open(options.model_dump(mode="json"))
    learnt = examples(sets.train)
    if not run.data_file.is_file():
        write_examples(run.train_file, learnt)
        write_examples(run.held_out_file, map(asked, sets.dev))
        sources = {"e2e": {"rows": len(learnt), "licence": LICENCE}}
        run.describe_data(TrainingData(train=len(learnt), held_out=len(sets.dev), sources=sources))
    if run.data.train != len(learnt):
        raise ConfigurationError(
            f"{run.path}: holds a run of {run.data.train} training pairs, not {len(learnt)}: name a new directory"
        )
    if not run.is_finished:
        with shown_progress() as progress:
            finetune(run, options, base, progress, start=start)


def _measure(run: RunDirectory, writer: Writer, sets: Sets, wanted: E2EOptions, say: Say) -> dict[str, Any]:
    reader = SlotReader(sets.vocabulary)
    folder = run.path / "texts" / read_manifest(run.adapter)["name"]
    folder.mkdir(parents=True, exist_ok=True)

    def beams(name: str, meanings: Sequence[Meaning], penalty: float) -> list[list[str]]:
        file = folder / f"{name}-{len(meanings)}.beams-{writer.beams}.penalty-{penalty:g}.jsonl"
        return writer.write(meanings, file, penalty, lambda count: say(f"{name}: {count} of {len(meanings)} written"))

    penalty, tried = wanted.penalties[0], {}
    if len(wanted.penalties) > 1:
        for each in wanted.penalties:
            texts = picked(beams("dev", sets.dev, each), sets.dev, reader)
            tried[f"{each:g}"] = scores.bleu(texts, [meaning.references for meaning in sets.dev])
        penalty = float(max(tried, key=tried.__getitem__))
    test, cleaned = beams("test", sets.test, penalty), beams("cleaned_test", sets.cleaned, penalty)
    return {
        "parameters": {
            "model": sum(each.numel() for each in writer.model.parameters()),
            "trained": _trained_parameters(run.adapter),
        },
        "penalty": penalty,
        "dev_bleu": tried,
        "scores": _scored(picked(test, sets.test, reader), sets),
        "first_beam": _scored([texts[0] for texts in test], sets),
        "slots": _slots(picked(cleaned, sets.cleaned, reader), sets.cleaned, reader),
        "slots_first_beam": _slots([texts[0] for texts in cleaned], sets.cleaned, reader),
        "slots_of_references": _told(
            total(reader.errors(text, meaning) for meaning in sets.cleaned for text in meaning.references)
        ),
    }


def picked(beams: Sequence[Sequence[str]], meanings: Sequence[Meaning], reader: SlotReader) -> list[str]:
    """Of each meaning's texts the one with the fewest slot errors; among equals the most probable one."""
    return [
        min(texts, key=lambda text: reader.errors(text, meaning).count)
        for texts, meaning in zip(beams, meanings, strict=True)
    ]


def _scored(texts: Sequence[str], sets: Sets) -> dict[str, float]:
    references = [each.references for each in sets.test]
    return {
        "bleu": scores.bleu(texts, references),
        "bleu_tokenised": scores.bleu([tokenised(text) for text in texts], sets.tokens),
        "nist": scores.nist(texts, references),
        "rouge_l": scores.rouge_l(texts, references),
    }


def _slots(texts: Sequence[str], meanings: Sequence[Meaning], reader: SlotReader) -> dict[str, float]:
    return _told(total(reader.errors(text, meaning) for text, meaning in zip(texts, meanings, strict=True)))


def _told(errors: SlotErrors) -> dict[str, float]:
    return {"rate": errors.rate, **asdict(errors)}


def _trained_parameters(adapter: Path) -> int | None:
    """How many numbers an adapter holds; None for a whole model."""
    if not (adapter / ADAPTER_WEIGHTS).is_file():
        return None
    with safe_open(adapter / ADAPTER_WEIGHTS, framework="pt") as weights:
        return sum(int(weights.get_tensor(name).numel()) for name in weights.keys())  # noqa: SIM118 - no mapping


def hardware() -> str:
    """What this process computes on, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    return f"{os.cpu_count()} CPU cores ({platform.machine()})"
