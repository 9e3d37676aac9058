"""The fact check on forms of saying a fact: whole names, halves, shares, clauses without a verb, other word orders."""

from __future__ import annotations

import pytest

from shared.factcheck.evidence import MOST_TERMS, find_spans
from shared.facts import Fact

KETTLE = {"title": "Brae Kettle", "category": "kettle", "keep warm": "30 minutes"}
COTTON = {"title": "Shirt", "category": "shirt", "material": "cotton 60%, polyester 40%"}
VISCOSE = {"title": "Shirt", "category": "shirt", "material": "viscose rayon (80%), nylon (20%)"}
CASE = {"title": "Case", "category": "case", "shell": "nylon", "lining": "polyester"}
VACUUM = {"title": "Vacuum", "category": "vacuum cleaner", "without bag": "yes"}
PRINTER = {"title": "Jet F380", "category": "device", "print technology": "Inkjet"}
DRILL = {"title": "Drill", "category": "drill", "weight": "1.3 kg"}
CABLE = {"title": "Cable", "category": "cable", "hdmi version": "1.4", "usb version": "2.0"}
ADAPTER = {"title": "Adapter", "category": "adapter", "connector 1": "HDMI", "connector 2": "VGA", "quantity": "1"}
INK = {
    "title": "Ink",
    "category": "ink",
    "compatible products": "Stylus Pro 4800, 4880, 4400",
    "printing colors": "black",
    "color": "no",
}
ARMCHAIR = {
    "title": 'Armchair, "Peacock"',
    "category": "armchair",
    "material": "solid ash, rope cord, and teak",
    "dimensions": "109 x 77 x 54 cm",
}
RACK = {
    "title": "Norrland Adjustable Open Frame Server Rack with Casters, 13 Units, Black, Steel and Glass",
    "category": "server rack",
    "depth": "120",
    "package height": "265",
    "operating temperature (t t)": "0 - 40",
    "storage temperature (t t)": "-20 - 60",
}
ASPIRADOR = {"title": "Aparato", "category": "aspirador", "sin bolsa": "sí"}
STUHL = {"title": "Stuhl Ergo", "category": "Stuhl", "Gestell": "Aluminium", "Bezug": "Mesh"}
RUCKSACK = {"title": "Rucksack Trail", "category": "Rucksack", "Farbe": "Grau", "Laptopfach": "nein"}
LAMPE = {"title": "Lampe Lux", "category": "Lampe", "Laufzeit": "90 Minuten", "Ladezeit": "30 Minuten"}
COAT = {"title": "大衣", "category": "外套", "面料": "羊毛70%，聚酯纤维30%"}
BICYCLE = {"title": "自行车", "category": "自行车", "承重": "100千克"}


def unsupported(text: str, product: dict[str, str], locale: str) -> list[str]:
    spans = find_spans(text, [Fact(name, value) for name, value in product.items()], locale)
    return [span.text for span in spans if span.kind == "unsupported"]


@pytest.mark.parametrize(
    ("text", "product", "locale"),
    [
        ("It keeps warm for half an hour.", KETTLE, "en"),
        ("The shirt is 60% cotton and 40% polyester.", COTTON, "en"),
        ("The material of the Shirt is viscose rayon (80%), nylon (20%).", VISCOSE, "en"),
        ("The shirt is 80% viscose rayon and 20% nylon.", VISCOSE, "en"),
        ("The shell is nylon, the lining polyester.", CASE, "en"),
        ("The vacuum works without a bag.", VACUUM, "en"),
        ("The vacuum has no bag.", VACUUM, "en"),
        ("The Jet F380 is an inkjet printer.", PRINTER, "en"),
        ("The drill weighs 2.9 lb.", DRILL, "en"),
        ("The cable supports HDMI version 1.4 and USB version 2.0.", CABLE, "en"),
        ("Its connector 1 is HDMI, and its connector 2 is VGA.", ADAPTER, "en"),
        ("Its compatible products are Stylus Pro 4800, 4880, 4400.", INK, "en"),
        ("Its printing colors are black.", INK, "en"),
        (
            'The material of the Armchair, "Peacock" is solid ash, rope cord, and teak, and its dimensions are '
            "109 x 77 x 54 cm.",
            ARMCHAIR,
            "en",
        ),
        (f"The depth of the {RACK['title']} is 120.", RACK, "en"),
        ("Its operating temperature (t t) is 0 - 40.", RACK, "en"),
        ("El aspirador funciona sin bolsa.", ASPIRADOR, "es"),
        ("Das Gestell besteht aus Aluminium, der Bezug aus Mesh.", STUHL, "de"),
        ("Ein Laptopfach hat der graue Rucksack nicht.", RUCKSACK, "de"),
        ("Die Laufzeit beträgt anderthalb Stunden, die Ladezeit eine halbe Stunde.", LAMPE, "de"),
        ("由70%羊毛和30%聚酯纤维制成。", COAT, "zh"),
        ("最大承重100公斤。", BICYCLE, "zh"),
    ],
)
def test_a_true_statement_in_another_form_is_supported(text: str, product: dict[str, str], locale: str) -> None:
    assert unsupported(text, product, locale) == []


@pytest.mark.parametrize(
    ("text", "product", "locale"),
    [
        ("It keeps warm for half a minute.", KETTLE, "en"),
        ("It keeps warm for an hour and a half.", KETTLE, "en"),
        ("The shirt is 60% polyester and 40% cotton.", COTTON, "en"),
        ("The shirt is 80% nylon and 20% viscose rayon.", VISCOSE, "en"),
        ("The shell is polyester, the lining nylon.", CASE, "en"),
        ("The shell is nylon, the lining nylon.", CASE, "en"),
        ("The vacuum comes with a bag.", VACUUM, "en"),
        ("The Jet F380 is a laser printer.", PRINTER, "en"),
        ("The Jet F380 comes with an inkjet printer.", PRINTER, "en"),
        ("The drill weighs 3 lb.", DRILL, "en"),
        ("The drill weighs 2.8 lb.", DRILL, "en"),
        ("The cable supports HDMI version 2.0.", CABLE, "en"),
        ("Its connector 1 is VGA.", ADAPTER, "en"),
        ("Its compatible products are Stylus Pro 4800, 4890.", INK, "en"),
        ("It prints in color.", INK, "en"),
        ("Its depth is an armchair.", ARMCHAIR, "en"),
        ("The depth of the rack is 265.", RACK, "en"),
        ("It has a depth of 265.", RACK, "en"),
        ("The rack comes from the United States.", RACK, "en"),
        ("El aspirador viene con bolsa.", ASPIRADOR, "es"),
        ("Das Gestell besteht aus Mesh, der Bezug aus Aluminium.", STUHL, "de"),
        ("Ein Laptopfach hat der Rucksack.", RUCKSACK, "de"),
        ("Die Laufzeit beträgt eine halbe Stunde.", LAMPE, "de"),
        ("由30%羊毛和70%聚酯纤维制成。", COAT, "zh"),
        ("最大承重120公斤。", BICYCLE, "zh"),
    ],
)
def test_a_false_statement_in_the_same_form_is_not(text: str, product: dict[str, str], locale: str) -> None:
    assert unsupported(text, product, locale) != []


@pytest.mark.parametrize(
    ("sizes", "wrong"), [("S, M, L", []), ("S, M", ["large"])], ids=["each letter", "a letter missing"]
)
def test_letters_of_sizes_may_be_said_in_words(sizes: str, wrong: list[str]) -> None:
    shirt = {"title": "Tee", "category": "shirt", "size": sizes}
    assert unsupported("It comes in the sizes small, medium and large.", shirt, "en") == wrong


def test_a_part_of_a_synonym_does_not_stand_for_the_value() -> None:
    bag = {"title": "Bag", "category": "bag", "material": "leatherette"}
    assert unsupported("It is made of vegan leather.", bag, "en") == []
    assert unsupported("It is made of leather.", bag, "en") == ["leather"]


def test_a_sentence_beyond_all_measure_is_one_unsupported_span() -> None:
    text = "The kettle is warm. " + "kettle " * (MOST_TERMS + 1)
    spans = find_spans(text, [Fact(name, value) for name, value in KETTLE.items()])
    assert spans[-1].kind == "unsupported"
    assert spans[-1].text == text[20:].strip()
    assert f"at most {MOST_TERMS} are read" in spans[-1].reason
