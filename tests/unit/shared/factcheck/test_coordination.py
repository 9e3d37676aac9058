"""The fact check on sentences that go on: another verb, another subject, and what speaks of what stands before it."""

from __future__ import annotations

import pytest

from shared.factcheck.evidence import find_spans
from shared.facts import Fact

BENCH = {
    "title": "Halden Bench",
    "category": "bench",
    "dimensions": "195 x 80 x 42 cm",
    "weight": "16.5 kg",
    "warranty": "5 years",
}
CAR = {
    "title": "Dune Buggy",
    "category": "car",
    "control range": "60 m",
    "battery": "1200 mAh",
    "batteries included": "no",
    "top speed": "25 km/h",
}
FRIDGE = {"title": "Frosta F2", "category": "fridge", "energy class": "D", "size": "M", "No Frost": "yes"}
TORCH = {"title": "Beam 8", "category": "torch", "batteries": "8 x AA", "batteries included": "no"}
GAME = {"title": "Superhull", "category": "game", "available on Steam": "yes"}
PARASOL = {"title": "Sunna", "category": "parasol", "base included": "no", "bag included": "yes"}
NOVEL = {"title": "The Salt Road", "category": "novel", "author": "Ines Farrow", "publisher": "Low Tide"}
PAN = {"title": "Ovna Pan", "category": "pan", "coating": "non-stick ceramic", "running time": "11 h 40 min"}


def unsupported(text: str, product: dict[str, str]) -> list[str]:
    spans = find_spans(text, [Fact(name, value) for name, value in product.items()])
    return [span.text for span in spans if span.kind == "unsupported"]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("Its dimensions are 195 x 80 x 42 cm, and it weighs 16.5 kg.", BENCH),
        ("Its dimensions are 195 x 80 x 42 cm and weighs 16.5 kg.", BENCH),
        ("The control range is 60 m; the 1200 mAh battery takes it to 25 km/h.", CAR),
        ("It runs on 8 x AA batteries, which are not included.", TORCH),
        ("The game is available on Steam which means there is no need.", GAME),
        ("The base is not included.", PARASOL),
        ("There is a bag.", PARASOL),
        ("It is in energy class D and comes in size M.", FRIDGE),
        ("I recommend the No Frost fridge.", FRIDGE),
        ("The Salt Road was written by Ines Farrow.", NOVEL),
        ("Its coating is non-stick ceramic, and it lasts 11 h 40 min.", PAN),
    ],
)
def test_new_verb_or_subject_begins_a_new_tie(text: str, product: dict[str, str]) -> None:
    assert unsupported(text, product) == []


@pytest.mark.parametrize(
    ("text", "product", "wrong"),
    [
        ("Its dimensions are 16.5 kg, and it weighs 195 x 80 x 42 cm.", BENCH, ["16.5 kg", "195 x 80 x 42 cm"]),
        ("Its dimensions are 195 x 80 x 42 cm, and it weighs 18 kg.", BENCH, ["18 kg"]),
        ("The control range is 25 km/h; the battery takes it to 60 m.", CAR, ["25 km/h"]),
        ("It runs on 8 x AA batteries, which are included.", TORCH, ["batteries"]),
        ("The base is included, a bag is not.", PARASOL, ["base is included", "bag"]),
        ("It is in energy class A and comes in size S.", FRIDGE, ["A", "S"]),
        ("The Salt Road was written by Low Tide.", NOVEL, ["Low Tide"]),
        ("Its coating is stick ceramic.", PAN, ["stick ceramic"]),
        ("It closes with a zip and is bound to last.", PAN, ["zip", "bound"]),
    ],
)
def test_new_tie_still_needs_its_own_value(text: str, product: dict[str, str], wrong: list[str]) -> None:
    assert unsupported(text, product) == wrong
