"""Celery's configuration, in one place. Why each setting is as it is: docs/architecture.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from celery import Celery
from celery.schedules import crontab, crontab_parser
from kombu import Queue
from kombu.exceptions import BatchPublishError  # type: ignore[attr-defined]  # newer than the stubs

from shared.errors import ConfigurationError
from shared.redis_server import MAINTENANCE, QUEUES, TRAINING
from shared.repository.generations import Nudge
from shared.settings import Settings, settings

GENERATE_DESCRIPTION = "generate_description"
SWEEP = "sweep"
BACKFILL = "advance_backfill"
RETIRE_EVENTS = "retire_events"
RETRAIN = "retrain"
CHECK_DRIFT = "check_drift"

VISIBILITY_TIMEOUT_S = 3_600
CRON_FIELDS = 5
IN_ONE_ROUND_TRIP = 1_000
RETIRE_EVERY_S = 60
REQUEST_LIFE_S = 86_400
"""A request for training expires after a day: a trainer that was away for a week has one run to make, not seven."""


def celery_app(redis_url: str) -> Celery:
    """The Celery application for one broker.

    Raises:
        ConfigurationError: when a schedule in the settings is none.
    """
    config = settings()
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
        task_queues=[Queue(name) for name in QUEUES],
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
        timezone=config.time_zone,
        beat_schedule={
            "sweep": _every(config.sweep_s, SWEEP),
            "backfill": _every(config.backfill_s, BACKFILL),
            "retire": _every(RETIRE_EVERY_S, RETIRE_EVENTS),
            **training_schedule(config),
        },
    )
    return app


def training_schedule(config: Settings) -> dict[str, Any]:
    """When beat asks for training and for the drift check.

    Raises:
        ConfigurationError: naming the setting whose value is no schedule.
    """
    tasks = {RETRAIN: "retrain_schedule", CHECK_DRIFT: "drift_schedule"}
    options = {"queue": TRAINING, "expires": REQUEST_LIFE_S}
    return {task: {"task": task, "schedule": _cron(config, name), "options": options} for task, name in tasks.items()}


def _cron(config: Settings, name: str) -> crontab:
    """Cron's five fields as Celery reads them: where both days are given, both must agree, and not one of them."""
    given = getattr(config, name)
    try:
        if len(fields := given.split()) != CRON_FIELDS:
            raise ValueError(f"it has {len(fields)} fields")
        minute, hour, day_of_month, month, day_of_week = fields
        return crontab(minute, hour, day_of_week, day_of_month, month)
    except (ValueError, crontab_parser.ParseException) as error:
        raise ConfigurationError(
            f"wrong configuration: SHELFTALK_{name.upper()}: {given!r} is no schedule ({error}): give cron's five "
            "fields (minute, hour, day of the month, month, day of the week), such as '0 3 * * *' for each night at 3"
        ) from None


def _every(seconds: float, task: str) -> dict[str, Any]:
    # While all threads write it waits for one to be free; one that is older than this is one too many.
    return {"task": task, "schedule": seconds, "options": {"queue": MAINTENANCE, "expires": seconds * 20}}


def ask_for_training(app: Celery, asked_by: str) -> None:
    """Ask the trainer for a run, beside what beat asks for."""
    app.send_task(RETRAIN, kwargs={"asked_by": asked_by}, queue=TRAINING, expires=REQUEST_LIFE_S)


def nudge(app: Celery, nudges: Sequence[Nudge]) -> None:
    """Send one Celery message for each pending generation, all in one round trip.

    A lost one is found by the sweep, a repeat does nothing.
    """
    with app.producer_pool.acquire(block=True) as producer:
        try:
            with producer.batch(max_size=IN_ONE_ROUND_TRIP):  # type: ignore[attr-defined]  # newer than the stubs
                _send(app, producer, nudges)
        except BatchPublishError:
            # Which of them were sent is not known. One by one, Celery waits for a Redis that was away for a moment.
            _send(app, producer, nudges)


def _send(app: Celery, producer: Any, nudges: Sequence[Nudge]) -> None:
    for each in nudges:
        app.send_task(
            GENERATE_DESCRIPTION,
            kwargs={"generation_id": each.generation_id},
            queue=each.queue,
            producer=producer,
            argsrepr="()",
            kwargsrepr=f"sku={each.sku!r} version={each.version} profile={each.profile!r}",
        )
