"""The engine with a decoder that says what it is told: no torch, no model."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from shared.errors import EngineFault, EngineStopped, GenerationTimeout, PromptTooLong
from shared.settings import child_environment
from tests.scripted_decoder import (
    FIRST,
    SOON,
    ScriptedDecoder,
    ScriptedDecoding,
    Turnstile,
    answer_to,
    ask,
    ask_all,
    busy_with,
    pumped,
    running,
    wait_until,
    watchdog_bit,
)
from worker.decoder import DeviceLost, Row
from worker.engine import GROW_AFTER, Engine


def test_an_answer_says_how_it_was_made() -> None:
    with running(ScriptedDecoder()) as engine:
        answer = answer_to(engine, "a blue kettle")
    assert answer.text == "copy of a blue kettle"
    assert (answer.prompt_tokens, answer.new_tokens, answer.batch_size) == (13, 3, 1)
    assert (answer.confidence, answer.complete) == (0.9, True)
    assert answer.queue_ms >= 0
    assert answer.decode_ms >= 0


def test_requests_that_wait_are_decoded_together_and_each_gets_its_own_answer() -> None:
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["one", "two words", "three words here", "one more"])
        texts = [answer.result(SOON).text for answer in answers]
    assert texts == ["copy of one", "copy of two words", "copy of three words here", "copy of one more"]
    assert [len(batch) for batch in decoder.batches] == [1, 4]


def test_a_batch_that_is_not_full_lingers_for_more() -> None:
    decoder = ScriptedDecoder()
    with running(decoder, batch_size=2, linger_ms=SOON * 1000) as engine, ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(answer_to, engine, question) for question in ("one", "two")]
        assert [answer.result(SOON).batch_size for answer in answers] == [2, 2]


def test_a_batch_holds_the_oldest_request_and_those_nearest_to_its_length() -> None:
    decoder = ScriptedDecoder()
    with running(decoder, batch_size=2) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["x" * 50, "y", "z" * 49, "w" * 2])
        for answer in answers:
            answer.result(SOON)
    assert decoder.batches[1:] == [["x" * 50, "z" * 49], ["y", "w" * 2]]


def test_a_request_that_wants_to_be_alone_has_a_batch_of_its_own() -> None:
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(3) as pool:
        with busy_with(engine, decoder):
            before = ask_all(pool, engine, ["one"])
            alone = pool.submit(answer_to, engine, "suspect", alone=True)
            wait_until(lambda: len(engine._waiting) == 2)
        assert alone.result(SOON).batch_size == 1
        assert before[0].result(SOON).batch_size == 1


def test_a_row_is_answered_as_soon_as_it_ends_not_when_its_batch_does() -> None:
    decoder = ScriptedDecoder(gate=Turnstile())
    with running(decoder, batch_size=2, linger_ms=SOON * 1000) as engine, ThreadPoolExecutor(2) as pool:
        short = pool.submit(answer_to, engine, "short")
        long = pool.submit(answer_to, engine, "two words")
        assert short.result(SOON).batch_size == 2
        assert not long.done()
        decoder.gate.set()
        assert long.result(SOON).text == "copy of two words"


def test_the_caller_gets_its_timeout_even_though_the_model_hangs() -> None:
    decoder = ScriptedDecoder()
    decoder.gate.clear()
    with (
        running(decoder, deadline_s=0.05) as engine,
        pytest.raises(GenerationTimeout, match=r"within 0\.05 s .*REQUEST_DEADLINE"),
    ):
        answer_to(engine, "endless")


def test_a_row_that_nobody_waits_for_leaves_its_batch_and_its_neighbour_goes_on() -> None:
    decoder = ScriptedDecoder(gate=Turnstile())
    with running(decoder, batch_size=2, linger_ms=SOON * 1000) as engine, ThreadPoolExecutor(2) as pool:
        (leaves,) = ask_all(pool, engine, ["leaves in time"])
        request = engine._waiting[0]
        stays = pool.submit(answer_to, engine, "stays a while")
        assert decoder.entered.wait(SOON)
        request.answer.cancel()
        wait_until(partial(pumped, decoder.gate, stays))
        assert stays.result(SOON).batch_size == 2
        assert isinstance(leaves.exception(SOON), CancelledError)
    assert decoder.dropped == ["leaves in time"]


def test_a_prompt_that_is_too_long_is_refused_at_once() -> None:
    with running(ScriptedDecoder()) as engine, pytest.raises(PromptTooLong):
        answer_to(engine, "x" * 1001)


def test_out_of_memory_halves_the_batch_and_answers_everyone() -> None:
    decoder = ScriptedDecoder(capacity=2)
    with running(decoder, batch_size=8) as engine, ThreadPoolExecutor(8) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, [f"q{number}" for number in range(8)])
        assert [answer.result(SOON).text for answer in answers] == [f"copy of q{number}" for number in range(8)]
    assert [len(batch) for batch in decoder.batches] == [1, 8, 4, 2, 2, 2, 2]
    assert decoder.releases == 2


def test_out_of_memory_for_a_single_row_fails_that_row_alone() -> None:
    class NoRoomForLarge(ScriptedDecoder):
        def start(self, rows: Sequence[Row]) -> ScriptedDecoding:
            self.capacity = 0 if any("large" in self.questions[row.encoded] for row in rows) else 1000
            return super().start(rows)

    decoder = NoRoomForLarge()
    with running(decoder, batch_size=2) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, decoder):
            large, small = ask_all(pool, engine, ["large", "small"])
        with pytest.raises(EngineFault, match="no memory for a prompt of 5 tokens"):
            large.result(SOON)
        assert small.result(SOON).text == "copy of small"


def test_the_batch_grows_back_after_a_shortage_of_memory() -> None:
    decoder = ScriptedDecoder(capacity=2)
    with running(decoder, batch_size=4) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["a", "b", "c", "d"])
        for answer in answers:
            answer.result(SOON)
        decoder.capacity = 1000
        for _ in range(2 * GROW_AFTER):
            answer_to(engine, "calm")
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["a", "b", "c", "d"])
        assert [answer.result(SOON).batch_size for answer in answers] == [4, 4, 4, 4]


def test_a_bad_row_fails_alone_and_its_neighbours_are_answered() -> None:
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(3) as pool:
        with busy_with(engine, decoder):
            good, bad, other = ask_all(pool, engine, ["good", "poison", "other"])
        with pytest.raises(EngineFault, match="index out of range"):
            bad.result(SOON)
        assert [good.result(SOON).text, other.result(SOON).text] == ["copy of good", "copy of other"]
    assert [len(batch) for batch in decoder.batches] == [1, 3, 1, 1, 1]


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


def test_stop_finishes_what_runs_and_fails_what_waits() -> None:
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, decoder) as current:
            (waiting,) = ask_all(pool, engine, ["late"])
            stopping = pool.submit(engine.stop)
            wait_until(lambda: not engine._takes_requests)
        assert current.result(SOON).text == "copy of first"
        with pytest.raises(EngineStopped):
            waiting.result(SOON)
        stopping.result(SOON)
        with pytest.raises(EngineStopped):
            answer_to(engine, "too late")


def test_an_engine_that_was_not_started_takes_no_requests() -> None:
    engine = Engine(ScriptedDecoder(), FIRST, batch_size=1, linger_ms=0, deadline_s=1, hang_s=1, on_hang=watchdog_bit)
    with pytest.raises(EngineStopped, match="not started"):
        answer_to(engine, "early")
    engine.stop()


def test_many_threads_get_their_own_answers() -> None:
    questions = [f"{'word ' * (number % 7)}number {number}" for number in range(300)]
    with running(ScriptedDecoder(capacity=5), batch_size=16, linger_ms=1) as engine, ThreadPoolExecutor(32) as pool:
        answers = pool.map(lambda question: answer_to(engine, question).text, questions)
        assert list(answers) == [f"copy of {question}" for question in questions]


def test_the_engine_and_the_checkpoints_do_not_import_torch() -> None:
    code = "import sys, worker.engine, shared.checkpoints, training.base_model; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=child_environment()).returncode == 0


def test_candidates_of_one_prompt_are_decoded_in_one_batch() -> None:
    decoder = ScriptedDecoder()
    with running(decoder) as engine:
        answers = engine.serving().generate(ask("kettle"), max_new_tokens=9, candidates=3)
    assert [answer.text for answer in answers] == [
        "copy of kettle",
        "copy of kettle variant 1",
        "copy of kettle variant 2",
    ]
    assert decoder.batches == [["kettle", "kettle variant 1", "kettle variant 2"]]


def test_when_a_candidate_fails_nobody_waits_for_the_others() -> None:
    with running(ScriptedDecoder(poison="variant 1")) as engine:
        with pytest.raises(EngineFault):
            engine.serving().generate(ask("kettle"), max_new_tokens=9, candidates=2)
        assert answer_to(engine, "next").text == "copy of next"
