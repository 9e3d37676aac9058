"""``shelftalk bench`` with a tiny random model: every contestant runs, and the texts agree. No time is tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import ROOT, child_environment
from tests.tiny_model import build_tiny_model
from worker.benchmark.roofline import shape_of

PRODUCTS = 6
CONTESTANTS = ("ours", "engine", "naive", "static-8", "continuous", "llama-q8", "vllm")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.cli", "bench", *arguments]
    environment = child_environment(SHELFTALK_DEVICE="cpu", OMP_WAIT_POLICY="PASSIVE")
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=540)


def test_every_contestant_that_can_describes_all_products(model: Path, tmp_path: Path) -> None:
    sizes = ["--limit", str(PRODUCTS), "--new-tokens", "16", "--naive-products", "3", "--equality-products", "6"]
    files = ["--json", str(tmp_path / "bench.json"), "--plot", str(tmp_path / "bench.png")]
    only = [part for name in CONTESTANTS for part in ("--only", name)]

    done = bench("--model", str(model), "--repeats", "1", *sizes, *files, *only)

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "bench.json").read_text())
    by_name = {each["name"]: each for each in found["contestants"]}
    assert list(by_name) == list(CONTESTANTS)
    timed = [each for each in by_name.values() if "skipped" not in each]
    assert {each["name"] for each in timed} >= {"ours", "engine", "naive", "static-8"}
    assert all(each["products"] in (3, PRODUCTS) and each["ratio"] > 0 for each in timed)
    assert found["roofline"]["descriptions_per_s"] > 0
    assert found["equality"]["equal"] + found["equality"]["ties"] == PRODUCTS
    assert "descriptions/s" in done.stdout
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_products_that_are_too_few_are_told_in_one_line(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "products.jsonl"
    file.write_text('{"sku": "1", "title": "Kettle", "attributes": {"material": "steel", "capacity": "1.7 l"}}\n')

    done = bench("--model", str(model), "--products", str(file))

    assert done.returncode == 1
    assert "holds 1 products that a model is asked about" in done.stderr


def test_an_odd_number_of_tokens_is_refused() -> None:
    done = bench("--new-tokens", "15")

    assert done.returncode == 1
    assert "--new-tokens 15: must be even" in done.stderr


def test_the_shape_of_a_model_is_read_from_its_configuration(model: Path) -> None:
    shape = shape_of(model, number_bytes=4)

    # Two layers: queries and output 64 x 64, keys and values 64 x 32, and three matrices of 64 x 128.
    assert shape.weights == 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128)
    assert shape.vocabulary % 64 == 0
    assert shape.context == 2 * 2 * 2 * 16
    assert shape.attention == 2 * 4 * 16
