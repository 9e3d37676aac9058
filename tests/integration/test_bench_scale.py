"""The benchmark of scale runs, on servers of its own, and counts what it should; what it reaches is for no test."""

from __future__ import annotations

import json
from pathlib import Path

from shared.benchmarks.scale import ScaleOptions
from shared.settings import settings
from worker.benchmark import scale


def test_the_scale_benchmark_measures_each_part(tmp_path: Path) -> None:
    report = tmp_path / "scale.json"
    options = ScaleOptions(stored=(100,), probe=10, burst=50, workers=(2,), warm_up=5, out=report)

    assert scale.run(options, settings()) == 0

    found = json.loads(report.read_text())
    assert [each["descriptions"] for each in found["stored"]] == [100]
    assert set(found["stored"][0]["cpu_ms"]) == {"postgres", "valkey", "ingest-1", "worker-1"}
    assert found["burst"]["events"] == 50
    assert len(found["burst"]["ingest_ms"]) == len(found["burst"]["memory_mib"]) == 5
    assert found["burst"]["stream_bytes"] > 100
    assert found["burst"]["message_bytes"] > 100
    assert [each["workers"] for each in found["shared"]] == [2]
    assert found["shared"][0]["deadlocks"] == 0
