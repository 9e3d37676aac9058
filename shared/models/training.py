"""What is learnt from: curated pairs, snapshots of them, the runs that train on them, and what came of these."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from shared.models.base import key, metadata, one_of, time

ORIGINS = ("review", "import")
SPLITS = ("train", "holdout")
PAIR_STATUSES = ("accepted", "repaired", "forced", "refused")
STAGES = ("domain", "finetune", "preference")
RUN_STATUSES = ("running", "finished", "failed", "interrupted")
ACTIONS = ("promote", "refuse", "hold", "rollback")

curated_pair = Table(
    "curated_pair",
    metadata,
    key(),
    Column(
        "origin",
        Text,
        CheckConstraint(one_of("origin", ORIGINS), "origin"),
        nullable=False,
        comment="review: a curator's decision; import: human copy from a file.",
    ),
    Column("review_id", BigInteger, ForeignKey("app.review.id"), unique=True, comment="The decision it comes from."),
    Column("sku", Text, nullable=False, comment="The product."),
    Column("product", JSON, nullable=False, comment="The product as it was, in the shape of an event's data."),
    Column("profile", Text, nullable=False, comment="The copy profile that the text is written for."),
    Column("text", Text, nullable=False, comment="The copy that a model is to learn."),
    Column("source", Text, nullable=False, comment="The data set or file it comes from."),
    Column("editor", Text, comment="Who decided or imported."),
    Column("content_digest", Text, nullable=False, unique=True, comment="Digest of product, profile and text."),
    Column("family", Text, nullable=False, comment="What near variants of one product share."),
    Column(
        "split",
        Text,
        CheckConstraint(one_of("split", SPLITS), "split"),
        nullable=False,
        comment="train, or holdout: no training ever sees it. By the family.",
    ),
    Column(
        "status",
        Text,
        CheckConstraint(one_of("status", PAIR_STATUSES), "status"),
        nullable=False,
        comment="accepted, repaired, forced (by a curator, whatever was found) or refused.",
    ),
    Column("findings", ARRAY(Text), nullable=False, comment="What the checks found; empty when nothing."),
    time("created_at", "When it was added.", now=True),
    Index("ix_curated_pair_split", "split", "id", postgresql_where=text("status <> 'refused'")),
    comment="Pairs of a product and its copy from which models learn.",
)

data_snapshot = Table(
    "data_snapshot",
    metadata,
    key(),
    Column("digest", Text, nullable=False, unique=True, comment="Digest of its pairs."),
    Column("pair_ids", ARRAY(BigInteger), nullable=False, comment="The curated pairs, both splits."),
    Column("train_pairs", Integer, nullable=False, comment="How many pairs train."),
    Column("held_out_pairs", Integer, nullable=False, comment="How many pairs judge."),
    Column("distribution", JSON, nullable=False, comment="Counts of attributes, categories and profiles, and lengths."),
    time("created_at", "When it was taken.", now=True),
    comment="What a training run learnt from. Rows never change.",
)

training_run = Table(
    "training_run",
    metadata,
    key(),
    Column(
        "stage",
        Text,
        CheckConstraint(one_of("stage", STAGES), "stage"),
        nullable=False,
        comment="domain, finetune or preference.",
    ),
    Column(
        "status",
        Text,
        CheckConstraint(one_of("status", RUN_STATUSES), "status"),
        nullable=False,
        server_default="running",
        comment="running, finished, failed (see reason) or interrupted: its process is gone.",
    ),
    Column("reason", Text, comment="Why it failed or was interrupted."),
    Column("options", JSON, nullable=False, comment="The recipe with all that was changed in it."),
    Column("snapshot_id", BigInteger, ForeignKey("app.data_snapshot.id"), comment="What it learns from."),
    Column("base_model", Text, nullable=False, comment="Name of the base model."),
    Column("base_digest", Text, nullable=False, comment="Digest of the base model's files."),
    Column("directory", Text, nullable=False, comment="Name of its run directory."),
    Column("asked_by", Text, nullable=False, comment="schedule, drift, or the person who typed the command."),
    Column("host", Text, nullable=False, comment="Name of the machine."),
    Column("pid", Integer, nullable=False, comment="Process id on that machine."),
    Column("metrics", JSON(none_as_null=True), comment="What it measured of itself: losses, steps, tokens a second."),
    time("started_at", "When it began.", now=True),
    time("heartbeat_at", "When this row was last written.", now=True),
    time("ended_at", "When it ended; null while it runs."),
    Index("ix_training_run_started_at", "started_at"),
    comment="Runs of fine-tuning.",
)

model_decision = Table(
    "model_decision",
    metadata,
    key(),
    Column(
        "action",
        Text,
        CheckConstraint(one_of("action", ACTIONS), "action"),
        nullable=False,
        comment="promote, refuse, hold (it passed, and waits for a person) or rollback.",
    ),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), nullable=False, comment="The model."),
    Column("champion_id", BigInteger, ForeignKey("app.model_version.id"), comment="The champion at that time."),
    Column(
        "mode",
        Text,
        CheckConstraint(one_of("mode", ("auto", "manual")), "mode"),
        nullable=False,
        comment="auto or manual.",
    ),
    Column("actor", Text, nullable=False, comment="The gate, or the person who typed the command."),
    Column("reason", Text, nullable=False, comment="Why, in one sentence."),
    Column("numbers", JSONB(none_as_null=True), comment="The tests of the gate with their numbers."),
    Column("report", Text, comment="The same for people, as Markdown."),
    time("created_at", "When it was decided.", now=True),
    comment="Every decision about which model serves. Rows never change.",
)

recall = Table(
    "recall",
    metadata,
    key(),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), nullable=False, comment="The model."),
    Column("actor", Text, nullable=False, comment="Who recalled."),
    Column("reason", Text, nullable=False, comment="Why."),
    Column("descriptions", Integer, nullable=False, comment="How many descriptions were withdrawn."),
    time("created_at", "When it was done.", now=True),
    comment="Copy of a bad model that was withdrawn and asked for anew. Rows never change.",
)

drift_check = Table(
    "drift_check",
    metadata,
    key(),
    Column("snapshot_id", BigInteger, ForeignKey("app.data_snapshot.id"), comment="What it was compared with."),
    time("period_start", "The first moment of what was compared."),
    time("period_end", "The last moment of it."),
    Column("measures", JSON, nullable=False, comment="Each measure: name, kind, value, threshold, whether it alerts."),
    Column("is_alert", Boolean, nullable=False, comment="Whether any of them alerts."),
    time("created_at", "When it was computed.", now=True),
    comment="How far scores, acceptance and attributes have moved from the training snapshot. Rows never change.",
)
