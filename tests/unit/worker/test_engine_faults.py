"""The engine when the model fails: a shortage of memory, a bad row, a step without end, a lost device."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from shared.errors import EngineFault, EngineStopped, GenerationTimeout
from tests.scripted_decoder import (
    SOON,
    ScriptedDecoder,
    Turnstile,
    answer_to,
    ask,
    ask_all,
    busy_with,
    columns,
    pumped,
    running,
    wait_until,
    waits,
)
from worker.decoder import DeviceLost, OutOfMemory
from worker.engine import GROW_AFTER


def test_out_of_memory_halves_the_tokens_in_flight_and_answers_everyone() -> None:
    decoder = ScriptedDecoder(memory=2)
    with running(decoder) as engine, ThreadPoolExecutor(8) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, [f"q{number}" for number in range(8)])
        assert [answer.result(SOON).text for answer in answers] == [f"copy of q{number}" for number in range(8)]
    assert [len(questions) for questions in decoder.steps] == [1, 8, 4, 2, 2, 2, 2]
    assert decoder.releases == 2


def test_out_of_memory_for_a_single_row_fails_that_row_alone() -> None:
    class NoRoomForLarge(ScriptedDecoder):
        def check(self, questions: Sequence[str]) -> None:
            if "large" in questions:
                raise OutOfMemory("it does not fit")

    decoder = NoRoomForLarge()
    with running(decoder) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, decoder):
            large, small = ask_all(pool, engine, ["large", "small"])
        with pytest.raises(EngineFault, match="no memory for a prompt of 5 tokens"):
            large.result(SOON)
        assert small.result(SOON).text == "copy of small"


def test_the_batch_grows_back_after_a_shortage_of_memory() -> None:
    decoder = ScriptedDecoder(capacity=4 * columns("a"), memory=2)
    with running(decoder) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["a", "b", "c", "d"])
        assert {answer.result(SOON).batch_size for answer in answers} == {2}
        decoder.memory = 1000
        calm = "x " * 500
        for _ in range(6 * GROW_AFTER // 500):  # half, and six times an eighth more
            answer_to(engine, calm)
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["a", "b", "c", "d"])
        assert [answer.result(SOON).batch_size for answer in answers] == [4, 4, 4, 4]


@pytest.mark.parametrize("place", [0, 5, 15])
def test_a_bad_row_is_found_by_halving_and_its_neighbours_are_answered(place: int) -> None:
    questions = [f"good {number}" for number in range(16)]
    questions[place] = "poison"
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(16) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, questions)
        with pytest.raises(EngineFault, match=r"failed on a prompt of 6 tokens: .*index out of range"):
            answers.pop(place).result(SOON)
        assert [answer.result(SOON).text for answer in answers] == [
            f"copy of {question}" for question in questions if question != "poison"
        ]
    assert [len(rows) for rows in decoder.steps if "poison" in rows] == [16, 8, 4, 2, 1]


def test_two_bad_rows_in_different_halves_are_both_found() -> None:
    questions = ["poison 1", "good 1", "good 2", "poison 2"]
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, questions)
        failed = [isinstance(answer.exception(SOON), EngineFault) for answer in answers]
    assert failed == [True, False, False, True]


def test_halves_are_two_batches_though_live_rows_joined_after_back_fills() -> None:
    decoder = ScriptedDecoder(gate=Turnstile())
    with running(decoder) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["a fill of many words"], urgent=False)
            answers += ask_all(pool, engine, ["a live row"])
        wait_until(partial(waits, engine, 0))
        answers += ask_all(pool, engine, ["fill two"], urgent=False)
        answers += ask_all(pool, engine, ["poison"])
        wait_until(lambda: all(partial(pumped, decoder.gate, answer)() for answer in answers))
        failed = [isinstance(answer.exception(SOON), EngineFault) for answer in answers]
    assert failed == [False, False, False, True]
    retried = decoder.joined[decoder.joined.index(["poison", "fill two"]) + 1 :]
    assert retried == [["a live row", "poison"], ["a live row"], ["poison"], ["a fill of many words", "fill two"]]


def test_the_watchdog_bites_when_the_model_makes_no_step() -> None:
    decoder, bitten = ScriptedDecoder(), threading.Event()
    decoder.gate.clear()
    with running(decoder, deadline_s=0.05, hang_s=0.05, on_hang=bitten.set) as engine:
        with pytest.raises(GenerationTimeout):
            answer_to(engine, "endless")
        assert bitten.wait(SOON)


def test_the_watchdog_lets_an_idle_engine_be() -> None:
    decoder, bitten = ScriptedDecoder(), threading.Event()
    with running(decoder, hang_s=0.5, on_hang=bitten.set) as engine:
        answer_to(engine, "question")
        assert not bitten.wait(0.7)


def test_a_lost_device_ends_the_engine_and_wakes_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder, bitten = ScriptedDecoder(error=DeviceLost("illegal memory access")), threading.Event()
    seen: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    with running(decoder, hang_s=1, on_hang=bitten.set) as engine:
        with pytest.raises(EngineFault, match="illegal memory access"):
            answer_to(engine, "poison")
        assert bitten.wait(SOON)
        with pytest.raises(EngineStopped):
            answer_to(engine, "next")
    assert seen[0].exc_type is DeviceLost


def test_when_a_candidate_fails_nobody_waits_for_the_others() -> None:
    with running(ScriptedDecoder(poison="variant 1")) as engine:
        with pytest.raises(EngineFault):
            engine.serving().generate(ask("kettle"), max_new_tokens=9, candidates=2)
        assert answer_to(engine, "next").text == "copy of next"
