"""What Flower shows of tasks is sent some at a time."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from celery import Celery

from worker.consumer import SEND_EVENTS_EVERY_S, Consumer


class Loop:
    """An event loop that keeps what is to be called again and again."""

    def __init__(self) -> None:
        self.repeated: dict[Callable[[], None], float] = {}

    def call_repeatedly(self, delay: float, callback: Callable[[], None]) -> None:
        self.repeated[callback] = delay


class Dispatcher:
    """Counts how often what waits is sent."""

    def __init__(self) -> None:
        self.flushed = 0

    def flush(self) -> None:
        self.flushed += 1


def consumer() -> Consumer:
    app = Celery(broker="memory://", set_as_current=False)
    found = Consumer(lambda _: None, app=app, controller=SimpleNamespace(use_eventloop=True))
    found.event_dispatcher = Dispatcher()
    return found


def test_an_event_waits_for_company() -> None:
    reader = consumer()
    reader.on_send_event_buffered()
    assert reader.event_dispatcher.flushed == 0


def test_what_waits_is_sent_several_times_a_second() -> None:
    reader, loop = consumer(), Loop()
    reader.register_with_event_loop(loop)
    [(send, seconds)] = loop.repeated.items()
    assert seconds == SEND_EVENTS_EVERY_S <= 0.5
    send()
    assert reader.event_dispatcher.flushed == 1


def test_nothing_is_sent_while_redis_is_away() -> None:
    reader, loop = consumer(), Loop()
    reader.register_with_event_loop(loop)
    reader.event_dispatcher = None
    for send in loop.repeated:
        send()
