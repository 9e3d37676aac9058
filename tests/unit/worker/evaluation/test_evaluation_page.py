"""The page of `shelftalk eval models`: it escapes what products and models say, and shows what nothing supports."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.evaluation.options import ModelsOptions
from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.settings import Settings
from shared.text import printable
from tests.scripted_model import BOWL, KETTLE, SAID, Scripted, file_of
from worker.evaluation import side_by_side
from worker.evaluation.page import pieces

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Collects the elements, links and text of a page, and sees that each element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.names: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(folder: Path, rows: list[Any], engine: Scripted | None, samples: int = 20) -> Reader:
    """The page about rows, by a scripted model, if there is one, and the template."""
    file, page = file_of(folder, rows), folder / "page.html"
    options = ModelsOptions(file=file, report=page, samples=samples)
    contestants = {"base": engine.as_model(), "template": None} if engine else {"template": None}
    side_by_side.run(options, Settings(second_try=False, candidates=1, threads=2), contestants)
    reader = Reader()
    reader.feed(page.read_text())
    assert reader.open == []
    return reader


def test_the_page_is_whole_in_itself(tmp_path: Path) -> None:
    page = read_page(tmp_path, [KETTLE, BOWL], Scripted())
    assert page.links == []
    assert not {"script", "link", "img", "iframe"} & set(page.names)


def test_it_shows_facts_references_texts_and_what_nothing_supports(tmp_path: Path) -> None:
    page = read_page(tmp_path, [KETTLE, BOWL], Scripted())
    assert page.names.count("article") == 2
    for text in (KETTLE["description"], *BOWL["references"], SAID["Bowl"], "2200 watt", "parent_f"):
        assert text in page.text
    assert page.names.count("mark") == 2  # the legend, and "purple"


def test_samples_come_from_all_parts_of_the_file(tmp_path: Path) -> None:
    rows = [KETTLE | {"sku": f"K{at}", "attributes": {"power": f"{at + 1} watt"}} for at in range(9)]
    page = read_page(tmp_path, [*rows], Scripted(), samples=3)
    assert [sku for sku in (f"K{at}, line" for at in range(9)) if sku in page.text] == [
        "K0, line",
        "K3, line",
        "K6, line",
    ]


def test_no_samples_leave_the_table_alone(tmp_path: Path) -> None:
    page = read_page(tmp_path, [KETTLE], Scripted(), samples=0)
    assert "article" not in page.names
    assert "slot_error_rate" in page.text


HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(1)> {{ 7 * 7 }} {% raw %} &amp; \u202eevil'


@pytest.mark.parametrize("place", ["title", "brand", "category", "description", "source", "sku", "color"])
def test_nothing_that_a_product_holds_becomes_part_of_the_page(tmp_path: Path, place: str) -> None:
    row = KETTLE | ({"attributes": {"color": HOSTILE}} if place == "color" else {place: HOSTILE})
    page = read_page(tmp_path, [row], None)
    assert not {"script", "img"} & set(page.names)
    assert "<script>alert" in page.text or place == "category"
    assert "49" not in page.text


@given(st.text(), st.lists(st.sampled_from(["copper", "a steel lid", "The Kettle is black.", "12 kg", "<b>"])))
def test_pieces_put_together_are_the_text(noise: str, told: list[str]) -> None:
    text = " ".join([*told, noise])
    found = pieces(text, find_spans(text, [Fact("title", "Kettle"), Fact("color", "black")]))
    assert "".join(piece.text for piece in found) == printable(text)


def test_a_piece_without_evidence_says_why() -> None:
    text = "The Kettle is made of copper."
    marked = [piece for piece in pieces(text, find_spans(text, [Fact("title", "Kettle")])) if piece.reason]
    assert [piece.text for piece in marked] == ["copper"]
