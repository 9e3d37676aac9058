"""views of curated pairs, training runs, models, the decisions about them, and drift

Revises: 0006
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
FILES = {
    "training_run": "training_run",
    "model": "model_version",
    "model_decision": "model_decision",
    "curated_pair": "curated_pair",
    "drift": "drift_check",
}
FOR_CURATORS = """
DO $$
BEGIN
    IF to_regrole('curator') IS NOT NULL THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO curator;
    END IF;
END
$$
"""


def upgrade() -> None:
    for file in FILES.values():
        op.execute((SQL / f"{file}.v1.sql").read_text())
    op.execute(FOR_CURATORS)


def downgrade() -> None:
    for view in FILES:
        op.execute(f"DROP VIEW analytics.{view}")
