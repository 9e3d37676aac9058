"""the schema of curators: the queue, the functions that decide, the role; the text that counts in the views

Revises: 0005
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("current_description", "description_history")
NEW = ("review", "preference_pair")
CURATION = ("curation_texts", "curation_decisions", "curation_queue")


def upgrade() -> None:
    for part in CURATION:
        op.execute((SQL / f"{part}.v1.sql").read_text())
    for view in CHANGED:
        op.execute((SQL / f"{view}.v3.sql").read_text())
    for view in NEW:
        op.execute((SQL / f"{view}.v1.sql").read_text())
    op.execute((SQL / "view_comments.v3.sql").read_text())
    op.execute((SQL / "curation_role.v1.sql").read_text())


def downgrade() -> None:
    for view in (*NEW, *CHANGED):
        op.execute(f"DROP VIEW analytics.{view}")
    for view in CHANGED:
        op.execute((SQL / f"{view}.v1.sql").read_text())
        op.execute((SQL / f"{view}.v2.sql").read_text())
    op.execute((SQL / "view_comments.v3.sql").read_text())
    op.execute("DROP SCHEMA curation CASCADE")
    # The role belongs to the cluster and stays; another database may use it.
    op.execute((SQL / "curation_role_revoked.v1.sql").read_text())
