"""The stack as a newcomer starts it, with the language model that ships: SmolLM2 writes copy for real products."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared import db
from shared.settings import ROOT, child_environment, settings
from shared.stack.remote import remove_home, running_stack
from shared.stack.state import Stack
from tests.event_fakes import eventually
from training.base_model import prepare_base_model

SKUS = ("ch-18621817", "rnnlg-tv-69217ff772", "aw-19")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    prepare_base_model(settings())
    home = tmp_path / "home"
    with running_stack(home) as found:
        yield found
    remove_home(home)


def test_smollm2_writes_checked_copy_for_real_products_and_flower_shows_each_task(stack: Stack, tmp_path: Path) -> None:
    lines = (ROOT / "samples" / "products.jsonl").read_text().splitlines()
    products = {row["sku"]: row for row in map(json.loads, lines) if row["sku"] in SKUS}
    file = tmp_path / "products.jsonl"
    file.write_text("\n".join(map(json.dumps, products.values())))
    environment = child_environment(DATABASE_URL=stack.database_url, REDIS_URL=stack.redis_url)
    command = [sys.executable, "-m", "shared.cli", "publish", str(file), "--wait", "--timeout", "240"]
    subprocess.run(command, env=environment, check=True)

    copies = {row["sku"]: row for row in _rows(stack, "SELECT * FROM analytics.current_description")}
    assert set(copies) == set(SKUS)
    for row in copies.values():
        assert row["base_model"] == "smollm2-135m-instruct"
        assert row["confidence"] > 0.3
        assert row["status"] != "published" or (row["unsupported_spans"] == 0 and row["attribute_coverage"] >= 0.4)
    assert "SK 25" in copies["ch-18621817"]["text"]
    assert "plastic" in copies["ch-18621817"]["text"]

    assert _flower(stack, "", "/")[0] == 401
    eventually(lambda: SKUS[0] in _flower(stack, f"{stack.flower.user}:{stack.flower.password}", "/api/tasks")[1])
    shown = _flower(stack, f"{stack.flower.user}:{stack.flower.password}", "/api/tasks")[1]
    assert "version=" in shown
    assert "profile='product_page'" in shown


def _rows(stack: Stack, query: str) -> list[dict[str, Any]]:
    engine = db.connect(stack.database_url)
    with engine.connect() as connection:
        found = [dict(row._mapping) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def _flower(stack: Stack, user: str, path: str) -> tuple[int, str]:
    request = urllib.request.Request(stack.flower.url + path)  # noqa: S310 - a loopback address of our own
    if user:
        request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
