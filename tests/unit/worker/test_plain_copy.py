"""Products that say too little of themselves: a short plain text, without the model."""

from __future__ import annotations

from typing import Any

import pytest

from shared.content.planning import is_thin, plan_copy
from shared.content.salience import Salience
from shared.events import Product
from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import Prompt
from worker.drafting import Brief
from worker.engine import Generated
from worker.pipeline import Copy, describe
from worker.plain_copy import plain_text
from worker.serving import ServedModel

LOCALES = ("en", "de", "es", "zh")


class Unasked:
    """A model that nobody may ask."""

    model = ServedModel(1, "fake", taught=False)

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        raise AssertionError(f"the model was asked: {prompt.question[1]}")


def thin(**members: Any) -> Product:
    return Product(**{"sku": "M-1", "version": 1, "title": "Aldo 12", **members})


def described(product: Product, **members: Any) -> Copy:
    profile = Profile(**{"name": "page", "version": "1", "rules": (), **members})
    plan = plan_copy(product, profile, Salience())
    assert is_thin(plan)
    return describe(Brief(product, profile, plan, missing=("color", "material")), Unasked())


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "product",
    [
        thin(),
        thin(brand="Norrland"),
        thin(attributes={"USB port": False}),
        thin(attributes={"USB port": True}),
        thin(brand="Norrland", title="Norrland Aldo 12", attributes={"ports": 4}),
    ],
    ids=["title", "brand", "no", "yes", "number"],
)
def test_the_plain_text_of_a_thin_product_is_published_without_the_model(locale: str, product: Product) -> None:
    draft = described(product, locale=locale).draft

    assert (draft.verdict.reasons, draft.verdict.status) == ((), "published"), draft.text


@pytest.mark.parametrize(
    ("locale", "category", "attribute", "text"),
    [
        (
            "en",
            "mugs",
            "dishwasher safe",
            "This is the Aldo. Category: mugs. Its features include dishwasher safe.",
        ),
        ("de", "Tassen", "spülmaschinenfest", "Das ist Aldo. Die Kategorie ist Tassen. spülmaschinenfest: ja."),
        ("es", "tazas", "apto para lavavajillas", "Este es Aldo. La categoría es tazas. apto para lavavajillas: sí."),
        ("zh", "杯子", "可机洗", "这是Aldo。类别为杯子。可机洗：是。"),
    ],
)
def test_it_says_all_that_is_known_and_the_fact_check_of_the_language_accepts_it(
    locale: str, category: str, attribute: str, text: str
) -> None:
    facts = [Fact("title", "Aldo"), Fact("category", f"Home > {category}"), Fact(attribute, "yes")]

    assert plain_text(facts, locale) == text
    assert [span.text for span in find_spans(text, facts, locale) if span.kind == "unsupported"] == []


def test_the_brand_stands_before_the_title_that_lacks_it() -> None:
    named = [Fact("title", "Aldo"), Fact("brand", "Norrland")]

    assert plain_text(named, "en") == "This is the Norrland Aldo."
    assert plain_text([Fact("title", "NORRLAND Aldo"), named[1]], "en") == "This is the NORRLAND Aldo."
    assert plain_text(named[1:], "en") == "This is the Norrland."


def test_of_nothing_nothing_is_said() -> None:
    assert plain_text([], "en") == ""


def test_a_language_that_we_do_not_write_gets_english() -> None:
    assert plain_text([Fact("title", "Aldo")], "fi") == "This is the Aldo."


def test_a_product_that_says_more_is_not_thin() -> None:
    profile = Profile(name="page", version="1")

    assert not is_thin(plan_copy(thin(attributes={"color": "black"}), profile, Salience()))


def test_the_step_costs_nothing_and_the_missing_attributes_are_handed_on() -> None:
    copy = described(thin(brand="Norrland"))

    assert [(step.name, step.outcome, step.texts, step.new_tokens) for step in copy.steps] == [
        ("plain", "published", 0, 0)
    ]
    assert list(copy.missing) == ["color", "material"]
    assert (copy.values["new_tokens"], copy.values["text"]) == (0, "This is the Norrland Aldo 12.")


def test_it_has_the_form_of_its_channel() -> None:
    values = described(thin(title="<Aldo> 12"), format="html", closing="See our shop.").values

    assert values["text"] == "This is the <Aldo> 12. See our shop."
    assert values["html"] == "<p>This is the &lt;Aldo&gt; 12. See our shop.</p>"
