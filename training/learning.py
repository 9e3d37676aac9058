"""One stage of training, from its data to a finished result in the run directory. Touches no database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from shared.checkpoints import BaseModel
from shared.curation.firewall import Firewall
from shared.curation.pairs import Pair
from shared.errors import ConfigurationError, TrainingFailed
from shared.settings import training_place
from shared.training_request import TrainRequest
from training.callbacks import shown_progress
from training.dataset import write_examples
from training.domain import gather_texts, write_texts
from training.finetune import finetune
from training.gathering import Gathered, Selection, gather_curated, gather_file
from training.options import RECIPES, TrainOptions
from training.preference import Preference, prefer, write_preferences
from training.run_directory import RunDirectory, TrainingData
from training.trainer import failures_explained

HOUSE_PAIRS = RECIPES / "house_pairs.jsonl"
"""Pairs that were written for this project. A fine-tuning without selections learns them beside the curated ones."""
HOUSE_LICENCE = {"shelftalk-house": "Apache-2.0"}
HELD_OUT_ROWS = "held_out.jsonl"
"""The held-out pairs of a run in the catalogue's shape, for the comparison with the champion."""
MOST_QUOTED = 20
POLL_S = 0.2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Lesson:
    """What a stage learns from: pairs of the database and of files, preferences, or the texts of a catalogue.

    ``held_out`` are preferences about products of held-out families.
    """

    request: TrainRequest
    options: TrainOptions
    base: BaseModel
    firewall: Firewall
    curated: Sequence[Pair] = ()
    selections: Sequence[Selection] = ()
    preferences: Sequence[Preference] = ()
    held_out: Sequence[Preference] = ()


def learn(lesson: Lesson, run: RunDirectory, start: Path | None, say: Say) -> None:
    """Train one stage, or go on with it where the run directory holds a part.

    ``start`` is the folder of the adapter that it starts from, None for a fresh one.

    Raises:
        TrainingFailed: when there is no result, with the reason and the fix.
        ConfigurationError: when a file is not as it must be.
    """
    if run.is_finished:
        say(f"{run.path} is finished already")
        return
    if training_place()[0] > 0:
        _await_data(run)
    with failures_explained(run.path):
        run.open(lesson.options.model_dump(mode="json"))
        if not run.data_file.is_file():
            _write_data(lesson, run, say)
    with shown_progress() as progress:
        if lesson.options.stage == "preference":
            if start is None:
                raise TrainingFailed("preference tuning starts from an adapter: name one with --start")
            prefer(run, lesson.options, lesson.base, start, progress)
        else:
            finetune(run, lesson.options, lesson.base, progress, start=start)


def _await_data(run: RunDirectory) -> None:
    """Wait until the first process has written what is learnt; where that fails, its launcher ends this one too."""
    while not run.data_file.is_file():
        time.sleep(POLL_S)


def _write_data(lesson: Lesson, run: RunDirectory, say: Say) -> None:
    """Write what the stage learns into the run directory; the description of it comes last and makes it whole."""
    options, request = lesson.options, lesson.request
    if options.stage == "domain":
        if request.texts is None:
            raise ConfigurationError("--texts: name a catalogue file whose texts the domain stage reads")
        texts = gather_texts([request.texts])
        _say_problems(texts.problems, say)
        write_texts(run.train_file, texts.train)
        write_texts(run.held_out_file, texts.held_out)
        run.describe_data(TrainingData(train=len(texts.train), held_out=len(texts.held_out)))
        return
    gathered = gather(lesson, say)
    rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in gathered.held_out_rows)
    (run.path / HELD_OUT_ROWS).write_text("".join(rows))
    if options.stage == "preference":
        write_preferences(run.train_file, lesson.preferences)
        write_preferences(run.held_out_file, lesson.held_out)
        run.describe_data(TrainingData(train=len(lesson.preferences), held_out=len(lesson.held_out)))
        return
    write_examples(run.train_file, gathered.train)
    write_examples(run.held_out_file, gathered.held_out)
    run.describe_data(gathered.data)


def gather(lesson: Lesson, say: Say) -> Gathered:
    """The pairs of a fine-tuning: the curated ones, those of the selections or the house's own, and of other files."""
    gathered = Gathered()
    gather_curated(gathered, lesson.curated, lesson.firewall)
    selections = lesson.selections or [Selection(HOUSE_PAIRS, dict(HOUSE_LICENCE))]
    for selection in (*selections, *map(Selection, lesson.request.pairs)):
        say(f"reading {selection.file}")
        gather_file(gathered, selection, lesson.firewall, repair=lesson.request.repair)
    _say_problems(gathered.problems, say)
    # The first ones of the held-out examples are measured while it trains: of all sources, not of the first alone.
    Random(0).shuffle(gathered.held_out)
    return gathered


def _say_problems(problems: Sequence[str], say: Say) -> None:
    for problem in problems[:MOST_QUOTED]:
        say(problem)
    if len(problems) > MOST_QUOTED:
        say(f"… and {len(problems) - MOST_QUOTED} more rows that were left out")
