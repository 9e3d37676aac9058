"""What a product may be said to be."""

from __future__ import annotations

import pytest

from shared.factcheck.evidence import find_spans
from shared.facts import Fact

LAPTOP = (
    Fact("title", "Tecra Kratos 55"),
    Fact("category", "laptop"),
    Fact("platform", "Windows 8.1"),
    Fact("color", "black"),
    Fact("weight", "1.4 kg"),
    Fact("country of origin", "Singapore"),
    Fact("material", "viscose (80%) and mohair (20%)"),
)


def unsupported(text: str) -> list[tuple[str, str]]:
    return [(span.text, span.reason) for span in find_spans(text, LAPTOP) if span.kind == "unsupported"]


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        (
            "The Tecra Kratos 55 is Windows 8.1.",
            "Windows 8.1",
            "an attribute of the product, not what it is",
        ),
        ("The Tecra Kratos 55 is in Singapore.", "Singapore", "says where it is, not where it comes from"),
        ("The Tecra Kratos 55 comes without a laptop.", "laptop", "denies what the product is"),
        ("The Tecra Kratos 55 is not a laptop.", "laptop", "denies what the product is"),
        ("Its material is viscose (80%).", "viscose (80%", "names 1 of 2 values of material"),
    ],
)
def test_what_a_product_is_not_is_unsupported(text: str, words: str, reason: str) -> None:
    assert unsupported(text) == [(words, reason)]


@pytest.mark.parametrize(
    "text",
    [
        "The Tecra Kratos 55 is black.",
        "The Tecra Kratos 55 is 1.4 kg.",
        "The Tecra Kratos 55 is a laptop with Windows 8.1.",
        "Its platform is Windows 8.1.",
        "The Tecra Kratos 55 is made in Singapore.",
        "The Tecra Kratos 55 is not only a laptop, it is black.",
        "Its material is viscose (80%) and mohair (20%).",
    ],
)
def test_what_a_product_is_is_supported(text: str) -> None:
    assert unsupported(text) == []


def test_a_bound_belongs_to_what_is_said_before_it() -> None:
    facts = (Fact("title", "Norrland NIC"), Fact("host interface", "PCIe"), Fact("cabling", "Category 5 up to 100 m"))
    found = find_spans("The Norrland NIC is new. Its host interface is PCIe up to 100 m.", facts)
    assert ("100 m", "said of host interface, but belongs to cabling") in [(span.text, span.reason) for span in found]
