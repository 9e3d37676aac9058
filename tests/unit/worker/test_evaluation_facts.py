"""`shelftalk eval facts`: the contestants, their scores on rows made by hand, and runs that go on after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ConfigurationError
from shared.evaluation.options import FactsOptions
from shared.evaluation.rows import product_of
from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.settings import Settings
from tests.scripted_model import BOWL, KETTLE, SAID, Scripted, file_of
from worker.evaluation import facts
from worker.evaluation.catalogue import read_catalogue, sample
from worker.evaluation.display import marked
from worker.evaluation.measuring import SCORES, likenesses
from worker.evaluation.texts import Text, template_text

Measure = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Measure:
    """Runs the command on rows, and gives its status and its JSON."""

    def run(rows: list[Any], engine: Scripted, **options: Any) -> tuple[int, dict[str, Any]]:
        status = facts.run(
            FactsOptions(file=file_of(tmp_path, rows), as_json=True, **options),
            Settings(second_try=False, threads=2),
            champion=engine.as_model(),
            base=engine.as_model(),
        )
        return status, json.loads(capsys.readouterr().out)

    return run


def test_the_template_states_all_attributes_literally() -> None:
    assert template_text(product_of({"product": KETTLE})) == "Kettle K2 by Norrland. color: black. power: 2200 watt."
    assert template_text(product_of({"product": BOWL | {"attributes": {}}})) == "Bowl."


def test_the_template_has_the_scores_that_follow_from_its_words(measure: Measure) -> None:
    _, report = measure([KETTLE], Scripted())
    template = report["template"]
    assert template["attribute_coverage"] == template["numeric_fidelity"] == template["grounded_precision"] == 1
    assert template["unsupported_spans"] == template["slot_error_rate"] == 0
    assert template["attribute_recall"] == 1
    assert template["published"] == 1


def test_a_champion_that_is_no_base_writes_texts_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    champion = Scripted({**SAID, "Norrland Kettle K2": KETTLE["description"]}).as_model(digest="2")
    options = FactsOptions(file=file_of(tmp_path, [KETTLE]), as_json=True)
    facts.run(options, Settings(second_try=False), champion, Scripted().as_model())
    report = json.loads(capsys.readouterr().out)
    assert (report["champion"]["unsupported_spans"], report["base"]["unsupported_spans"]) == (0, 1)
    assert "note" not in report["champion"]


def test_every_score_has_its_mean_beside_bleu_the_share_published_and_the_sources(measure: Measure) -> None:
    status, report = measure([KETTLE, BOWL], Scripted())
    assert status == 0
    assert list(report) == ["champion", "base", "template"]
    for contestant in report.values():
        assert set(contestant) - {"note"} == {*SCORES, "bleu", "published", "rows", "sources"}
        assert {source: each["rows"] for source, each in contestant["sources"].items()} == {"museum": 1, "shop": 1}
    assert "The champion is the untuned base model, scripted" in report["champion"]["note"]
    assert {name: report["champion"][name] for name in report["base"]} == report["base"]


def test_scores_are_means_over_the_texts_and_over_those_of_each_source(measure: Measure) -> None:
    _, report = measure([KETTLE, BOWL], Scripted())
    shop, museum = report["base"]["sources"]["shop"], report["base"]["sources"]["museum"]
    assert (shop["unsupported_spans"], museum["unsupported_spans"], report["base"]["unsupported_spans"]) == (1, 0, 0.5)
    assert (shop["attribute_coverage"], museum["attribute_coverage"]) == (pytest.approx(2 / 3), 1)
    # Of the slots title, brand, color and power the color is missing, and "purple" is wrong.
    assert shop["slot_error_rate"] == pytest.approx(2 / 4)
    assert (shop["published"], museum["published"], report["base"]["published"]) == (0, 1, 0.5)
    assert report["base"]["confidence"] == 0.5


def test_derived_attributes_are_no_evidence(measure: Measure) -> None:
    _, report = measure([KETTLE], Scripted())
    assert report["base"]["unsupported_spans"] == 1


def test_an_attribute_that_the_plan_left_out_is_evidence(measure: Measure) -> None:
    _, report = measure([KETTLE | {"attributes": {**KETTLE["attributes"], "price": "419 dollars"}}], Scripted())
    assert report["template"]["unsupported_spans"] == 0


def test_a_text_that_people_wrote_has_full_bleu_and_parent(measure: Measure) -> None:
    _, report = measure([KETTLE], Scripted({"Norrland Kettle K2": KETTLE["description"]}))
    assert report["base"]["bleu"] == pytest.approx(100)
    assert report["base"]["parent_f"] == pytest.approx(1, abs=0.02)
    assert 0 < report["template"]["bleu"] < 30


def test_bleu_counts_each_reference_and_rows_may_have_different_numbers_of_them(measure: Measure) -> None:
    said = {"Norrland Kettle K2": KETTLE["description"], "Bowl": "A bowl from Finland."}
    with_one = BOWL | {"references": BOWL["references"][:1]}
    assert measure([KETTLE, BOWL], Scripted(said))[1]["base"]["bleu"] > 60
    assert (
        measure([KETTLE, with_one], Scripted(said))[1]["base"]["bleu"]
        < measure([KETTLE, BOWL], Scripted(said))[1]["base"]["bleu"]
    )


def test_without_references_there_is_neither_bleu_nor_parent(measure: Measure) -> None:
    _, report = measure([{**KETTLE, "description": None}], Scripted())
    assert report["base"]["bleu"] is report["base"]["parent_f"] is None


def test_a_text_copied_from_the_supplier_is_found(measure: Measure) -> None:
    _, report = measure([KETTLE | {"supplier_text": SAID["Norrland Kettle K2"]}], Scripted())
    assert report["base"]["source_copying"] > 0.5 > report["template"]["source_copying"]


def test_texts_are_compared_with_those_of_the_same_contestant() -> None:
    same = Text("The kettle is black and boils water in two minutes.")
    other = Text("A bowl of glazed stoneware, thrown and carved in Finland.")
    assert likenesses({1: same, 2: other, 3: same}) == {1: 1.0, 2: 0.0, 3: 1.0}


def test_a_broken_row_is_named_and_the_others_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(
        tmp_path, [KETTLE | {"title": 5}, KETTLE, ["no row"], BOWL | {"references": [3]}, BOWL | {"source": 4}]
    )
    options = FactsOptions(file=file, as_json=True)
    status = facts.run(options, Settings(second_try=False), Scripted().as_model(), Scripted().as_model())
    printed = capsys.readouterr()
    assert status == 1
    assert json.loads(printed.out)["base"]["rows"] == 1
    assert "line 1: title: input should be a valid string" in printed.err
    assert "line 3: holds no JSON object" in printed.err
    assert "line 4: references: write a text, or a list of texts" in printed.err
    assert "line 5: source: write the name of the data set as a text" in printed.err


def test_a_product_that_the_model_fails_on_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Scripted({"Bowl": SAID["Bowl"]})
    options = FactsOptions(file=file_of(tmp_path, [KETTLE, BOWL]), as_json=True)
    assert facts.run(options, Settings(second_try=False), engine.as_model(), engine.as_model()) == 1
    printed = capsys.readouterr()
    assert {each["rows"] for each in json.loads(printed.out).values()} == {1}
    assert "line 1: champion: cannot describe Norrland Kettle K2" in printed.err


def test_a_file_without_products_and_an_unknown_profile_are_explained(tmp_path: Path) -> None:
    model = Scripted().as_model()
    with pytest.raises(ConfigurationError, match=r"holds no product; .* the first fault: .*line 1: title"):
        facts.run(FactsOptions(file=file_of(tmp_path, [{"sku": "A"}])), Settings(), model, model)
    with pytest.raises(ConfigurationError, match=r"there is no 'brochure'; known are .*product_page"):
        facts.run(FactsOptions(file=file_of(tmp_path, [KETTLE]), profile="brochure"), Settings(), model, model)


def test_a_repeated_run_writes_only_what_is_not_kept_yet(measure: Measure, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    first, second = Scripted(), Scripted()
    measure([KETTLE], first, out=out)
    _, report = measure([KETTLE, BOWL], second, out=out)
    assert (first.asked, second.asked) == (["Norrland Kettle K2"], ["Bowl"])
    third = Scripted()
    assert measure([KETTLE, BOWL], third, out=out)[1] == report
    assert third.loaded == 0


def test_a_text_is_written_anew_when_its_product_changed(measure: Measure, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    measure([KETTLE], Scripted(), out=out)
    engine = Scripted()
    measure([KETTLE | {"attributes": {"color": "red", "power": "2200 watt"}}], engine, out=out)
    assert engine.asked == ["Norrland Kettle K2"]


def test_a_line_that_an_interruption_cut_off_spoils_no_other(measure: Measure, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    measure([KETTLE], Scripted(), out=out)
    with out.open("a") as file:
        file.write('{"key": "12", "te')
    measure([KETTLE, BOWL], Scripted(), out=out)
    engine = Scripted()
    measure([KETTLE, BOWL], engine, out=out)
    assert engine.loaded == 0


def test_a_sample_has_rows_of_every_source_and_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    many = [KETTLE | {"sku": f"K{number}"} for number in range(20)]
    rows, _ = read_catalogue(file_of(tmp_path, [*many, BOWL]))
    taken = sample(rows, 4, seed=1)
    assert len(taken) == 4
    assert {row.source for row in taken} == {"shop", "museum"}
    assert taken == sample(rows, 4, seed=1) != sample(rows, 4, seed=2)
    assert sample(rows, 50, seed=1) == rows


def test_a_row_of_the_e2e_challenge_has_its_title_among_the_attributes(tmp_path: Path) -> None:
    mill = {"attributes": {"name": "The Mill", "area": "riverside"}, "references": ["The Mill is by the river."]}
    [row], problems = read_catalogue(file_of(tmp_path, [mill]))
    assert (row.product.sku, row.product.title, row.product.attributes) == ("line-1", "The Mill", {"area": "riverside"})
    assert problems == []


def test_people_see_a_table_with_the_best_marked_and_samples_with_what_is_unsupported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = FactsOptions(file=file_of(tmp_path, [KETTLE, BOWL]), samples=2)
    facts.run(options, Settings(second_try=False), Scripted().as_model(), Scripted().as_model())
    printed = capsys.readouterr().out
    [line] = [line for line in printed.splitlines() if "attribute_coverage" in line]
    assert [cell.strip() for cell in line.split("│")[2:5]] == ["0.833", "0.833", "1.000*"]
    assert "⟦purple⟧" in printed
    assert "The champion is the untuned base model, scripted" in printed


def test_each_unsupported_span_is_marked_and_all_else_stays() -> None:
    text = "A golden kettle of solid gold."
    spans = find_spans(text, [Fact("title", "Kettle")])
    assert marked(text, spans).plain == "A ⟦golden⟧ kettle of ⟦solid gold⟧."
