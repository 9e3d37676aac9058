"""The Celery application of the service, for ``celery -A worker.app``; beat's heartbeat hangs on it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from celery.signals import beat_init, setup_logging

from shared import broker, db, logs
from shared.heartbeat import Heartbeat
from shared.settings import settings

app = broker.celery_app(settings().redis_dsn)
app.conf.include = ["worker.tasks"]
app.conf.worker_consumer = "worker.consumer:Consumer"

_until_exit = ExitStack()


@setup_logging.connect
def _configure_logs(**_: Any) -> None:
    logs.configure()


@beat_init.connect
def _start_heartbeat(**_: Any) -> None:
    config = settings()
    file = config.home / "run" / "beat.heartbeat"
    _until_exit.enter_context(Heartbeat("beat", db.engine(), file, config.heartbeat_s))
