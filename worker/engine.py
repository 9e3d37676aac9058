"""The generation engine: many threads ask, one thread decodes their prompts together.

A Celery worker runs ordinary tasks on a pool of threads; each takes a view of the engine (:meth:`Engine.serving`), asks
through it and waits. The engine's own thread takes what waits, decodes it as one batch step by step, and answers each
request the moment its row ends. The model can be swapped between two batches.
Nothing here imports torch: the model is behind ``worker.decoder.Decoder``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Event, Thread

from shared.errors import EngineFault, EngineStopped, GenerationTimeout, ShelftalkError
from worker.decoder import Decoded, Decoder, OutOfMemory
from worker.serving import Loaded, Request, ServedModel, Serving, next_batch

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


class Engine:
    """Batches the requests of many threads. Times are in the unit that each name ends with.

    Args:
        decoder: the loaded model.
        model: how it is recorded.
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
        model: ServedModel,
        *,
        batch_size: int,
        linger_ms: float,
        deadline_s: float,
        hang_s: float,
        on_hang: Callable[[], None],
    ) -> None:
        self._loaded = Loaded(decoder, model)
        self._batch_size = batch_size
        self._linger_s = linger_ms / 1000
        self._deadline_s = deadline_s
        self._hang_s = hang_s
        self._on_hang = on_hang
        self._changed = Condition()
        self._waiting: list[Request] = []
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

    def serving(self) -> Serving:
        """A view bound to the model that serves now: whoever writes asks through one."""
        return Serving(self, self._loaded)

    def swap(self, decoder: Decoder, model: ServedModel) -> None:
        """Serve with another model from now on. Returns at once, and no request is dropped.

        Views taken from now on are of the new model. Those taken before, and what was asked through them, stay with
        the old one, which is let go of when the last of them has its answer; until then both are in memory. A batch
        holds requests of one model.
        """
        with self._changed:
            self._loaded = Loaded(decoder, model)

    def answer(self, requests: Sequence[Request]) -> list[Generated]:
        """The answers to requests, in their order; see :meth:`worker.serving.Serving.generate`."""
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

    def _answer(self, request: Request) -> Generated:
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
                del batch  # it would hold on to a model that has been swapped until the next request comes
            self._stopped.set()
        finally:
            with self._changed:
                self._takes_requests = False
                left, self._waiting = self._waiting, []
            for request in left:
                request.resolve(EngineStopped("the engine stopped before this request's turn"))

    def _next_batch(self) -> list[Request]:
        """Wait for requests and take the next batch; empty when the engine stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._takes_requests)
            if self._takes_requests and not self._waiting[0].alone:
                self._changed.wait_for(
                    lambda: len(self._waiting) >= self._limit or not self._takes_requests, timeout=self._linger_s
                )
            if not self._takes_requests:
                return []
            batch = next_batch(self._waiting, self._limit)
            self._waiting = [request for request in self._waiting if request not in batch]
            return batch

    def _work(self, batch: list[Request]) -> None:
        """Decode a batch to its end; what a failure leaves unanswered is put back to be tried in another way."""
        running = dict(enumerate(request for request in batch if not request.is_given_up))
        size = len(running)
        problem = ""
        is_short_of_memory = False
        try:
            self._decode(batch[0].loaded.decoder, running)
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
            for loaded in {batch[0].loaded, self._loaded}:
                loaded.decoder.release()
            self._shrink(list(running.values()), size, problem)
        elif problem:
            self._isolate(list(running.values()), problem)
        else:
            self._grow()

    def _decode(self, decoder: Decoder, running: dict[int, Request]) -> None:
        """Step until ``running`` is empty: a row leaves it when it is answered or given up."""
        if not running:
            return
        began, size = self._made_progress(), len(running)
        decoding = decoder.start([request.row for request in running.values()])
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

    def _shrink(self, requests: list[Request], size: int, problem: str) -> None:
        self._calm_batches = 0
        if size == 1:
            for request in requests:
                request.resolve(EngineFault(f"no memory for a prompt of {len(request.encoded)} tokens: {problem}"))
            return
        self._limit = max(1, size // 2)
        log.warning("out of memory with %d rows: going on with %d", size, self._limit)
        self._put_back(requests)

    def _isolate(self, requests: list[Request], problem: str) -> None:
        for request in requests:
            if request.alone:
                request.resolve(
                    EngineFault(f"the model failed on a prompt of {len(request.encoded)} tokens: {problem}")
                )
        suspects = [request for request in requests if not request.alone]
        for request in suspects:
            request.alone = True
        self._put_back(suspects)

    def _put_back(self, requests: list[Request]) -> None:
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


def _generated(request: Request, decoded: Decoded, began: float, size: int) -> Generated:
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
