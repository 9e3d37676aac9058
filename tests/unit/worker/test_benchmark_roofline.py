"""The roofline: what a task must cost at least, counted by hand on small numbers."""

from __future__ import annotations

import pytest

from worker.benchmark.roofline import Lengths, Rates, Shape, bound, operations, traffic

MATRICES = Shape(weights=100, vocabulary=10, context=0, attention=0, number_bytes=4)
ATTENTION = Shape(weights=0, vocabulary=0, context=6, attention=5, number_bytes=2)


def test_each_weight_and_token_is_two_operations() -> None:
    # 3 prompt tokens and 2 new ones, of which the last is chosen but goes no further.
    assert operations(MATRICES, Lengths(0, [3], [2])) == 2 * (100 * 4 + 10 * 2)


def test_what_all_prompts_share_is_computed_once() -> None:
    one, two = (operations(MATRICES, Lengths(8, [10] * rows, [1] * rows)) for rows in (1, 2))

    assert two - one == 2 * (100 * 2 + 10)


def test_a_token_attends_to_itself_and_all_before_it() -> None:
    assert operations(ATTENTION, Lengths(0, [3], [2])) == 4 * 5 * (1 + 2 + 3 + 4)
    assert operations(ATTENTION, Lengths(2, [3, 3], [2, 2])) == 4 * 5 * ((1 + 2) + 2 * (3 + 4))


def test_weights_are_read_once_for_all_rows_of_a_step() -> None:
    lengths = Lengths(0, [3] * 8, [4] * 8)

    assert traffic(MATRICES, lengths, rows=1) == 4 * 110 * 32
    assert traffic(MATRICES, lengths, rows=8) == 4 * 110 * 4


def test_every_row_reads_its_own_context_and_all_read_the_shared_one_together() -> None:
    # 2 steps of 2 rows; each row's own context has 1 + 1 tokens where it is read, the shared one 2 in each step.
    assert traffic(ATTENTION, Lengths(2, [3, 3], [2, 2]), rows=2) == 2 * 6 * (2 * 2 + 2 * 2)


def test_the_larger_side_bounds_the_time() -> None:
    lengths = Lengths(0, [3] * 4, [2] * 4)
    slow_sums = bound(MATRICES, lengths, Rates(1.0, "", 1e9, ""), rows=4)
    slow_memory = bound(MATRICES, lengths, Rates(1e9, "", 1.0, ""), rows=4)

    assert slow_sums["seconds"] == slow_sums["compute_seconds"] == operations(MATRICES, lengths)
    assert slow_memory["seconds"] == slow_memory["memory_seconds"] == traffic(MATRICES, lengths, 4)
    assert slow_sums["descriptions_per_s"] == pytest.approx(4 / slow_sums["seconds"])
