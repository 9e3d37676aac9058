"""Introductions, remarks and refusals in four languages, and copy that only looks like them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.remarks import without_refusals, without_remarks

COPY = {
    "en": "The Kettle K2 holds 1.7 l.",
    "de": "Der Wasserkocher K2 fasst 1,7 Liter.",
    "es": "El hervidor K2 tiene 1,7 litros.",
    "zh": "水壶K2容量为1.7升。",
}


@pytest.mark.parametrize(
    ("locale", "introduction"),
    [
        ("en", "Here is a product description for the 1.7 l Kettle K2:"),
        ("en", "Sure! Here’s a short description:"),
        ("en", "Sure, here's the copy:"),
        ("en", "Here is the description."),
        ("en", "Product description:"),
        ("en", "Description:"),
        ("en", "Description of the Kettle K2:"),
        ("en", "Certainly!"),
        ("en", "The following is a product description in plain English:"),
        ("de", "Gerne! Hier ist eine Produktbeschreibung für den Wasserkocher:"),
        ("de", "Hier ist die Beschreibung:"),
        ("de", "Produktbeschreibung:"),
        ("de", "Natürlich!"),
        ("es", "¡Claro! Aquí tienes una descripción del producto:"),
        ("es", "Aquí está la descripción:"),
        ("es", "Descripción del producto:"),
        ("es", "¡Por supuesto!"),
        ("zh", "当然！以下是产品描述："),
        ("zh", "好的，以下是这款水壶的介绍："),
        ("zh", "产品描述："),
        ("zh", "根据您提供的信息，"),
    ],
)
def test_introduction_goes_and_copy_stays(locale: str, introduction: str) -> None:
    assert without_remarks(f"{introduction} {COPY[locale]}", locale) == COPY[locale]
    assert without_remarks(f"{introduction}\n{COPY[locale]}", locale) == COPY[locale]


@pytest.mark.parametrize(
    ("locale", "remark"),
    [
        ("en", "I hope this helps!"),
        ("en", "Let me know if you need anything else."),
        ("en", "Please let me know if you would like any changes."),
        ("en", "If you need a longer text, just ask."),
        ("en", "Note: The description uses only the facts given."),
        ("en", "This description has 45 words."),
        ("en", "Word count: 45"),
        ("en", "(45 words)"),
        ("en", "I have kept it short."),
        ("de", "Ich hoffe, das hilft Ihnen weiter."),
        ("de", "Lassen Sie mich wissen, ob Sie Änderungen wünschen."),
        ("de", "Falls Sie noch Fragen haben, helfe ich gerne."),
        ("de", "Hinweis: Alle Angaben stammen aus den Fakten."),
        ("de", "Wortzahl: 45"),
        ("es", "Espero que te sirva."),
        ("es", "Hazme saber si necesitas algo más."),
        ("es", "Si necesitas cambios, avísame."),
        ("es", "Nota: solo se usan los datos."),
        ("es", "Número de palabras: 45"),
        ("zh", "希望这对您有帮助！"),
        ("zh", "如果您需要修改，请告诉我。"),
        ("zh", "注：以上内容仅供参考。"),
        ("zh", "字数：45"),
    ],
)
def test_remark_after_the_copy_goes(locale: str, remark: str) -> None:
    assert without_remarks(f"{COPY[locale]} {remark}", locale) == COPY[locale]
    assert without_remarks(f"{COPY[locale]}\n\n{remark}", locale) == COPY[locale]


@pytest.mark.parametrize(
    ("locale", "copy"),
    [
        ("en", "Here is a kettle that boils in two minutes."),
        ("en", "Here is a new version of the classic kettle."),
        ("en", "This is a text adventure with a clear goal: to win."),
        ("en", "The note pad is sure to please."),
        ("en", "If you like red, you will like this kettle."),
        ("en", "Great for small kitchens."),
        ("en", "Of course it comes with a lid."),
        ("de", "Natürlich schön und robust: ein Hocker aus Eiche."),
        ("de", "Wenn Sie gerne kochen, ist dieser Topf richtig."),
        ("es", "Claro y ligero, este vaso es de vidrio."),
        ("es", "Si quieres viajar ligero, esta mochila pesa 980 g."),
        ("zh", "好的面料来自意大利。"),
        ("zh", "注重细节，采用真丝面料。"),
    ],
)
def test_copy_that_looks_like_a_remark_stays(locale: str, copy: str) -> None:
    assert without_remarks(copy, locale) == copy


@pytest.mark.parametrize(
    ("locale", "refusal"),
    [
        ("en", "I cannot write a description without more facts."),
        ("en", "I'm sorry, but I can't help with that."),
        ("en", "I’m sorry."),
        ("en", "I am unable to describe this product."),
        ("en", "I apologize for the confusion."),
        ("en", "As an AI language model, I do not have access to this product."),
        ("en", "Unfortunately, I cannot provide a description."),
        ("en", "However, as an AI, I have no opinion."),
        ("en", "We do not have any information about the model 31."),
        ("en", "There is not enough information provided to write a description."),
        ("en", "Please provide more information about the product."),
        ("de", "Es tut mir leid, aber ich kann dabei nicht helfen."),
        ("de", "Ich kann leider keine Beschreibung erstellen."),
        ("de", "Leider kann ich diese Anfrage nicht beantworten."),
        ("de", "Als KI-Sprachmodell habe ich keinen Zugriff darauf."),
        ("es", "Lo siento, pero no puedo ayudar con eso."),
        ("es", "No puedo escribir una descripción de este producto."),
        ("es", "Como modelo de lenguaje, no tengo acceso a esos datos."),
        ("zh", "很抱歉，我无法提供描述。"),
        ("zh", "对不起，我不能写这个。"),
        ("zh", "作为一个人工智能语言模型，我没有相关信息。"),
        ("zh", "我无法为您撰写描述。"),
    ],
)
def test_refusal_goes_and_copy_stays(locale: str, refusal: str) -> None:
    assert without_refusals(refusal, locale) == ""
    assert without_refusals(f"{COPY[locale]} {refusal}", locale) == COPY[locale]


@pytest.mark.parametrize(
    ("locale", "copy"),
    [
        ("en", "You cannot go wrong with this kettle."),
        ("en", "The steel cannot rust, and the lid can't get lost."),
        ("en", "We cannot wait for you to try it."),
        ("en", "You won't be sorry."),
        ("en", "Sorry! is a board game for four."),
        ("en", "An AI language tutor for children."),
        ("en", "As an AI-powered speaker, it answers at once."),
        ("en", "Please share it with friends."),
        ("de", "Der Stahl kann nicht rosten."),
        ("de", "Als KI-Kamera erkennt sie Tiere."),
        ("es", "El acero no puede oxidarse."),
        ("es", "No puedes equivocarte con este hervidor."),
        ("zh", "您不能错过这款水壶。"),
        ("zh", "作为人工智能音箱，它能回答问题。"),
    ],
)
def test_copy_that_looks_like_a_refusal_stays(locale: str, copy: str) -> None:
    assert without_refusals(copy, locale) == copy


@settings(deadline=None)
@given(st.text())
def test_remarks_and_refusals_only_ever_shorten(text: str) -> None:
    for step in (without_remarks, without_refusals):
        kept = step(text, "en")
        assert len("".join(kept.split())) <= len("".join(text.split()))
        assert step(kept, "en") == kept
