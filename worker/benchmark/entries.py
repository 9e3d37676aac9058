"""The list of contestants, and what each is called. Nothing is imported before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from shared.errors import ConfigurationError
from worker.benchmark.contestant import Contestant, Question, Setup

OURS = "ours"
LLAMA_SLOTS = 32


@dataclass(frozen=True)
class Entry:
    """A contestant: its class as ``module:Class`` of this package, and what it is made with beside the setup.

    A ``slow`` one describes only a part of the products: on a CPU, or everywhere. One that is ``large`` takes part only
    on a GPU and one that is ``small`` only on a CPU, unless it is asked for by name. One that ``takes_threads`` is told
    how many it may use.
    """

    label: str
    place: str
    options: dict[str, Any] = field(default_factory=dict)
    slow: Literal["", "cpu", "everywhere"] = ""
    large: bool = False
    small: bool = False
    takes_threads: bool = False

    def make(self, setup: Setup) -> Contestant:
        """The contestant, not yet prepared."""
        module, _, name = self.place.partition(":")
        threads = {"threads": setup.threads} if self.takes_threads else {}
        made: Contestant = getattr(import_module(f"worker.benchmark.{module}"), name)(setup, **self.options, **threads)
        return made

    def is_slow(self, setup: Setup) -> bool:
        """Whether it is slow on this machine."""
        return self.slow == "everywhere" or (self.slow == "cpu" and not setup.on_gpu)

    def questions(self, all_of_them: Sequence[Question], part: int, setup: Setup) -> list[Question]:
        """Those that it answers: all, or ``part`` of them, drawn evenly."""
        if not self.is_slow(setup) or part >= len(all_of_them):
            return list(all_of_them)
        return [all_of_them[at * len(all_of_them) // part] for at in range(part)]


def _llama(kind: str, slots: int) -> Entry:
    how = "one at a time" if slots == 1 else f"{slots} slots"
    options = {"kind": kind, "slots": slots}
    label = f"llama.cpp's server, {kind}, {how}"
    return Entry(label, "llama_cpp:LlamaCpp", options, slow="everywhere" if slots == 1 else "", takes_threads=True)


ENTRIES = {
    OURS: Entry("Shelftalk, XADD to committed row", "ours:EndToEnd"),
    "ours-bf16": Entry(
        "the same, computing in bfloat16 (a setting)", "ours:EndToEnd", {"dtype": "bfloat16"}, small=True
    ),
    "engine": Entry("Shelftalk's engine alone", "ours:EngineAlone"),
    "naive": Entry("a Celery task per product around generate()", "naive:Naive", slow="everywhere"),
    "static-8": Entry("generate() in batches of 8", "static:Static", {"size": 8}),
    "static-32": Entry("generate() in batches of 32", "static:Static", {"size": 32}),
    "static-64": Entry("generate() in batches of 64", "static:Static", {"size": 64}),
    "static-256": Entry("generate() in batches of 256", "static:Static", {"size": 256}, large=True),
    "static-1024": Entry("generate() in batches of 1,024", "static:Static", {"size": 1_024}, large=True),
    "continuous": Entry("transformers' generate_batch", "continuous:Continuous", slow="cpu"),
    "llama-q8-one": _llama("Q8_0", 1),
    "llama-q8": _llama("Q8_0", LLAMA_SLOTS),
    "llama-q4-one": _llama("Q4_0", 1),
    "llama-q4": _llama("Q4_0", LLAMA_SLOTS),
    "llama-bf16": _llama("BF16", LLAMA_SLOTS),
    "vllm": Entry("vLLM", "vllm:Vllm"),
}


def chosen(names: Iterable[str], *, on_gpu: bool) -> dict[str, Entry]:
    """The entries of these names, in the order of the list; without any, all that suit the machine.

    Raises:
        ConfigurationError: when there is no such contestant.
    """
    asked = set(names)
    if unknown := sorted(asked - set(ENTRIES)):
        raise ConfigurationError(f"--only {unknown[0]}: is no contestant; known are {', '.join(ENTRIES)}")
    suiting = {name for name, entry in ENTRIES.items() if not (entry.small if on_gpu else entry.large)}
    return {name: entry for name, entry in ENTRIES.items() if name in (asked or suiting)}
