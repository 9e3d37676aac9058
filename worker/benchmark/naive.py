"""The naive peer: one Celery task per product, which calls ``model.generate()`` and inserts one row.

``python -m worker.benchmark.naive FOLDER`` is its worker: with a pool of one, as a model in a task has it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery
from celery.signals import task_failure

from shared.settings import settings
from shared.stack.ownership import failure
from shared.stack.programs import python_module
from shared.stack.tether import tethered
from worker.benchmark.contestant import Answer, Question, Setup
from worker.benchmark.questions import read_setup
from worker.benchmark.stack import Stack

TASK = "naive.describe"
POLL_S = 0.05
TABLE = "CREATE TABLE naive_description (sku text PRIMARY KEY, text text NOT NULL, tokens integer NOT NULL)"
INSERT = "INSERT INTO naive_description VALUES (%s, %s, %s)"
SELECT = "SELECT sku, text, tokens FROM naive_description WHERE sku = ANY(%s)"
COUNT = "SELECT count(*) FROM naive_description WHERE sku = ANY(%s)"


class Naive:
    """A queue, a worker process and a table, on servers like ours."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._undo = ExitStack()

    def prepare(self) -> None:
        """Start the servers and the worker; the first task waits for the model."""
        stack = self._undo.enter_context(Stack(self._setup.config, ingests=0, workers=0))
        address = stack.servers.database_url
        self._database = self._undo.enter_context(psycopg.connect(address, autocommit=True))
        self._database.execute(TABLE)
        self._app = Celery(broker=stack.servers.redis_url)
        self._log = stack.folder / "naive.log"
        program = tethered(python_module(__name__, str(self._setup.folder)), on_death=signal.SIGKILL)
        with self._log.open("ab") as log:
            self._worker = subprocess.Popen(program, stdout=log, stderr=log, env=stack.environment)
        self._undo.callback(self._end_worker)

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Send one message per product, and wait until each has its row."""
        skus = [question.sku for question in questions]
        for question in questions:
            self._app.send_task(TASK, (question.sku, list(question.tokens)))
        while self._written(skus) < len(skus):
            if (code := self._worker.poll()) is not None:
                raise failure(f"the naive worker ended with code {code}", self._log)
            time.sleep(POLL_S)
        rows = {sku: Answer(text, tokens) for sku, text, tokens in self._database.execute(SELECT, [skus])}
        return [rows[sku] for sku in skus]

    def close(self) -> None:
        """End the worker and the servers."""
        self._undo.close()

    def _written(self, skus: list[str]) -> int:
        row = self._database.execute(COUNT, [skus]).fetchone()
        return int(row[0]) if row else 0

    def _end_worker(self) -> None:
        self._worker.kill()
        self._worker.wait()


def main(folder: str) -> None:
    """Serve the queue of Celery with one thread, which does all of a task itself."""
    from worker.benchmark.plain import Plain

    config = settings()
    plain = Plain(read_setup(Path(folder), config))
    database = psycopg.connect(config.database_dsn.replace("+psycopg", ""), autocommit=True)
    app = Celery(broker=config.redis_dsn)

    def describe(sku: str, tokens: list[int]) -> None:
        made = plain.new_tokens([tokens])[0]
        answer = plain.answer(made)
        database.execute(INSERT, [sku, answer.text.replace("\x00", ""), answer.tokens])

    task: Any = app.task
    task(describe, name=TASK)
    task_failure.connect(_end)
    app.worker_main(["worker", "--pool=solo", "--loglevel=WARNING"])


def _end(**_: Any) -> None:
    """A product without a row would be waited for without end: the log has the reason."""
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
