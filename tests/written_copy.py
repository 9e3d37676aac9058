"""Products and their copy, written straight into the tables: for tests that need many descriptions and no service."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.models import current_copy, description, generation, inbox_event, product
from shared.repository import registry
from shared.repository.registry import ModelContent

SCORES = {
    "attribute_coverage": 1,
    "numeric_fidelity": 1,
    "unsupported_spans": 0,
    "grounded_precision": 1,
    "repetition": 0,
    "length_fit": 1,
    "language_match": 1,
    "confidence": 1,
    "refusal": False,
    "pii": False,
    "quality": 1,
}
ORIGIN = {
    "product_version": 1,
    "profile": "product_page",
    "profile_version": "1",
    "locale": "en",
    "status": "published",
    "reasons": [],
    "changes": [],
    "facts": [],
    "evidence": [],
    "prompt_tokens": 1,
    "new_tokens": 1,
    "queue_ms": 0,
    "decode_ms": 0,
    "batch_size": 1,
}


def add_product(connection: Connection, sku: str) -> int:
    """A new product; its id."""
    return _added(connection, product, source="erp", sku=sku, version=1, title="Kettle", attributes={})


def add_description(connection: Connection, product_id: int, text: str, **values: Any) -> int:
    """New copy of a product, which becomes its current one; its id. ``values`` are columns that matter to the test."""
    event = _added(connection, inbox_event, stream_entry=str(_count(connection)), payload_digest="")
    asked = _added(
        connection,
        generation,
        inbox_event_id=event,
        product_id=product_id,
        profile="product_page",
        input_digest="",
        queue="generate",
    )
    model = registry.register_model(connection, ModelContent("fake", "a" * 64, "1"))
    content = {**ORIGIN, **SCORES, "text": text, "raw_text": text, "model_version_id": model, **values}
    written = _added(connection, description, generation_id=asked, product_id=product_id, **content)
    pointer = upsert(current_copy).values(product_id=product_id, profile="product_page", description_id=written)
    connection.execute(
        pointer.on_conflict_do_update(
            index_elements=["product_id", "profile"], set_={"description_id": pointer.excluded.description_id}
        )
    )
    return written


def _added(connection: Connection, table: Any, **values: Any) -> int:
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def _count(connection: Connection) -> int:
    return len(connection.execute(select(inbox_event.c.id)).all())
