"""The generation engine: many threads ask, one thread decodes their prompts together.

A Celery worker runs ordinary tasks on a pool of threads; each calls :meth:`Engine.generate` and waits. The engine's own
thread takes what waits, decodes it as one batch step by step, and answers each request the moment its row ends.
Nothing here imports torch: the model is behind ``worker.decoder.Decoder``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Event, Thread

from shared.errors import EngineFault, EngineStopped, GenerationTimeout, ShelftalkError
from shared.prompts import Prompt
from worker.decoder import Decoded, Decoder, Encoded, OutOfMemory, Row

log = logging.getLogger(__name__)

GROW_AFTER = 20
"""Batches in a row without a shortage of memory after which the batch may be larger by one again."""

# What a model's runtime raises over the rows it was given. Anything else ends the engine.
_FAULTS = (RuntimeError, ValueError, IndexError, ArithmeticError)


@dataclass(frozen=True)
class Generated:
    """The model's answer to one prompt.

    ``confidence`` is the exponential of the mean log-probability of its tokens under the model's own distribution, in
    0..1 (the inverse of the perplexity, Jelinek et al. 1977). ``new_tokens`` counts the end marker too. ``complete``
    says that the model ended the answer itself, not a limit. ``batch_size`` is how many rows the batch began with.
    """

    text: str
    confidence: float
    prompt_tokens: int
    new_tokens: int
    complete: bool
    queue_ms: float
    decode_ms: float
    batch_size: int


@dataclass(eq=False)
class _Request:
    row: Row
    alone: bool
    asked: float = field(default_factory=time.monotonic)
    answer: Future[Generated] = field(default_factory=Future)

    @property
    def encoded(self) -> Encoded:
        return self.row.encoded

    @property
    def is_given_up(self) -> bool:
        return self.answer.cancelled()

    def resolve(self, result: Generated | Exception) -> None:
        """Answer, unless the caller has given up in the meantime."""
        if not self.answer.set_running_or_notify_cancel():
            return
        if isinstance(result, Generated):
            self.answer.set_result(result)
        else:
            self.answer.set_exception(result)


class Engine:
    """Batches the requests of many threads. Times are in the unit that each name ends with.

    Args:
        decoder: the loaded model.
        batch_size: the most rows that are decoded together; fewer for a while after a shortage of memory.
        linger_ms: how long a batch that is not full waits for more.
        deadline_s: how long a caller waits, in the queue and for the model together.
        hang_s: how long the model may work without finishing a step.
        on_hang: called once, from a thread of its own, when that time is over or the engine's thread has died.
            Nothing can end a thread that hangs in native code, so it should end the process.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        batch_size: int,
        linger_ms: float,
        deadline_s: float,
        hang_s: float,
        on_hang: Callable[[], None],
    ) -> None:
        self._decoder = decoder
        self._batch_size = batch_size
        self._linger_s = linger_ms / 1000
        self._deadline_s = deadline_s
        self._hang_s = hang_s
        self._on_hang = on_hang
        self._changed = Condition()
        self._waiting: list[_Request] = []
        self._takes_requests = False
        self._limit = batch_size
        self._calm_batches = 0
        self._working_since: float | None = None
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        self._watchdog = Thread(target=self._watch, name="engine-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to take requests. An engine is started once."""
        self._takes_requests = True
        self._thread.start()
        self._watchdog.start()

    def stop(self) -> None:
        """Refuse new requests, finish those being decoded, and fail those that wait with EngineStopped."""
        with self._changed:
            self._takes_requests = False
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False
    ) -> list[Generated]:
        """Answer a prompt in one or more ways; blocks, and may be called from any number of threads.

        The first candidate is the model's first choice; the others are drawn at random, in the same batch where there
        is room. ``alone`` decodes in a batch of its own: for a prompt that is suspected of taking its neighbours down.

        Raises:
            GenerationTimeout: when there is no answer within the deadline.
            EngineStopped: when the engine does not run or stops first.
            EngineFault: when the model fails on this prompt.
            PromptTooLong: when prompt and answer do not fit into the model's context.
        """
        encoded = self._decoder.encode(prompt, max_new_tokens)
        requests = [_Request(Row(encoded, max_new_tokens, variant), alone) for variant in range(candidates)]
        with self._changed:
            if not self._takes_requests:
                raise EngineStopped("the engine takes no requests: it was not started, or it is shutting down")
            self._waiting += requests
            self._changed.notify_all()
        try:
            return [self._answer(request) for request in requests]
        except ShelftalkError:
            for request in requests:
                request.answer.cancel()
            raise

    def _answer(self, request: _Request) -> Generated:
        """The answer to a request, within the deadline that began when it was made."""
        try:
            return request.answer.result(timeout=max(0.0, request.asked + self._deadline_s - time.monotonic()))
        except TimeoutError:
            if not request.answer.cancel():
                return request.answer.result()
            raise GenerationTimeout(
                f"no answer within {self._deadline_s:g} s (SHELFTALK_REQUEST_DEADLINE_S) to a prompt of "
                f"{len(request.encoded)} tokens"
            ) from None

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._work(batch)
            self._stopped.set()
        finally:
            with self._changed:
                self._takes_requests = False
                left, self._waiting = self._waiting, []
            for request in left:
                request.resolve(EngineStopped("the engine stopped before this request's turn"))

    def _next_batch(self) -> list[_Request]:
        """Wait for requests and take the next batch; empty when the engine stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._takes_requests)
            if self._takes_requests and not self._waiting[0].alone:
                self._changed.wait_for(
                    lambda: len(self._waiting) >= self._limit or not self._takes_requests, timeout=self._linger_s
                )
            if not self._takes_requests:
                return []
            batch = _choose(self._waiting, self._limit)
            self._waiting = [request for request in self._waiting if request not in batch]
            return batch

    def _work(self, batch: list[_Request]) -> None:
        """Decode a batch to its end; what a failure leaves unanswered is put back to be tried in another way."""
        running = dict(enumerate(request for request in batch if not request.is_given_up))
        size = len(running)
        problem = ""
        is_short_of_memory = False
        try:
            self._decode(running)
        except OutOfMemory as error:
            problem, is_short_of_memory = str(error), True
        except _FAULTS as error:
            log.warning("a batch of %d failed", size, exc_info=True)
            problem = repr(error)
        except BaseException as error:
            for request in running.values():
                request.resolve(EngineFault(f"the engine has ended: {error!r}"))
            raise
        finally:
            self._working_since = None
        # Only now: an exception that is being handled keeps the memory of its batch alive.
        if is_short_of_memory:
            self._shrink(list(running.values()), size, problem)
        elif problem:
            self._isolate(list(running.values()), problem)
        else:
            self._grow()

    def _decode(self, running: dict[int, _Request]) -> None:
        """Step until ``running`` is empty: a row leaves it when it is answered or given up."""
        if not running:
            return
        began, size = self._made_progress(), len(running)
        decoding = self._decoder.start([request.row for request in running.values()])
        while running:
            self._made_progress()
            for row, decoded in decoding.step().items():
                request = running.pop(row)
                request.resolve(_generated(request, decoded, began, size))
            given_up = [row for row, request in running.items() if request.is_given_up]
            for row in given_up:
                del running[row]
            if given_up and running:
                decoding.drop(given_up)

    def _shrink(self, requests: list[_Request], size: int, problem: str) -> None:
        self._decoder.release()
        self._calm_batches = 0
        if size == 1:
            for request in requests:
                request.resolve(EngineFault(f"no memory for a prompt of {len(request.encoded)} tokens: {problem}"))
            return
        self._limit = max(1, size // 2)
        log.warning("out of memory with %d rows: going on with %d", size, self._limit)
        self._put_back(requests)

    def _isolate(self, requests: list[_Request], problem: str) -> None:
        for request in requests:
            if request.alone:
                request.resolve(
                    EngineFault(f"the model failed on a prompt of {len(request.encoded)} tokens: {problem}")
                )
        suspects = [request for request in requests if not request.alone]
        for request in suspects:
            request.alone = True
        self._put_back(suspects)

    def _put_back(self, requests: list[_Request]) -> None:
        with self._changed:
            self._waiting = requests + self._waiting

    def _grow(self) -> None:
        self._calm_batches += 1
        if self._limit < self._batch_size and self._calm_batches % GROW_AFTER == 0:
            self._limit += 1

    def _made_progress(self) -> float:
        self._working_since = time.monotonic()
        return self._working_since

    def _watch(self) -> None:
        while not self._stopped.wait(min(1.0, self._hang_s / 4)):
            since = self._working_since
            if since is not None and time.monotonic() - since > self._hang_s:
                log.critical("the model has made no step for %g s", self._hang_s)
            elif not self._thread.is_alive() and not self._stopped.is_set():
                log.critical("the engine's thread has died")
            else:
                continue
            self._on_hang()
            return


def _choose(waiting: Sequence[_Request], limit: int) -> list[_Request]:
    """The oldest request, and those whose length is nearest to its own, so that little of the batch is padding."""
    oldest = waiting[0]
    if oldest.alone:
        return [oldest]
    company = [request for request in waiting if not request.alone]
    return sorted(company, key=lambda request: abs(len(request.encoded) - len(oldest.encoded)))[:limit]


def _generated(request: _Request, decoded: Decoded, began: float, size: int) -> Generated:
    return Generated(
        text=decoded.text,
        confidence=decoded.confidence,
        prompt_tokens=len(request.encoded),
        new_tokens=decoded.new_tokens,
        complete=decoded.complete,
        queue_ms=(began - request.asked) * 1000,
        decode_ms=(time.monotonic() - began) * 1000,
        batch_size=size,
    )
