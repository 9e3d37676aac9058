"""Celery's consumer, with its events sent some at a time."""

from __future__ import annotations

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

SEND_EVENTS_EVERY_S = 0.2


class Consumer(CeleryConsumer):
    """Sends what Flower shows of tasks five times a second, and at once when two dozen wait.

    Celery's own sends after each message that it reads, which costs as much as all else that it does for a message.
    """

    event_dispatcher: Any

    def register_with_event_loop(self, hub: Any) -> None:
        """Called by Celery before it reads messages; it takes the timer away when the connection is lost."""
        super().register_with_event_loop(hub)
        hub.call_repeatedly(SEND_EVENTS_EVERY_S, self._send_events)

    def on_send_event_buffered(self) -> None:  # type: ignore[override]  # the stubs have its return type wrong
        """Called by Celery for each event that waits: it waits for company."""

    def shutdown(self) -> None:
        """Called by Celery at the end: what waits is sent."""
        self._send_events()
        super().shutdown()

    def _send_events(self) -> None:
        if self.event_dispatcher:  # there is none while Redis is away
            self.event_dispatcher.flush()
