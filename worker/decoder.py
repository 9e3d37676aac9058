"""What the engine asks of a model. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.errors import ShelftalkError
from shared.prompts import Prompt


class OutOfMemory(ShelftalkError):
    """The device's memory does not hold this batch; a smaller one may fit."""


class DeviceLost(ShelftalkError):
    """The device cannot be used any more by this process, whatever the batch."""


@dataclass(frozen=True)
class Encoded:
    """A prompt in tokens: first those that it shares with other prompts (its preamble), then its own."""

    shared: tuple[int, ...]
    own: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.shared) + len(self.own)


@dataclass(frozen=True)
class Row:
    """A prompt to answer with at most so many tokens. ``variant`` 0 is the model's first choice, any other number a
    text drawn at random: the same number gives the same text."""

    encoded: Encoded
    max_new_tokens: int
    variant: int = 0


@dataclass(frozen=True)
class Decoded:
    """What the model made of one row; the fields mean what they mean in ``worker.engine.Generated``."""

    text: str
    confidence: float
    new_tokens: int
    complete: bool


class Decoding(Protocol):
    """A batch in the making. Rows are named by their place in the list that it was started with."""

    def step(self) -> Mapping[int, Decoded]:
        """Add one token to each row; return the rows that ended, which are no longer part of the batch."""

    def drop(self, rows: Collection[int]) -> None:
        """Give up rows that nobody waits for any more."""


class Decoder(Protocol):
    """A loaded model. ``encode`` is called from many threads, the rest from the engine's thread only.

    ``start`` and ``step`` raise OutOfMemory when a smaller batch may fit, DeviceLost when no batch can succeed any
    more, and what the model's runtime raises (RuntimeError and the like) when it fails on these rows.
    """

    @property
    def device(self) -> str:
        """Where the model runs, such as cpu or cuda."""

    def encode(self, prompt: Prompt, max_new_tokens: int) -> Encoded:
        """A prompt in tokens. Raises PromptTooLong when it leaves no room for the answer."""

    def start(self, rows: Sequence[Row]) -> Decoding:
        """Begin a batch; a prompt that several rows share is computed once."""

    def release(self) -> None:
        """Give back the memory that is held only for speed."""
