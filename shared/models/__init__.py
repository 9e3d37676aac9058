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
from shared.models.training import (
    curated_pair,
    data_snapshot,
    drift_check,
    model_decision,
    recall,
    training_run,
)

__all__ = [
    "SCHEMA",
    "backfill",
    "calibration",
    "copy_fingerprint",
    "curated_pair",
    "current_copy",
    "data_snapshot",
    "dead_letter",
    "description",
    "drift_check",
    "gap",
    "generation",
    "inbox_event",
    "knowledge_entry",
    "metadata",
    "model_alias",
    "model_decision",
    "model_version",
    "policy",
    "product",
    "recall",
    "review",
    "training_run",
    "worker_process",
]
