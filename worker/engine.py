"""The generation engine: many threads ask, one thread decodes their prompts together.

A Celery worker runs ordinary tasks on a pool of threads; each takes a view of the engine (:meth:`Engine.serving`), asks
through it and waits. The engine's own thread decodes all that is asked as one batch, step by step: a row that ends is
answered and leaves, and one that waits takes its place before the next step (continuous batching, Yu et al. 2022:
Orca). The model can be swapped while it runs. Nothing here imports torch: it is behind ``worker.decoder.Decoder``.
"""

from __future__ import annotations

import logging
import time
from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Condition, Event, Thread

from shared.errors import EngineFault, EngineStopped, GenerationTimeout, ShelftalkError
from worker.decoder import Decoded, Decoder, Decoding, OutOfMemory
from worker.serving import Loaded, Request, ServedModel, Serving, in_flight, joining

log = logging.getLogger(__name__)

GROW_AFTER = 500
"""Steps in a row without a shortage of memory after which the batch may be larger by an eighth again."""

# What a model's runtime raises over the rows it was given. Anything else ends the engine.
_FAULTS = (RuntimeError, ValueError, IndexError, ArithmeticError)


@dataclass(frozen=True)
class Generated:
    """The model's answer to one prompt.

    ``confidence`` is the exponential of the mean log-probability of its tokens under the model's own distribution, in
    0..1 (the inverse of the perplexity, Jelinek et al. 1977). ``new_tokens`` counts the end marker too. ``complete``
    says that the model ended the answer itself, not a limit. ``batch_size`` is how many rows there were when it joined.
    """

    text: str
    confidence: float
    prompt_tokens: int
    new_tokens: int
    complete: bool
    queue_ms: float
    decode_ms: float
    batch_size: int


@dataclass(frozen=True)
class _Running:
    """A request that is being decoded, since when, and among how many."""

    request: Request
    began: float
    size: int

    def finish(self, decoded: Decoded) -> None:
        """Hand the answer to whoever waits for it."""
        self.request.resolve(
            Generated(
                text=decoded.text,
                confidence=decoded.confidence,
                prompt_tokens=len(self.request.encoded),
                new_tokens=decoded.new_tokens,
                complete=decoded.complete,
                queue_ms=(self.began - self.request.asked) * 1000,
                decode_ms=(time.monotonic() - self.began) * 1000,
                batch_size=self.size,
            )
        )


class Engine:
    """Batches the requests of many threads. Times are in the unit that each name ends with.

    Args:
        decoder: the loaded model.
        model: how it is recorded.
        linger_ms: how long an idle engine waits for company for the first request.
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
        linger_ms: float,
        deadline_s: float,
        hang_s: float,
        on_hang: Callable[[], None],
    ) -> None:
        self._loaded = Loaded(decoder, model)
        self._linger_s = linger_ms / 1000
        self._deadline_s = deadline_s
        self._hang_s = hang_s
        self._on_hang = on_hang
        self._changed = Condition()
        self._waiting: list[Request] = []
        self._takes_requests = False
        self._running: dict[int, _Running] = {}
        self._decoding: Decoding | None = None
        self._numbers = count()
        self._share = 1.0
        self._calm_steps = 0
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
            self._queue(requests)
            self._changed.notify_all()
        try:
            return [self._answer(request) for request in requests]
        except ShelftalkError:
            for request in requests:
                request.answer.cancel()
            raise

    def _queue(self, requests: Sequence[Request]) -> None:
        """Put requests in line. What is not urgent stands where it would if it were asked half a deadline later: live
        changes go ahead of back-fills, and yet no back-fill waits for ever."""
        for request in requests:
            insort(self._waiting, request, key=self._turn)

    def _turn(self, request: Request) -> float:
        return request.asked if request.urgent else request.asked + self._deadline_s / 2

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
            while self._admit():
                self._advance()
            self._stopped.set()
        finally:
            with self._changed:
                self._takes_requests = False
                left, self._waiting = self._waiting, []
            for request in left:
                request.resolve(EngineStopped("the engine stopped before this request's turn"))

    def _admit(self) -> bool:
        """Let what waits join the batch, where there is room; wait while there is nothing to do. False at the end."""
        with self._changed:
            if not self._running:
                self._working_since = None
                self._changed.wait_for(lambda: self._waiting or not self._takes_requests)
                if self._linger_s and self._takes_requests:
                    self._changed.wait_for(lambda: not self._takes_requests, timeout=self._linger_s)
            if not self._takes_requests:
                return bool(self._running)
            self._waiting = [request for request in self._waiting if not request.is_given_up]
            if not self._waiting:
                return True
            running = [each.request for each in self._running.values()]
            decoder = (running or self._waiting)[0].loaded.decoder
            joined = joining(self._waiting, running, int(self._share * decoder.capacity))
            del self._waiting[: len(joined)]
        now, size = time.monotonic(), len(running) + len(joined)
        added = {next(self._numbers): _Running(request, now, size) for request in joined}
        self._running |= added
        if added:
            self._decoding = self._decoding or decoder.start()
            self._decoding.join({number: each.request.row for number, each in added.items()})
        return True

    def _advance(self) -> None:
        """One step of the batch. What a failure leaves unanswered is put back, to be tried in another way."""
        if self._decoding is None:
            return
        problem: str | None = None
        is_short_of_memory = False
        try:
            self._step(self._decoding)
        except OutOfMemory as error:
            problem, is_short_of_memory = str(error), True
        except _FAULTS as error:
            log.warning("a batch of %d failed", len(self._running), exc_info=True)
            problem = repr(error)
        except BaseException as error:
            for each in self._running.values():
                each.request.resolve(EngineFault(f"the engine has ended: {error!r}"))
            raise
        # Only now: an exception that is being handled keeps the memory of its batch alive.
        if problem is not None:
            requests = [each.request for each in self._running.values()]
            self._running.clear()
        if not self._running:
            self._decoding = None
        if problem is not None:
            (self._shrink if is_short_of_memory else self._isolate)(requests, problem)

    def _step(self, decoding: Decoding) -> None:
        self._working_since = time.monotonic()
        for number, decoded in decoding.step().items():
            self._running.pop(number).finish(decoded)
        given_up = [number for number, each in self._running.items() if each.request.is_given_up]
        for number in given_up:
            del self._running[number]
        if given_up and self._running:
            decoding.drop(given_up)
        self._calm_steps += 1
        if self._share < 1 and self._calm_steps % GROW_AFTER == 0:
            self._share = min(1.0, self._share * 9 / 8)

    def _shrink(self, requests: list[Request], problem: str) -> None:
        """Go on with half of what was in flight."""
        self._calm_steps = 0
        for decoder in {requests[0].loaded.decoder, self._loaded.decoder}:
            decoder.release()
        if len(requests) == 1:
            length = len(requests[0].encoded)
            requests[0].resolve(EngineFault(f"no memory for a prompt of {length} tokens: {problem}"))
            return
        tokens = in_flight(request.row for request in requests)
        self._share = min(self._share, tokens / requests[0].loaded.decoder.capacity) / 2
        log.warning("out of memory with %d rows, %d tokens: going on with half of them", len(requests), tokens)
        self._put_back(requests)

    def _isolate(self, requests: list[Request], problem: str) -> None:
        """Try each half of the requests by itself, until the one that fails is alone."""
        if len(requests) == 1:
            length = len(requests[0].encoded)
            requests[0].resolve(EngineFault(f"the model failed on a prompt of {length} tokens: {problem}"))
            return
        requests = sorted(requests, key=self._turn)  # as they will stand in line: halves that mix there are not halves
        middle = len(requests) // 2
        for half in (requests[:middle], requests[middle:]):
            company = object()
            for request in half:
                request.company = company
        self._put_back(requests)

    def _put_back(self, requests: Sequence[Request]) -> None:
        with self._changed:
            self._queue(requests)

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
