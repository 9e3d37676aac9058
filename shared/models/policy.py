"""What governs the copy: profiles, rule packs and salience as they were activated, and approved knowledge."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON

from shared.models.base import key, metadata, one_of, time

SCOPES = ("any", "brand", "category", "product")

policy = Table(
    "policy",
    metadata,
    key(),
    Column("digest", Text, nullable=False, comment="Digest of all that it holds."),
    Column("profiles", JSON, nullable=False, comment="The copy profiles by name."),
    Column("packs", JSON, nullable=False, comment="The rule packs by name."),
    Column("salience", JSON, nullable=False, comment="Which attributes matter, by category."),
    Column("knowledge_digest", Text, nullable=False, comment="Digest of the knowledge entries at that time."),
    time("activated_at", "When it was put in force.", now=True),
    comment="What was in force when: the newest row is. Rows never change.",
)

knowledge_entry = Table(
    "knowledge_entry",
    metadata,
    key(),
    Column("key", Text, nullable=False, comment="The entry's name, one active row for each."),
    Column(
        "scope",
        Text,
        CheckConstraint(one_of("scope", SCOPES), "scope"),
        nullable=False,
        comment="any, brand, category or product.",
    ),
    Column("scope_value", Text, comment="Which brand, category or sku; null for any."),
    Column("when_attribute", Text, comment="It holds only for products with this attribute, if given."),
    Column("when_value", Text, comment="And only where that attribute holds these words."),
    Column("attribute", Text, nullable=False, comment="What it says something of, as an attribute's name."),
    Column("value", Text, nullable=False, comment="What it says."),
    Column("source", Text, nullable=False, comment="Where it comes from: a data sheet, a page, a person."),
    Column("locale", Text, comment="The language of its words; null for all."),
    Column("approved_by", Text, comment="Who approved it."),
    time("created_at", "When it was imported.", now=True),
    time("retired_at", "When it ceased to hold; null while it holds."),
    CheckConstraint("(scope = 'any') = (scope_value IS NULL)", "scope_with_value"),
    Index("uq_knowledge_entry_active_key", "key", unique=True, postgresql_where=text("retired_at IS NULL")),
    comment="Approved facts beyond the catalogue: prompts use them, and they count as evidence.",
)

backfill = Table(
    "backfill",
    metadata,
    key(),
    Column("policy_id", BigInteger, ForeignKey("app.policy.id"), nullable=False, comment="The policy that began it."),
    Column("campaigns", ARRAY(Text), nullable=False, comment="The campaigns that ran when it began."),
    Column(
        "after_product_id", BigInteger, nullable=False, server_default="0", comment="Products up to this one are done."
    ),
    time("started_at", "When it began.", now=True),
    time("finished_at", "When the last product was done; null while it runs."),
    comment="Passes over all products, after which each has the copy that the policy asks for.",
)
