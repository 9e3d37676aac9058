"""indexes and storage for a million descriptions, and for a ledger that lets go of what is old

On a table of a million rows each index takes about a second, in which nothing is written to it.

Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IS_PENDING = "status = 'pending'"
# Pending rows have no lease, running ones have one, an open event has no end: this takes nothing out of the indexes.
# But now only those who say it can use them: else Postgres, as long as it counts nothing as pending, looks up a single
# row by its id in the index of all that is pending, which a burst makes long.
IS_QUEUED = f"{IS_PENDING} AND lease_expires_at IS NULL"
IS_OPEN = "outcome IS NULL AND closed_at IS NULL"
IS_LEASED = "status = 'running' AND lease_expires_at IS NOT NULL"

# The defaults wait until a fifth of a table has changed: of a million rows that is a day with dead rows in the indexes
# of what is pending, and with plans for a queue that was empty when it was last counted.
OFTEN = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.01",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
}
WITH_ROOM = ("current_copy", "product")
BUSY = ("inbox_event", "generation", "current_copy", "product")


def upgrade() -> None:
    op.drop_index("ix_generation_pending", "generation", schema="app")
    op.create_index(
        "ix_generation_pending",
        "generation",
        ["queue", "nudged_at"],
        schema="app",
        postgresql_where=sa.text(IS_QUEUED),
    )
    op.create_index(
        "ix_generation_retried",
        "generation",
        ["queue", "due_at"],
        schema="app",
        postgresql_where=sa.text(f"{IS_QUEUED} AND attempts > 0"),
    )
    op.drop_index("ix_generation_running", "generation", schema="app")
    op.create_index(
        "ix_generation_running", "generation", ["lease_expires_at"], schema="app", postgresql_where=sa.text(IS_LEASED)
    )
    op.drop_index("ix_inbox_event_open", "inbox_event", schema="app")
    op.create_index("ix_inbox_event_open", "inbox_event", ["id"], schema="app", postgresql_where=sa.text(IS_OPEN))
    op.drop_index("ix_inbox_event_product_id", "inbox_event", schema="app")
    op.create_index("ix_inbox_event_sku", "inbox_event", ["sku"], schema="app")
    op.create_index(
        "ix_inbox_event_expiring",
        "inbox_event",
        ["closed_at"],
        schema="app",
        postgresql_where=sa.text("payload IS NOT NULL AND outcome <> 'dead_lettered'"),
    )
    op.create_index(
        "ix_inbox_event_duplicate",
        "inbox_event",
        ["source", "event_id"],
        schema="app",
        postgresql_where=sa.text("outcome = 'duplicate'"),
    )
    for table in BUSY:
        op.execute(f"ALTER TABLE app.{table} SET ({', '.join(f'{name} = {value}' for name, value in OFTEN.items())})")
    # Room for the next version of a row on its own page, so that it needs no new entries in the indexes: measured, that
    # holds for all updates of these tables instead of 90% and 56%.
    for table in WITH_ROOM:
        op.execute(f"ALTER TABLE app.{table} SET (fillfactor = 90)")


def downgrade() -> None:
    for table in WITH_ROOM:
        op.execute(f"ALTER TABLE app.{table} RESET (fillfactor)")
    for table in BUSY:
        op.execute(f"ALTER TABLE app.{table} RESET ({', '.join(OFTEN)})")
    op.drop_index("ix_inbox_event_duplicate", "inbox_event", schema="app")
    op.drop_index("ix_inbox_event_expiring", "inbox_event", schema="app")
    op.drop_index("ix_inbox_event_sku", "inbox_event", schema="app")
    op.create_index("ix_inbox_event_product_id", "inbox_event", ["product_id"], schema="app")
    op.drop_index("ix_inbox_event_open", "inbox_event", schema="app")
    op.create_index(
        "ix_inbox_event_open", "inbox_event", ["id"], schema="app", postgresql_where=sa.text("outcome IS NULL")
    )
    op.drop_index("ix_generation_running", "generation", schema="app")
    op.create_index(
        "ix_generation_running",
        "generation",
        ["lease_expires_at"],
        schema="app",
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_index("ix_generation_retried", "generation", schema="app")
    op.drop_index("ix_generation_pending", "generation", schema="app")
    op.create_index(
        "ix_generation_pending",
        "generation",
        ["queue", "due_at"],
        schema="app",
        postgresql_where=sa.text(IS_PENDING),
    )
