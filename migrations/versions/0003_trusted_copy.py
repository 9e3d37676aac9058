"""policies, knowledge, reviews, fingerprints, gaps, and what descriptions tell of themselves

Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEVER_CHANGE = ("policy", "review", "calibration")


def upgrade() -> None:
    op.create_table(
        "calibration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column(
            "scores_version", sa.Text(), nullable=False, comment="The version of the scores that it was fitted on."
        ),
        sa.Column("bounds", sa.ARRAY(sa.Double()), nullable=False, comment="Composite scores in ascending order."),
        sa.Column(
            "acceptance", sa.ARRAY(sa.Double()), nullable=False, comment="The share accepted at each of them, rising."
        ),
        sa.Column("decisions", sa.Integer(), nullable=False, comment="How many decisions it was fitted on."),
        sa.Column("brier", sa.Double(), nullable=False, comment="Brier score by cross-validation; 0 is best."),
        sa.Column(
            "ece", sa.Double(), nullable=False, comment="Expected calibration error by cross-validation; 0 is best."
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was fitted.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        schema="app",
        comment="How composite scores translate into the probability that a curator accepts; the newest counts.",
    )
    op.create_table(
        "knowledge_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("key", sa.Text(), nullable=False, comment="The entry's name, one active row for each."),
        sa.Column("scope", sa.Text(), nullable=False, comment="any, brand, category or product."),
        sa.Column("scope_value", sa.Text(), nullable=True, comment="Which brand, category or sku; null for any."),
        sa.Column(
            "when_attribute",
            sa.Text(),
            nullable=True,
            comment="It holds only for products with this attribute, if given.",
        ),
        sa.Column("when_value", sa.Text(), nullable=True, comment="And only where that attribute holds these words."),
        sa.Column("attribute", sa.Text(), nullable=False, comment="What it says something of, as an attribute's name."),
        sa.Column("value", sa.Text(), nullable=False, comment="What it says."),
        sa.Column("source", sa.Text(), nullable=False, comment="Where it comes from: a data sheet, a page, a person."),
        sa.Column("locale", sa.Text(), nullable=True, comment="The language of its words; null for all."),
        sa.Column("approved_by", sa.Text(), nullable=True, comment="Who approved it."),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was imported.",
        ),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When it ceased to hold; null while it holds.",
        ),
        sa.CheckConstraint("scope IN ('any', 'brand', 'category', 'product')", name=op.f("ck_knowledge_entry_scope")),
        sa.CheckConstraint("(scope = 'any') = (scope_value IS NULL)", name=op.f("ck_knowledge_entry_scope_with_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_entry")),
        schema="app",
        comment="Approved facts beyond the catalogue: prompts use them, and they count as evidence.",
    )
    op.create_index(
        "uq_knowledge_entry_active_key",
        "knowledge_entry",
        ["key"],
        unique=True,
        schema="app",
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("digest", sa.Text(), nullable=False, comment="Digest of all that it holds."),
        sa.Column(
            "profiles", postgresql.JSON(astext_type=sa.Text()), nullable=False, comment="The copy profiles by name."
        ),
        sa.Column("packs", postgresql.JSON(astext_type=sa.Text()), nullable=False, comment="The rule packs by name."),
        sa.Column(
            "salience",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="Which attributes matter, by category.",
        ),
        sa.Column(
            "knowledge_digest", sa.Text(), nullable=False, comment="Digest of the knowledge entries at that time."
        ),
        sa.Column(
            "activated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was put in force.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        schema="app",
        comment="What was in force when: the newest row is. Rows never change.",
    )
    op.create_table(
        "backfill",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("policy_id", sa.BigInteger(), nullable=False, comment="The policy that began it."),
        sa.Column("campaigns", sa.ARRAY(sa.Text()), nullable=False, comment="The campaigns that ran when it began."),
        sa.Column(
            "after_product_id",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Products up to this one are done.",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it began.",
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the last product was done; null while it runs.",
        ),
        sa.ForeignKeyConstraint(["policy_id"], ["app.policy.id"], name=op.f("fk_backfill_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill")),
        schema="app",
        comment="Passes over all products, after which each has the copy that the policy asks for.",
    )
    op.create_table(
        "gap",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("product_id", sa.BigInteger(), nullable=False, comment="The product."),
        sa.Column("product_version", sa.BigInteger(), nullable=False, comment="The version that lacks them."),
        sa.Column("profile", sa.Text(), nullable=False, comment="The copy profile."),
        sa.Column(
            "missing", sa.ARRAY(sa.Text()), nullable=False, comment="Attributes that would tell a shopper something."
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was found.",
        ),
        sa.Column(
            "announced_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the catalog:gaps event was sent; null until then.",
        ),
        sa.ForeignKeyConstraint(["product_id"], ["app.product.id"], name=op.f("fk_gap_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
        sa.UniqueConstraint(
            "product_id", "profile", "product_version", name=op.f("uq_gap_product_id_profile_product_version")
        ),
        schema="app",
        comment="Products that say too little of themselves for a description, and what they lack.",
    )
    op.create_index(
        "ix_gap_unannounced",
        "gap",
        ["id"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("announced_at IS NULL"),
    )
    op.create_table(
        "copy_fingerprint",
        sa.Column("description_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="The description."),
        sa.Column("product_id", sa.BigInteger(), nullable=False, comment="The product described."),
        sa.Column("profile", sa.Text(), nullable=False, comment="The copy profile."),
        sa.Column(
            "bands",
            sa.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="Hashes of the bands of its MinHash of 3-shingles.",
        ),
        sa.ForeignKeyConstraint(
            ["description_id"], ["app.description.id"], name=op.f("fk_copy_fingerprint_description_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["app.product.id"], name=op.f("fk_copy_fingerprint_product_id")),
        sa.PrimaryKeyConstraint("description_id", name=op.f("pk_copy_fingerprint")),
        schema="app",
        comment="Fingerprints of published copy, in which copy that is nearly the same is found.",
    )
    op.create_index(
        "ix_copy_fingerprint_bands",
        "copy_fingerprint",
        ["bands"],
        unique=False,
        schema="app",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="Surrogate key."),
        sa.Column("description_id", sa.BigInteger(), nullable=False, comment="What was judged."),
        sa.Column("decision", sa.Text(), nullable=False, comment="approved, edited or rejected."),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why, in the curator's words."),
        sa.Column("editor", sa.Text(), nullable=False, comment="Who decided."),
        sa.Column("seconds_spent", sa.Double(), nullable=True, comment="How long the decision took."),
        sa.Column("edited_text", sa.Text(), nullable=True, comment="The curator's text, if the decision is edited."),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was decided.",
        ),
        sa.CheckConstraint("decision IN ('approved', 'edited', 'rejected')", name=op.f("ck_review_decision")),
        sa.CheckConstraint(
            "(decision = 'edited') = (edited_text IS NOT NULL)", name=op.f("ck_review_edited_with_text")
        ),
        sa.ForeignKeyConstraint(["description_id"], ["app.description.id"], name=op.f("fk_review_description_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        schema="app",
        comment="Curators' decisions. Rows never change.",
    )
    op.create_index("ix_review_description_id", "review", ["description_id"], unique=False, schema="app")
    op.alter_column(
        "dead_letter",
        "inbox_event_id",
        existing_type=sa.BIGINT(),
        nullable=True,
        comment="The event; null for a back-fill.",
        existing_comment="The event.",
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "attribute_recall",
            sa.Double(),
            nullable=True,
            comment="Share of the facts' words that the text holds in their order, 0 to 1.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "slot_error_rate",
            sa.Double(),
            nullable=True,
            comment="Missing, wrong and repeated attributes / attributes to state; 0 is best.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "near_duplicate",
            sa.Double(),
            nullable=True,
            comment="Likeness to the published copy of the most similar other product, 0 to 1.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "source_copying",
            sa.Double(),
            nullable=True,
            comment="Share of words in long runs taken over from the supplier's text, 0 to 1.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "readability",
            sa.Double(),
            nullable=True,
            comment="LIX; below 30 very easy, above 60 very hard; null where it means nothing.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "keyword_recall",
            sa.Double(),
            nullable=True,
            comment="Share of the profile's keywords that the text holds; null without any.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "keyword_density",
            sa.Double(),
            nullable=True,
            comment="Keywords by words of the text; null without keywords.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "compliance", sa.Double(), nullable=True, comment="1 without hits of a rule, 0 with one that blocks."
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "p_accept",
            sa.Double(),
            nullable=True,
            comment="Probability that a curator accepts it; null until there are enough decisions.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "scores_version", sa.Text(), nullable=True, comment="The version of the formulas; docs/scores.md has them."
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column("policy_id", sa.BigInteger(), nullable=True, comment="The profiles, rules and salience in force."),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "plan",
            postgresql.JSON(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="What leads, what is grouped, what closes; what is left out, why.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "rule_hits",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="Hits of rules: pack, rule, severity, offsets, message.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column(
            "steps",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="Each step of writing and repair: its outcome and its cost.",
        ),
        schema="app",
    )
    op.add_column(
        "description",
        sa.Column("html", sa.Text(), nullable=True, comment="The copy as HTML, if the profile asks for it."),
        schema="app",
    )
    op.create_foreign_key(
        op.f("fk_description_policy_id"),
        "description",
        "policy",
        ["policy_id"],
        ["id"],
        source_schema="app",
        referent_schema="app",
    )
    op.add_column(
        "product",
        sa.Column(
            "profiles",
            sa.ARRAY(sa.Text()),
            nullable=True,
            comment="The copy profiles it asks for; null for the default ones.",
        ),
        schema="app",
    )
    op.add_column(
        "product",
        sa.Column(
            "segments", sa.ARRAY(sa.Text()), nullable=True, comment="The audience segments it asks to address too."
        ),
        schema="app",
    )
    op.add_column(
        "generation",
        sa.Column("backfill_id", sa.BigInteger(), nullable=True, comment="Or the back-fill that did; else null."),
        schema="app",
    )
    op.alter_column(
        "generation",
        "inbox_event_id",
        existing_type=sa.BIGINT(),
        nullable=True,
        comment="The event that asked for it.",
        existing_comment="What asked for it.",
        schema="app",
    )
    op.create_foreign_key(
        op.f("fk_generation_backfill_id"),
        "generation",
        "backfill",
        ["backfill_id"],
        ["id"],
        source_schema="app",
        referent_schema="app",
    )
    op.create_check_constraint(
        op.f("ck_generation_asked_for_once"),
        "generation",
        "(inbox_event_id IS NULL) <> (backfill_id IS NULL)",
        schema="app",
    )

    for table in NEVER_CHANGE:
        op.execute(
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE ON app.{table}"
            " FOR EACH ROW EXECUTE FUNCTION app.refuse_change()"
        )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_generation_asked_for_once"), "generation", schema="app", type_="check")
    op.drop_constraint(op.f("fk_generation_backfill_id"), "generation", schema="app", type_="foreignkey")
    op.alter_column(
        "generation",
        "inbox_event_id",
        existing_type=sa.BIGINT(),
        nullable=False,
        comment="What asked for it.",
        existing_comment="The event that asked for it.",
        schema="app",
    )
    op.drop_column("generation", "backfill_id", schema="app")
    op.drop_column("product", "segments", schema="app")
    op.drop_column("product", "profiles", schema="app")
    op.drop_constraint(op.f("fk_description_policy_id"), "description", schema="app", type_="foreignkey")
    op.drop_column("description", "html", schema="app")
    op.drop_column("description", "steps", schema="app")
    op.drop_column("description", "rule_hits", schema="app")
    op.drop_column("description", "plan", schema="app")
    op.drop_column("description", "policy_id", schema="app")
    op.drop_column("description", "scores_version", schema="app")
    op.drop_column("description", "p_accept", schema="app")
    op.drop_column("description", "compliance", schema="app")
    op.drop_column("description", "keyword_density", schema="app")
    op.drop_column("description", "keyword_recall", schema="app")
    op.drop_column("description", "readability", schema="app")
    op.drop_column("description", "source_copying", schema="app")
    op.drop_column("description", "near_duplicate", schema="app")
    op.drop_column("description", "slot_error_rate", schema="app")
    op.drop_column("description", "attribute_recall", schema="app")
    op.alter_column(
        "dead_letter",
        "inbox_event_id",
        existing_type=sa.BIGINT(),
        nullable=False,
        comment="The event.",
        existing_comment="The event; null for a back-fill.",
        schema="app",
    )
    op.drop_index("ix_review_description_id", table_name="review", schema="app")
    op.drop_table("review", schema="app")
    op.drop_index("ix_copy_fingerprint_bands", table_name="copy_fingerprint", schema="app", postgresql_using="gin")
    op.drop_table("copy_fingerprint", schema="app")
    op.drop_index(
        "ix_gap_unannounced", table_name="gap", schema="app", postgresql_where=sa.text("announced_at IS NULL")
    )
    op.drop_table("gap", schema="app")
    op.drop_table("backfill", schema="app")
    op.drop_table("policy", schema="app")
    op.drop_index(
        "uq_knowledge_entry_active_key",
        table_name="knowledge_entry",
        schema="app",
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.drop_table("knowledge_entry", schema="app")
    op.drop_table("calibration", schema="app")
