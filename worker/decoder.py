"""What the engine asks of a model. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

    @property
    def columns(self) -> int:
        """The tokens that are kept for this row alone while it is written: its prompt's own ones and its answer."""
        return len(self.encoded.own) + self.max_new_tokens


@dataclass(frozen=True)
class Decoded:
    """What the model made of one row; the fields mean what they mean in ``worker.engine.Generated``."""

    text: str
    confidence: float
    new_tokens: int
    complete: bool


class Decoding(Protocol):
    """A batch in the making, which rows join and leave between two steps. Rows have numbers that are used once."""

    def join(self, rows: Mapping[int, Row]) -> None:
        """Let rows join; a prompt that several of them share is computed once."""

    def step(self) -> Mapping[int, Decoded]:
        """Add one token to each row; return the rows that ended, which are no longer part of the batch."""

    def drop(self, numbers: Collection[int]) -> None:
        """Give up rows that nobody waits for any more."""


class Decoder(Protocol):
    """A loaded model. ``encode`` is called from many threads, the rest from the engine's thread only.

    ``step`` raises OutOfMemory when a smaller batch may fit, DeviceLost when no batch can succeed any more, and what
    the model's runtime raises (RuntimeError and the like) when it fails on these rows. After that a batch is of no use.
    """

    @property
    def device(self) -> str:
        """Where the model runs, such as cpu or cuda."""

    @property
    def capacity(self) -> int:
        """How many tokens of rows may be in memory at once: rows times the columns of the widest."""

    def encode(self, prompt: Prompt, max_new_tokens: int) -> Encoded:
        """A prompt in tokens. Raises PromptTooLong when it leaves no room for the answer."""

    def start(self) -> Decoding:
        """Begin a batch that rows can join."""

    def release(self) -> None:
        """Give back the memory that is held only for speed."""
