"""Shelftalk itself: the whole way from XADD to the committed row, and its engine alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from sqlalchemy import text

from shared.errors import ConfigurationError
from worker.benchmark.contestant import Answer, Question, Setup
from worker.benchmark.stack import Stack
from worker.evaluation.contestants import champion_model

LIMIT_S = 86_400.0

# The newest copy of each product: what the model said, word for word.
WRITTEN = """
    SELECT p.sku, d.raw_text, d.new_tokens
    FROM app.description AS d JOIN app.product AS p ON p.id = d.product_id
    WHERE p.sku = ANY(:skus) ORDER BY d.id
"""


class EndToEnd:
    """Ingest, a Celery worker with its engine, checks and Postgres: events go in, committed descriptions come out."""

    def __init__(self, setup: Setup, dtype: str | None = None) -> None:
        self._setup = setup
        self._environment = {} if dtype is None else {"SHELFTALK_DTYPE": dtype}
        self._undo = ExitStack()

    def prepare(self) -> None:
        """Start the stack; its worker is ready when its model is loaded."""
        self._stack = self._undo.enter_context(Stack(self._setup.config, environment=self._environment))

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Publish all events, wait for the last commit, and read what was written.

        Raises:
            ConfigurationError: when a product ended without a description.
        """
        count = self._stack.publish([question.event for question in questions])
        self._stack.wait_until_done(count, LIMIT_S)
        skus = [question.sku for question in questions]
        with self._stack.connection() as connection:
            rows = connection.execute(text(WRITTEN), {"skus": skus})
            found = {row.sku: Answer(row.raw_text, row.new_tokens) for row in rows}
        if missing := [sku for sku in skus if sku not in found]:
            raise ConfigurationError(f"{len(missing)} products got no description, such as {missing[0]}")
        return [found[sku] for sku in skus]

    def close(self) -> None:
        """End the stack and remove what it stored."""
        self._undo.close()


class EngineAlone:
    """The worker's engine in this process, asked by as many threads as a worker has: no queue, no checks, no rows."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._undo = ExitStack()

    def prepare(self) -> None:
        """Load the model that a worker would serve; the benchmark asks no database which one that is."""
        config = self._setup.config.model_copy(update={"database_url": None})
        self._writer = self._undo.enter_context(champion_model(config).open())
        self._pool = self._undo.enter_context(ThreadPoolExecutor(config.threads))

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Each thread asks for one description at a time."""
        return list(self._pool.map(self._answer, questions))

    def close(self) -> None:
        """Stop the engine."""
        self._undo.close()

    def _answer(self, question: Question) -> Answer:
        generated = self._writer.generate(question.prompt, max_new_tokens=self._setup.new_tokens)[0]
        return Answer(generated.text, generated.new_tokens)
