"""Which examples make a batch, in which order, and how they become tensors.

The order is a function of seed and epoch alone. Batches of like length waste little on padding; packed rows waste
nothing: several examples stand one after another in a row, and the positions, which begin at 0 with each of them, tell
the attention where one ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Protocol

import torch
from torch.utils.data import Dataset, Sampler

from shared.errors import TrainingFailed
from training.dataset import IGNORED, Tokens

# Of so many batches the examples are sorted by length: enough for even batches, few enough for a varied order.
_WINDOW = 50


class EpochSampler(Sampler[int]):
    """The positions of one epoch in a set: shuffled, and in batches of like length when ``lengths`` are given.

    Whoever runs the epochs calls :meth:`set_epoch` before each.
    """

    def __init__(self, size: int, seed: int, *, batch: int = 1, lengths: Sequence[int] | None = None) -> None:
        self._size = size
        self._seed = seed
        self._batch = batch
        self._lengths = lengths
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is for, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[int]:
        order = epoch_order(self._size, Random(f"{self._seed} order {self.epoch}"), self._batch, self._lengths)
        return (self.epoch * self._size + index for index in order)


def epoch_order(size: int, random: Random, batch: int, lengths: Sequence[int] | None) -> list[int]:
    """The indexes below ``size`` in a random order; with ``lengths``, those of a batch have about one length.

    The last batch of an epoch is the one that may be smaller.
    """
    order = list(range(size))
    random.shuffle(order)
    if lengths is None:
        return order
    window = batch * _WINDOW
    batches = []
    for start in range(0, size, window):
        grouped = sorted(order[start : start + window], key=lambda index: (lengths[index], index))
        batches += [grouped[at : at + batch] for at in range(0, len(grouped), batch)]
    short = [each for each in batches if len(each) < batch]
    whole = [each for each in batches if len(each) == batch]
    random.shuffle(whole)
    return [index for each in (*whole, *short) for index in each]


class Examples(Protocol):
    """What a Trainer learns: position ``epoch * len(self) + index`` is example ``index`` as it is in that epoch."""

    @property
    def lengths(self) -> list[int]:
        """Tokens of each example before any variation."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int) -> Tokens: ...


class PackedSet(Dataset[list[Tokens]]):
    """Rows of several examples that together have at most ``row_tokens`` tokens, before any variation.

    Which examples share a row is the same in all epochs, so that all have one number of steps.
    """

    def __init__(self, examples: Examples, row_tokens: int) -> None:
        self._examples = examples
        self.rows = packed_rows(examples.lengths, row_tokens)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> list[Tokens]:
        epoch, row = divmod(position, len(self))
        return [self._examples[epoch * len(self._examples) + index] for index in self.rows[row]]


def packed_rows(lengths: Sequence[int], row_tokens: int) -> list[list[int]]:
    """Indexes in rows of at most ``row_tokens``: first fit, longest first (Johnson, 1974: at most 11/9 of the best)."""
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        at = next((at for at, free in enumerate(room) if free >= lengths[index]), None)
        if at is None:
            rows.append([index])
            room.append(row_tokens - lengths[index])
        else:
            rows[at].append(index)
            room[at] -= lengths[index]
    return rows


class PaddedBatch:
    """A collator: examples, filled up on the right to the longest of them. Padding is masked and not learnt."""

    def __init__(self, pad_token: int) -> None:
        self._pad = pad_token

    def __call__(self, examples: Sequence[Tokens]) -> dict[str, torch.Tensor]:
        """``input_ids``, ``attention_mask`` and ``labels``, each int64 of shape (examples, longest)."""
        ids = [each["input_ids"] for each in examples]
        return {
            "input_ids": _rectangle(ids, self._pad),
            "attention_mask": _rectangle([[1] * len(each) for each in ids], 0),
            "labels": _rectangle([each["labels"] for each in examples], IGNORED),
        }


class PackedBatch:
    """A collator: rows of several examples. The positions begin at 0 with each; every pad is an example of its own."""

    def __init__(self, pad_token: int) -> None:
        self._pad = pad_token

    def __call__(self, rows: Sequence[Sequence[Tokens]]) -> dict[str, torch.Tensor]:
        """``input_ids``, ``position_ids`` and ``labels``, each int64 of shape (rows, longest).

        There is no attention mask: transformers makes a block-diagonal causal one of the positions.
        """
        ids = [[token for each in row for token in each["input_ids"]] for row in rows]
        positions = [[at for each in row for at in range(len(each["input_ids"]))] for row in rows]
        # The first token of an example must not be learnt as what follows the example before it.
        labels = [[label for each in row for label in (IGNORED, *each["labels"][1:])] for row in rows]
        return {
            "input_ids": _rectangle(ids, self._pad),
            "position_ids": _rectangle(positions, 0),
            "labels": _rectangle(labels, IGNORED),
        }


def _rectangle(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows], dtype=torch.int64)


@torch.no_grad()
def check_packing(model: Any) -> None:
    """Compute two examples in one row, change the first, and see that the second stays as it was.

    Raises:
        TrainingFailed: when one packed example sees another, or the model takes no positions.
    """
    positions = torch.tensor([[0, 1, 2, 0, 1, 2]], device=model.device)
    rows = torch.tensor([[3, 4, 5, 6, 7, 8], [9, 10, 11, 6, 7, 8]], device=model.device)
    was_training = model.training
    model.eval()
    seen = [model(input_ids=row[None], position_ids=positions, use_cache=False).logits[0, 3:] for row in rows]
    model.train(was_training)
    if not torch.allclose(seen[0], seen[1], rtol=1e-3, atol=1e-3):
        raise TrainingFailed("packing: this model's attention lets packed examples see each other: set packing = false")
