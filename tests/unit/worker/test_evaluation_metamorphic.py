"""`shelftalk eval metamorphic`: what is changed, and what must hold between the two texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.cli.eval import app
from shared.errors import ConfigurationError
from shared.evaluation.options import MetamorphicOptions
from shared.prompts import Prompt
from shared.settings import Settings
from worker.engine import Generated
from worker.evaluation import metamorphic
from worker.evaluation.models import Model
from worker.serving import ServedModel

KETTLE = {
    "sku": "K2",
    "title": "Kettle K2",
    "category": "kettle",
    "attributes": {"color": "black", "power": "2200 watt", "country of origin": "Finland"},
}
Say = Callable[[dict[str, str]], str]


def faithful(facts: dict[str, str]) -> str:
    """The Kettle K2, with each fact in a sentence of its own."""
    told = (f"Its {name} is {value}." for name, value in facts.items() if name not in ("title", "category"))
    return " ".join((f"This is the {facts['title']}.", *told))


TELLER = ServedModel(0, "teller", taught=False)


@dataclass
class Teller:
    """A model that makes a text of the facts it is asked about."""

    say: Say
    model: ServedModel = TELLER

    @contextmanager
    def open(self) -> Iterator[Teller]:
        yield self

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        lines = [line.removeprefix("- ") for line in prompt.question[1].split("\n")[:-1]]
        text = self.say({name: value for name, _, value in (line.partition(": ") for line in lines)})
        return [
            Generated(
                text=text,
                confidence=0.9,
                prompt_tokens=30,
                new_tokens=12,
                complete=True,
                queue_ms=1.0,
                decode_ms=2.0,
                batch_size=1,
            )
        ]


Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs the command on one product whose copy a model tells, and gives its JSON."""

    def run(say: Say, *changes: str, product: dict[str, Any] = KETTLE, seed: int = 0) -> dict[str, Any]:
        file = tmp_path / "rows.jsonl"
        file.write_text(json.dumps(product) + "\n")
        options = {"file": file, "as_json": True, "changes": changes, "examples": 3, "seed": seed}
        status = metamorphic.run(
            MetamorphicOptions.model_validate(options),
            Settings(second_try=False, threads=2),
            Model("teller", "1", Teller(say).open),
        )
        assert status == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


@pytest.mark.parametrize("change", ["flip", "drop", "reword"])
@pytest.mark.parametrize("seed", range(4))
def test_copy_that_says_each_fact_for_itself_holds(check: Check, change: str, seed: int) -> None:
    report = check(faithful, change, seed=seed)
    assert report[change]["pairs"] == report["all"]["pairs"] == 1
    assert report["examples"] == []
    assert (report["all"]["held"], report["all"]["stated"]) == (1, 1)


TAPERED = KETTLE | {"attributes": {"color": "orange", "shape": "tapered"}}  # nothing else is known of this shape


def test_another_word_that_changes_with_the_value_is_collateral(check: Check) -> None:
    def moody(facts: dict[str, str]) -> str:
        join = ". Its" if facts["color"] == "orange" else " and its"
        return f"This is the Kettle K2. Its color is {facts['color']}{join} shape is tapered."

    report = check(moody, "flip", product=TAPERED)
    assert (report["all"]["held"], report["all"]["collateral"], report["all"]["restated"]) == (0, 1, 0)
    assert report["examples"][0]["collateral"] == [["", "and"]]


def test_an_article_that_follows_the_value_is_no_collateral(check: Check) -> None:
    def with_article(facts: dict[str, str]) -> str:
        article = "an" if facts["color"] == "orange" else "a"
        return f"The Kettle K2 is {article} {facts['color']} kettle with a tapered shape."

    report = check(with_article, "flip", product=TAPERED)
    assert report["all"]["held"] == 1, report["examples"]


def test_an_old_value_that_stays_is_stale_and_no_collateral(check: Check) -> None:
    report = check(lambda _: "The Kettle K2 is an orange kettle with a tapered shape.", "flip", product=TAPERED)
    assert (report["flip"]["stale"], report["flip"]["held"], report["flip"]["collateral"]) == (1, 0, 0)
    assert report["flip"]["stale_published"] == 0


def test_a_dropped_value_that_stays_is_stale(check: Check) -> None:
    text = "The Kettle K2 is black, has 2200 watt and comes from Finland."
    report = check(lambda _: text, "drop")
    assert (report["drop"]["stale"], report["drop"]["stale_published"]) == (1, 0)


def test_the_sentence_of_a_dropped_attribute_may_go_and_the_rest_be_joined_anew(check: Check) -> None:
    def joined(facts: dict[str, str]) -> str:
        told = [f"its {name} is {value}" for name, value in facts.items() if name not in ("title", "category")]
        return f"This is the Kettle K2, and {' and '.join(told)}."

    report = check(joined, "drop")
    assert report["drop"]["held"] == 1


def test_a_statement_that_goes_with_another_attribute_is_collateral(check: Check) -> None:
    def terse(facts: dict[str, str]) -> str:
        return faithful(facts) if len(facts) > 3 else "This is the Kettle K2. It is a kettle for the kitchen."

    report = check(terse, "drop")
    assert (report["drop"]["collateral"], report["drop"]["restated"]) == (1, 1)


def test_a_yes_that_becomes_a_no_may_move_to_another_clause(check: Check) -> None:
    product = KETTLE | {"attributes": {"thermometer": "yes", "cordless base": "no"}}

    def features(facts: dict[str, str]) -> str:
        told = {"features include": "Its features include", "comes without": "It comes without"}
        clauses = [f"{said} {facts[name].replace(', ', ' and ')}." for name, said in told.items() if name in facts]
        return " ".join((f"This is the {facts['title']}.", *clauses))

    for seed in range(4):
        report = check(features, "flip", product=product, seed=seed)
        assert report["flip"]["held"] == 1, report["examples"]


def test_a_flipped_value_may_be_left_unsaid_with_its_sentence(check: Check) -> None:
    def shy(facts: dict[str, str]) -> str:
        color = f" Its color is {facts['color']}." if facts["color"] == "orange" else ""
        return f"This is the Kettle K2. Its shape is tapered.{color}"

    report = check(shy, "flip", product=TAPERED)
    assert report["flip"]["held"] == 1, report["examples"]


def test_a_reworded_value_must_not_change_what_is_told(check: Check) -> None:
    def fickle(facts: dict[str, str]) -> str:
        is_old = all(facts[name] == value for name, value in KETTLE["attributes"].items())
        told = ("color", "power") if is_old else ("power", "country of origin")
        return " ".join(("This is the Kettle K2.", *(f"Its {name} is {facts[name]}." for name in told)))

    report = check(fickle, "reword")
    assert (report["reword"]["lost_meaning"], report["reword"]["held"]) == (1, 0)


def test_an_attribute_beyond_the_plan_takes_no_dropped_ones_place(check: Check) -> None:
    many = {
        f"part {name}": value for name, value in zip("abcdefgh", "oak ash elm fir yew bay box fig".split(), strict=True)
    }
    report = check(faithful, "drop", product=KETTLE | {"attributes": many})
    assert report["drop"]["held"] == 1, report["examples"]


def test_a_kind_of_change_that_cannot_be_made_gives_way_to_the_next(check: Check) -> None:
    report = check(faithful, "reword", "flip", product=KETTLE | {"attributes": {"color": "黑", "size": "2 kg"}})
    assert report["all"]["pairs"] == 1


def test_products_with_nothing_to_change_are_explained(check: Check) -> None:
    with pytest.raises(ConfigurationError, match="no product has an attribute that can be changed"):
        check(faithful, "flip", product=KETTLE | {"attributes": {}})


def test_an_unknown_change_is_explained(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["metamorphic", str(tmp_path / "rows.jsonl"), "--changes", "flip,swap"])
    assert isinstance(result.exception, ConfigurationError)
    assert "'swap' is no change; write some of flip, drop, reword" in str(result.exception)


def test_people_see_the_rates_and_what_changed_besides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(KETTLE) + "\n")
    options = MetamorphicOptions(file=file, changes=("drop",), examples=1)
    metamorphic.run(
        options,
        Settings(second_try=False),
        Model("teller", "1", Teller(lambda _: "The Kettle K2 is black, has 2200 watt and comes from Finland.").open),
    )
    printed = capsys.readouterr().out
    assert "One attribute changes" in printed
    assert "the old value is still stated" in printed
