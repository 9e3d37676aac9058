"""Models that serve, and the view of the engine through which a description asks one of them.

A worker may change its model at any moment. Whoever writes takes a view first and asks through it: all texts of one
description come from one model, in the form of the prompt that it was taught, and are recorded under its version.
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from shared.prompts import Prompt
from worker.decoder import Decoder, Encoded, Row

if TYPE_CHECKING:
    from worker.engine import Engine, Generated


@dataclass(frozen=True)
class ServedModel:
    """A model as it is recorded: its row in the registry, what people call it, and whether it is asked in the form of
    the prompt for fine-tuned models."""

    version_id: int
    name: str
    taught: bool


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in memory. It is let go of when the engine, its views and its requests have let go of this."""

    decoder: Decoder
    model: ServedModel


@dataclass(frozen=True)
class Serving:
    """The engine with the model that served when this view was taken. Keep it no longer than one description takes."""

    engine: Engine
    loaded: Loaded

    @property
    def model(self) -> ServedModel:
        """Who answers."""
        return self.loaded.model

    def generate(
        self,
        prompt: Prompt,
        *,
        max_new_tokens: int,
        candidates: int = 1,
        alone: bool = False,
        urgent: bool = True,
    ) -> list[Generated]:
        """Answer a prompt in one or more ways; blocks, and may be called from any number of threads.

        The first candidate is the model's first choice; the others are drawn at random, in the same batch where there
        is room. ``alone`` decodes in a batch of its own: for a prompt that is suspected of taking its neighbours down.
        What is not ``urgent`` waits behind what is, for at most half of the deadline.

        Raises:
            GenerationTimeout: when there is no answer within the deadline.
            EngineStopped: when the engine does not run or stops first.
            EngineFault: when the model fails on this prompt.
            PromptTooLong: when prompt and answer do not fit into the model's context.
        """
        encoded = self.loaded.decoder.encode(prompt, max_new_tokens)
        rows = [Row(encoded, max_new_tokens, variant) for variant in range(candidates)]
        company = object() if alone else None
        return self.engine.answer([Request(self.loaded, row, company, urgent) for row in rows])


@dataclass(eq=False)
class Request:
    """One row that waits for its answer, bound to the model that it was made for. It is decoded only together with
    requests of the same ``company``: None is everybody's."""

    loaded: Loaded
    row: Row
    company: object | None = None
    urgent: bool = True
    asked: float = field(default_factory=monotonic)
    answer: Future[Generated] = field(default_factory=Future)

    @property
    def encoded(self) -> Encoded:
        """The row's prompt."""
        return self.row.encoded

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more."""
        return self.answer.cancelled()

    def resolve(self, result: Generated | Exception) -> None:
        """Answer, unless the caller has given up in the meantime."""
        if not self.answer.set_running_or_notify_cancel():
            return
        if isinstance(result, Exception):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


def in_flight(rows: Iterable[Row]) -> int:
    """The tokens that are kept for rows which are decoded together: each takes as many columns as the widest."""
    columns = [row.columns for row in rows]
    return len(columns) * max(columns, default=0)


def joining(queue: Sequence[Request], running: Sequence[Request], limit: int) -> list[Request]:
    """Those at the head of the queue that may join what is running, with at most ``limit`` tokens in flight.

    The first that may not join keeps those behind it back: else it might wait for ever. An empty batch takes at least
    one request, however large.
    """
    batch, joined = list(running), []
    widest = max((request.row.columns for request in batch), default=0)
    for request in queue:
        widest = max(widest, request.row.columns)
        if batch and not (_are_company(request, batch[0]) and (len(batch) + 1) * widest <= limit):
            break
        batch.append(request)
        joined.append(request)
    return joined


def _are_company(one: Request, other: Request) -> bool:
    return one.loaded is other.loaded and one.company is other.company
