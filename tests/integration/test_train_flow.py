"""A recorded training run, from curated pairs to the decision about the new model, with a tiny model.

Most runs here are compared by a fake that gives the scores which the test is about.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from shared import checkpoints
from shared.adapters import install_adapter, read_adapter
from shared.curation.firewall import Firewall
from shared.curation.intake import collect_reviews, import_pairs
from shared.curation.pairs import Pair
from shared.errors import TrainingFailed
from shared.events import Product
from shared.policy import activate, read_policy
from shared.repository import curation, promotions, registry
from shared.repository import training as runs
from shared.repository.pairs import preference_pairs
from shared.repository.promotions import Decision
from shared.repository.registry import ModelContent
from shared.settings import settings
from shared.training_request import TrainRequest
from tests.event_fakes import Service, Writer, changed
from tests.tiny_adapter import build_tiny_adapter
from tests.tiny_model import build_tiny_model
from training.comparison import PAGE
from training.flow import GATE, GATE_REPORT, train
from training.learning import HELD_OUT_ROWS
from training.run_directory import RunDirectory

TWO_LETTERS = [f"{one}{other}" for one in "abcde" for other in ascii_lowercase][:120]
RECIPE = 'rank = 2\nmax_steps = 2\nbatch_size = 4\nmax_tokens = 2000\nprecision = "fp32"\n'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("base"))


@dataclass
class Judge:
    """Stands for the comparison: the challenger is better than the champion by ``gain``. ``meanwhile`` happens too."""

    gain: float = 0.1
    meanwhile: Callable[[], object] = lambda: None
    rows: list[Path] = field(default_factory=list)

    def __call__(self, run: RunDirectory, rows: Path) -> dict[str, Any]:
        self.rows.append(rows)
        self.meanwhile()
        scores = {"challenger": 0.5 + self.gain, "champion": 0.5, "template": 0.4}
        return {
            "file": rows.name,
            "rows": 30,
            "contestants": {
                name: {
                    "model": {},
                    "metrics": {"parent_f": {"value": score, "low": score, "high": score}},
                    "rows": {f"sku-{at}": {"faithfulness": 1.0, "parent_f": score} for at in range(30)},
                }
                for name, score in scores.items()
            },
        }


@dataclass
class Shop:
    """A shop with curated pairs, whose champion is the tiny base model."""

    service: Service
    folder: Path
    champion: int
    said: list[str] = field(default_factory=list)

    def request(self, **given: Any) -> TrainRequest:
        """A run that learns the curated pairs alone."""
        (self.folder / "none.jsonl").touch()
        selections = self.folder / "selections.toml"
        selections.write_text('[[pairs]]\nfile = "none.jsonl"\n')
        return TrainRequest.model_validate({"selections": selections, "asked_by": "kim"} | given)

    def train(
        self, judge: Callable[..., dict[str, Any]], /, *, config: dict[str, Any] | None = None, **given: Any
    ) -> int:
        chosen = settings().model_copy(update=config or {})
        return train(self.request(**given), chosen, self.service.database, self.said.append, judge)

    def import_pairs(self, count: int, first: int = 0) -> None:
        names = [f"Fjell Bottle {letters}" for letters in TWO_LETTERS[first : first + count]]
        steel = {"material": "stainless steel", "capacity": "0.75 l"}
        pairs = [
            Pair(
                Product(sku=name, version=0, title=name, category=("bottle",), attributes=steel),
                "",
                f"The {name} is made of stainless steel and holds 0.75 l.",
            )
            for name in names
        ]
        firewall = Firewall(read_policy(settings()), date(2026, 11, 23))
        with self.service.database.begin() as connection:
            import_pairs(connection, enumerate(pairs), firewall, editor="ada")

    @property
    def aliases(self) -> dict[str, int]:
        with self.service.database.connect() as connection:
            held = {name: promotions.holder(connection, name) for name in ("champion", "previous", "challenger")}
        return {name: id_ for name, id_ in held.items() if id_ is not None}

    @property
    def runs(self) -> list[dict[str, Any]]:
        with self.service.database.connect() as connection:
            return runs.runs(connection)

    @property
    def decisions(self) -> list[dict[str, Any]]:
        with self.service.database.connect() as connection:
            return promotions.decisions(connection)

    def register(self, name: str) -> int:
        with self.service.database.begin() as connection:
            return registry.register_model(connection, ModelContent("tiny", "a" * 64, "3t", name, "b" * 64))

    def promote(self, id_: int) -> None:
        with self.service.database.begin() as connection:
            promotions.promote(connection, id_, Decision("ada", "it reads better"))


@pytest.fixture
def shop(shelftalk: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: Path) -> Shop:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    given = {"BASE_MODEL": base, "RETRAIN_RECIPE": recipe, "MODELS_DIR": tmp_path / "models", "DEVICE": "cpu"}
    for name, value in given.items():
        monkeypatch.setenv(f"SHELFTALK_{name}", str(value))
    settings.cache_clear()
    model = checkpoints.resolve_base_model(settings())
    with shelftalk.database.begin() as connection:
        activate(connection, read_policy(settings()))
        champion = registry.register_model(connection, ModelContent(model.name, model.digest, "3"))
        registry.promote_if_first(connection, champion)
    found = Shop(shelftalk, tmp_path, champion)
    found.import_pairs(40)
    return found


def run_of(row: dict[str, Any]) -> RunDirectory:
    return RunDirectory(settings().training_dir / row["directory"])


def test_a_challenger_that_passes_is_promoted(shop: Shop) -> None:
    judge = Judge()
    assert shop.train(judge) == 0

    [run] = shop.runs
    assert (run["status"], run["stage"], run["asked_by"], run["reason"]) == ("finished", "finetune", "kim", None)
    assert run["snapshot_id"] is not None
    [decision] = shop.decisions
    new = decision["model_version_id"]
    assert shop.aliases == {"champion": new, "previous": shop.champion}
    assert (decision["action"], decision["actor"], decision["mode"]) == ("promote", GATE, "auto")
    assert (decision["champion_id"], decision["numbers"]["passes"]) == (shop.champion, True)
    assert (run_of(run).path / GATE_REPORT).read_text() == f"{decision['report']}\n"
    assert judge.rows == [run_of(run).path / HELD_OUT_ROWS]

    with shop.service.database.connect() as connection:
        champion = registry.champion(connection)
    assert champion
    assert champion["training_run_id"] == run["id"]
    assert champion["metrics"]["parent_f"]["value"] == 0.6
    assert champion["metrics"] == run["metrics"]
    installed = read_adapter(settings().models_dir / "adapters" / champion["adapter"])
    assert (installed.digest, installed.prompt_version) == (champion["adapter_digest"], champion["prompt_version"])
    assert "is the champion; workers take it up within seconds" in shop.said[-2]


def test_in_manual_mode_a_challenger_that_passes_waits(shop: Shop) -> None:
    assert shop.train(Judge(), config={"gate_mode": "manual"}) == 0
    [decision] = shop.decisions
    assert (decision["action"], decision["mode"]) == ("hold", "manual")
    assert shop.aliases == {"champion": shop.champion, "challenger": decision["model_version_id"]}
    assert f"`shelftalk models promote {decision['model_version_id']}`" in shop.said[-2]


def test_one_that_is_not_better_is_refused_and_the_champion_serves_on(shop: Shop) -> None:
    assert shop.train(Judge(gain=0)) == 0
    [decision] = shop.decisions
    assert (decision["action"], decision["reason"]) == ("refuse", "it is not better than the champion")
    assert shop.aliases == {"champion": shop.champion}
    assert shop.runs[0]["status"] == "finished"


def test_one_that_was_compared_with_another_champion_waits_for_a_person(shop: Shop) -> None:
    other = shop.register("other")
    assert shop.train(Judge(meanwhile=lambda: shop.promote(other))) == 0
    decision = shop.decisions[0]
    assert decision["action"] == "hold"
    assert decision["reason"].endswith("but another model became the champion while the two were compared")
    assert shop.aliases["champion"] == other


def test_the_next_run_goes_on_from_the_champion_when_there_are_new_pairs(shop: Shop) -> None:
    shop.train(Judge())
    assert shop.train(Judge(), least_new_pairs=1) == 0
    assert shop.said[-1] == "nothing to do: 0 new curated pairs, and 1 begin a run"
    assert len(shop.runs) == 1
    shop.import_pairs(10, first=40)
    assert shop.train(Judge(), least_new_pairs=5) == 0
    newest, first = shop.runs
    start = read_adapter(run_of(newest).adapter).manifest["start"]
    assert start == read_adapter(run_of(first).adapter).name


def test_a_failed_run_has_its_reason_and_leaves_the_champion(shop: Shop) -> None:
    assert shop.train(Judge(), changes={"batch_size": 64}) == 1
    [run] = shop.runs
    assert run["status"] == "failed"
    assert run["reason"].startswith("too little data: ")
    assert (shop.aliases, shop.decisions) == ({"champion": shop.champion}, [])


def failing(error: BaseException) -> Judge:
    def fail() -> None:
        raise error

    return Judge(meanwhile=fail)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingFailed("the comparison ended with status 3"), "the comparison ended with status 3"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk of .* is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
    ids=["comparison", "full disk", "no access"],
)
def test_a_comparison_that_fails_leaves_a_reason_and_the_champion(shop: Shop, error: Exception, reason: str) -> None:
    assert shop.train(failing(error)) == 1
    [run] = shop.runs
    assert run["status"] == "failed"
    assert re.search(reason, run["reason"])
    assert (shop.aliases, shop.decisions) == ({"champion": shop.champion}, [])


def test_a_run_that_was_stopped_goes_on_where_it_was(shop: Shop) -> None:
    with pytest.raises(KeyboardInterrupt):
        shop.train(failing(KeyboardInterrupt()))
    [stopped] = shop.runs
    assert (stopped["status"], shop.aliases) == ("interrupted", {"champion": shop.champion})
    assert shop.train(Judge()) == 0
    newest, _ = shop.runs
    assert (newest["status"], newest["directory"]) == ("finished", stopped["directory"])
    assert f"{run_of(stopped).path} is finished already" in shop.said
    assert shop.aliases["champion"] == shop.decisions[0]["model_version_id"]


def test_a_run_that_is_to_learn_something_else_starts_anew(shop: Shop) -> None:
    with pytest.raises(KeyboardInterrupt):
        shop.train(failing(KeyboardInterrupt()))
    assert shop.train(Judge(), start="fresh") == 0
    newest, stopped = shop.runs
    assert newest["directory"] != stopped["directory"]


def test_a_second_run_at_the_same_time_is_refused(shop: Shop) -> None:
    with (
        runs.alone(shop.service.database),
        pytest.raises(TrainingFailed, match="another training run is under way"),
    ):
        shop.train(Judge())
    assert shop.runs == []


def test_a_domain_stage_makes_no_challenger(shop: Shop) -> None:
    texts = shop.folder / "catalogue.jsonl"
    words = (
        f'{{"sku": "{each}", "title": "Bottle {each}", "description": "It holds water."}}\n' for each in TWO_LETTERS
    )
    texts.write_text("".join(words))
    assert shop.train(Judge(), stage="domain", texts=texts, changes={"max_tokens": 32}) == 0
    [run] = shop.runs
    assert (run["status"], run["stage"]) == ("finished", "domain")
    assert (shop.aliases, shop.decisions) == ({"champion": shop.champion}, [])
    assert "go on with `shelftalk train --start " in shop.said[-1]


def test_edits_whose_pair_stands_are_preferences_with_the_side_of_the_split(shop: Shop) -> None:
    """An edit that the firewall refuses teaches nothing, as no pair does that it refuses."""
    texts = {"A": "The Norrland Kettle K2 is black and has 2200 watt.", "B": "The Norrland Kettle K2 is red and heavy."}
    for sku in texts:
        shop.service.describe(changed(sku), writer=Writer(answer="The {title} is black and has a power of 2200 watt."))
    with shop.service.database.begin() as connection:
        for id_, sku in shop.service.rows(
            "SELECT d.id, sku FROM app.description d JOIN app.product p ON p.id = product_id"
        ):
            seen = curation.look(connection, id_)
            assert seen
            curation.edit(connection, id_, seen.content_hash, texts[sku], "ada")
        collect_reviews(connection, Firewall(read_policy(settings()), date(2026, 11, 23)))
        [preference] = preference_pairs(connection)
    assert preference["edited_text"] == texts["A"]
    assert preference["split"] in ("train", "holdout")


def test_a_whole_fine_tuning_does_not_begin_with_the_champions_adapter(shop: Shop, base: Path) -> None:
    adapter = install_adapter(settings(), build_tiny_adapter(shop.folder / "served", base))
    model = checkpoints.resolve_base_model(settings())
    content = ModelContent(model.name, model.digest, adapter.prompt_version, adapter.name, adapter.digest)
    with shop.service.database.begin() as connection:
        served = registry.register_model(connection, content)
    shop.promote(served)
    assert shop.train(Judge(gain=0), changes={"method": "adalora"}) == 0
    assert "method adalora does not go on from the champion served: starts anew" in shop.said
    assert read_adapter(run_of(shop.runs[0]).adapter).manifest["start"] is None


def test_the_real_comparison_judges_the_new_model_beside_champion_and_template(shop: Shop) -> None:
    request, config = shop.request(), settings().model_copy(update={"gate_products": 2})
    assert train(request, config, shop.service.database, shop.said.append) == 0
    [run] = shop.runs
    assert run["status"] == "finished"
    [decision] = shop.decisions
    tests = decision["numbers"]["tests"]
    assert [(test["metric"], test["against"]) for test in tests] == [
        ("faithfulness", "champion"),
        ("parent_f", "champion"),
        ("parent_f", "template"),
    ]
    assert decision["numbers"]["products"] >= 2
    assert decision["action"] == "refuse"  # two steps teach a tiny model nothing
    assert shop.aliases == {"champion": shop.champion}
    assert (run_of(run).path / PAGE).is_file()
    assert run["metrics"]["parent_f"]["value"] >= 0
