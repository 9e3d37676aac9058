"""Who writes: the models, and the processes that live."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSON

from shared.models.base import key, metadata, one_of, time

model_version = Table(
    "model_version",
    metadata,
    key(),
    Column("base_model", Text, nullable=False, comment="Name of the base model."),
    Column("base_digest", Text, nullable=False, comment="Digest of the base model's files."),
    Column("adapter", Text, comment="Name of the adapter; null for the base model alone."),
    Column("adapter_digest", Text, comment="Digest of the adapter's files."),
    Column("prompt_version", Text, nullable=False, comment="The version of the prompt it is asked with."),
    Column("training_run_id", BigInteger, ForeignKey("app.training_run.id"), comment="The run that made it, if any."),
    Column("metrics", JSON(none_as_null=True), comment="How it was measured when it was registered."),
    time("created_at", "When it was first registered.", now=True),
    UniqueConstraint(
        "base_digest",
        "adapter_digest",
        "prompt_version",
        name="uq_model_version_content",
        postgresql_nulls_not_distinct=True,
    ),
    comment="The models that have written copy. Rows never change.",
)

model_alias = Table(
    "model_alias",
    metadata,
    Column(
        "alias",
        Text,
        CheckConstraint(one_of("alias", ("champion", "challenger", "previous")), "alias"),
        primary_key=True,
        comment="champion serves; challenger is on trial; previous served before.",
    ),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), nullable=False, comment="The model."),
    time("updated_at", "When the alias was last moved.", now=True),
    comment="Which model plays which part.",
)

worker_process = Table(
    "worker_process",
    metadata,
    Column("id", Uuid, primary_key=True, comment="Chosen by the process at its start."),
    Column(
        "role",
        Text,
        CheckConstraint(one_of("role", ("worker", "ingest", "beat", "trainer")), "role"),
        nullable=False,
        comment="worker, ingest, beat or trainer.",
    ),
    Column("host", Text, nullable=False, comment="Name of the machine."),
    Column("pid", Integer, nullable=False, comment="Process id on that machine."),
    Column("device", Text, comment="Where the model runs, such as cpu or cuda."),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), comment="The model it serves."),
    time("started_at", "When it started.", now=True),
    time("heartbeat_at", "When it last said that it lives.", now=True),
    comment="The processes of the service that live or lived lately.",
)
