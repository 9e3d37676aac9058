"""The benchmark of the path around the model: it runs, and it counts every event."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.benchmarks.path import PathOptions
from shared.errors import ConfigurationError
from shared.settings import settings
from worker.benchmark.path import measure, run
from worker.benchmark.products import invented, replayed


def test_path_benchmark_counts_every_event(tmp_path: Path) -> None:
    out = tmp_path / "path.json"
    options = PathOptions(events=20, warm_up=4, rate=40, out=out)

    assert run(options, settings()) == 0
    found = json.loads(out.read_text())
    assert (found["events"], found["steady_events"]) == (20, 20)
    assert found["statuses"] == {"published": 44}
    assert found["events_per_s"] > 0
    assert set(found["cpu_ms"]) == {"postgres", "valkey", "ingest-1", "worker-1"}
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p99"] <= found["latency_ms"]["max"]


def test_invented_products_differ_in_name_and_text() -> None:
    cases = list(invented(500))
    assert len({case.event["data"]["title"] for case in cases}) == 500
    assert len({case.text for case in cases}) == 500


def test_replayed_products_are_those_that_have_a_text(tmp_path: Path) -> None:
    products, texts = tmp_path / "products.jsonl", tmp_path / "texts.jsonl"
    products.write_text("".join(json.dumps({"sku": sku, "title": sku, "attributes": {}}) + "\n" for sku in "ABC"))
    texts.write_text('{"sku": "B", "text": "The B."}\n')

    [case] = replayed(products, texts, 10)
    assert (case.event["data"]["sku"], case.text) == ("B", "The B.")


def test_texts_without_their_products_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--products"):
        measure(PathOptions(replay=tmp_path / "texts.jsonl"), settings())
