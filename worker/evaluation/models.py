"""The models that are measured, each loaded only when it has something to write, and the writing of many texts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from shared import checkpoints
from shared.adapters import Adapter, check_fit
from shared.checkpoints import BaseModel
from shared.errors import PermanentError, TransientError
from shared.prompts import is_taught, prompt_version
from shared.settings import Settings, let_idle_threads_sleep
from worker.drafting import Brief
from worker.engine import Engine
from worker.pipeline import Writer
from worker.serving import ServedModel, Serving

DEADLINE_S = 86_400
"""How long a text may take: no lease runs out here, and on a busy machine a product that is given up is lost to all."""

UNREGISTERED = 0
"""Where a worker has the id of its model's row: what is measured need not have one."""

Key = TypeVar("Key")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Model:
    """A model. Two with one ``digest`` write the same: it covers weights, prompt and decoding. ``open`` loads it, and
    ``document`` says in a report what it is made of."""

    name: str
    digest: str
    open: Callable[[], AbstractContextManager[Writer]]
    document: Mapping[str, Any] = field(default_factory=dict)


Contestants = Mapping[str, Model | None]
"""Who writes, by name; None is the trivial template."""


def base_model(config: Settings) -> Model:
    """The untuned base model of the settings.

    Raises:
        ConfigurationError: when it is missing or damaged; the message holds the command that helps.
    """
    return _model(checkpoints.resolve_base_model(config), None, config)


def tuned_model(config: Settings, adapter: Adapter) -> Model:
    """The base model of the settings with an adapter.

    Raises:
        ConfigurationError: when the base is missing or damaged, or is not the one that the adapter was trained on.
    """
    base = checkpoints.resolve_base_model(config)
    check_fit(adapter, base)
    return _model(base, adapter, config)


def _model(base: BaseModel, adapter: Adapter | None, config: Settings) -> Model:
    document = {
        "base": base.name,
        "base_digest": base.digest,
        "adapter": adapter and adapter.name,
        "adapter_digest": adapter and adapter.digest,
        "prompt_version": _prompt_version(adapter),
    }
    content = [base.digest, document["adapter_digest"], document["prompt_version"], *_decoding(config)]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return Model(adapter.name if adapter else base.name, digest, partial(_running, base, adapter, config), document)


def _prompt_version(adapter: Adapter | None) -> str:
    return adapter.prompt_version if adapter else prompt_version(taught=False)


def _decoding(config: Settings) -> tuple[float | bool, ...]:
    """The settings on which it depends what a model writes and which of its texts is kept."""
    return (
        config.temperature,
        config.seed,
        config.candidates,
        config.second_try,
        config.publish_quality,
        config.reject_quality,
    )


@contextmanager
def _running(base: BaseModel, adapter: Adapter | None, config: Settings) -> Iterator[Serving]:
    """An engine with the model, as a worker has it."""
    let_idle_threads_sleep()
    from worker.decoding import load_decoder

    engine = Engine(
        load_decoder(base, config, adapter),
        ServedModel(UNREGISTERED, adapter.name if adapter else base.name, is_taught(_prompt_version(adapter))),
        linger_ms=config.batch_linger_ms,
        deadline_s=DEADLINE_S,
        hang_s=config.hang_s,
        on_hang=partial(os._exit, os.EX_SOFTWARE),
    )
    engine.start()
    try:
        yield engine.serving()
    finally:
        engine.stop()


def written(
    briefs: Mapping[Key, Brief], engine: Writer, threads: int, write: Callable[[Brief, Writer], Made]
) -> Iterator[tuple[Key, Made | PermanentError | TransientError]]:
    """What ``write`` makes of each brief as it is finished, or why there is nothing; ``threads`` at the same time."""
    pool = ThreadPoolExecutor(threads)
    try:
        asked = {pool.submit(write, brief, engine): key for key, brief in briefs.items()}
        for done in as_completed(asked):
            try:
                yield asked[done], done.result()
            except (PermanentError, TransientError) as error:
                yield asked[done], error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
