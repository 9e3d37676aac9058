"""The drift check on a real database: what it compares, what it records, what an alert asks for, what people see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from shared import redis_server
from shared.curation.pairs import Pair
from shared.curation.snapshots import distribution
from shared.drift import FEWEST
from shared.drift_watch import check_drift
from shared.events import Product
from shared.models import data_snapshot, training_run
from shared.repository import registry
from shared.settings import settings
from tests.event_fakes import Service, run

ROWS = 60


@dataclass(frozen=True)
class Learnt:
    """A finished run and what it learnt from: its ids."""

    snapshot: int
    run: int


@pytest.fixture
def learnt(shelftalk: Service) -> Learnt:
    """A champion that has learnt from pairs of kettles of 2200 watt."""
    pairs = [
        Pair(
            Product(sku=str(at), version=1, title="Kettle", category=("kettle",), attributes={"Power": "2200 W"}),
            "product_page",
            "The Kettle has 2200 watt and boils " + "water " * (10 + at % 7),
        )
        for at in range(ROWS)
    ]
    numbers = {"digest": "d", "pair_ids": [], "train_pairs": ROWS, "held_out_pairs": 0}
    with shelftalk.database.begin() as connection:
        snapshot = connection.execute(
            insert(data_snapshot).values(**numbers, distribution=distribution(pairs)).returning(data_snapshot.c.id)
        ).scalar_one()
        done = {"stage": "finetune", "status": "finished", "options": {}, "snapshot_id": snapshot, "asked_by": "kim"}
        where = {"base_model": "fake", "base_digest": "0", "directory": "run", "host": "here", "pid": 1}
        run_id = connection.execute(
            insert(training_run).values(**done, **where).returning(training_run.c.id)
        ).scalar_one()
        content = registry.ModelContent("fake", "0", "3t", "kettles", "1")
        champion = registry.register_model(connection, content, training_run_id=run_id)
        registry.promote_if_first(connection, champion)
    return Learnt(snapshot, run_id)


WRITTEN = """
WITH made AS (
    INSERT INTO app.product (source, sku, version, title, category, attributes)
    SELECT 'shop', :prefix || n, 1, 'Thing', ARRAY[:category], CAST(:attributes AS json)
    FROM generate_series(1, :rows) AS n RETURNING id
), event AS (
    INSERT INTO app.inbox_event (stream_entry, payload_digest) SELECT :prefix || id, 'd' FROM made RETURNING id
), asked AS (
    INSERT INTO app.generation (inbox_event_id, product_id, profile, input_digest, queue, status)
    SELECT e.id, m.id, 'product_page', 'd', 'generate', 'done'
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM made) AS m
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM event) AS e USING (place)
    RETURNING id, product_id
)
INSERT INTO app.description (
    generation_id, product_id, product_version, profile, profile_version, locale, text, raw_text, status, reasons,
    changes, facts, evidence, attribute_coverage, numeric_fidelity, unsupported_spans, grounded_precision, repetition,
    length_fit, language_match, confidence, refusal, pii, quality, model_version_id, prompt_tokens, new_tokens,
    queue_ms, decode_ms, batch_size, created_at
)
SELECT a.id, a.product_id, 1, 'product_page', '1', 'en',
    'The Kettle has 2200 watt and boils ' || repeat('water ', CAST(10 + a.id % 7 AS integer)), 'x', :status,
    '{}', '{}', '[]', '[]', 1, 1, 0, 1, 0, 1, 1, 1, false, false, :quality + (a.id % 10) / 100.0, 1, 1, 1, 1, 1, 1,
    now() - CAST(:ago AS interval)
FROM asked AS a
"""


def write(shelftalk: Service, rows: int = ROWS, *, days_ago: int = 1, **given: Any) -> None:
    """Descriptions of so many products, so many days ago."""
    values = {"category": "kettle", "attributes": {"power": "2200 W"}, "status": "published", "quality": 0.8} | given
    values["attributes"] = json.dumps(values["attributes"])
    prefix = f"{values['category']}-{days_ago}-"
    ago = {"ago": timedelta(days=days_ago), "prefix": prefix, "rows": rows}
    with shelftalk.database.begin() as connection:
        connection.execute(text(WRITTEN), values | ago)


def decide(shelftalk: Service, decision: str, count: int, *, days_ago: int) -> None:
    shelftalk.execute(
        "INSERT INTO app.review (description_id, decision, editor, reason, created_at)"
        " SELECT id, :decision, 'kim', 'wrong', now() - :ago FROM app.description ORDER BY id DESC LIMIT :count",
        decision=decision,
        count=count,
        ago=timedelta(days=days_ago),
    )


def verdicts(shelftalk: Service, **changes: Any) -> dict[str, str]:
    check = check_drift(shelftalk.database, settings().model_copy(update=changes), shelftalk.app)
    return {measure.name: measure.verdict for measure in check.measures}


def test_a_week_like_the_ones_before_is_steady(shelftalk: Service, learnt: Learnt) -> None:
    write(shelftalk, days_ago=10)
    write(shelftalk)

    assert verdicts(shelftalk) == {
        "attributes": "steady",
        "categories": "steady",
        "profiles": "steady",
        "words of the text": "steady",
        "quality": "steady",
        "verdict of the gate": "steady",
        "decision of curators": "not enough to tell",
    }
    assert shelftalk.rows("SELECT snapshot_id, is_alert FROM app.drift_check") == [(learnt.snapshot, False)]


def test_other_products_and_worse_copy_are_an_alert_that_is_recorded(shelftalk: Service, learnt: Learnt) -> None:
    write(shelftalk, days_ago=10)
    write(shelftalk, category="lamp", attributes={"socket": "E27"}, status="needs_review", quality=0.4)
    found = verdicts(shelftalk)

    moved = {"attributes", "categories", "quality", "verdict of the gate"}
    assert {name for name, verdict in found.items() if verdict == "moved"} == moved
    assert shelftalk.rows(
        "SELECT measure, kind, round(value::numeric, 2), is_alert, movers::text FROM analytics.drift"
        " WHERE measure = 'categories'"
    ) == [
        (
            "categories",
            "jensen_shannon",
            1,
            True,
            '[{"name": "kettle", "before": 1.0, "now": 0.0, "is_share": true},'
            ' {"name": "lamp", "before": 0.0, "now": 1.0, "is_share": true}]',
        )
    ]
    assert redis_server.queue_depths(shelftalk.redis)["training"] == 0


def test_an_alert_asks_for_a_run_where_the_settings_say_so(shelftalk: Service, learnt: Learnt) -> None:
    write(shelftalk, category="lamp")
    verdicts(shelftalk, drift_retrain=True)

    assert redis_server.queue_depths(shelftalk.redis)["training"] == 1


def test_decisions_of_curators_are_compared_with_the_weeks_before(shelftalk: Service, learnt: Learnt) -> None:
    write(shelftalk)
    decide(shelftalk, "approved", FEWEST, days_ago=10)
    decide(shelftalk, "rejected", FEWEST, days_ago=1)

    assert verdicts(shelftalk)["decision of curators"] == "moved"


def test_a_quiet_week_says_that_it_cannot_tell(shelftalk: Service, learnt: Learnt) -> None:
    write(shelftalk, FEWEST - 1, category="lamp")

    assert set(verdicts(shelftalk).values()) == {"not enough to tell"}


def test_without_a_run_from_curated_pairs_there_is_nothing_to_compare_with(shelftalk: Service) -> None:
    said = run("drift")

    assert said.exit_code == 0, said.output
    assert "No run has learnt from curated pairs yet" in said.stdout
    assert shelftalk.rows("SELECT snapshot_id, is_alert FROM app.drift_check") == [(None, False)]


def test_the_command_names_what_has_moved_most(shelftalk: Service, learnt: Learnt) -> None:
    write(shelftalk, category="lamp", attributes={"power": "9 W", "socket": "E27"})
    said = run("drift", "--days", "3")

    assert said.exit_code == 0, repr(said.exception)
    lines = {line.split("│")[1].strip(): line for line in said.stdout.splitlines() if line.startswith("│")}
    assert "'socket' 0% → 100%" in lines["attributes"] and "Jensen-Shannon" in lines["attributes"]
    assert "moved" in lines["categories"] and "60 with 60" in lines["categories"]
    assert "not enough to tell" in lines["decision of curators"]
    document = json.loads(run("drift", "--json").stdout)
    assert document["is_alert"] and document["snapshot_id"] == learnt.snapshot
    assert len(document["measures"]) == 7
