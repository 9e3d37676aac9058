"""analytics views, and descriptions that never change

Revises: 0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
VIEWS = ("current_description", "description_history", "event_outcome", "dead_letter")


def upgrade() -> None:
    op.execute("CREATE SCHEMA analytics")
    op.execute("COMMENT ON SCHEMA analytics IS 'The contract with analysts: views that keep their columns.'")
    op.execute("COMMENT ON SCHEMA app IS 'The tables of the service. Query the views of the schema analytics instead.'")
    for view in VIEWS:
        op.execute((SQL / f"{view}.v1.sql").read_text())
    op.execute((SQL / "view_comments.v1.sql").read_text())
    op.execute((SQL / "immutable_description.v1.sql").read_text())


def downgrade() -> None:
    op.execute("DROP TRIGGER description_never_changes ON app.description")
    op.execute("DROP FUNCTION app.refuse_change()")
    op.execute("DROP SCHEMA analytics CASCADE")
