"""curated pairs, snapshots, training runs, decisions about models, recalls and drift

Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEVER_CHANGE = ("data_snapshot", "model_decision", "recall", "drift_check")


def upgrade() -> None:
    op.create_table(
        "data_snapshot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("digest", sa.Text(), nullable=False, comment="Digest of its pairs."),
        sa.Column("pair_ids", sa.ARRAY(sa.BigInteger()), nullable=False, comment="The curated pairs, both splits."),
        sa.Column("train_pairs", sa.Integer(), nullable=False, comment="How many pairs train."),
        sa.Column("held_out_pairs", sa.Integer(), nullable=False, comment="How many pairs judge."),
        sa.Column(
            "distribution",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Counts of attributes, categories and profiles, and lengths.",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was taken.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_snapshot")),
        sa.UniqueConstraint("digest", name=op.f("uq_data_snapshot_digest")),
        schema="app",
        comment="What a training run learnt from. Rows never change.",
    )
    op.create_table(
        "drift_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True, comment="What it was compared with."),
        sa.Column(
            "period_start", sa.DateTime(timezone=True), nullable=True, comment="The first moment of what was compared."
        ),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True, comment="The last moment of it."),
        sa.Column(
            "measures",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Each measure: name, kind, value, threshold, whether it alerts.",
        ),
        sa.Column("is_alert", sa.Boolean(), nullable=False, comment="Whether any of them alerts."),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was computed.",
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["app.data_snapshot.id"], name=op.f("fk_drift_check_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_check")),
        schema="app",
        comment="How far scores, acceptance and attributes have moved from the training snapshot. Rows never change.",
    )
    op.create_table(
        "training_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("stage", sa.Text(), nullable=False, comment="domain, finetune or preference."),
        sa.Column(
            "status",
            sa.Text(),
            server_default="running",
            nullable=False,
            comment="running, finished, failed (see reason) or interrupted: its process is gone.",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it failed or was interrupted."),
        sa.Column(
            "options",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="The recipe with all that was changed in it.",
        ),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True, comment="What it learns from."),
        sa.Column("base_model", sa.Text(), nullable=False, comment="Name of the base model."),
        sa.Column("base_digest", sa.Text(), nullable=False, comment="Digest of the base model's files."),
        sa.Column("directory", sa.Text(), nullable=False, comment="Name of its run directory."),
        sa.Column(
            "asked_by", sa.Text(), nullable=False, comment="schedule, drift, or the person who typed the command."
        ),
        sa.Column("host", sa.Text(), nullable=False, comment="Name of the machine."),
        sa.Column("pid", sa.Integer(), nullable=False, comment="Process id on that machine."),
        sa.Column(
            "metrics",
            postgresql.JSON(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="What it measured of itself: losses, steps, tokens a second.",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it began.",
        ),
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When this row was last written.",
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="When it ended; null while it runs."),
        sa.ForeignKeyConstraint(["snapshot_id"], ["app.data_snapshot.id"], name=op.f("fk_training_run_snapshot_id")),
        sa.CheckConstraint("stage IN ('domain', 'finetune', 'preference')", name=op.f("ck_training_run_stage")),
        sa.CheckConstraint(
            "status IN ('running', 'finished', 'failed', 'interrupted')", name=op.f("ck_training_run_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_run")),
        schema="app",
        comment="Runs of fine-tuning.",
    )
    op.create_index("ix_training_run_started_at", "training_run", ["started_at"], unique=False, schema="app")
    op.create_table(
        "model_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column(
            "action",
            sa.Text(),
            nullable=False,
            comment="promote, refuse, hold (it passed, and waits for a person) or rollback.",
        ),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False, comment="The model."),
        sa.Column("champion_id", sa.BigInteger(), nullable=True, comment="The champion at that time."),
        sa.Column("mode", sa.Text(), nullable=False, comment="auto or manual."),
        sa.Column("actor", sa.Text(), nullable=False, comment="The gate, or the person who typed the command."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why, in one sentence."),
        sa.Column(
            "numbers",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="The tests of the gate with their numbers.",
        ),
        sa.Column("report", sa.Text(), nullable=True, comment="The same for people, as Markdown."),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was decided.",
        ),
        sa.ForeignKeyConstraint(["champion_id"], ["app.model_version.id"], name=op.f("fk_model_decision_champion_id")),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["app.model_version.id"], name=op.f("fk_model_decision_model_version_id")
        ),
        sa.CheckConstraint(
            "action IN ('promote', 'refuse', 'hold', 'rollback')", name=op.f("ck_model_decision_action")
        ),
        sa.CheckConstraint("mode IN ('auto', 'manual')", name=op.f("ck_model_decision_mode")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_decision")),
        schema="app",
        comment="Every decision about which model serves. Rows never change.",
    )
    op.create_table(
        "recall",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False, comment="The model."),
        sa.Column("actor", sa.Text(), nullable=False, comment="Who recalled."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why."),
        sa.Column("descriptions", sa.Integer(), nullable=False, comment="How many descriptions were withdrawn."),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was done.",
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["app.model_version.id"], name=op.f("fk_recall_model_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        schema="app",
        comment="Copy of a bad model that was withdrawn and asked for anew. Rows never change.",
    )
    op.create_table(
        "curated_pair",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column(
            "origin", sa.Text(), nullable=False, comment="review: a curator's decision; import: human copy from a file."
        ),
        sa.Column("review_id", sa.BigInteger(), nullable=True, comment="The decision it comes from."),
        sa.Column("sku", sa.Text(), nullable=False, comment="The product."),
        sa.Column(
            "product",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="The product as it was, in the shape of an event's data.",
        ),
        sa.Column("profile", sa.Text(), nullable=False, comment="The copy profile that the text is written for."),
        sa.Column("text", sa.Text(), nullable=False, comment="The copy that a model is to learn."),
        sa.Column("source", sa.Text(), nullable=False, comment="The data set or file it comes from."),
        sa.Column("editor", sa.Text(), nullable=True, comment="Who decided or imported."),
        sa.Column("content_digest", sa.Text(), nullable=False, comment="Digest of product, profile and text."),
        sa.Column("family", sa.Text(), nullable=False, comment="What near variants of one product share."),
        sa.Column(
            "split", sa.Text(), nullable=False, comment="train, or holdout: no training ever sees it. By the family."
        ),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="accepted, repaired, forced (by a curator, whatever was found) or refused.",
        ),
        sa.Column(
            "findings", sa.ARRAY(sa.Text()), nullable=False, comment="What the checks found; empty when nothing."
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was added.",
        ),
        sa.ForeignKeyConstraint(["review_id"], ["app.review.id"], name=op.f("fk_curated_pair_review_id")),
        sa.CheckConstraint("origin IN ('review', 'import')", name=op.f("ck_curated_pair_origin")),
        sa.CheckConstraint("split IN ('train', 'holdout')", name=op.f("ck_curated_pair_split")),
        sa.CheckConstraint(
            "status IN ('accepted', 'repaired', 'forced', 'refused')", name=op.f("ck_curated_pair_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_curated_pair")),
        sa.UniqueConstraint("content_digest", name=op.f("uq_curated_pair_content_digest")),
        sa.UniqueConstraint("review_id", name=op.f("uq_curated_pair_review_id")),
        schema="app",
        comment="Pairs of a product and its copy from which models learn.",
    )
    op.create_index(
        "ix_curated_pair_split",
        "curated_pair",
        ["split", "id"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("status <> 'refused'"),
    )
    op.add_column(
        "current_copy",
        sa.Column(
            "review_id",
            sa.BigInteger(),
            nullable=True,
            comment="The curator's decision that stands for the current copy; null if none.",
        ),
        schema="app",
    )
    op.create_foreign_key(
        op.f("fk_current_copy_review_id"),
        "current_copy",
        "review",
        ["review_id"],
        ["id"],
        source_schema="app",
        referent_schema="app",
    )
    op.add_column(
        "generation",
        sa.Column("recall_id", sa.BigInteger(), nullable=True, comment="Or the recall that did; else null."),
        schema="app",
    )
    op.create_foreign_key(
        op.f("fk_generation_recall_id"),
        "generation",
        "recall",
        ["recall_id"],
        ["id"],
        source_schema="app",
        referent_schema="app",
    )
    op.add_column(
        "model_version",
        sa.Column("training_run_id", sa.BigInteger(), nullable=True, comment="The run that made it, if any."),
        schema="app",
    )
    op.add_column(
        "model_version",
        sa.Column(
            "metrics",
            postgresql.JSON(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="How it was measured when it was registered.",
        ),
        schema="app",
    )
    op.create_foreign_key(
        op.f("fk_model_version_training_run_id"),
        "model_version",
        "training_run",
        ["training_run_id"],
        ["id"],
        source_schema="app",
        referent_schema="app",
    )
    op.add_column(
        "review",
        sa.Column(
            "diff",
            postgresql.JSON(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="Word by word: [equal, delete, insert or replace, old, new].",
        ),
        schema="app",
    )
    op.add_column(
        "review",
        sa.Column("via", sa.Text(), server_default="sql", nullable=False, comment="cli, file, label_studio or sql."),
        schema="app",
    )
    op.alter_column(
        "worker_process",
        "role",
        existing_type=sa.TEXT(),
        comment="worker, ingest, beat or trainer.",
        existing_comment="worker, ingest or beat.",
        existing_nullable=False,
        schema="app",
    )
    op.create_check_constraint(
        op.f("ck_review_via"), "review", "via IN ('cli', 'file', 'label_studio', 'sql')", schema="app"
    )
    op.drop_constraint(op.f("ck_generation_asked_for_once"), "generation", schema="app", type_="check")
    op.create_check_constraint(
        op.f("ck_generation_asked_for_once"),
        "generation",
        "num_nonnulls(inbox_event_id, backfill_id, recall_id) = 1",
        schema="app",
    )
    for table in NEVER_CHANGE:
        op.execute(
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE ON app.{table}"
            " FOR EACH ROW EXECUTE FUNCTION app.refuse_change()"
        )


def downgrade() -> None:
    op.alter_column(
        "worker_process",
        "role",
        existing_type=sa.TEXT(),
        comment="worker, ingest or beat.",
        existing_comment="worker, ingest, beat or trainer.",
        existing_nullable=False,
        schema="app",
    )
    # Not valid for the rows that a recall asked for: their descriptions stay.
    op.drop_constraint(op.f("ck_generation_asked_for_once"), "generation", schema="app", type_="check")
    op.execute(
        "ALTER TABLE app.generation ADD CONSTRAINT ck_generation_asked_for_once"
        " CHECK ((inbox_event_id IS NULL) <> (backfill_id IS NULL)) NOT VALID"
    )
    op.drop_column("review", "via", schema="app")
    op.drop_column("review", "diff", schema="app")
    op.drop_constraint(op.f("fk_model_version_training_run_id"), "model_version", schema="app", type_="foreignkey")
    op.drop_column("model_version", "metrics", schema="app")
    op.drop_column("model_version", "training_run_id", schema="app")
    op.drop_constraint(op.f("fk_generation_recall_id"), "generation", schema="app", type_="foreignkey")
    op.drop_column("generation", "recall_id", schema="app")
    op.drop_constraint(op.f("fk_current_copy_review_id"), "current_copy", schema="app", type_="foreignkey")
    op.drop_column("current_copy", "review_id", schema="app")
    op.drop_index(
        "ix_curated_pair_split",
        table_name="curated_pair",
        schema="app",
        postgresql_where=sa.text("status <> 'refused'"),
    )
    op.drop_table("curated_pair", schema="app")
    op.drop_table("recall", schema="app")
    op.drop_table("model_decision", schema="app")
    op.drop_index("ix_training_run_started_at", table_name="training_run", schema="app")
    op.drop_table("training_run", schema="app")
    op.drop_table("drift_check", schema="app")
    op.drop_table("data_snapshot", schema="app")
