"""The tables, all in the schema ``app``. Their comments are what analysts read in the database.

Statements are written against these tables with SQLAlchemy Core in :mod:`shared.repository`; the views of the schema
``analytics`` are SQL files in ``migrations/sql``.
"""

from shared.models.base import SCHEMA, metadata
from shared.models.copy import (
    calibration,
    copy_fingerprint,
    current_copy,
    description,
    gap,
    generation,
    review,
)
from shared.models.ledger import dead_letter, inbox_event, product
from shared.models.policy import backfill, knowledge_entry, policy
from shared.models.service import model_alias, model_version, worker_process

__all__ = [
    "SCHEMA",
    "backfill",
    "calibration",
    "copy_fingerprint",
    "current_copy",
    "dead_letter",
    "description",
    "gap",
    "generation",
    "inbox_event",
    "knowledge_entry",
    "metadata",
    "model_alias",
    "model_version",
    "policy",
    "product",
    "review",
    "worker_process",
]
