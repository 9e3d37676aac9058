"""The service for integration tests: its steps, called by the test, on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.settings import settings
from tests.event_fakes import Service, forget_connections, service


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str) -> Iterator[None]:
    """The settings name this test's own database and Redis."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    settings.cache_clear()
    yield
    forget_connections()


@pytest.fixture
def shelftalk(configured: None) -> Iterator[Service]:
    """The service without its processes."""
    with service() as found:
        yield found
