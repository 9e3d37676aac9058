"""The tables, all in the schema ``app``. Their comments are what analysts read in the database.

Statements are written against these tables with SQLAlchemy Core in :mod:`shared.repository`; the views of the schema
``analytics`` are SQL files in ``migrations/sql``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.types import TypeEngine

SCHEMA = "app"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    },
)

OUTCOMES = ("described", "unchanged", "stale", "duplicate", "withdrawn", "dead_lettered")
GENERATION_STATUSES = ("pending", "running", "done", "superseded", "dead")
DESCRIPTION_STATUSES = ("published", "needs_review", "rejected")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True, comment="Surrogate key.")


def _time(name: str, comment: str, *, now: bool = False) -> Column[datetime]:
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=not now, server_default=default, comment=comment)


def _score(name: str, comment: str, type_: type[TypeEngine[Any]] = Double) -> Column[Any]:
    return Column(name, type_, nullable=False, comment=comment)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


product = Table(
    "product",
    metadata,
    _id(),
    Column("source", Text, nullable=False, comment="The catalogue that owns the product."),
    Column("sku", Text, nullable=False, comment="The product's key within its source."),
    Column("version", BigInteger, nullable=False, comment="Version of the newest snapshot; an older one never wins."),
    Column("title", Text, comment="Title; null when the product was deleted before it was ever described."),
    Column("brand", Text, comment="Brand, if any."),
    Column("category", ARRAY(Text), nullable=False, server_default="{}", comment="Category path, widest first."),
    Column(
        "attributes",
        JSON,
        nullable=False,
        server_default="{}",
        comment="Attributes by name. Type json, not jsonb: the publisher's order is kept, and prompts follow it.",
    ),
    Column("locale", Text, nullable=False, server_default="en", comment="Language of the product's own texts."),
    Column("image_urls", ARRAY(Text), nullable=False, server_default="{}", comment="Addresses of images."),
    Column("supplier_text", Text, comment="The supplier's own copy, if any."),
    _time("deleted_at", "When the product left the catalogue; null while it is sold."),
    _time("created_at", "When the product was first seen.", now=True),
    _time("updated_at", "When the newest snapshot was taken.", now=True),
    UniqueConstraint("source", "sku"),
    comment="The newest known snapshot of each product.",
)

inbox_event = Table(
    "inbox_event",
    metadata,
    _id(),
    Column("stream_entry", Text, nullable=False, comment="Id of the entry in the Redis stream."),
    Column(
        "payload_digest", Text, nullable=False, comment="SHA-256 of the entry; tells a redelivery from a new Redis."
    ),
    Column("source", Text, comment="Source of the event; null when the message could not be read."),
    Column("event_id", Text, comment="Id of the event, unique within its source."),
    Column("type", Text, comment="Type of the event, such as catalog.product.changed.v1."),
    Column("sku", Text, comment="The product's key within its source."),
    Column("product_version", BigInteger, comment="The version that the event announces."),
    Column("product_id", BigInteger, ForeignKey("app.product.id"), comment="The product, once it is known."),
    Column(
        "payload", JSON(none_as_null=True), comment="The event as it was published; null when it could not be read."
    ),
    _time("occurred_at", "When the change happened, as the publisher says."),
    _time("received_at", "When ingest took the event in.", now=True),
    Column("outcome", Text, CheckConstraint(_one_of("outcome", OUTCOMES), "outcome"), comment="How the event ended."),
    Column("reason", Text, comment="Why it ended so, in plain words."),
    _time("closed_at", "When the event ended; null while it is open."),
    CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", "closed_with_outcome"),
    UniqueConstraint("stream_entry", "payload_digest"),
    Index(
        "uq_inbox_event_source_event_id",
        "source",
        "event_id",
        unique=True,
        postgresql_where=text("outcome IS NULL OR outcome NOT IN ('duplicate', 'dead_lettered')"),
    ),
    Index("ix_inbox_event_open", "id", postgresql_where=text("outcome IS NULL")),
    Index("ix_inbox_event_product_id", "product_id"),
    comment="Every message read from the stream, once, and how it ended: the ledger.",
)

generation = Table(
    "generation",
    metadata,
    _id(),
    Column(
        "inbox_event_id", BigInteger, ForeignKey("app.inbox_event.id"), nullable=False, comment="What asked for it."
    ),
    Column("product_id", BigInteger, ForeignKey("app.product.id"), nullable=False, comment="The product to describe."),
    Column("profile", Text, nullable=False, comment="The copy profile."),
    Column("input_digest", Text, nullable=False, comment="Digest of the facts and the profile it is made from."),
    Column("queue", Text, nullable=False, comment="The Celery queue that carries its nudge."),
    Column(
        "status",
        Text,
        CheckConstraint(_one_of("status", GENERATION_STATUSES), "status"),
        nullable=False,
        server_default="pending",
        comment="pending, running, done, superseded (a newer change came first) or dead.",
    ),
    Column("attempts", Integer, nullable=False, server_default="0", comment="How often a worker has claimed it."),
    Column("worker_id", Uuid, comment="The worker process that claimed it last."),
    Column("error", Text, comment="What went wrong at the last failed attempt."),
    _time("due_at", "Not before this time; later than creation after a failed attempt.", now=True),
    _time("nudged_at", "When its Celery message was last sent.", now=True),
    _time("lease_expires_at", "Until when the worker that runs it has it; renewed while that worker lives."),
    _time("created_at", "When it was asked for.", now=True),
    _time("started_at", "When it was last claimed."),
    _time("finished_at", "When it ended."),
    Index("ix_generation_pending", "queue", "due_at", postgresql_where=text("status = 'pending'")),
    Index("ix_generation_running", "lease_expires_at", postgresql_where=text("status = 'running'")),
    Index("ix_generation_product_id_profile", "product_id", "profile"),
    Index("ix_generation_inbox_event_id", "inbox_event_id"),
    comment="The units of work: one copy of one product in one profile.",
)

model_version = Table(
    "model_version",
    metadata,
    _id(),
    Column("base_model", Text, nullable=False, comment="Name of the base model."),
    Column("base_digest", Text, nullable=False, comment="Digest of the base model's files."),
    Column("adapter", Text, comment="Name of the adapter; null for the base model alone."),
    Column("adapter_digest", Text, comment="Digest of the adapter's files."),
    Column("prompt_version", Text, nullable=False, comment="The version of the prompt it is asked with."),
    _time("created_at", "When it was first registered.", now=True),
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
        CheckConstraint(_one_of("alias", ("champion", "challenger", "previous")), "alias"),
        primary_key=True,
        comment="champion serves; challenger is on trial; previous served before.",
    ),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), nullable=False, comment="The model."),
    _time("updated_at", "When the alias was last moved.", now=True),
    comment="Which model plays which part.",
)

description = Table(
    "description",
    metadata,
    _id(),
    Column(
        "generation_id",
        BigInteger,
        ForeignKey("app.generation.id"),
        nullable=False,
        unique=True,
        comment="The generation that made it.",
    ),
    Column("product_id", BigInteger, ForeignKey("app.product.id"), nullable=False, comment="The product described."),
    Column("product_version", BigInteger, nullable=False, comment="The version of the product it was written from."),
    Column("profile", Text, nullable=False, comment="The copy profile."),
    Column("profile_version", Text, nullable=False, comment="Digest of the profile's file at that time."),
    Column("locale", Text, nullable=False, comment="The language of the text."),
    Column("text", Text, nullable=False, comment="The copy, after post-processing."),
    Column("raw_text", Text, nullable=False, comment="What the model said, word for word."),
    Column(
        "status",
        Text,
        CheckConstraint(_one_of("status", DESCRIPTION_STATUSES), "status"),
        nullable=False,
        comment="published, needs_review or rejected.",
    ),
    Column("reasons", ARRAY(Text), nullable=False, comment="Why it is not published; empty when it is."),
    Column("changes", ARRAY(Text), nullable=False, comment="Post-processing steps that changed the text, in order."),
    Column("facts", JSON, nullable=False, comment="The facts that the prompt held, as [attribute, value] in order."),
    Column("evidence", JSONB, nullable=False, comment="Factual spans: offsets, attribute, value, kind of match."),
    _score("attribute_coverage", "Share of the given attributes that the text states, 0 to 1."),
    _score("numeric_fidelity", "Share of the numbers in the text that the attributes hold, 0 to 1."),
    _score("unsupported_spans", "Number of factual spans without evidence.", Integer),
    _score("grounded_precision", "Share of content words that the facts hold, 0 to 1."),
    _score("repetition", "Share of repeated 4-grams, 0 to 1; 0 is best."),
    _score("length_fit", "1 within the profile's length, falling to 0 outside."),
    _score("language_match", "Probability that the text is in the profile's language."),
    _score("confidence", "exp of the mean token log-probability, 0 to 1."),
    _score("refusal", "Whether the model refused.", Boolean),
    _score("pii", "Whether personal data was found.", Boolean),
    _score("quality", "The composite of the scores, 0 to 1; docs/scores.md has the formula."),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), nullable=False, comment="The model."),
    Column("prompt_tokens", Integer, nullable=False, comment="Tokens read."),
    Column("new_tokens", Integer, nullable=False, comment="Tokens written."),
    Column("queue_ms", Double, nullable=False, comment="Milliseconds in the engine's queue."),
    Column("decode_ms", Double, nullable=False, comment="Milliseconds in the model, together with its batch."),
    Column("batch_size", Integer, nullable=False, comment="How many descriptions the batch wrote at once."),
    _time("created_at", "When it was written.", now=True),
    Index("ix_description_product_id_profile_id", "product_id", "profile", "id"),
    Index("ix_description_created_at", "created_at"),
    comment="Every description ever written, with its scores and evidence. Rows never change.",
)

current_copy = Table(
    "current_copy",
    metadata,
    Column("product_id", BigInteger, ForeignKey("app.product.id"), comment="The product."),
    Column("profile", Text, comment="The copy profile."),
    Column("requested_digest", Text, comment="Digest that the newest generation was asked for; null after a failure."),
    Column(
        "requested_generation_id",
        BigInteger,
        ForeignKey("app.generation.id"),
        comment="The newest generation asked for.",
    ),
    Column("description_id", BigInteger, ForeignKey("app.description.id"), comment="The current copy; null if none."),
    _time("updated_at", "When the row last changed.", now=True),
    PrimaryKeyConstraint("product_id", "profile"),
    comment="For each product and profile: the copy that counts now, and the one asked for last.",
)

dead_letter = Table(
    "dead_letter",
    metadata,
    _id(),
    Column("inbox_event_id", BigInteger, ForeignKey("app.inbox_event.id"), nullable=False, comment="The event."),
    Column("generation_id", BigInteger, ForeignKey("app.generation.id"), comment="The generation, if it got so far."),
    Column(
        "stage",
        Text,
        CheckConstraint(_one_of("stage", ("ingest", "generate")), "stage"),
        nullable=False,
        comment="Where it failed.",
    ),
    Column("reason", Text, nullable=False, comment="Why, in plain words."),
    Column("raw", LargeBinary, comment="The message as it came, up to 1 MiB, when it could not be read."),
    _time("created_at", "When it was set aside.", now=True),
    Index("ix_dead_letter_inbox_event_id", "inbox_event_id"),
    comment="What could not be done, kept with its reason.",
)

worker_process = Table(
    "worker_process",
    metadata,
    Column("id", Uuid, primary_key=True, comment="Chosen by the process at its start."),
    Column(
        "role",
        Text,
        CheckConstraint(_one_of("role", ("worker", "ingest", "beat")), "role"),
        nullable=False,
        comment="worker, ingest or beat.",
    ),
    Column("host", Text, nullable=False, comment="Name of the machine."),
    Column("pid", Integer, nullable=False, comment="Process id on that machine."),
    Column("device", Text, comment="Where the model runs, such as cpu or cuda."),
    Column("model_version_id", BigInteger, ForeignKey("app.model_version.id"), comment="The model it serves."),
    _time("started_at", "When it started.", now=True),
    _time("heartbeat_at", "When it last said that it lives.", now=True),
    comment="The processes of the service that live or lived lately.",
)
