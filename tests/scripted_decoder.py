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
NEW_TOKENS = 9


@dataclass(eq=False)
class ScriptedDecoder:
    """Answers "copy of <question>", or what else ``says`` begins with, after as many steps as the question has words.

    ``capacity`` is how many tokens it says that it has room for: a byte is one; a step with more than ``memory`` rows
    runs out of it all the same. A question with ``poison`` in it fails its batch; a step waits for ``gate``.
    ``joined`` holds the questions that joined together, ``steps`` those that were in the batch at each step.
    """

    says: str = "copy of"
    capacity: int = 100_000
    memory: int = 1000
    poison: str = "poison"
    error: Exception = field(default_factory=lambda: RuntimeError("index out of range"))
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    joined: list[list[str]] = field(default_factory=list)
    steps: list[list[str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    releases: int = 0
    device: str = "script"

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

    def start(self) -> ScriptedDecoding:
        return ScriptedDecoding(self)

    def check(self, questions: Sequence[str]) -> None:
        """Fail where a step with these questions would."""
        if len(questions) > self.memory:
            raise OutOfMemory(f"{len(questions)} rows do not fit")
        if any(self.poison in question for question in questions):
            raise self.error

    def release(self) -> None:
        self.releases += 1


class ScriptedDecoding:
    def __init__(self, decoder: ScriptedDecoder) -> None:
        self.decoder = decoder
        self.rows: dict[int, str] = {}
        self.said: dict[int, int] = {}

    def join(self, rows: Mapping[int, Row]) -> None:
        questions = self.decoder.questions
        added = {
            number: questions[row.encoded] + f" variant {row.variant}" * bool(row.variant)
            for number, row in rows.items()
        }
        assert not added.keys() & self.said.keys(), "a row's number is used once"
        self.decoder.joined.append(list(added.values()))
        self.rows |= added
        self.said |= dict.fromkeys(added, 0)

    def step(self) -> Mapping[int, Decoded]:
        self.decoder.entered.set()
        self.decoder.gate.wait()
        assert self.rows, "a step needs a row"
        self.decoder.steps.append(list(self.rows.values()))
        self.decoder.check(self.decoder.steps[-1])
        for number in self.rows:
            self.said[number] += 1
        done = {row: question for row, question in self.rows.items() if len(question.split()) <= self.said[row]}
        for row in done:
            del self.rows[row]
        return {
            row: Decoded(f"{self.decoder.says} {question}", 0.9, self.said[row], True) for row, question in done.items()
        }

    def drop(self, numbers: Collection[int]) -> None:
        for number in numbers:
            self.decoder.dropped.append(self.rows.pop(number))


class Turnstile(threading.Event):
    """A gate that lets one step through each time it is set."""

    def wait(self, timeout: float | None = None) -> bool:
        passed = super().wait(timeout)
        self.clear()
        return passed


def ask(question: str) -> Prompt:
    return Prompt((), ("user", question))


def columns(question: str) -> int:
    """The tokens that the scripted decoder needs for the row of a question."""
    return len(question.encode()) + NEW_TOKENS


@contextmanager
def running(decoder: Any, **changes: Any) -> Iterator[Engine]:
    options: dict[str, Any] = {"linger_ms": 0, "deadline_s": SOON, "hang_s": SOON, "on_hang": watchdog_bit}
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
    (answer,) = engine.serving().generate(ask(question), max_new_tokens=NEW_TOKENS, **options)
    return answer


@contextmanager
def busy_with(engine: Engine, decoder: ScriptedDecoder, question: str = "first") -> Iterator[Future[Generated]]:
    """The engine in the middle of a step; what is asked meanwhile waits. Leaving lets it go on."""
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
    for count, question in enumerate(questions, start=len(engine._waiting) + 1):
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
