"""Celery's configuration, in one place. Why each setting is as it is: docs/architecture.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from celery import Celery
from kombu import Queue

from shared.redis_server import GENERATION_QUEUES, MAINTENANCE
from shared.repository.generations import Nudge
from shared.settings import settings

GENERATE_DESCRIPTION = "generate_description"
SWEEP = "sweep"
BACKFILL = "advance_backfill"

VISIBILITY_TIMEOUT_S = 3_600


def celery_app(redis_url: str) -> Celery:
    """The Celery application for one broker."""
    app = Celery("shelftalk", broker=redis_url, set_as_current=True)
    app.conf.update(
        # JSON only: a pickled message would run its sender's code.
        task_serializer="json",
        accept_content=["json"],
        # Acknowledge after the commit. What a killed worker held is found again by the sweep.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # Postgres is the record.
        task_ignore_result=True,
        task_queues=[Queue(name) for name in (*GENERATION_QUEUES, MAINTENANCE)],
        task_default_queue=MAINTENANCE,
        task_create_missing_queues=False,
        # Flower needs both to show the wait in the queue.
        worker_send_task_events=True,
        task_send_sent_event=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # True would end a worker with threads whenever Redis goes away for a moment.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "health_check_interval": 25,
            "socket_keepalive": True,
        },
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        timezone="UTC",
        beat_schedule={
            "sweep": _every(settings().sweep_s, SWEEP),
            "backfill": _every(settings().backfill_s, BACKFILL),
        },
    )
    return app


def _every(seconds: float, task: str) -> dict[str, Any]:
    # While all threads write it waits for one to be free; one that is older than this is one too many.
    return {"task": task, "schedule": seconds, "options": {"queue": MAINTENANCE, "expires": seconds * 20}}


def nudge(app: Celery, nudges: Iterable[Nudge]) -> None:
    """Send one Celery message for each pending generation. A lost one is found by the sweep, a repeat does nothing."""
    with app.producer_pool.acquire(block=True) as producer:
        for each in nudges:
            app.send_task(
                GENERATE_DESCRIPTION,
                kwargs={"generation_id": each.generation_id},
                queue=each.queue,
                producer=producer,
                argsrepr="()",
                kwargsrepr=f"sku={each.sku!r} version={each.version} profile={each.profile!r}",
            )
