"""llama.cpp as a contestant: its server on the same weights and the same tokens, where its program is to be had.

The server's own defaults serve it best on a CPU: a slot keeps what its last prompt and the next one share, batches are
continuous, attention is fused. One pool of keys and values for all slots was a fifth slower, sampling inside the graph
no faster. Asked for are only the slots, no store of prompts beside them, and the most likely token without a full sort.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError
from shared.settings import child_environment
from shared.stack.ownership import failure, free_port, wait_until
from shared.stack.tether import tethered
from worker.benchmark.contestant import Answer, Question, Setup, Unavailable
from worker.benchmark.gguf import write_gguf

PROGRAM = "llama-server"
ADDRESS = "127.0.0.1"
START_LIMIT_S = 120.0
STOP_LIMIT_S = 10.0
ANSWER_LIMIT_S = 600.0
SLOT_TOKENS = 1_024
"""The longest prompt and its answer that a slot holds, in tokens."""


def find_server(named: Path | None) -> Path:
    """The program of llama.cpp's server: the one that was named, else the one on the PATH.

    Raises:
        Unavailable: when none is on the PATH.
        ConfigurationError: when the one that was named is no program.
    """
    found = shutil.which(str(named or PROGRAM))
    if found is not None:
        return Path(found).absolute()
    if named is not None:
        raise ConfigurationError(f"--llama-server: {named} is no program; name the file `{PROGRAM}` of llama.cpp")
    raise Unavailable(f"`{PROGRAM}` is not on the PATH: build llama.cpp, or name it with --llama-server PATH")


class LlamaCpp:
    """llama.cpp's server with so many parallel ``slots``, its weights stored as ``kind`` (see ``gguf.KINDS``).

    With one slot it is asked one question after another; with more, twice as many wait as are answered, so that no
    slot is idle while there is work.

    Args:
        threads: how many threads compute.
    """

    def __init__(self, setup: Setup, kind: str, slots: int, threads: int) -> None:
        self._setup = setup
        self._kind = kind
        self._slots = slots
        self._threads = threads
        self._log = setup.folder / f"llama-{kind}-{slots}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write the weights and start the server. Returns when it answers.

        Raises:
            Unavailable: when there is no such program.
            ConfigurationError: when it does not start, with the end of its log.
        """
        program = find_server(self._setup.llama_server)
        weights = self._setup.folder / f"{self._kind}.gguf"
        if not weights.exists():
            partial = weights.with_suffix(".part")
            write_gguf(self._setup.model, partial, self._kind).replace(weights)
        self._port = free_port()
        command = [str(program), *self._options(weights)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                tethered(command, signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
            )
        if not wait_until(lambda: self._ended() or self._is_ready(), START_LIMIT_S) or self._ended():
            raise self._failure("did not start")

    def run(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer all questions by their tokens, so that no other tokenizer or template takes part.

        Raises:
            ConfigurationError: when the server ends, or refuses a question.
        """
        clients = 1 if self._slots == 1 else 2 * self._slots
        with ThreadPoolExecutor(clients) as pool:
            asked = [pool.submit(self._answer, question) for question in questions]
            try:
                return [answer.result() for answer in asked]
            finally:
                pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_LIMIT_S)
            self._process.kill()
            self._process.wait()

    def _options(self, weights: Path) -> list[str]:
        given: dict[str, object] = {
            "--model": weights,
            "--host": ADDRESS,
            "--port": self._port,
            "--parallel": self._slots,
            "--ctx-size": self._slots * SLOT_TOKENS,
            "--threads": self._threads,
            "--threads-http": 2 * self._slots + 2,
            "--cache-ram": 0,
        }
        return [str(part) for option in given.items() for part in option]

    def _is_ready(self) -> bool:
        try:
            status, _ = self._ask("GET", "/health")
        except (OSError, HTTPException):
            return False
        return status == HTTPStatus.OK  # 503 while it loads

    def _answer(self, question: Question) -> Answer:
        asked = {
            "prompt": question.tokens,
            "n_predict": self._setup.new_tokens,
            "samplers": ["top_k"],
            "top_k": 1,
        }
        try:
            status, body = self._ask("POST", "/completion", json.dumps(asked))
        except (OSError, HTTPException) as error:
            raise self._failure(f"did not answer ({error!r})") from error
        if status != HTTPStatus.OK:
            raise ConfigurationError(f"{PROGRAM} refused {question.sku} with status {status}: {body.decode()}")
        answer: dict[str, Any] = json.loads(body)
        return Answer(answer["content"], answer["tokens_predicted"])

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        with closing(HTTPConnection(ADDRESS, self._port, timeout=ANSWER_LIMIT_S)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _failure(self, what: str) -> ConfigurationError:
        """What its log says of its end; a process whose connection broke may need a moment to be gone."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            if self._process.returncode is not None:
                what = f"ended with code {self._process.returncode}"
        return failure(f"{PROGRAM} {what}", self._log)


def _environment() -> dict[str, str]:
    """Ours, without what makes waiting threads of OpenMP sleep: llama.cpp is slower then."""
    return {name: value for name, value in child_environment().items() if name != "OMP_WAIT_POLICY"}
