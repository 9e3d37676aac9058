"""views of evidence, rule hits, repair steps and gaps; the new scores in the views of descriptions

Revises: 0003
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("current_description", "description_history", "dead_letter")
NEW = ("evidence", "rule_hit", "repair_step", "catalog_gap")


def upgrade() -> None:
    for view in CHANGED:
        op.execute((SQL / f"{view}.v2.sql").read_text())
    for view in NEW:
        op.execute((SQL / f"{view}.v1.sql").read_text())
    op.execute((SQL / "view_comments.v2.sql").read_text())


def downgrade() -> None:
    for view in (*NEW, *CHANGED):
        op.execute(f"DROP VIEW analytics.{view}")
    for view in CHANGED:
        op.execute((SQL / f"{view}.v1.sql").read_text())
    op.execute((SQL / "view_comments.v1.sql").read_text())
