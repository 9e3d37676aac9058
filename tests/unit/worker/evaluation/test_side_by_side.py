"""`shelftalk eval models`: contestants side by side, by scripted models on rows made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.curation.families import family_of, split_of
from shared.errors import ConfigurationError
from shared.evaluation.options import ModelsOptions
from shared.evaluation.rows import product_of
from shared.settings import Settings
from tests.scripted_model import BOWL, KETTLE, SAID, Scripted, file_of
from worker.evaluation import side_by_side
from worker.evaluation.catalogue import merged, read_catalogue
from worker.evaluation.metrics import METRICS
from worker.evaluation.models import Model

Compare = Callable[..., dict[str, Any]]


def compared(folder: Path, file: Path, contestants: dict[str, Model | None], **options: Any) -> tuple[int, Any]:
    """The exit status of the command, and its report."""
    report = folder / "report.json"
    asked = ModelsOptions(file=file, json_file=report, **options)
    status = side_by_side.run(asked, Settings(second_try=False, candidates=1, threads=2), contestants)
    return status, json.loads(report.read_text())


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Runs the command on rows, which it must all measure, and gives its report."""

    def run(rows: list[Any], contestants: dict[str, Model | None], **options: Any) -> dict[str, Any]:
        status, report = compared(tmp_path, file_of(tmp_path, rows), contestants, **options)
        assert status == 0
        found: dict[str, Any] = report
        return found

    return run


def test_each_contestant_has_every_metric_with_its_interval_and_every_row(compare: Compare) -> None:
    report = compare([KETTLE, BOWL], {"base": Scripted().as_model(), "template": None})
    assert (report["rows"], list(report["contestants"])) == (2, ["base", "template"])
    for contestant in report["contestants"].values():
        assert list(contestant["metrics"]) == [metric.name for metric in METRICS]
        assert set(contestant["rows"]) == {"K2", "B1"}
        for name, found in contestant["metrics"].items():
            if found is not None:
                assert found["low"] - 1e-9 <= found["value"] <= found["high"] + 1e-9, name
    assert report["contestants"]["base"]["model"] == {"base": "scripted"}
    assert report["contestants"]["template"]["model"] == {}


def test_the_template_has_no_perplexity_and_a_model_the_inverse_of_its_confidence(compare: Compare) -> None:
    contestants = compare([KETTLE], {"base": Scripted().as_model(), "template": None})["contestants"]
    assert contestants["template"]["metrics"]["perplexity"] is None
    assert contestants["base"]["metrics"]["perplexity"]["value"] == pytest.approx(2)
    assert contestants["base"]["rows"]["K2"]["perplexity"] == pytest.approx(2)


def test_faithfulness_is_of_the_first_answer_though_repair_mends_it(compare: Compare) -> None:
    wrong = "This is the Norrland Kettle K2, a black kettle with a power of 2200 watt. It is made of copper."
    contestants = compare([KETTLE], {"base": Scripted({"Norrland Kettle K2": wrong}).as_model()})["contestants"]
    row = contestants["base"]["rows"]["K2"]
    assert row["faithfulness"] < 1
    assert (row["slot_error_rate"], row["published"]) == (0, 1)


def test_lines_of_one_product_count_once_with_all_their_references(tmp_path: Path) -> None:
    again = KETTLE | {"sku": "K2-r1", "description": "A black kettle of 2200 watt."}
    other = KETTLE | {"sku": "K3", "attributes": {"color": "red"}}
    rows, _ = read_catalogue(file_of(tmp_path, [KETTLE, again, other, KETTLE]))
    first, second = merged(rows)
    assert first.references == (KETTLE["description"], again["description"])
    assert (first.product.sku, second.product.sku) == ("K2", "K3")


def test_two_products_with_one_sku_are_both_in_the_report(compare: Compare) -> None:
    report = compare([KETTLE, BOWL | {"sku": "K2"}], {"template": None})
    assert set(report["contestants"]["template"]["rows"]) == {"K2", "K2 (line 2)"}


def test_attributes_that_the_plan_left_out_count_only_against_all(compare: Compare) -> None:
    priced = KETTLE | {"attributes": {**KETTLE["attributes"], "price": "419 dollars"}}
    said = {"Norrland Kettle K2": "The Norrland Kettle K2 is a black kettle with a power of 2200 watt."}
    row = compare([priced], {"base": Scripted(said).as_model()})["contestants"]["base"]["rows"]["K2"]
    assert (row["coverage"], row["slot_error_rate"]) == (1, 0)
    assert row["coverage_all"] < 1
    assert row["slot_error_all"] > 0


def test_a_row_that_one_contestant_fails_on_is_left_out_for_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mute = Scripted({"Bowl": SAID["Bowl"]})
    other = Scripted()
    contestants = {"mute": mute.as_model(), "other": other.as_model("2"), "template": None}
    status, report = compared(tmp_path, file_of(tmp_path, [KETTLE, BOWL]), contestants)
    assert status == 1
    assert {tuple(each["rows"]) for each in report["contestants"].values()} == {("B1",)}
    assert other.asked == ["Bowl"]
    assert "line 1: mute: cannot describe Norrland Kettle K2" in capsys.readouterr().err


def test_a_repeated_run_goes_on_with_the_texts_of_the_first(compare: Compare, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    first, second = Scripted(), Scripted()
    before = compare([KETTLE], {"base": first.as_model(), "template": None}, out=out)
    after = compare([KETTLE], {"base": second.as_model(), "template": None}, out=out)
    assert before == after
    assert second.loaded == 0


def test_rows_without_references_have_no_score_that_needs_one(compare: Compare) -> None:
    report = compare([{**KETTLE, "description": None}], {"template": None})
    template = report["contestants"]["template"]
    for name in ("bleu", "chrf", "rouge_l", "parent_f", "parent_precision", "parent_recall"):
        assert template["metrics"][name] is template["rows"]["K2"][name] is None
    assert template["metrics"]["coverage"]["value"] == 1


def test_a_row_is_written_in_the_profile_that_it_names(tmp_path: Path) -> None:
    asked = KETTLE | {"profile": "brochure"}
    with pytest.raises(ConfigurationError, match=r"line 1: profile: there is no 'brochure'; known are .*product_page"):
        compared(tmp_path, file_of(tmp_path, [asked]), {"template": None})


def test_only_products_that_no_training_sees_are_measured_when_asked(compare: Compare) -> None:
    rows = [KETTLE | {"sku": f"K{at}", "title": f"Kettle {'a' * at}x"} for at in range(40)]
    held_out = {row["sku"] for row in rows if split_of(family_of(product_of({"product": row}))) == "holdout"}
    assert 0 < len(held_out) < 40
    report = compare(rows, {"template": None}, held_out=True)
    assert set(report["contestants"]["template"]["rows"]) == held_out


def test_a_file_of_pairs_may_be_a_csv(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text('sku,title,description,color\nK1,Kettle,"The Kettle is black.",black\nK2,,text,red\n')
    status, report = compared(tmp_path, file, {"template": None})
    assert status == 1
    assert list(report["contestants"]["template"]["rows"]) == ["K1"]


def test_a_report_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be written: .*; name another file"):
        compared(tmp_path, file_of(tmp_path, [KETTLE]), {"template": None}, report=tmp_path / "none" / "page.html")
