"""The whole benchmark on a tiny random model: what it leaves, how it goes on, and what it says of itself."""

import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from shared.errors import ConfigurationError
from shared.evaluation.benchmark import E2EOptions
from shared.settings import Settings
from tests.tiny_model import build_tiny_model
from training.e2e.data import Meaning
from training.e2e.decoding import NoRepeatInAnswer
from training.e2e.report import show
from training.e2e.run import benchmark, options_for, picked
from training.e2e.slots import SlotReader

RECIPE = 'batch_size = 4\nepochs = 1\nmax_tokens = 400\neval_every = 1\nprecision = "fp32"\n'


def row(number: int) -> dict[str, Any]:
    food = ("French", "Indian", "Chinese")[number % 3]
    text = f"The Mill {number} serves {food} food."
    return {"attributes": {"name": f"The Mill {number}", "food": food}, "references": [text, f"{food} food."]}


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("home")
    return Settings(base_model=str(build_tiny_model(folder / "base")), training_dir=folder / "training")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> E2EOptions:
    folder = tmp_path_factory.mktemp("e2e")
    for name, size in {"train": 8, "dev": 2, "test": 3, "cleaned_test": 3, "lora_test": 3}.items():
        lines = "\n".join(json.dumps(row(number)) for number in range(size))
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    recipe, run = folder / "recipe.toml", folder / "run"
    recipe.write_text(RECIPE)
    return E2EOptions(data_dir=folder, limit=5, test_limit=2, recipe=recipe, run=run, beams=2, penalties=(0.8, 1.0))


@dataclass(frozen=True)
class Finished:
    """A run of the benchmark: its directory, what it said, and its report."""

    run: Path
    said: list[str]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def finished(wanted: E2EOptions, configured: Settings) -> Finished:
    said: list[str] = []
    report = benchmark(wanted, configured, said.append)
    assert wanted.run is not None
    return Finished(wanted.run, said, report)


def test_a_run_trains_chooses_a_penalty_on_dev_and_scores_both_test_sets(finished: Finished) -> None:
    report = finished.report
    assert report["penalty"] in (0.8, 1.0) and set(report["dev_bleu"]) == {"0.8", "1"}
    assert report["training"]["steps"] == 3
    assert report["slots"]["slots"] == 4
    assert report["slots_of_references"]["wrong"] == 0
    assert json.loads((finished.run / "e2e.json").read_text()) == report


def test_a_partial_run_says_so_in_the_first_line_of_all_that_it_prints(finished: Finished) -> None:
    assert finished.said[0].startswith("PARTIAL RUN: 5 of 8 training pairs, 1 of 5 epochs, 2 of 3 test meanings")
    assert finished.report["partial"] is True
    out = io.StringIO()
    show(finished.report, out, as_json=False)
    assert out.getvalue().startswith("PARTIAL RUN: 5 of 8 training pairs")
    assert "GPT-2 medium, LoRA" in out.getvalue() and "(PARTIAL)" in out.getvalue()


def test_a_report_as_json_is_one_object(finished: Finished) -> None:
    out = io.StringIO()
    show(finished.report, out, as_json=True)
    assert json.loads(out.getvalue()) == finished.report


def test_a_run_goes_on_with_the_texts_that_a_kill_left(
    wanted: E2EOptions, configured: Settings, finished: Finished
) -> None:
    pattern = f"*/test-2.beams-2.penalty-{finished.report['penalty']:g}.jsonl"
    (file,) = (finished.run / "texts").glob(pattern)
    whole = file.read_text()
    file.write_text(whole[: len(whole) // 2 + 1])
    assert benchmark(wanted, configured, finished.said.append) == finished.report
    assert sorted(file.read_text().splitlines()) == sorted(whole.splitlines())


@pytest.mark.usefixtures("finished")
def test_a_directory_with_other_training_pairs_is_refused(wanted: E2EOptions, configured: Settings) -> None:
    with pytest.raises(ConfigurationError, match="a run of 10 training pairs, not 8"):
        benchmark(wanted.model_copy(update={"limit": 4}), configured, [].append)


def test_a_short_run_evaluates_and_saves_at_each_quarter(wanted: E2EOptions) -> None:
    short = options_for(wanted.model_copy(update={"recipe": None, "epochs": 1}), 800)
    assert (short.eval_every, short.save_every, short.epochs) == (25, 25, 1)
    whole = options_for(wanted.model_copy(update={"recipe": None}), 42_061)
    assert whole.eval_every == 1_000


def test_among_beams_the_first_with_the_fewest_slot_errors_is_taken() -> None:
    meaning = Meaning({"name": ("The Mill",), "eatType": ("pub",)}, ("x",))
    beams = ["The Mill is a French pub.", "The Mill is a pub.", "The Mill, a pub."]
    assert picked([beams], [meaning], SlotReader([meaning])) == ["The Mill is a pub."]


def test_only_what_the_answer_holds_already_may_not_be_repeated() -> None:
    rule = NoRepeatInAnswer(2, start=3)
    scores = torch.zeros((1, 6))
    copied = rule(torch.tensor([[1, 2, 3, 1]]), scores.clone())  # type: ignore[arg-type]
    assert torch.isfinite(copied).all()
    repeated = rule(torch.tensor([[1, 2, 3, 4, 5, 4]]), scores.clone())  # type: ignore[arg-type]
    assert repeated[0, 5] == -torch.inf and torch.isfinite(repeated[0, :5]).all()
