"""A batch of rows that a transformers model decodes together, one token per step. Imports torch: see ``decoding``.

Rows join and leave between two steps. A step takes the newest token of each row and the prompts of those that join as
one line of tokens (:mod:`worker.attention`); what a row has said so far is kept per row in a few tensors, so that the
work of a step is one forward pass and some tensor operations, whatever the number of rows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import torch

from worker.attention import Preamble, Step, Store
from worker.choosing import LONGEST_PERIOD, choose, draws_of, loop_lengths, temperature_of
from worker.decoder import Decoded, DeviceLost, Encoded, OutOfMemory, Row

if TYPE_CHECKING:
    from worker.decoding import TransformersDecoder

MEMORY_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")

Joining = list[tuple[int, Row]]


@dataclass
class Progress:
    """What each row has come to. One line of each tensor is a row's.

    ``columns`` are its tokens in the store, ``before`` those of its preamble; ``last`` is its newest token,
    ``answers`` all that it said, ``counts`` how many they are of at most ``limits``; ``recent`` are the last tokens,
    newest first, and ``repeats`` how long each was what stood one period before.
    """

    columns: torch.Tensor
    before: torch.Tensor
    limits: torch.Tensor
    counts: torch.Tensor
    last: torch.Tensor
    answers: torch.Tensor
    log_probabilities: torch.Tensor
    recent: torch.Tensor
    repeats: torch.Tensor
    temperatures: torch.Tensor
    draws: torch.Tensor

    @classmethod
    def of(cls, rows: Sequence[Row], decoder: TransformersDecoder) -> Progress:
        """Rows that have said nothing yet."""
        device, size, room = decoder.device_, len(rows), max((row.max_new_tokens for row in rows), default=0)
        temperatures = [temperature_of(row, decoder.temperature) for row in rows]
        draws = torch.zeros(size, room)
        for place, (row, temperature) in enumerate(zip(rows, temperatures, strict=True)):
            if temperature:
                draws[place, : row.max_new_tokens] = draws_of(row, decoder.seed)
        return cls(
            columns=torch.tensor([len(row.encoded.own) for row in rows], dtype=torch.long, device=device),
            before=torch.tensor([len(row.encoded.shared) for row in rows], dtype=torch.long, device=device),
            limits=torch.tensor([row.max_new_tokens for row in rows], dtype=torch.long, device=device),
            counts=torch.zeros(size, dtype=torch.long, device=device),
            last=torch.zeros(size, dtype=torch.long, device=device),
            answers=torch.zeros(size, room, dtype=torch.long, device=device),
            log_probabilities=torch.zeros(size, device=device),
            recent=torch.full((size, LONGEST_PERIOD), -1, device=device),
            repeats=torch.zeros(size, LONGEST_PERIOD, dtype=torch.long, device=device),
            temperatures=torch.tensor(temperatures, device=device),
            draws=draws.to(device),
        )

    def at(self, places: torch.Tensor) -> Progress:
        """The rows at these places, in this order."""
        return Progress(*(getattr(self, each.name)[places] for each in fields(self)))

    def with_more(self, other: Progress) -> Progress:
        """These rows and then others."""
        return Progress(*(_stacked(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)))


class Batch:
    """Rows that are decoded together; ``_numbers`` says which row is at each place, ``_shared`` its preamble."""

    def __init__(self, decoder: TransformersDecoder) -> None:
        self._decoder = decoder
        self._store = Store()
        self._waiting: Joining = []
        self._numbers: list[int] = []
        self._shared: list[tuple[int, ...]] = []
        self._rows = Progress.of([], decoder)
        self._loop_lengths = loop_lengths(decoder.device_)

    def join(self, rows: Mapping[int, Row]) -> None:
        """Let rows join. Their prompts are computed with the next steps, as many tokens at once as settings allow."""
        self._waiting += rows.items()

    def step(self) -> Mapping[int, Decoded]:
        """Add one token to each row; return the rows that ended, which are no longer part of the batch."""
        with device_errors(), torch.inference_mode():
            joining = self._taken()
            prompts = list(dict.fromkeys(row.encoded for _, row in joining))
            logits = self._forward(joining, prompts)
            self._append(joining)
            tokens = self._choose(logits)
            ended = torch.isin(tokens, self._decoder.ends)
            over = (ended | (self._rows.counts >= self._rows.limits) | self._loops(tokens)).tolist()
            left = [place for place, is_over in enumerate(over) if not is_over]
            if len(left) == len(over):
                return {}
            done = self._decoded([place for place, is_over in enumerate(over) if is_over], ended.tolist())
            self._keep(left)
        return done

    def drop(self, numbers: Collection[int]) -> None:
        """Give up rows that nobody waits for any more."""
        self._waiting = [(number, row) for number, row in self._waiting if number not in numbers]
        with device_errors(), torch.inference_mode():
            self._keep([place for place, number in enumerate(self._numbers) if number not in numbers])

    def _taken(self) -> Joining:
        """The rows whose prompts this step takes in: at least one, if any wait."""
        taken: Joining = []
        prompts: set[Encoded] = set()
        tokens = 0
        for number, row in self._waiting:
            if row.encoded not in prompts:
                tokens += len(row.encoded.own)
                if taken and tokens > self._decoder.prefill_tokens:
                    break
                prompts.add(row.encoded)
            taken.append((number, row))
        del self._waiting[: len(taken)]
        return taken

    def _forward(self, joining: Joining, prompts: Sequence[Encoded]) -> torch.Tensor:
        """The model's logits after the newest token of each row, those that join last."""
        device, old = self._decoder.device_, self._rows
        size = len(self._numbers)
        # A prompt's keys and values are written for the first of the rows that share it, and copied to the others.
        firsts = [next(place for place, (_, row) in enumerate(joining) if row.encoded == prompt) for prompt in prompts]
        place = [size + first for first, prompt in zip(firsts, prompts, strict=True) for _ in prompt.own]
        column = [number for prompt in prompts for number in range(len(prompt.own))]
        before = [len(prompt.shared) for prompt in prompts for _ in prompt.own]
        tokens = torch.cat([old.last, _whole([token for prompt in prompts for token in prompt.own], device)])
        columns = torch.cat([old.columns, _whole(column, device)])
        positions = columns + torch.cat([old.before, _whole(before, device)])
        rows = torch.cat([torch.arange(size, device=device), _whole(place, device)])
        self._store.reserve(size + len(joining) + len(self._waiting), self._widest([row for _, row in joining]))
        shared = [*self._shared, *(prompt.shared for prompt in prompts for _ in prompt.own)]
        step = Step(
            store=self._store,
            rows=rows,
            columns=columns,
            decoding=size,
            mask=_unseen(old.columns, device) if size else None,
            prompts=[len(prompt.own) for prompt in prompts],
            preambles=self._preambles(shared),
        )
        ends = [*range(size), *_ends([len(prompt.own) for prompt in prompts], size)]
        logits = self._decoder.logits(tokens, positions, step, _whole(ends, device))
        if len(prompts) == len(joining):
            return logits
        asked = {prompt: size + number for number, prompt in enumerate(prompts)}
        return logits[_whole([*range(size), *(asked[row.encoded] for _, row in joining)], device)]

    def _widest(self, joining: Sequence[Row]) -> int:
        """The most columns that a row will need. Room is made for them at once: making it costs more than a step."""
        waiting = (row for _, row in self._waiting)
        new = max((row.columns for row in (*joining, *waiting)), default=0)
        rows = self._rows
        return max(new, int((rows.columns - rows.counts + rows.limits).max()) + 1 if self._numbers else 0)

    def _preambles(self, shared: Sequence[tuple[int, ...]]) -> list[Preamble]:
        """The preambles of a step's tokens; ``shared`` names that of each token."""
        kinds = dict.fromkeys(shared)
        if len(kinds) == 1:
            return [Preamble(self._decoder.preamble_states(kind), None) for kind in kinds if kind]
        device = self._decoder.device_
        return [
            Preamble(
                self._decoder.preamble_states(kind),
                _whole([token for token, own in enumerate(shared) if own == kind], device),
            )
            for kind in kinds
            if kind
        ]

    def _append(self, joining: Joining) -> None:
        """Make those that join rows of the batch."""
        self._rows.columns += 1
        if not joining:
            return
        size = len(self._numbers)
        firsts: dict[Encoded, int] = {}
        for place, (_, row) in enumerate(joining, size):
            firsts.setdefault(row.encoded, place)
        copies = [
            (firsts[row.encoded], place) for place, (_, row) in enumerate(joining, size) if firsts[row.encoded] != place
        ]
        longest = max(len(row.encoded.own) for _, row in joining)
        self._store.move([first for first, _ in copies], [place for _, place in copies], longest)
        self._numbers += [number for number, _ in joining]
        self._shared += [row.encoded.shared for _, row in joining]
        self._rows = self._rows.with_more(Progress.of([row for _, row in joining], self._decoder))

    def _choose(self, logits: torch.Tensor) -> torch.Tensor:
        """The next token of each row, noted with its log-probability under the model's own distribution."""
        rows, logits = self._rows, logits.float()
        place = rows.counts[:, None]
        draws = rows.draws.gather(1, place).squeeze(1) if bool(rows.temperatures.any()) else None
        tokens = choose(logits, rows.temperatures, draws)
        chosen = logits.gather(1, tokens[:, None]).squeeze(1)
        rows.log_probabilities += chosen - logits.logsumexp(-1)
        rows.answers.scatter_(1, place, tokens[:, None])
        rows.counts += 1
        rows.last = tokens
        return tokens

    def _loops(self, tokens: torch.Tensor) -> torch.Tensor:
        """Which rows go round in circles: for each period, how long has every token been that of one period ago?"""
        rows = self._rows
        rows.repeats = (rows.repeats + 1) * (rows.recent == tokens[:, None])
        rows.recent = torch.cat([tokens[:, None], rows.recent[:, :-1]], dim=1)
        return (rows.repeats >= self._loop_lengths).any(1)

    def _decoded(self, places: Sequence[int], ended: Sequence[bool]) -> dict[int, Decoded]:
        over = self._rows.at(_whole(places, self._decoder.device_))
        lines = zip(places, over.answers.tolist(), over.counts.tolist(), over.log_probabilities.tolist(), strict=True)
        return {
            self._numbers[place]: Decoded(
                self._decoder.text(answer[: count - ended[place]]), math.exp(logs / count), count, ended[place]
            )
            for place, answer, count, logs in lines
        }

    def _keep(self, places: list[int]) -> None:
        """Go on with the rows at these places. Rows from the end fill the gaps, so that few of them have to move."""
        if len(places) == len(self._numbers):
            return
        staying = set(places)
        order = list(range(len(places)))
        gaps = [place for place in order if place not in staying]
        movers = places[len(places) - len(gaps) :]
        for gap, place in zip(gaps, movers, strict=True):
            order[gap] = place
        self._numbers = [self._numbers[place] for place in order]
        self._shared = [self._shared[place] for place in order]
        self._rows = self._rows.at(_whole(order, self._decoder.device_))
        self._store.move(movers, gaps, int(self._rows.columns.max()) if order else 0)


def _whole(numbers: Sequence[int], device: torch.device) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.long, device=device)


def _stacked(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Two tensors one below the other, as wide as the wider one."""
    if one.dim() == 2 and one.shape[1] != other.shape[1]:
        room = max(one.shape[1], other.shape[1])
        one, other = (torch.nn.functional.pad(each, (0, room - each.shape[1])) for each in (one, other))
    return torch.cat([one, other])


def _unseen(newest: torch.Tensor, device: torch.device) -> torch.Tensor:
    """What rows add to their scores, ``(rows, 1, 1, columns)``: -inf for the columns after the newest."""
    columns = torch.arange(int(newest.max()) + 1, device=device)
    mask = torch.zeros(len(newest), len(columns), device=device)
    return mask.masked_fill_(columns > newest[:, None], float("-inf"))[:, None, None]


def _ends(lengths: Sequence[int], start: int) -> Iterator[int]:
    """Where the last token of each prompt stands in the line of tokens."""
    for length in lengths:
        start += length
        yield start - 1


@contextmanager
def device_errors() -> Iterator[None]:
    """Tell a shortage of memory and the loss of the device from the failures of single rows."""
    try:
        yield
    except RuntimeError as error:
        message = str(error)
        if isinstance(error, torch.OutOfMemoryError) or any(sign in message.lower() for sign in MEMORY_SIGNS):
            raise OutOfMemory(message.partition("\n")[0]) from error
        if isinstance(error, torch.AcceleratorError):
            raise DeviceLost(message.partition("\n")[0]) from error
        raise
