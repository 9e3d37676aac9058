"""Logs: one line an event, as text on a terminal and as JSON elsewhere, for our code and for the libraries alike.

Products and secrets do not belong into logs: name the generation, the sku or the stream entry instead.
"""

from __future__ import annotations

import logging
import sys

import structlog

from shared.settings import settings


def configure() -> None:
    """Send everything to standard error in one shape."""
    chosen = settings().log_format
    as_text = chosen == "text" or (chosen == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings().log_level)
    # One line a task and one a nudge are for debugging; Flower and Postgres show each.
    for chatty in ("celery.app.trace", "celery.worker.strategy", "celery.beat", "httpx", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls take an event and its fields: ``log.info("described", sku="A1")``."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return bound
