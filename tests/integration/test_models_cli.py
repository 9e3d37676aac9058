"""`shelftalk models`: what a person sees of the models, and how one is promoted, rolled back and recalled."""

from __future__ import annotations

import getpass
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError
from shared.repository import promotions, registry
from shared.repository.promotions import Decision
from shared.repository.registry import ModelContent
from shared.settings import settings
from tests.event_fakes import Service, Writer, changed, eventually, run
from tests.finished_adapter import a_base, an_adapter

ANSWER = "The {title} is black and has a power of 2200 watt."
METRICS = {"parent_f": {"value": 0.512, "low": 0.5, "high": 0.52}, "held_out_loss": 1.25}


@dataclass(frozen=True)
class Place:
    """A database with three models: the base, which served first, and the adapters ``one`` and ``two``."""

    service: Service
    base: BaseModel
    ids: dict[str, int]

    @property
    def aliases(self) -> dict[str, int]:
        with self.service.database.connect() as connection:
            held = {name: promotions.holder(connection, name) for name in ("champion", "previous", "challenger")}
        return {name: id_ for name, id_ in held.items() if id_ is not None}


@pytest.fixture
def place(shelftalk: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    base = a_base(tmp_path / "base")
    monkeypatch.setenv("SHELFTALK_BASE_MODEL", str(base.path))
    monkeypatch.setenv("SHELFTALK_MODELS_DIR", str(tmp_path / "models"))
    settings.cache_clear()
    with shelftalk.database.begin() as connection:
        found = {"base": registry.register_model(connection, ModelContent(base.name, base.digest, "3"))}
        registry.promote_if_first(connection, found["base"])
        for name in ("one", "two"):
            content = ModelContent(base.name, base.digest, "3t", name, name * 20)
            found[name] = registry.register_model(connection, content, metrics=METRICS)
    return Place(shelftalk, base, found)


def models(*arguments: object) -> str:
    result = run("models", *map(str, arguments))
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.stdout


def refusal(*arguments: object) -> str:
    error = run("models", *map(str, arguments)).exception
    assert isinstance(error, ConfigurationError), repr(error)
    return str(error)


def as_json(*arguments: object) -> Any:
    return json.loads(models(*arguments, "--json"))


def test_list_shows_each_model_with_its_part_and_its_scores(place: Place) -> None:
    models("promote", "one")
    page = models("list")
    assert "champion" in page
    assert "previous" in page
    assert "0.512" in page
    two, one, base = as_json("list")
    assert [each["adapter"] for each in (two, one, base)] == ["two", "one", None]
    assert (one["aliases"], base["aliases"]) == (["champion"], ["previous"])
    assert one["metrics"] == METRICS


def test_an_empty_registry_is_said(shelftalk: Service) -> None:
    assert models("list") == "no model is registered yet: the first worker registers what it serves\n"


@pytest.mark.parametrize("name", ["id", "two", "champion"])
def test_a_model_is_found_by_number_adapter_and_alias(place: Place, name: str) -> None:
    wanted = place.ids["base" if name == "champion" else "two"]
    models("promote", wanted if name == "id" else name)
    assert place.aliases["champion"] == wanted


def test_base_is_the_base_model_of_the_settings_also_when_it_never_served(shelftalk: Service, place: Place) -> None:
    shelftalk.execute("TRUNCATE app.model_alias")
    models("promote", "two")
    models("promote", "base")
    assert place.aliases == {"champion": place.ids["base"], "previous": place.ids["two"]}


@pytest.mark.parametrize(
    "command", [("promote", "three"), ("compare", "one", "three"), ("recall", "three")], ids=lambda each: each[0]
)
def test_an_unknown_model_is_refused_by_its_name(place: Place, command: tuple[str, ...]) -> None:
    before = place.aliases
    assert refusal(*command) == "there is no model 'three': `shelftalk models list` shows all"
    assert place.aliases == before


def test_compare_shows_two_models_side_by_side(place: Place) -> None:
    place.service.describe(changed("A"), writer=Writer(answer=ANSWER))
    [(fake,)] = place.service.rows("SELECT DISTINCT model_version_id FROM app.description")
    page = models("compare", "one", fake)
    assert f"{place.ids['one']}: one" in page
    assert "measured: parent_f" in page
    assert "in service: median decode ms" in page
    one, served = as_json("compare", "one", fake)
    assert (one["metrics"], served["metrics"]) == (METRICS, None)
    assert (one["record"]["descriptions"], one["record"]["published"]) == (0, None)
    assert (served["record"]["descriptions"], served["record"]["published"]) == (1, 1.0)
    assert served["record"]["decisions"] == 0


def test_a_promotion_and_a_rollback_are_told_and_kept(place: Place) -> None:
    assert models("promote", "one", "--reason", "it reads better") == f"model {place.ids['one']} is the champion\n"
    said = models("rollback", "--reason", "it invents")
    assert f"model {place.ids['base']} is the champion again, in place of {place.ids['one']}" in said
    assert f"`shelftalk models recall {place.ids['one']}`" in said
    rollback, promotion = as_json("history")
    assert (rollback["action"], rollback["reason"]) == ("rollback", "it invents")
    assert (promotion["action"], promotion["reason"]) == ("promote", "it reads better")
    assert {each["actor"] for each in (rollback, promotion)} == {getpass.getuser()}
    assert {each["mode"] for each in (rollback, promotion)} == {"manual"}
    assert "it invents" in models("history")
    assert place.aliases == {"champion": place.ids["base"]}


def test_a_rollback_without_a_model_before_is_refused(place: Place) -> None:
    assert "no model served before this one" in refusal("rollback")


def serve_badly(place: Place) -> int:
    """The fake model is promoted, and publishes copy of a product. Returns its id."""
    place.service.describe(changed("A"), writer=Writer(answer=ANSWER))
    [(bad,)] = place.service.rows("SELECT model_version_id FROM app.description")
    models("promote", bad)
    return int(bad)


def test_a_rollback_can_recall_what_the_bad_model_published(place: Place) -> None:
    bad = serve_badly(place)
    assert place.service.copy("A")
    said = models("rollback", "--recall", "--reason", "it invents")
    assert f"withdrew 1 descriptions of model {bad}; 1 are written anew on the bulk queue" in said
    assert place.service.copy("A") is None
    assert place.service.queued("generate.bulk") == 1
    place.service.write(Writer(answer="This is the {title}. It is black and has a power of 2200 watt."))
    assert place.service.copy("A", "product_page")
    assert run("audit").exit_code == 0


def test_a_recall_by_hand_is_told_and_a_second_one_finds_nothing(place: Place) -> None:
    bad = serve_badly(place)
    models("rollback")
    assert "withdrew 1 descriptions" in models("recall", bad)
    assert f"withdrew 0 descriptions of model {bad}; 0 are" in models("recall", bad)


def test_the_champion_is_not_recalled_since_it_would_write_the_same_again(place: Place) -> None:
    bad = serve_badly(place)
    assert f"model {bad} is the champion and would write the same again" in refusal("recall", "champion")
    assert place.service.copy("A")


def test_a_recall_waits_until_no_worker_serves_the_bad_model(place: Place) -> None:
    bad = serve_badly(place)
    process = uuid4()

    def serve(id_: int) -> None:
        with place.service.database.begin() as connection:
            registry.beat_heart(connection, process, "worker", model_version_id=id_)

    serve(bad)
    said: list[str] = []
    recalling = threading.Thread(target=lambda: said.append(models("rollback", "--recall")))
    recalling.start()
    eventually(lambda: place.aliases["champion"] == place.ids["base"])
    assert place.service.copy("A")  # the worker has not changed its model yet
    serve(place.ids["base"])
    recalling.join(timeout=20)
    assert "withdrew 1 descriptions" in said[0]
    assert place.service.copy("A") is None


def test_an_adapter_of_another_machine_is_taken_in_and_registered(place: Place, tmp_path: Path) -> None:
    folder = an_adapter(tmp_path / "elsewhere" / "three", place.base)
    said = models("add", folder)
    [added] = [each for each in as_json("list") if each["adapter"] == "three"]
    assert said == f"model {added['id']} is three; `shelftalk models promote {added['id']}` makes it the champion\n"
    assert (added["metrics"], added["aliases"]) == ({"bleu": {"value": 30.0}}, [])
    assert (settings().models_dir / "adapters" / "three" / "manifest.json").is_file()
    assert models("add", folder) == said
    assert place.aliases == {"champion": place.ids["base"]}


def test_an_adapter_of_another_base_is_not_taken_in(place: Place, tmp_path: Path) -> None:
    other = a_base(tmp_path / "other", b"other weights")
    assert "was trained on other" in refusal("add", an_adapter(tmp_path / "alien", other))
    assert len(as_json("list")) == 3
    assert not (settings().models_dir / "adapters" / "alien").exists()


def test_the_gates_report_stands_in_the_history(place: Place) -> None:
    decision = Decision("the gate", "it does not beat the template", "auto", {"passes": False}, "**Refused**")
    with place.service.database.begin() as connection:
        promotions.refuse(connection, place.ids["two"], decision)
    [found] = as_json("history")
    assert (found["action"], found["numbers"], found["report"]) == ("refuse", {"passes": False}, "**Refused**")
