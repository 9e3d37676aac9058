"""The report of the peers' benchmark: rates, ratios, shares, and how people read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shared.benchmarks.peers import PeersOptions
from shared.errors import ConfigurationError
from shared.prompts import Prompt
from shared.settings import Settings
from worker.benchmark import table
from worker.benchmark.contestant import Question, Setup, read_questions, write_questions
from worker.benchmark.entries import ENTRIES, chosen
from worker.benchmark.report import lengths, report

MACHINE = {
    "cpu": "Test CPU",
    "cores": 2,
    "memory_gb": 8.0,
    "gpu": None,
    "system": "Linux",
    "python": "3.11",
    "torch_threads": 2,
    "instructions": "AVX512",
    "worker_threads": 128,
    "load": 0.1,
    "versions": {"torch": "2.13.0"},
}
RATES = {"flops": 2e9, "flops_by": "torch.mm", "bytes": 1e12, "bytes_by": "copy"}
SHAPE = {"weights": 1_000_000, "vocabulary": 0, "context": 0, "attention": 0, "number_bytes": 4}


def question(number: int) -> Question:
    event = {"id": f"event-{number}", "data": {"sku": f"sku-{number}", "title": "Kettle „Ånge“"}}
    prompt = Prompt((("system", "Write."),), ("user", f"- title: {number}\nNow."))
    return Question(event, prompt, f"Write. {number}", (1, 2, 3, 10 + number))


QUESTIONS = [question(number) for number in range(4)]


def ran(seconds: float, count: int = 4, text: str = "A kettle.") -> dict[str, Any]:
    answers = {each.sku: {"text": text, "tokens": 5} for each in QUESTIONS[:count]}
    return {"seconds": seconds, "cpu_seconds": 2 * seconds, "products": count, "tokens": 5 * count, "answers": answers}


def found(runs: dict[str, list[dict[str, Any]]], equality: dict[str, Any] | None = None) -> dict[str, Any]:
    setup = {"machine": MACHINE, "name": "tiny"}
    roofline = {"rates": RATES, "shape": SHAPE}
    return report(PeersOptions(repeats=3), setup, QUESTIONS, runs, roofline, equality)


def named(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in document["contestants"] if each["name"] == name)


def test_the_median_of_the_rounds_counts() -> None:
    each = named(found({"ours": [ran(1.0), ran(100.0), ran(2.0)]}), "ours")

    assert each["descriptions_per_s"] == 2
    assert each["tokens_per_s"] == 10
    assert each["cpu_ms"] == 1000


def test_a_ratio_says_how_many_times_as_fast_ours_is() -> None:
    document = found({"ours": [ran(1.0)], "naive": [ran(4.0, count=2)]})

    assert named(document, "ours")["ratio"] == 1
    assert named(document, "naive")["ratio"] == 8


def test_the_share_of_the_roofline_is_that_of_its_rate() -> None:
    document = found({"ours": [ran(1.0)]})

    # 3 shared tokens, then 1 own and 4 computed new ones for each of 4 products: 23 tokens of 2 million operations.
    assert document["roofline"]["seconds"] == pytest.approx(23 * 2e6 / 2e9)
    assert named(document, "ours")["roofline_share"] == pytest.approx(23 * 2e6 / 2e9)


def test_a_contestant_without_a_run_keeps_its_reason_and_has_no_rate() -> None:
    document = found({"ours": [ran(1.0)], "vllm": [{"skipped": "vllm is not installed"}]})

    assert named(document, "vllm") == {"name": "vllm", "label": "vLLM", "skipped": "vllm is not installed"}
    assert "vLLM: skipped, vllm is not installed" in table.markdown(document)


def test_texts_are_held_against_those_of_plain_generate() -> None:
    texts = {"sku-0": "A kettle.", "sku-1": "Another kettle.", "sku-3": "A kettle."}
    equality = {"products": 3, "equal": 3, "ties": 0, "differences": [], "texts": texts}

    document = found({"static-8": [ran(1.0, count=2)]}, equality)

    assert named(document, "static-8")["same_text"] == 0.5
    assert "texts" not in document["equality"]


def test_nobody_ran_leaves_no_roofline() -> None:
    document = found({"vllm": [{"skipped": "not here"}]})

    assert document["roofline"] is None
    assert "Roofline" not in table.markdown(document)


def test_what_the_prompts_share_is_found_from_their_tokens() -> None:
    answers = {each.sku: {"text": "", "tokens": 7} for each in QUESTIONS[1:]}

    sizes = lengths(QUESTIONS, answers)

    assert (sizes.shared, sizes.prompts, sizes.answers) == (3, [4, 4, 4], [7, 7, 7])


def test_the_terminal_and_the_document_show_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    document = found({"ours": [ran(1.0)], "naive": [ran(4.0, count=2)]})

    table.show(document, Console(width=200))

    said, written = capsys.readouterr().out, table.markdown(document)
    for figure in ("4.00", "0.50", "8.00", "Test CPU", "2 GFLOPS"):
        assert figure in said
        assert figure in written


def test_the_report_replaces_what_stood_between_the_marks(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text(f"# Speed\n{table.BEGIN}\nold\n{table.END}\nafter\n")

    table.replace(file, "new\n")
    table.replace(file, "newer\n")

    assert file.read_text() == f"# Speed\n{table.BEGIN}\n\nnewer\n\n{table.END}\nafter\n"


def test_a_document_without_the_marks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text(f"# Speed\n{table.BEGIN}\n")

    with pytest.raises(ConfigurationError, match="does not hold the lines"):
        table.replace(file, "new\n")
    assert file.read_text() == f"# Speed\n{table.BEGIN}\n"


def test_a_slow_contestant_gets_products_from_the_whole_list() -> None:
    setup = Setup(Settings(), Path(), Path(), (2,), 64)

    assert [each.sku for each in ENTRIES["naive"].questions(QUESTIONS, 2, setup)] == ["sku-0", "sku-2"]
    assert ENTRIES["naive"].questions(QUESTIONS, 9, setup) == QUESTIONS
    assert ENTRIES["static-8"].questions(QUESTIONS, 2, setup) == QUESTIONS


def test_what_is_slow_on_a_cpu_answers_all_on_a_gpu() -> None:
    gpu = Setup(Settings(), Path(), Path(), (2,), 64, on_gpu=True)

    assert ENTRIES["continuous"].questions(QUESTIONS, 2, gpu) == QUESTIONS
    assert len(ENTRIES["naive"].questions(QUESTIONS, 2, gpu)) == 2


def test_large_batches_take_part_on_a_gpu_or_by_name() -> None:
    assert "static-1024" not in chosen([], on_gpu=False)
    assert "static-1024" in chosen([], on_gpu=True)
    assert list(chosen(["static-1024"], on_gpu=False)) == ["static-1024"]


def test_an_unknown_contestant_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="--only nobody: is no contestant; known are ours, ours-bf16, engine"):
        chosen(["ours", "nobody"], on_gpu=False)


def test_questions_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"

    write_questions(file, QUESTIONS)

    assert read_questions(file) == QUESTIONS


def test_a_report_is_json() -> None:
    equality = {"products": 0, "equal": 0, "ties": 0, "differences": [], "texts": {}}

    document = found({"ours": [ran(1.0)]}, equality)

    assert json.loads(json.dumps(document)) == document
