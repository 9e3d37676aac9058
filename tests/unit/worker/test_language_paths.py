"""German, Spanish and Chinese through the whole path, with the project's own profiles and rule packs and a model that
says what it is told: plan, prompt, fact check, rules, repair and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import pytest

from shared.events import AttributeValue, Product, Quantity
from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.gate import Standards
from shared.policy import Policy, read_policy
from shared.profiles import Profile
from shared.prompts import Prompt
from shared.settings import Settings
from worker.drafting import Brief
from worker.engine import Generated
from worker.pipeline import Copy, describe
from worker.serving import ServedModel


@dataclass(frozen=True)
class Language:
    """A kettle in one language, with what a model may say of it, sentence by sentence."""

    title: str
    brand: str
    category: list[str]
    attributes: Mapping[str, AttributeValue]
    true: tuple[str, ...]
    false: Mapping[str, str]
    praise: str
    banned: tuple[str, str]
    converted: tuple[str, str]
    gap: str = " "


LANGUAGES = {
    "de": Language(
        title="Kessel Aurora 200",
        brand="Kessel",
        category=["Haushalt", "Wasserkocher"],
        attributes={
            "Farbe": "schwarz",
            "Material": "Edelstahl",
            "Kabellänge": "20.000 mm",
            "Gewicht": "1,5 kg",
            "Leistung": "2200 W",
            "Automatische Abschaltung": "ja",
            "Temperaturwahl": False,
            "Herkunftsland": "Finnland",
        },
        true=(
            "Der Kessel Aurora 200 ist ein schwarzer Wasserkocher aus Edelstahl.",
            "Er leistet 2200 Watt und wiegt 1,5 kg.",
            "Das Kabel ist 20.000 mm lang.",
            "Er hat eine automatische Abschaltung.",
        ),
        false={
            "number": "Er leistet 1500 Watt.",
            "unit": "Er wiegt 1,5 g.",
            "decimal comma": "Er wiegt 15 kg.",
            "grouped thousands": "Das Kabel ist 20 mm lang.",
            "color": "Er ist weiß.",
            "material": "Er besteht aus Kunststoff.",
            "yes denied": "Er hat keine automatische Abschaltung.",
            "no asserted": "Er hat eine Temperaturwahl.",
            "origin": "Er wurde in Italien hergestellt.",
        },
        praise="Er ist der beste Wasserkocher.",
        banned=("Er ist umweltfreundlich.", "eu.generic-environmental-claim"),
        converted=("Das Kabel ist 20 m lang und er wiegt 1.500 g.", "Das Kabel ist 20.000 mm lang."),
    ),
    "es": Language(
        title="Hervidor Aurora 200",
        brand="Calda",
        category=["Cocina", "hervidor"],
        attributes={
            "color": "negro",
            "material": "acero inoxidable",
            "longitud del cable": "20.000 mm",
            "peso": "1,5 kg",
            "potencia": "2200 W",
            "apagado automático": "sí",
            "control de temperatura": False,
            "país de origen": "Finlandia",
        },
        true=(
            "El Hervidor Aurora 200 de Calda es negro y de acero inoxidable.",
            "Tiene una potencia de 2200 W y un peso de 1,5 kg.",
            "El cable mide 20.000 mm de longitud.",
            "Incluye apagado automático.",
        ),
        false={
            "number": "Tiene una potencia de 1500 W.",
            "unit": "Tiene un peso de 1,5 g.",
            "decimal comma": "Tiene un peso de 15 kg.",
            "grouped thousands": "El cable mide 20 mm de longitud.",
            "color": "Es blanco.",
            "material": "Está hecho de plástico.",
            "yes denied": "No tiene apagado automático.",
            "no asserted": "Tiene control de temperatura.",
            "origin": "Está fabricado en Italia.",
        },
        praise="Es el mejor hervidor.",
        banned=("Es ecológico.", "eu.generic-environmental-claim"),
        converted=(
            "El cable mide 20 m de longitud y tiene un peso de 1.500 g.",
            "El cable mide 20.000 mm de longitud.",
        ),
    ),
    "zh": Language(
        title="晨光电水壶",
        brand="晨光",
        category=["厨房", "水壶"],
        attributes={
            "颜色": "黑色",
            "材质": "不锈钢",
            "线长": "20000毫米",
            "重量": "1.5千克",
            "功率": "2200瓦",
            "自动断电": "是",
            "保温": False,
            "产地": "芬兰",
        },
        true=(
            "晨光电水壶为黑色，采用不锈钢材质。",
            "功率为2200瓦，重量为1.5千克。",
            "线长为20000毫米。",
            "它具有自动断电功能。",
        ),
        false={
            "number": "功率为1500瓦。",
            "unit": "重量为1.5克。",
            "decimal point": "重量为15千克。",
            "thousands": "线长为20毫米。",
            "color": "它为白色。",
            "material": "它采用塑料材质。",
            "yes denied": "它没有自动断电功能。",
            "no asserted": "它具有保温功能。",
            "origin": "产地为德国。",
        },
        praise="这是很漂亮的水壶。",
        banned=("这是国家级水壶。", "cn.absolute-terms"),
        converted=("线长为20米，重量为1500克。", "线长为20000毫米。"),
        gap="",
    ),
}
FALSEHOODS = [(locale, kind) for locale, language in LANGUAGES.items() for kind in language.false]
ENGLISH_KETTLE = {
    "color": "black",
    "material": "plastic",
    "lid": "hinged",
    "weight": Quantity(value=1.5, unit="kg"),
    "country of origin": "Finland",
}


@dataclass
class Script:
    """A model that gives one text for every prompt, and remembers what it was asked."""

    model = ServedModel(1, "fake", taught=False)
    text: str
    asked: list[Prompt] = field(default_factory=list)

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        self.asked.append(prompt)
        written = Generated(
            text=self.text,
            confidence=0.9,
            prompt_tokens=90,
            new_tokens=30,
            complete=True,
            queue_ms=1.0,
            decode_ms=100.0,
            batch_size=1,
        )
        return [written] * candidates


@cache
def policy() -> Policy:
    return read_policy(Settings())


def page(locale: str) -> Profile:
    return policy().on(date(2026, 11, 23))[f"product_page_{locale}"]


def kettle(locale: str, **members: object) -> Product:
    told = LANGUAGES[locale]
    product = {"title": told.title, "brand": told.brand, "category": told.category, "attributes": told.attributes}
    return Product.model_validate({"sku": "KET-42", "version": 1, "locale": locale, **product, **members})


def written(product: Product, locale: str, *sentences: str) -> Copy:
    return asked(product, locale, Script(LANGUAGES[locale].gap.join(sentences)))


def asked(product: Product, locale: str, script: Script) -> Copy:
    profile = page(locale)
    standards = Standards(second_try=False)
    return describe(Brief(product, profile, policy().plan(product, profile), standards, policy().packs), script)


def kinds(copy: Copy) -> dict[str | None, str]:
    return {span.attribute: span.kind for span in copy.draft.spans}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_true_copy_is_published_with_evidence_for_number_unit_color_and_yes(locale: str) -> None:
    told = LANGUAGES[locale]
    copy = written(kettle(locale), locale, *told.true)
    color, material, length, weight, power, yes, *_ = told.attributes

    assert (copy.draft.verdict.reasons, copy.draft.verdict.status) == ((), "published")
    assert copy.draft.text == told.gap.join(told.true)
    assert copy.draft.scores.attribute_coverage >= 0.6
    assert copy.draft.scores.language_match > 0.9
    assert {color, material, length, weight, power} <= set(kinds(copy))
    assert kinds(copy)[yes] == "boolean"
    assert copy.values["locale"] == locale


@pytest.mark.parametrize(("locale", "kind"), FALSEHOODS)
def test_a_sentence_that_contradicts_the_product_is_left_out(locale: str, kind: str) -> None:
    told = LANGUAGES[locale]
    copy = written(kettle(locale), locale, *told.true[:2], told.false[kind], *told.true[2:])

    assert told.false[kind] not in copy.draft.text
    assert told.true[0] in copy.draft.text
    assert "unsupported_sentences" in copy.draft.changes


@pytest.mark.parametrize(("locale", "kind"), FALSEHOODS)
def test_a_contradiction_that_no_other_sentence_can_replace_goes_to_a_curator(locale: str, kind: str) -> None:
    told = LANGUAGES[locale]
    whole = "，" if locale == "zh" else ", "
    copy = written(kettle(locale), locale, whole.join([told.true[0].rstrip(".。"), told.false[kind]]))

    assert copy.draft.verdict.status != "published"


@pytest.mark.parametrize("locale", LANGUAGES)
def test_praise_is_left_out_where_the_rest_can_stand(locale: str) -> None:
    told = LANGUAGES[locale]
    copy = written(kettle(locale), locale, *told.true, told.praise)

    assert (copy.draft.text, copy.draft.verdict.status) == (told.gap.join(told.true), "published")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_rules_of_the_market_hold_in_its_language(locale: str) -> None:
    told = LANGUAGES[locale]
    sentence, rule = told.banned
    copy = written(kettle(locale), locale, sentence)

    assert rule in [f"{hit.pack}.{hit.rule}" for hit in copy.draft.hits]
    assert any(rule in reason for reason in copy.draft.verdict.reasons)
    assert copy.draft.verdict.status == "needs_review"


@pytest.mark.parametrize(
    ("locale", "spoken"), [(locale, spoken) for locale in LANGUAGES for spoken in LANGUAGES if locale != spoken]
)
def test_an_answer_in_another_language_goes_to_a_curator_who_is_told_why(locale: str, spoken: str) -> None:
    verdict = written(kettle(locale), locale, LANGUAGES[spoken].gap.join(LANGUAGES[spoken].true)).draft.verdict

    assert verdict.status == "needs_review"
    assert "not in the language of the profile" in verdict.reasons


@pytest.mark.parametrize("locale", LANGUAGES)
def test_an_english_answer_goes_to_a_curator_who_is_told_why(locale: str) -> None:
    english = "This is the kettle that you have been looking for, and it comes with everything that you will need."
    verdict = written(kettle(locale), locale, english).draft.verdict

    assert verdict.status == "needs_review"
    assert "not in the language of the profile" in verdict.reasons


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_quantity_may_be_told_in_another_unit(locale: str) -> None:
    told = LANGUAGES[locale]
    sentence, replaced = told.converted
    copy = written(kettle(locale), locale, *(sentence if each == replaced else each for each in told.true))
    length = list(told.attributes)[2]

    assert (copy.draft.verdict.reasons, copy.draft.verdict.status) == ((), "published")
    assert sentence in copy.draft.text
    assert kinds(copy)[length] == "converted"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Das ist Kessel Aurora 200. Die Kategorie ist Wasserkocher. Ohne Temperaturwahl."),
        ("es", "Este es Calda Hervidor Aurora 200. La categoría es hervidor. Sin control de temperatura."),
        ("zh", "这是晨光电水壶。类别为水壶。没有保温。"),
    ],
)
def test_a_product_that_says_too_little_gets_a_plain_text_in_its_language(locale: str, text: str) -> None:
    no = list(LANGUAGES[locale].attributes)[6]
    script = Script("")
    copy = asked(kettle(locale, attributes={no: False}), locale, script)

    assert (copy.draft.text, copy.draft.verdict.status) == (text, "published")
    assert script.asked == []


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        ("de", ["- Titel: Kessel Aurora 200", "- Kategorie: Wasserkocher", "- Automatische Abschaltung: ja"]),
        ("es", ["- título: Calda Hervidor Aurora 200", "- apagado automático: sí"]),
        ("zh", ["- 名称: 晨光电水壶", "- 自动断电: 是"]),
    ],
)
def test_the_model_reads_the_product_in_the_language_that_it_is_to_write(locale: str, lines: list[str]) -> None:
    script = Script("")
    asked(kettle(locale), locale, script)
    [prompt, *_] = script.asked
    language = {"de": "German", "es": "Spanish", "zh": "Chinese"}[locale]

    assert set(lines) < set(prompt.question[1].split("\n"))
    assert f"plain and factual {language}" in prompt.preamble[0][1]
    assert prompt.question[1].endswith(f"\nWrite the description in {language}.")
    assert [role for role, _ in prompt.preamble[1:]] == ["user", "assistant"] * 2


@pytest.mark.parametrize("locale", LANGUAGES)
def test_what_the_project_shows_as_an_example_says_its_facts_and_nothing_else(locale: str) -> None:
    for example in page(locale).voice_examples:
        spans = find_spans(example.text, [Fact(name, value) for name, value in example.facts.items()], locale)
        assert [span.text for span in spans if span.kind == "unsupported"] == []
        assert {*example.facts} - {span.attribute for span in spans} <= {"category", "brand"}


@pytest.mark.parametrize(
    ("locale", "value", "wording", "other", "text"),
    [
        ("de", "plastic", "Kunststoff", "Plastik", "Der Aurora 200 von Calda ist schwarz und aus Plastik."),
        ("es", "leather", "cuero", "piel", "El Aurora 200 de Calda es negro y está hecho de piel."),
        ("zh", "leather", "皮革", "皮质", "Calda的Aurora 200为黑色水壶，采用皮质材质。"),
    ],
)
def test_an_english_product_is_told_in_the_wordings_of_the_glossary(
    locale: str, value: str, wording: str, other: str, text: str
) -> None:
    script = Script(text)
    attributes = {**ENGLISH_KETTLE, "material": value}
    copy = asked(kettle(locale, title="Aurora 200", brand="Calda", attributes=attributes), locale, script)

    assert f"- material: {wording}" in script.asked[0].question[1].split("\n")
    assert ("synonym", other) in [(span.kind, span.text) for span in copy.draft.spans]
    assert (copy.draft.verdict.reasons, copy.draft.verdict.status) == ((), "published")


@pytest.mark.parametrize(
    ("locale", "text", "translated"),
    [
        ("de", "Der Aurora 200 von Calda ist schwarz, aus Kunststoff und hat einen klappbaren Deckel.", "Deckel"),
        ("es", "El Aurora 200 de Calda es negro, de plástico y tiene una tapa abatible.", "abatible"),
        ("zh", "Calda Aurora 200为黑色，采用塑料材质，盖子为铰链式。", "盖子"),
    ],
)
def test_what_the_glossary_does_not_cover_is_unsupported_in_translation(
    locale: str, text: str, translated: str
) -> None:
    copy = written(kettle(locale, title="Aurora 200", brand="Calda", attributes=ENGLISH_KETTLE), locale, text)

    assert any(translated in span.text for span in copy.draft.spans if span.kind == "unsupported")
    assert copy.draft.verdict.status == "needs_review"
