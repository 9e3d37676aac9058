"""`shelftalk health` knows the processes that have a heartbeat, and no others."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from shared.cli.health import health


@pytest.mark.parametrize("name", ["flower", "ingests"])
def test_a_name_that_has_no_heartbeat_is_refused_with_those_that_have(name: str) -> None:
    app = typer.Typer()
    app.command()(health)
    refused = CliRunner().invoke(app, [name])

    assert refused.exit_code == 2
    assert all(known in refused.stderr for known in ("'ingest'", "'worker'", "'beat'"))
