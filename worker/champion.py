"""Which model a worker serves: the champion of the registry, at its start and whenever another is promoted.

A model that cannot serve here (its adapter is missing or damaged, its base is another, it fails its trial) never does:
the worker goes on with what it has, logs why, and its heartbeat tells which model it really serves.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError

from shared.adapters import Adapter, check_fit, find_adapter, finished_adapters, fits, read_adapter
from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError
from shared.logs import logger
from shared.prompts import is_taught, prompt_version
from shared.repository import registry
from shared.repository.registry import ModelContent
from shared.settings import Settings
from worker.decoder import Decoder
from worker.engine import Engine
from worker.memory import trim
from worker.serving import Loaded, ServedModel

log = logger(__name__)

RETRY_AFTER = 30
"""After how many looks a champion that cannot serve here is tried again."""

Load = Callable[[BaseModel, Settings, Adapter | None], Decoder]


@dataclass(frozen=True)
class Shelf:
    """The models that this machine can serve: its base, alone or with an adapter. ``load`` brings one into memory."""

    database: Database
    base: BaseModel
    config: Settings
    load: Load

    def first(self) -> Loaded:
        """The model to start with: the champion, else ``previous``, else the base; a queue must not stand still.

        Where nothing was promoted yet, the settings say what becomes champion: the newest adapter that ships and fits,
        or the base.

        Raises:
            ConfigurationError: when not even the base can be loaded.
        """
        with self.database.connect() as connection:
            champion, previous = registry.champion(connection), registry.alias(connection, "previous")
        if champion is None and self.config.first_champion == "adapter":
            return self._shipped() or self._alone()
        for row in filter(None, (champion, previous)):
            try:
                return self.open(row)
            except ConfigurationError as error:
                log.error("a promoted model cannot serve here", model=row["id"], name=_name(row), error=str(error))
        return self._alone()

    def open(self, row: Mapping[str, Any]) -> Loaded:
        """Load the model of a row of the registry.

        Raises:
            ConfigurationError: naming why it cannot serve here, and the fix.
        """
        adapter = self._adapter(row)
        model = ServedModel(row["id"], _name(row), is_taught(row["prompt_version"]))
        return Loaded(self.load(self.base, self.config, adapter), model)

    def _adapter(self, row: Mapping[str, Any]) -> Adapter | None:
        """The adapter that a row names, on this machine and on this base."""
        again = f"promote a model that can: `shelftalk models list` shows all, and {row['id']} is this one"
        if row["adapter"] is None:
            if row["base_digest"] != self.base.digest:
                raise ConfigurationError(
                    f"model {row['id']} is the base {row['base_model']} ({row['base_digest'][:12]}), and the base here "
                    f"is {self.base.name} ({self.base.digest[:12]}); set SHELFTALK_BASE_MODEL to the same, or {again}"
                )
            asked = prompt_version(taught=False)
            adapter = None
        else:
            adapter = find_adapter(self.config, row["adapter"], row["adapter_digest"])
            check_fit(adapter, self.base)
            asked = adapter.prompt_version
        if row["prompt_version"] != asked:
            raise ConfigurationError(
                f"model {row['id']} is asked with prompt {row['prompt_version']}, and this version of Shelftalk asks "
                f"it with {asked}; {again}"
            )
        return adapter

    def _shipped(self) -> Loaded | None:
        """The newest adapter that ships, fits the base and passes its checks."""
        for adapter in finished_adapters(self.config.adapters_dir):
            if not fits(adapter, self.base):
                continue
            try:
                return self._registered(read_adapter(adapter.path))
            except ConfigurationError as error:
                log.error("an adapter that ships cannot serve", name=adapter.name, error=str(error))
        return None

    def _alone(self) -> Loaded:
        return self._registered(None)

    def _registered(self, adapter: Adapter | None) -> Loaded:
        """Load a model, and only then register it; the first one that ever serves is the champion."""
        decoder = self.load(self.base, self.config, adapter)
        asked = adapter.prompt_version if adapter else prompt_version(taught=False)
        of_adapter = {"adapter": adapter.name, "adapter_digest": adapter.digest} if adapter else {}
        content = ModelContent(self.base.name, self.base.digest, asked, **of_adapter)
        with self.database.begin() as connection:
            id_ = registry.register_model(connection, content, metrics=adapter.metrics if adapter else None)
            registry.promote_if_first(connection, id_)
        return Loaded(decoder, ServedModel(id_, content.adapter or content.base_model, is_taught(asked)))


class ChampionWatch:
    """Looks every few seconds, from a thread of its own, whether another model was promoted, and swaps to it.

    The engine goes on serving while a new champion is loaded and checked. Use it as a context manager.

    Args:
        shelf: where models come from.
        engine: what serves them.
        said: called with each model that serves from then on.
    """

    def __init__(self, shelf: Shelf, engine: Engine, said: Callable[[int], None]) -> None:
        self._shelf = shelf
        self._engine = engine
        self._said = said
        self._refused: int | None = None
        self._looks_since = 0
        self._leaving: weakref.ref[Loaded] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="champion", daemon=True)

    def __enter__(self) -> ChampionWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def look(self) -> bool:
        """Look once. Whether the model was swapped."""
        if self._leaving is not None and self._leaving() is None:
            self._leaving = None
            trim()
        with self._shelf.database.connect() as connection:
            row = registry.champion(connection)
        if row is None or row["id"] == self._engine.serving().model.version_id:
            self._refused = None
            return False
        self._looks_since += 1
        if row["id"] == self._refused and self._looks_since < RETRY_AFTER:
            return False
        self._looks_since = 0
        return self._take_up(row)

    def _take_up(self, row: Mapping[str, Any]) -> bool:
        before, began = self._engine.serving().loaded, monotonic()
        try:
            found = self._shelf.open(row)
        except ConfigurationError as error:
            if self._refused != row["id"]:
                log.error(
                    "the new champion cannot serve here",
                    model=row["id"],
                    name=_name(row),
                    error=str(error),
                    still=before.model.name,
                )
            self._refused = row["id"]
            return False
        self._refused = None
        self._engine.swap(found.decoder, found.model)
        self._leaving = weakref.ref(before)
        self._said(found.model.version_id)
        took = round(monotonic() - began, 1)
        log.info(
            "another model serves",
            model=found.model.version_id,
            name=found.model.name,
            before=before.model.name,
            s=took,
        )
        return True

    def _run(self) -> None:
        while not self._stopped.wait(self._shelf.config.champion_s):
            try:
                self.look()
            except SQLAlchemyError as error:
                log.warning("no look for a new champion", error=str(error).splitlines()[0])


def _name(row: Mapping[str, Any]) -> str:
    return str(row["adapter"] or row["base_model"])
