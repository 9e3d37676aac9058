"""A decoder that says what it is told, and what tests of the engine do with one: no torch, no model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared.errors import PromptTooLong
from shared.prompts import Prompt
from worker.decoder import Decoded, Encoded, OutOfMemory, Row
from worker.engine import Engine, Generated
from worker.serving import ServedModel

SOON = 10.0
FIRST = ServedModel(1, "first", taught=False)


@dataclass
class ScriptedDecoder:
    """Answers "copy of <question>", or what else ``says`` begins with, after as many steps as the question has words.

    ``capacity`` rows fit into its memory; a question with ``poison`` in it fails its batch; a step waits for ``gate``.
    """

    says: str = "copy of"
    capacity: int = 1000
    poison: str = "poison"
    error: Exception = field(default_factory=lambda: RuntimeError("index out of range"))
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    batches: list[list[str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    releases: int = 0

    def __post_init__(self) -> None:
        self.gate.set()
        self.questions: dict[Encoded, str] = {}

    def encode(self, prompt: Prompt, max_new_tokens: int) -> Encoded:
        question = prompt.question[1]
        if len(question) > 1000:
            raise PromptTooLong("the prompt has too many tokens")
        encoded = Encoded((), tuple(question.encode()))
        self.questions[encoded] = question
        return encoded

    def start(self, rows: Sequence[Row]) -> ScriptedDecoding:
        questions = [self.questions[row.encoded] + f" variant {row.variant}" * bool(row.variant) for row in rows]
        self.batches.append(questions)
        if len(rows) > self.capacity:
            raise OutOfMemory(f"{len(rows)} rows do not fit")
        return ScriptedDecoding(self, dict(enumerate(questions)))

    def release(self) -> None:
        self.releases += 1


class ScriptedDecoding:
    def __init__(self, decoder: ScriptedDecoder, rows: dict[int, str]) -> None:
        self.decoder = decoder
        self.rows = rows
        self.steps = 0

    def step(self) -> Mapping[int, Decoded]:
        self.decoder.entered.set()
        self.decoder.gate.wait()
        if any(self.decoder.poison in question for question in self.rows.values()):
            raise self.decoder.error
        self.steps += 1
        done = {row: question for row, question in self.rows.items() if len(question.split()) <= self.steps}
        for row in done:
            del self.rows[row]
        return {
            row: Decoded(f"{self.decoder.says} {question}", 0.9, self.steps, True) for row, question in done.items()
        }

    def drop(self, rows: Collection[int]) -> None:
        for row in rows:
            self.decoder.dropped.append(self.rows.pop(row))


class Turnstile(threading.Event):
    """A gate that lets one step through each time it is set."""

    def wait(self, timeout: float | None = None) -> bool:
        passed = super().wait(timeout)
        self.clear()
        return passed


def ask(question: str) -> Prompt:
    return Prompt((), ("user", question))


@contextmanager
def running(decoder: Any, **changes: Any) -> Iterator[Engine]:
    options: dict[str, Any] = {
        "batch_size": 4,
        "linger_ms": 0,
        "deadline_s": SOON,
        "hang_s": SOON,
        "on_hang": watchdog_bit,
    }
    engine = Engine(decoder, FIRST, **options | changes)
    engine.start()
    try:
        yield engine
    finally:
        decoder.gate.set()
        engine.stop()


def watchdog_bit() -> None:
    raise AssertionError("the watchdog bit")


def answer_to(engine: Engine, question: str, **options: Any) -> Generated:
    (answer,) = engine.serving().generate(ask(question), max_new_tokens=9, **options)
    return answer


@contextmanager
def busy_with(engine: Engine, decoder: ScriptedDecoder, question: str = "first") -> Iterator[Future[Generated]]:
    """The engine while it works on a request; what is asked meanwhile waits. Leaving lets it go on."""
    decoder.gate.clear()
    decoder.entered.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(answer_to, engine, question)
        assert decoder.entered.wait(SOON)
        yield answer
        decoder.gate.set()
        answer.result(SOON)


def ask_all(
    pool: ThreadPoolExecutor, engine: Engine, questions: Sequence[str], **options: Any
) -> list[Future[Generated]]:
    """Ask in order from threads of their own, and return when all of them wait."""
    answers = []
    for count, question in enumerate(questions, start=1):
        answers.append(pool.submit(answer_to, engine, question, **options))
        wait_until(partial(waits, engine, count))
    return answers


def waits(engine: Engine, count: int) -> bool:
    return len(engine._waiting) == count


def pumped(gate: threading.Event, answer: Future[Generated]) -> bool:
    gate.set()
    return answer.done()


def wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(SOON / 0.002)):
        if condition():
            return
        pause.wait(0.002)
    raise AssertionError("it did not happen in time")
