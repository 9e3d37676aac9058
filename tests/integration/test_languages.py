"""An event in German, Spanish or Chinese on its whole way: stream, ingest, desk, Postgres and what analysts see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared.policy import activate, read_policy
from shared.prompts import Prompt
from shared.settings import settings
from tests.event_fakes import Service, Writer, changed
from worker.engine import Generated

COPY = {
    "de": "Der Kessel Aurora 200 ist ein schwarzer Wasserkocher aus Edelstahl. Er wiegt 1,5 kg. Das Kabel misst 20 m.",
    "es": "El Aurora 200 de Calda es negro y de acero inoxidable. Pesa 1,5 kg. El cable mide 20 m de longitud.",
    "zh": "晨光电水壶为黑色，采用不锈钢材质。重量为1.5千克。线长为20米。",
}
PRODUCTS: dict[str, dict[str, Any]] = {
    "de": {
        "title": "Kessel Aurora 200",
        "brand": "Kessel",
        "category": ["Wasserkocher"],
        "attributes": {"Farbe": "schwarz", "Material": "Edelstahl", "Gewicht": "1,5 kg", "Kabellänge": "20.000 mm"},
    },
    "es": {
        "title": "Aurora 200",
        "brand": "Calda",
        "category": ["hervidor"],
        "attributes": {
            "color": "negro",
            "material": "acero inoxidable",
            "peso": "1,5 kg",
            "longitud del cable": "20.000 mm",
        },
    },
    "zh": {
        "title": "晨光电水壶",
        "brand": "晨光",
        "category": ["水壶"],
        "attributes": {"颜色": "黑色", "材质": "不锈钢", "重量": "1.5千克", "线长": "20000毫米"},
    },
}


@dataclass
class Says(Writer):
    """A model that gives one text for every prompt."""

    text: str = ""

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        written = Generated(
            text=self.text,
            confidence=0.9,
            prompt_tokens=30,
            new_tokens=12,
            complete=True,
            queue_ms=1.0,
            decode_ms=2.0,
            batch_size=1,
        )
        return [written] * candidates


@pytest.fixture
def in_force(shelftalk: Service) -> Iterator[Service]:
    """The service under the project's own policy."""
    with shelftalk.database.begin() as connection:
        activate(connection, read_policy(settings()))
    yield shelftalk


def describe(service: Service, locale: str, text: str) -> None:
    service.take_in(changed(locale=locale, profiles=[f"product_page_{locale}"], **PRODUCTS[locale]))
    desk = service.desk(Says(text=text))
    for id_ in service.pending():
        desk.write(id_)


@pytest.mark.parametrize("locale", COPY)
def test_copy_in_the_language_of_the_event_is_current_with_its_locale(in_force: Service, locale: str) -> None:
    describe(in_force, locale, COPY[locale])

    rows = in_force.rows("SELECT profile, locale, text, status FROM analytics.current_description")
    assert rows == [(f"product_page_{locale}", locale, COPY[locale], "published")]
    kinds = in_force.rows("SELECT DISTINCT match FROM analytics.evidence WHERE match = 'converted'")
    assert kinds == [("converted",)]


def test_copy_in_the_wrong_language_is_not_published(in_force: Service) -> None:
    describe(in_force, "de", COPY["es"])

    [(status, reasons)] = in_force.rows("SELECT status, reasons FROM app.description")
    assert status == "needs_review"
    assert "not in the language of the profile" in reasons
