"""Which model a worker serves: at its start, and when another one is promoted while it works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared.adapters import Adapter, install_adapter, read_adapter
from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError
from shared.heartbeat import Heartbeat
from shared.repository import promotions, registry
from shared.repository.promotions import Decision
from shared.repository.registry import ModelContent
from shared.settings import Settings
from tests.event_fakes import Service, eventually
from tests.finished_adapter import a_base, an_adapter
from tests.scripted_decoder import ScriptedDecoder, answer_to, running
from worker.champion import RETRY_AFTER, ChampionWatch, Shelf
from worker.engine import Engine
from worker.serving import Loaded

BECAUSE = Decision("test", "it is better")


@dataclass
class Loader:
    """Loads decoders that begin each text with the name of their model; adapters named in ``broken`` fail."""

    broken: set[str] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)

    def __call__(self, base: BaseModel, config: Settings, adapter: Adapter | None) -> ScriptedDecoder:
        name = adapter.name if adapter else base.name
        self.loaded.append(name)
        if name in self.broken:
            raise ConfigurationError(f"{name}: wrote no words")
        return ScriptedDecoder(says=name)


@dataclass
class Place:
    """A worker's machine: its base, its adapters, and the registry."""

    service: Service
    base: BaseModel
    config: Settings
    folder: Path
    load: Loader = field(default_factory=Loader)

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.service.database, self.base, self.config, self.load)

    def ship(self, name: str, base: BaseModel | None = None, **changes: Any) -> Path:
        """Put an adapter where those lie that ship."""
        return an_adapter(self.config.adapters_dir / name, base or self.base, name.encode(), **changes)

    def register(self, name: str, *, install: bool = True) -> int:
        """An adapter that was trained here, in the registry and, unless said otherwise, on this machine."""
        source = an_adapter(self.folder / "runs" / name, self.base, name.encode())
        adapter = install_adapter(self.config, source) if install else read_adapter(source)
        content = ModelContent(self.base.name, self.base.digest, "3t", name, adapter.digest)
        with self.service.database.begin() as connection:
            return registry.register_model(connection, content)

    def register_base(self, digest: str, prompt: str = "3") -> int:
        with self.service.database.begin() as connection:
            return registry.register_model(connection, ModelContent("base", digest, prompt))

    def promote(self, id_: int) -> None:
        with self.service.database.begin() as connection:
            promotions.promote(connection, id_, BECAUSE)

    @property
    def champion(self) -> str | None:
        with self.service.database.connect() as connection:
            row = registry.champion(connection)
        return str(row["adapter"] or row["base_model"]) if row else None


@pytest.fixture
def place(shelftalk: Service, tmp_path: Path) -> Place:
    config = shelftalk.config.model_copy(
        update={"models_dir": tmp_path / "models", "adapters_dir": tmp_path / "shipped", "champion_s": 0.01}
    )
    return Place(shelftalk, a_base(tmp_path / "base"), config, tmp_path)


@dataclass
class Worker:
    """A running engine with a watch, which looks only when it is told to."""

    engine: Engine
    watch: ChampionWatch
    told: list[int]

    @property
    def serves(self) -> str:
        return self.engine.serving().model.name


@pytest.fixture
def worker(place: Place) -> Iterator[Worker]:
    start: Loaded = place.shelf.first()
    told: list[int] = []
    with running(start.decoder) as engine:
        engine.swap(start.decoder, start.model)
        yield Worker(engine, ChampionWatch(place.shelf, engine, told.append), told)


def test_the_newest_adapter_that_ships_and_fits_is_the_first_champion(place: Place) -> None:
    place.ship("old", created="2026-01-01T00:00:00+00:00")
    place.ship("new", created="2026-11-01T00:00:00+00:00")
    place.ship("foreign", a_base(place.folder / "other", b"other"), created="2026-12-01T00:00:00+00:00")
    first = place.shelf.first()
    assert (first.model.name, first.model.taught, place.champion) == ("new", True, "new")
    with place.service.database.connect() as connection:
        [row] = registry.models(connection)
    assert (row["prompt_version"], row["metrics"]) == ("3t", {"bleu": {"value": 30.0}})


def test_without_an_adapter_that_fits_the_base_is_the_first_champion_and_nothing_is_said(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    first = place.shelf.first()
    assert (first.model.name, first.model.taught, place.champion) == ("base", False, "base")
    assert caplog.records == []


def test_the_settings_may_ask_for_the_base_first(place: Place) -> None:
    place.ship("house")
    place.config = place.config.model_copy(update={"first_champion": "base"})
    assert place.shelf.first().model.name == place.champion == "base"


def test_an_adapter_that_fails_its_checks_is_never_registered_and_the_next_one_serves(place: Place) -> None:
    place.ship("good", created="2026-01-01T00:00:00+00:00")
    place.ship("bad", created="2026-11-01T00:00:00+00:00")
    damaged = place.ship("damaged", created="2026-12-01T00:00:00+00:00")
    (damaged / "adapter_model.safetensors").write_bytes(b"DAMAGED")
    place.load.broken.add("bad")
    assert place.shelf.first().model.name == place.champion == "good"
    assert place.load.loaded == ["bad", "good"]
    assert place.service.rows("SELECT adapter FROM app.model_version") == [("good",)]


def test_a_worker_starts_with_the_champion(place: Place) -> None:
    place.shelf.first()
    place.promote(place.register("better"))
    assert place.shelf.first().model.name == "better"


def test_a_champion_that_cannot_serve_gives_way_to_the_one_before_and_keeps_its_alias(place: Place) -> None:
    place.shelf.first()
    place.promote(place.register("good"))
    place.promote(place.register("bad"))
    place.load.broken.add("bad")
    first = place.shelf.first()
    assert (first.model.name, place.champion) == ("good", "bad")


def test_where_neither_champion_nor_previous_can_serve_the_base_does(place: Place) -> None:
    place.promote(place.register("gone", install=False))
    place.promote(place.register("bad"))
    place.load.broken.add("bad")
    first = place.shelf.first()
    assert (first.model.name, place.champion) == ("base", "bad")


def test_a_base_that_cannot_be_loaded_ends_the_start(place: Place) -> None:
    place.load.broken.add("base")
    with pytest.raises(ConfigurationError):
        place.shelf.first()
    assert place.service.rows("SELECT 1 FROM app.model_version") == []


def test_a_look_finds_nothing_new(worker: Worker) -> None:
    assert not worker.watch.look()
    assert worker.told == []


def test_a_new_champion_is_swapped_in(place: Place, worker: Worker) -> None:
    promoted = place.register("better")
    place.promote(promoted)
    assert worker.watch.look()
    assert (worker.serves, worker.told) == ("better", [promoted])
    assert answer_to(worker.engine, "kettle").text == "better kettle"
    assert not worker.watch.look()


def test_a_rollback_is_followed_back_to_the_base(place: Place, worker: Worker) -> None:
    place.promote(place.register("worse"))
    worker.watch.look()
    with place.service.database.begin() as connection:
        promotions.roll_back(connection, BECAUSE)
    assert worker.watch.look()
    assert worker.serves == "base"


@pytest.mark.parametrize("fault", ["missing", "fails its trial", "another base", "another prompt"])
def test_a_champion_that_cannot_serve_here_leaves_the_one_before_serving(
    place: Place, worker: Worker, fault: str
) -> None:
    champions = {
        "missing": lambda: place.register("bad", install=False),
        "fails its trial": lambda: place.register("bad"),
        "another base": lambda: place.register_base("f" * 64),
        "another prompt": lambda: place.register_base(place.base.digest, prompt="1"),
    }
    place.load.broken.add("bad")
    place.promote(champions[fault]())
    assert not worker.watch.look()
    assert (worker.serves, worker.told) == ("base", [])


def test_a_champion_that_cannot_serve_is_tried_again_later_and_not_at_each_look(place: Place, worker: Worker) -> None:
    place.load.broken.add("bad")
    place.promote(place.register("bad"))
    for _ in range(RETRY_AFTER):
        worker.watch.look()
    assert place.load.loaded == ["base", "bad"]
    place.load.broken.clear()
    assert worker.watch.look()
    assert worker.serves == "bad"


def test_another_champion_is_tried_at_once_after_one_that_cannot_serve(place: Place, worker: Worker) -> None:
    place.load.broken.add("bad")
    place.promote(place.register("bad"))
    worker.watch.look()
    place.promote(place.register("good"))
    assert worker.watch.look()
    assert worker.serves == "good"


def test_a_watch_swaps_from_a_thread_of_its_own_and_the_heartbeat_tells_the_model(place: Place, worker: Worker) -> None:
    file = place.config.home / "run" / "worker.heartbeat"
    serves = worker.engine.serving().model.version_id
    heartbeat = Heartbeat("worker", place.service.database, file, every_s=60, model_version_id=serves)
    with heartbeat, ChampionWatch(place.shelf, worker.engine, heartbeat.serve):
        promoted = place.register("better")
        place.promote(promoted)
        told = "SELECT model_version_id FROM app.worker_process"
        eventually(lambda: place.service.rows(told) == [(promoted,)])
    assert worker.serves == "better"
