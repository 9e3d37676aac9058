"""A batch of rows that a transformers model decodes together, one token per step. Imports torch: see ``decoding``.

All rows end at the same column: preambles and questions are padded on the left, and masks and positions make up for it.
So the work of a step is one forward call and a few tensor operations, whatever the number of rows. Everything a row
needs is kept per row, which lets rows leave between two steps, and would let others join there.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from worker.decoder import Decoded, DeviceLost, Encoded, OutOfMemory, Row

if TYPE_CHECKING:
    from worker.decoding import TransformersDecoder

LOOP_TOKENS = 12
LOOP_TIMES = 3
LONGEST_PERIOD = 64
"""A row ends when it has said the same 12 or more tokens (up to 64) three times in a row."""

VARIANT_TEMPERATURE = 0.7
"""How freely the further candidates of a description are drawn."""

_COLDEST = 1e-4  # greedy rows are divided by it, and what comes of that is not used

MEMORY_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")

KeysValues = tuple[torch.Tensor, torch.Tensor]


class Batch:
    """Rows that are decoded together; ``numbers`` says which row of the batch's first list is at each place."""

    def __init__(self, decoder: TransformersDecoder, rows: Sequence[Row]) -> None:
        self._decoder = decoder
        device = decoder.model.device
        prompts = list(dict.fromkeys(row.encoded for row in rows))
        limits = [row.max_new_tokens for row in rows]
        size, room = len(rows), max(limits)
        self._numbers = list(range(size))
        self._limits = torch.tensor(limits, device=device)
        self._counts = torch.zeros(size, dtype=torch.long, device=device)
        self._answers = torch.zeros(size, room, dtype=torch.long, device=device)
        self._log_probabilities = torch.zeros(size, device=device)
        self._recent = torch.full((size, LONGEST_PERIOD), -1, device=device)
        self._repeats = torch.zeros(size, LONGEST_PERIOD, dtype=torch.long, device=device)
        self._loop_length = _loop_lengths(device)
        self._temperatures = _temperatures(rows, decoder.temperature).to(device)
        is_random = bool(self._temperatures.any())
        self._draws = _draws(rows, decoder.seed).to(device) if is_random else torch.empty(size, 0)
        with device_errors(), torch.inference_mode():
            self._cache = _cache(decoder, prompts, size, room)
            self._prefill(prompts)
            if len(prompts) < size:
                self._spread([prompts.index(row.encoded) for row in rows])

    def step(self) -> Mapping[int, Decoded]:
        """Add one token to each row; return the rows that ended, which are no longer part of the batch."""
        with device_errors(), torch.inference_mode():
            tokens = self._choose()
            ended = torch.isin(tokens, self._decoder.ends)
            over = (ended | (self._counts >= self._limits) | self._loops(tokens)).tolist()
            done = {
                self._numbers[place]: self._decoded(place, complete=bool(ended[place]))
                for place, is_over in enumerate(over)
                if is_over
            }
            self._keep([place for place, is_over in enumerate(over) if not is_over])
            if self._numbers:
                self._extend()
        return done

    def drop(self, rows: Collection[int]) -> None:
        """Give up rows that nobody waits for any more."""
        with device_errors(), torch.inference_mode():
            self._keep([place for place, number in enumerate(self._numbers) if number not in rows])

    def _prefill(self, prompts: Sequence[Encoded]) -> None:
        preamble, question = max(len(row.shared) for row in prompts), max(len(row.own) for row in prompts)
        device, pad = self._decoder.model.device, self._decoder.pad
        tokens = [[pad] * (question - len(row.own)) + list(row.own) for row in prompts]
        mask = [
            [False] * (preamble - len(row.shared))
            + [True] * len(row.shared)
            + [False] * (question - len(row.own))
            + [True] * len(row.own)
            for row in prompts
        ]
        self._mask = torch.tensor(mask, device=device)
        positions = (self._mask.cumsum(1) - 1).clamp(min=0)
        self._positions = positions[:, -1:]
        self._logits = self._forward(torch.tensor(tokens, device=device), positions[:, -question:])

    def _spread(self, places: list[int]) -> None:
        """Give each row the state of its prompt: several rows may share one."""
        index = torch.tensor(places, device=self._logits.device)
        self._mask, self._positions, self._logits = self._mask[index], self._positions[index], self._logits[index]
        self._cache.batch_select_indices(index)

    def _extend(self) -> None:
        """Run the model over the tokens that were chosen last."""
        last = self._answers.gather(1, self._counts[:, None] - 1)
        self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=True)
        self._positions = self._positions + 1
        self._logits = self._forward(last, self._positions)

    def _forward(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """The model's logits for the token after the last column, one line per row."""
        output = self._decoder.model(
            input_ids=tokens,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def _choose(self) -> torch.Tensor:
        """The next token of each row, noted with its log-probability under the model's own distribution."""
        tokens = self._logits.argmax(-1)
        if self._draws.shape[1]:
            scaled = self._logits / self._temperatures.clamp(min=_COLDEST)[:, None]
            drawn = _sample(scaled, self._draws.gather(1, self._counts[:, None]))
            tokens = torch.where(self._temperatures > 0, drawn, tokens)
        chosen = self._logits.gather(1, tokens[:, None]).squeeze(1)
        self._log_probabilities += chosen - self._logits.logsumexp(-1)
        self._answers.scatter_(1, self._counts[:, None], tokens[:, None])
        self._counts += 1
        return tokens

    def _loops(self, tokens: torch.Tensor) -> torch.Tensor:
        """Which rows go round in circles: for each period, how long has every token been that of one period ago?"""
        self._repeats = (self._repeats + 1) * (self._recent == tokens[:, None])
        self._recent = torch.cat([tokens[:, None], self._recent[:, :-1]], dim=1)
        return (self._repeats >= self._loop_length).any(1)

    def _decoded(self, place: int, *, complete: bool) -> Decoded:
        count = int(self._counts[place])
        answer = self._answers[place, : count - complete].tolist()
        confidence = math.exp(float(self._log_probabilities[place]) / count)
        return Decoded(self._decoder.text(answer), confidence, count, complete)

    def _keep(self, places: list[int]) -> None:
        """Go on with the rows at these places. Rows from the end fill the gaps, so that few of them have to move."""
        if len(places) == len(self._numbers):
            return
        order = list(range(len(places)))
        gaps = [place for place in order if place not in places]
        for gap, place in zip(gaps, places[len(places) - len(gaps) :], strict=True):
            order[gap] = place
        self._numbers = [self._numbers[place] for place in order]
        index = torch.tensor(order, dtype=torch.long, device=self._logits.device)
        self._limits, self._counts, self._answers = self._limits[index], self._counts[index], self._answers[index]
        self._log_probabilities, self._logits = self._log_probabilities[index], self._logits[index]
        self._recent, self._repeats = self._recent[index], self._repeats[index]
        self._mask, self._positions = self._mask[index], self._positions[index]
        self._temperatures, self._draws = self._temperatures[index], self._draws[index]
        self._cache.batch_select_indices(index)


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]  # __init_subclass__
    """Keys and values of one layer, with room for the columns to come.

    ``DynamicLayer`` copies all columns for each new one, and all rows when one leaves; here a step writes its column in
    place, and only the rows that change their place are copied.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, prompts: int, rows: int, preambles: Sequence[tuple[list[int], KeysValues]], room: int) -> None:
        """It begins with so many prompts and has room for so many rows; ``preambles`` say which prompts share one, and
        its state."""
        super().__init__()  # type: ignore[no-untyped-call]
        columns = max(keys.shape[2] for _, (keys, _) in preambles)
        self._room = tuple(
            state.new_zeros(rows, state.shape[1], columns + room, state.shape[3]) for state in preambles[0][1]
        )
        for places, states in preambles:
            for target, state in zip(self._room, states, strict=True):
                target[places, :, columns - state.shape[2] : columns] = state
        self.dtype, self.device = self._room[0].dtype, self._room[0].device
        self.is_initialized = True
        self._show(prompts, columns)

    def _show(self, rows: int, columns: int) -> None:
        self.keys, self.values = (state[:rows, :, :columns] for state in self._room)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new columns and return all columns, as the base class says."""
        rows, _, columns, _ = self.keys.shape
        end = columns + key_states.shape[2]
        for target, state in zip(self._room, (key_states, value_states), strict=True):
            target[:rows, :, columns:end] = state
        self._show(rows, end)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Go on with these rows, some perhaps several times; those that stay in their place are not touched."""
        moved = (indices != torch.arange(len(indices), device=indices.device)).nonzero().squeeze(1)
        for state in self._room:
            state[moved] = state[indices[moved]]
        self._show(len(indices), self.keys.shape[2])


def _cache(decoder: TransformersDecoder, prompts: Sequence[Encoded], size: int, room: int) -> Cache:
    """A cache that begins with the preamble of each prompt, and has room for ``size`` rows."""
    places: dict[tuple[int, ...], list[int]] = {}
    for place, row in enumerate(prompts):
        places.setdefault(row.shared, []).append(place)
    states = [(rows, decoder.preamble_states(shared)) for shared, rows in places.items() if shared]
    if not states:
        return DynamicCache(config=decoder.model.config)
    columns = max(len(row.own) for row in prompts) + room
    cache_layers: list[Any] = [
        RoomyLayer(len(prompts), size, [(rows, layers[depth]) for rows, layers in states], columns)
        for depth in range(len(states[0][1]))
    ]
    return Cache(layers=cache_layers)


def _loop_lengths(device: torch.device) -> torch.Tensor:
    """For each period, after how many repeated tokens the same LOOP_TOKENS or more have been said LOOP_TIMES."""
    periods = torch.arange(1, LONGEST_PERIOD + 1, device=device)
    spans = periods * (LOOP_TOKENS / periods).ceil().long().clamp(min=1)
    return LOOP_TIMES * spans - periods


def _temperatures(rows: Sequence[Row], temperature: float) -> torch.Tensor:
    """The temperature of each row; 0 decodes greedily."""
    return torch.tensor([max(temperature, VARIANT_TEMPERATURE) if row.variant else temperature for row in rows])


def _draws(rows: Sequence[Row], seed: int) -> torch.Tensor:
    """Random numbers in 0..1 for each token of each row, made from the seed, the row's prompt and its variant alone."""
    draws = torch.zeros(len(rows), max(row.max_new_tokens for row in rows))
    for place, row in enumerate(rows):
        content = repr((seed, row.variant, row.encoded.shared + row.encoded.own))
        digest = hashlib.sha256(content.encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
        draws[place, : row.max_new_tokens] = torch.rand(row.max_new_tokens, generator=generator)
    return draws


def _sample(logits: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """One token per row by inversion: the first whose cumulative probability exceeds the row's draw."""
    cumulative = logits.double().softmax(-1).cumsum(-1)
    tokens = torch.searchsorted(cumulative, draws * cumulative[:, -1:], right=True)
    return tokens.squeeze(1).clamp(max=logits.shape[1] - 1)


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
