"""Who takes part in the comparison: what each is given, and what it answers. Nothing here imports torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.errors import ShelftalkError
from shared.prompts import Prompt
from shared.settings import Settings


class Unavailable(ShelftalkError):
    """A contestant cannot take part on this machine; the message is one line that says why."""


@dataclass(frozen=True)
class Question:
    """One product as each contestant takes it: the event that a catalogue publishes, the prompt of the service, that
    prompt as the ``text`` that the model reads, and as its ``tokens``."""

    event: dict[str, Any]
    prompt: Prompt
    text: str
    tokens: tuple[int, ...]

    @property
    def sku(self) -> str:
        """The product's key."""
        return str(self.event["data"]["sku"])


@dataclass(frozen=True)
class Answer:
    """A contestant's text for one question, as the model wrote it, and how many ``tokens`` that took, with the token
    that ends an answer."""

    text: str
    tokens: int


@dataclass(frozen=True)
class Setup:
    """What all contestants share.

    ``model`` is the folder of the whole model in Hugging Face layout, an adapter merged into it; ``ends`` are the
    tokens that end an answer, which has ``new_tokens`` at most. ``threads`` is how many compute on a CPU, and
    ``folder`` is for files of the benchmark.
    """

    config: Settings
    folder: Path
    model: Path
    ends: tuple[int, ...]
    new_tokens: int
    threads: int = 1
    on_gpu: bool = False
    llama_server: Path | None = None


class Contestant(Protocol):
    """Answers questions in a process of its own. The time of ``run`` is what is measured."""

    def prepare(self) -> None:
        """Load the model and start what is needed. Raises Unavailable where that is not to be had."""

    def run(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer all questions, in their order. Called first with a few others, to warm up."""

    def close(self) -> None:
        """End what was started; called in any case, after ``prepare``."""


def write_questions(path: Path, questions: Sequence[Question]) -> None:
    """Keep questions as JSON Lines."""
    path.write_text("".join(f"{json.dumps(asdict(each), ensure_ascii=False)}\n" for each in questions))


def read_questions(path: Path) -> list[Question]:
    """The questions that were kept."""
    return [_question(json.loads(line)) for line in path.read_text().splitlines()]


def _question(row: dict[str, Any]) -> Question:
    preamble = tuple((role, content) for role, content in row["prompt"]["preamble"])
    role, content = row["prompt"]["question"]
    return Question(row["event"], Prompt(preamble, (role, content)), row["text"], tuple(row["tokens"]))
