"""Who takes part in a comparison: adapters by name or folder, the champion, the untuned base, the trivial template."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError, ProgrammingError

from shared import checkpoints, db
from shared.adapters import Adapter, adapter_folders, find_adapter, finished_adapters, fits, read_adapter
from shared.errors import ConfigurationError
from shared.evaluation.options import ModelsOptions
from shared.repository import registry
from shared.settings import Settings
from worker.evaluation.models import Contestants, Model, base_model, tuned_model

log = logging.getLogger(__name__)


def contestants_of(options: ModelsOptions, config: Settings) -> Contestants:
    """Those that the options name, in the order in which a report has them.

    Raises:
        ConfigurationError: when one of them is not there, does not fit the base, or two have one name.
    """
    found: dict[str, Model | None] = {}
    for asked in options.adapters:
        name, adapter = _named(asked, config)
        if name in found or name in ("champion", "base", "template"):
            raise ConfigurationError(f"--adapter {asked}: the name {name} is taken; write OTHER={asked}")
        found[name] = tuned_model(config, adapter)
    if options.champion:
        found["champion"] = champion_model(config)
    if options.base:
        found["base"] = base_model(config)
    if options.template:
        found["template"] = None
    if not found:
        raise ConfigurationError("nobody takes part; name an --adapter, or add --champion, --base or the template")
    return found


def champion_model(config: Settings) -> Model:
    """The model that the database names as champion; where none can be asked, or names none, what a first worker would
    make the champion.

    Raises:
        ConfigurationError: when its adapter is not on this machine, or does not fit the base.
    """
    promoted = _promoted(config)
    if promoted is None:
        first = _first_adapter(config)
        return tuned_model(config, first) if first else base_model(config)
    if promoted["adapter"] is None:
        return base_model(config)
    return tuned_model(config, find_adapter(config, promoted["adapter"], promoted["adapter_digest"]))


def _promoted(config: Settings) -> dict[str, Any] | None:
    if config.database_url is None:
        return None
    database = db.connect(config.database_dsn)
    try:
        with database.connect() as connection:
            return registry.champion(connection)
    except (OperationalError, ProgrammingError) as error:  # it does not answer, or has no tables yet
        log.warning("the database names no champion (%s): taking what a first worker would serve", error.orig)
        return None
    finally:
        database.dispose()


def _first_adapter(config: Settings) -> Adapter | None:
    """The newest adapter that ships and fits the base, where the settings let one serve first."""
    if config.first_champion == "base":
        return None
    base = checkpoints.resolve_base_model(config)
    shipped = (adapter for adapter in finished_adapters(config.adapters_dir) if fits(adapter, base))
    return next((read_adapter(adapter.path) for adapter in shipped), None)


def _named(asked: str, config: Settings) -> tuple[str, Adapter]:
    """An adapter and what it is called in the report: ``NAME``, ``FOLDER`` or ``NAME=FOLDER``."""
    label, _, place = asked.rpartition("=")
    folder = Path(place)
    if folder.is_dir():
        inner = folder / "adapter"  # of a run directory
        adapter = read_adapter(inner if inner.is_dir() else folder)
    else:
        adapter = _by_name(place, config)
    return label or adapter.name, adapter


def _by_name(name: str, config: Settings) -> Adapter:
    known = list(finished_adapters(*adapter_folders(config)))
    for adapter in known:
        if adapter.name == name:
            return read_adapter(adapter.path)
    names = ", ".join(dict.fromkeys(adapter.name for adapter in known)) or "none"
    raise ConfigurationError(f"--adapter {name}: is neither a folder nor a known adapter; known are {names}")
