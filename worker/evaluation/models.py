"""The models that are measured, each loaded only when it has something to write, and the writing of many texts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from shared import checkpoints
from shared.checkpoints import BaseModel
from shared.errors import PermanentError, TransientError
from shared.prompts import PROMPT_VERSION
from shared.settings import Settings, let_idle_threads_sleep
from worker.drafting import Brief
from worker.engine import Engine
from worker.pipeline import Copy, Writer, describe

Key = TypeVar("Key")


@dataclass(frozen=True)
class Model:
    """A model. Two with one ``digest`` write the same: it covers weights, prompt and decoding. ``open`` loads it."""

    name: str
    digest: str
    open: Callable[[], AbstractContextManager[Writer]]


def base_model(config: Settings) -> Model:
    """The untuned base model of the settings.

    Raises:
        ConfigurationError: when it is missing or damaged; the message holds the command that helps.
    """
    base = checkpoints.resolve_base_model(config)
    digest = hashlib.sha256(json.dumps([base.digest, PROMPT_VERSION, *_decoding(config)]).encode()).hexdigest()
    return Model(base.name, digest, partial(_running, base, config))


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
def _running(base: BaseModel, config: Settings) -> Iterator[Engine]:
    """An engine with the model, as a worker has it."""
    let_idle_threads_sleep()
    from worker.decoding import load_decoder

    engine = Engine(
        load_decoder(base, config),
        batch_size=config.batch_size,
        linger_ms=config.batch_linger_ms,
        deadline_s=config.request_deadline_s,
        hang_s=config.hang_s,
        on_hang=partial(os._exit, os.EX_SOFTWARE),
    )
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def written(
    briefs: Mapping[Key, Brief], engine: Writer, threads: int
) -> Iterator[tuple[Key, Copy | PermanentError | TransientError]]:
    """The copy of each brief as it is finished, or why there is none; ``threads`` are written at the same time."""
    pool = ThreadPoolExecutor(threads)
    try:
        asked = {pool.submit(describe, brief, engine): key for key, brief in briefs.items()}
        for done in as_completed(asked):
            try:
                yield asked[done], done.result()
            except (PermanentError, TransientError) as error:
                yield asked[done], error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
