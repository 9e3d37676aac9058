"""The Celery application of the trainer."""

from __future__ import annotations

from typing import Any

from celery.signals import setup_logging, worker_shutting_down

from shared import broker, logs
from shared.settings import settings
from training import retrain

app = broker.celery_app(settings().redis_dsn)
app.conf.include = ["training.tasks"]


@setup_logging.connect
def _configure_logs(**_: Any) -> None:
    logs.configure()


@worker_shutting_down.connect
def _stop_training(**_: Any) -> None:
    retrain.stopping.set()
