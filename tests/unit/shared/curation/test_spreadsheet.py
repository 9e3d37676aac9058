"""Cells of a spreadsheet: none begins like a formula, and each text comes back exactly as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.curation.spreadsheet import guarded, unguarded

STARTS = st.sampled_from(["", "'", "''", "=", "+", "-", "@", "\t", "\r", "\n", "'=", "''-", "＝", " ="])


@given(STARTS, st.text())
@example("'", "=1")
@example("''", "@SUM(A1)")
def test_any_text_comes_back_exactly(start: str, rest: str) -> None:
    assert unguarded(guarded(start + rest)) == start + rest


@given(STARTS, st.text())
def test_no_cell_begins_like_a_formula(start: str, rest: str) -> None:
    assert not guarded(start + rest).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("text", ["Kettle", "'tis the season", "1 = 1", "a@b", "", "👍 = good"])
def test_text_that_is_no_formula_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


def test_a_cell_that_lost_its_apostrophe_on_the_way_is_taken_as_it_is() -> None:
    assert unguarded("=1+1") == "=1+1"
