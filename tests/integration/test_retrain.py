"""Training runs as they are in service: real processes that are killed at every stage, on a real database.

The model is tiny and knows nothing. What counts is that serving is never touched, and that the next run goes on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from shared import broker, checkpoints
from shared.curation.firewall import Firewall
from shared.curation.intake import import_pairs
from shared.curation.pairs import Pair
from shared.events import Product
from shared.policy import activate, read_policy
from shared.repository import registry
from shared.repository import training as runs
from shared.settings import child_environment, settings
from shared.stack.programs import python_module
from shared.training_request import TrainRequest
from tests.event_fakes import Service, eventually, run
from tests.tiny_model import build_tiny_model
from training.run_directory import RunDirectory

PATIENCE_S = 180.0
RECIPE = """
rank = 2
max_steps = 40
batch_size = 2
max_tokens = 2000
eval_every = 4
save_every = 4
patience = 100
precision = "fp32"
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def champion(shelftalk: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: Path) -> int:
    """The tiny base model serves; its id."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    for name, value in {"BASE_MODEL": base, "RETRAIN_RECIPE": recipe, "MODELS_DIR": tmp_path / "models"}.items():
        monkeypatch.setenv(f"SHELFTALK_{name}", str(value))
    settings.cache_clear()
    model = checkpoints.resolve_base_model(settings())
    with shelftalk.database.begin() as connection:
        activate(connection, read_policy(settings()))
        serving = registry.register_model(connection, registry.ModelContent(model.name, model.digest, "3"))
        registry.promote_if_first(connection, serving)
    return serving


def add_pairs(shelftalk: Service, count: int) -> None:
    """Curated pairs of so many kettles, of which the families are on both sides of the split."""
    names = (f"Fjell Bottle {chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(count))
    steel = {"material": "stainless steel", "capacity": "0.75 l"}
    pairs = [
        Pair(
            Product(sku=name, version=1, title=name, category=("bottle",), attributes=steel),
            "",
            f"The {name} is made of stainless steel and holds 0.75 l.",
        )
        for name in names
    ]
    firewall = Firewall(read_policy(settings()), date(2026, 11, 23))
    with shelftalk.database.begin() as connection:
        report = import_pairs(connection, enumerate(pairs), firewall, editor="ada")
    assert dict(report.counts) == {"accepted": count}


def request(tmp_path: Path, **given: Any) -> str:
    """A request that learns the curated pairs alone."""
    selections, empty = tmp_path / "selections.toml", tmp_path / "no-pairs.jsonl"
    empty.write_text("")
    selections.write_text(f'[[pairs]]\nfile = "{empty.name}"\n')
    return TrainRequest(selections=selections, **given).model_dump_json()


@contextmanager
def training(request: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            python_module("training", "train", request), env=child_environment(), stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def train(request: str) -> subprocess.CompletedProcess[str]:
    command = python_module("training", "train", request)
    return subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)


def killed_when(request: str, log: Path, holds: Callable[[], object]) -> None:
    """Train until something holds, then kill it without a warning."""
    with training(request, log) as process:
        eventually(lambda: process.poll() is not None or holds(), within_s=PATIENCE_S, every_s=0.005)
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGKILL)


def newest_directory() -> Path | None:
    found = sorted(settings().training_dir.glob("*"))
    return found[-1] if found else None


def stands(name: str) -> Callable[[], bool]:
    """Whether something stands in the newest run directory."""
    return lambda: (folder := newest_directory()) is not None and (folder / name).exists()


def serving(shelftalk: Service) -> list[tuple[Any, ...]]:
    return shelftalk.rows("SELECT alias, model_version_id FROM app.model_alias ORDER BY alias")


def statuses(shelftalk: Service) -> list[tuple[Any, ...]]:
    return shelftalk.rows("SELECT status, reason FROM app.training_run ORDER BY id")


def test_a_run_that_is_killed_at_every_stage_goes_on_and_ends(
    shelftalk: Service, champion: int, tmp_path: Path
) -> None:
    add_pairs(shelftalk, 60)
    wanted, log = request(tmp_path), tmp_path / "log"
    stages = {
        "while it gathers": "options.json",
        "between checkpoints": "checkpoints/checkpoint-4/trainer_state.json",
        "while it writes the adapter": ".adapter.unfinished",
        "while it is compared": "comparison.texts.jsonl",
    }
    for count, (stage, sign) in enumerate(stages.items(), 1):
        killed_when(wanted, log, stands(sign))

        assert serving(shelftalk) == [("champion", champion)], stage
        assert [status for status, _ in statuses(shelftalk)] == ["interrupted"] * (count - 1) + ["running"], stage
    said = train(wanted)

    assert said.returncode == 0, said.stdout + said.stderr
    assert "goes on where run 4 was interrupted" in said.stdout
    *interrupted, (status, reason) = statuses(shelftalk)
    assert (status, reason) == ("finished", None)
    assert {status for status, _ in interrupted} == {"interrupted"}
    assert all("its process ended without a word" in reason for _, reason in interrupted)
    assert [
        (run_id, action)
        for run_id, action in shelftalk.rows("SELECT training_run_id, action FROM analytics.model_decision")
    ] == [(5, "refuse")]
    assert serving(shelftalk) == [("champion", champion)]
    assert len(list(settings().training_dir.iterdir())) == 1
    folder = newest_directory()
    assert folder is not None and RunDirectory(folder).is_finished


def test_the_second_of_two_runs_says_that_another_is_under_way(
    shelftalk: Service, champion: int, tmp_path: Path
) -> None:
    with runs.alone(shelftalk.database):
        said = train(request(tmp_path))

    assert said.returncode == 1
    assert "another training run is under way" in said.stderr
    assert statuses(shelftalk) == []


def test_too_few_new_pairs_begin_no_run(shelftalk: Service, champion: int, tmp_path: Path) -> None:
    add_pairs(shelftalk, 12)
    said = train(request(tmp_path, least_new_pairs=50))

    assert said.returncode == 0
    assert "nothing to do" in said.stdout
    assert statuses(shelftalk) == []


def test_too_little_data_ends_as_a_failed_run(shelftalk: Service, champion: int, tmp_path: Path) -> None:
    add_pairs(shelftalk, 1)
    said = train(request(tmp_path))

    assert said.returncode == 1, said.stderr
    [(status, reason)] = statuses(shelftalk)
    assert status == "failed" and "too little data" in reason
    assert serving(shelftalk) == [("champion", champion)]


def test_a_loss_that_is_no_number_ends_as_a_failed_run(
    shelftalk: Service, champion: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = build_tiny_model(tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"].fill_(float("nan"))
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    monkeypatch.setenv("SHELFTALK_BASE_MODEL", str(broken))
    add_pairs(shelftalk, 60)
    said = train(request(tmp_path))

    assert said.returncode == 1, said.stderr
    [(status, reason)] = statuses(shelftalk)
    assert status == "failed" and "the loss became nan" in reason and "learning_rate" in reason


def test_weights_that_are_cut_off_end_as_a_failed_run(
    shelftalk: Service, champion: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = build_tiny_model(tmp_path / "broken")
    os.truncate(broken / "model.safetensors", 10_000)
    monkeypatch.setenv("SHELFTALK_BASE_MODEL", str(broken))
    add_pairs(shelftalk, 60)
    said = train(request(tmp_path))

    assert said.returncode == 1
    [(status, reason)] = statuses(shelftalk)
    assert status == "failed" and str(broken) in reason


def failed_run(shelftalk: Service) -> None:
    with shelftalk.database.begin() as connection:
        id_ = runs.begin_run(connection, runs.NewRun("finetune", {}, "tiny", "0", "run", "schedule"))
        runs.end_run(connection, id_, "failed", reason="the loss became nan at step 3: lower learning_rate")


def test_status_and_doctor_say_why_the_last_run_failed(shelftalk: Service) -> None:
    assert json.loads(run("status", "--json").stdout)["last_run"] is None
    assert "last training run  none yet" in run("status").stdout
    failed_run(shelftalk)

    assert "1 (finetune, asked for by schedule) failed at " in run("status").stdout
    assert json.loads(run("status", "--json").stdout)["last_run"]["reason"].startswith("the loss became nan")
    said = run("doctor").stdout
    assert "✗ training: no trainer lives, and nothing waits for one; run 1 failed: the loss became nan" in said


def test_doctor_says_that_requests_wait_for_a_trainer(shelftalk: Service) -> None:
    broker.ask_for_training(shelftalk.app, "drift")
    said = run("doctor").stdout

    assert "✗ training: requests wait: 1, and no trainer lives\n  fix: start `shelftalk trainer`" in said


@contextmanager
def trainer(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The trainer, as `shelftalk up` runs it."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            python_module("training.service"), env=child_environment(), stdout=out, stderr=out, start_new_session=True
        )
    try:
        eventually((settings().home / "run" / "trainer.heartbeat").exists, within_s=PATIENCE_S)
        yield process
    finally:
        process.kill()
        process.wait()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_trainer_leaves_no_run_behind_and_takes_it_up_at_its_next_start(
    shelftalk: Service, champion: int, tmp_path: Path
) -> None:
    add_pairs(shelftalk, 60)
    log = tmp_path / "trainer.log"
    query = "SELECT pid FROM app.training_run WHERE status = 'running'"
    broker.ask_for_training(shelftalk.app, "drift")
    with trainer(log) as process:
        eventually(lambda: process.poll() is not None or shelftalk.rows(query), within_s=PATIENCE_S)
        [(first,)] = shelftalk.rows(query)
        process.kill()
        process.wait()
        eventually(lambda: not is_running(first))
    assert serving(shelftalk) == [("champion", champion)]
    with trainer(log) as process:
        eventually(lambda: len(statuses(shelftalk)) == 2, within_s=PATIENCE_S)
        [(again,)] = shelftalk.rows(query)
        process.terminate()

        assert process.wait(60) == 0, log.read_text()
    assert not is_running(again)
    assert [status for status, _ in statuses(shelftalk)] == ["interrupted", "running"]
    assert "a run was left half done" in log.read_text()
    assert [asked for (asked,) in shelftalk.rows("SELECT asked_by FROM app.training_run")] == ["drift", "drift"]
    assert json.loads((RunDirectory(newest_directory() or tmp_path).options_file).read_text())["max_steps"] == 40
