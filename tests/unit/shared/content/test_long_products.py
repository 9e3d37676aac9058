"""Which of many attributes a long product tells: what says little gives way to what says more."""

from __future__ import annotations

import pytest

from shared.content.planning import plan_copy
from shared.content.salience import Salience
from shared.events import AttributeValue, Product
from shared.profiles import Profile


def chosen(maximum: int = 1, **attributes: AttributeValue) -> dict[str, str]:
    named = {name.replace("_", " "): value for name, value in attributes.items()}
    product = Product(sku="L-1", version=1, title="Acme LJ 15", attributes=named)
    plan = plan_copy(product, Profile(name="page", version="1", max_attributes=maximum), Salience())
    return {fact.attribute: fact.value for fact in plan.facts if fact.attribute != "title"}


def test_a_list_that_a_prompt_cannot_hold_gives_way() -> None:
    assert set(chosen(color="Black,Cyan,Magenta,Yellow,Red,Blue", weight="2 kg")) == {"weight"}
    assert set(chosen(color="Black, Cyan, Magenta", weight="2 kg")) == {"color"}


def test_that_there_is_one_of_something_gives_way() -> None:
    assert set(chosen(hdmi_ports=1, weight_range="light")) == {"weight range"}
    assert set(chosen(hdmi_ports=3, weight_range="light")) == {"hdmi ports"}


@pytest.mark.parametrize(("letter", "word"), [("Y", "yes"), ("N", "no"), ("yes", "yes")])
def test_a_letter_for_yes_or_no_is_told_as_the_word(letter: str, word: str) -> None:
    assert chosen(duplex_printing=letter, color="black", maximum=6)["duplex printing"] == word


@pytest.mark.parametrize("name", ["supported instruction sets", "raid levels", "paper tray media types", "themes"])
def test_a_detail_of_the_data_sheet_is_not_told_though_there_be_room(name: str) -> None:
    attributes = {name: "blue", "color": "black", "memory": "8 GB", "weight": "2 kg"}
    assert name not in chosen(3, **attributes)
