"""What came in: the products, the ledger of events, and what could not be done."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from shared.models.base import key, metadata, one_of, time

OUTCOMES = ("described", "unchanged", "stale", "duplicate", "withdrawn", "dead_lettered")

product = Table(
    "product",
    metadata,
    key(),
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
    Column("profiles", ARRAY(Text), comment="The copy profiles it asks for; null for the default ones."),
    Column("segments", ARRAY(Text), comment="The audience segments it asks to address too."),
    time("deleted_at", "When the product left the catalogue; null while it is sold."),
    time("created_at", "When the product was first seen.", now=True),
    time("updated_at", "When the newest snapshot was taken.", now=True),
    UniqueConstraint("source", "sku"),
    comment="The newest known snapshot of each product.",
)

inbox_event = Table(
    "inbox_event",
    metadata,
    key(),
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
    time("occurred_at", "When the change happened, as the publisher says."),
    time("received_at", "When ingest took the event in.", now=True),
    Column("outcome", Text, CheckConstraint(one_of("outcome", OUTCOMES), "outcome"), comment="How the event ended."),
    Column("reason", Text, comment="Why it ended so, in plain words."),
    time("closed_at", "When the event ended; null while it is open."),
    CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", "closed_with_outcome"),
    UniqueConstraint("stream_entry", "payload_digest"),
    Index(
        "uq_inbox_event_source_event_id",
        "source",
        "event_id",
        unique=True,
        postgresql_where=text("outcome IS NULL OR outcome NOT IN ('duplicate', 'dead_lettered')"),
    ),
    # An open event has no end: to say so keeps look-ups of one row by its id off this index.
    Index("ix_inbox_event_open", "id", postgresql_where=text("outcome IS NULL AND closed_at IS NULL")),
    Index("ix_inbox_event_sku", "sku"),
    Index(
        "ix_inbox_event_expiring",
        "closed_at",
        postgresql_where=text("payload IS NOT NULL AND outcome <> 'dead_lettered'"),
    ),
    Index("ix_inbox_event_duplicate", "source", "event_id", postgresql_where=text("outcome = 'duplicate'")),
    comment="Every message read from the stream, once, and how it ended: the ledger.",
)

dead_letter = Table(
    "dead_letter",
    metadata,
    key(),
    Column("inbox_event_id", BigInteger, ForeignKey("app.inbox_event.id"), comment="The event; null for a back-fill."),
    Column("generation_id", BigInteger, ForeignKey("app.generation.id"), comment="The generation, if it got so far."),
    Column(
        "stage",
        Text,
        CheckConstraint(one_of("stage", ("ingest", "generate")), "stage"),
        nullable=False,
        comment="Where it failed.",
    ),
    Column("reason", Text, nullable=False, comment="Why, in plain words."),
    Column("raw", LargeBinary, comment="The message as it came, up to 1 MiB, when it could not be read."),
    time("created_at", "When it was set aside.", now=True),
    Index("ix_dead_letter_inbox_event_id", "inbox_event_id"),
    comment="What could not be done, kept with its reason.",
)
