"""The engine with a decoder that says what it is told: no torch, no model."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import EngineStopped, GenerationTimeout, PromptTooLong
from shared.settings import child_environment
from tests.scripted_decoder import (
    FIRST,
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
    watchdog_bit,
)
from worker.engine import Engine


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
    assert [len(questions) for questions in decoder.joined] == [1, 4]


def test_an_idle_engine_lingers_for_company() -> None:
    with running(ScriptedDecoder(), linger_ms=500) as engine, ThreadPoolExecutor(2) as pool:
        answers = ask_all(pool, engine, ["one", "two"])
        assert [answer.result(SOON).batch_size for answer in answers] == [2, 2]


def test_an_engine_that_lingers_stops_at_once() -> None:
    with running(ScriptedDecoder(), linger_ms=SOON * 1000) as engine, ThreadPoolExecutor(1) as pool:
        (answer,) = ask_all(pool, engine, ["one"])
        engine.stop()
        assert isinstance(answer.exception(SOON), EngineStopped)


def test_a_row_that_waits_takes_the_place_of_one_that_ended_before_the_others_end() -> None:
    decoder = ScriptedDecoder(capacity=2 * columns("five words are many here"))
    with running(decoder) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["five words are many here", "two words", "next", "last"])
        assert [answer.result(SOON).batch_size for answer in answers] == [2, 2, 2, 2]
    others = [questions[1:] for questions in decoder.steps[1:]]
    assert others == [["two words"], ["two words"], ["next"], ["last"], []]
    assert all(questions[0] == "five words are many here" for questions in decoder.steps[1:])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text("ab ", min_size=1, max_size=60), min_size=1, max_size=20),
    st.integers(1, 400),
)
def test_the_tokens_in_flight_stay_below_the_capacity(questions: list[str], capacity: int) -> None:
    decoder = ScriptedDecoder(capacity=capacity)
    with running(decoder) as engine, ThreadPoolExecutor(len(questions)) as pool:
        answers = list(pool.map(lambda question: answer_to(engine, question).text, questions))
    assert answers == [f"copy of {question}" for question in questions]
    for rows in decoder.steps:
        assert len(rows) == 1 or len(rows) * max(columns(question) for question in rows) <= capacity


def test_short_rows_do_not_keep_a_long_one_waiting() -> None:
    long = "long " * 12
    decoder = ScriptedDecoder(capacity=120)
    with running(decoder) as engine, ThreadPoolExecutor(8) as pool:
        with busy_with(engine, decoder, "a few words first"):
            answers = ask_all(pool, engine, ["short", long, *(f"short {number}" for number in range(6))])
        for answer in answers:
            answer.result(SOON)
    shorts = [f"short {number}" for number in range(6)]
    assert decoder.joined == [["a few words first"], ["short"], [long], shorts]


def test_urgent_rows_go_ahead_of_back_fills_that_waited_longer() -> None:
    decoder = ScriptedDecoder(capacity=1)
    with running(decoder) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["fill 1", "fill 2"], urgent=False)
            answers += ask_all(pool, engine, ["live 1", "live 2"])
        for answer in answers:
            answer.result(SOON)
    assert decoder.joined == [["first"], ["live 1"], ["live 2"], ["fill 1"], ["fill 2"]]


def test_a_back_fill_that_waited_for_half_the_deadline_is_put_off_no_more() -> None:
    decoder = ScriptedDecoder(capacity=1)
    with running(decoder) as engine, ThreadPoolExecutor(3) as pool:
        with busy_with(engine, decoder):
            answers = ask_all(pool, engine, ["live 1"])
            answers += ask_all(pool, engine, ["fill"], urgent=False)
            engine._waiting[1].asked -= SOON * 0.6
            answers += ask_all(pool, engine, ["live 2"])
        for answer in answers:
            answer.result(SOON)
    assert decoder.joined[1:] == [["live 1"], ["fill"], ["live 2"]]


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
    with running(decoder) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, decoder):
            short, long = ask_all(pool, engine, ["short", "two words"])
        decoder.gate.set()
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
    with running(decoder) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, decoder):
            leaves, stays = ask_all(pool, engine, ["leaves in time", "stays a while"])
            request = engine._waiting[0]
        wait_until(partial(waits, engine, 0))
        request.answer.cancel()
        wait_until(partial(pumped, decoder.gate, stays))
        assert stays.result(SOON).batch_size == 2
        assert isinstance(leaves.exception(SOON), CancelledError)
    assert decoder.dropped == ["leaves in time"]


def test_a_row_that_is_given_up_while_it_waits_is_never_decoded() -> None:
    decoder = ScriptedDecoder()
    with running(decoder) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, decoder):
            gone, stays = ask_all(pool, engine, ["gone", "stays"])
            engine._waiting[0].answer.cancel()
        assert stays.result(SOON).text == "copy of stays"
        assert isinstance(gone.exception(SOON), CancelledError)
    assert decoder.joined == [["first"], ["stays"]]


def test_a_prompt_that_is_too_long_is_refused_at_once() -> None:
    with running(ScriptedDecoder()) as engine, pytest.raises(PromptTooLong):
        answer_to(engine, "x" * 1001)


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
    engine = Engine(ScriptedDecoder(), FIRST, linger_ms=0, deadline_s=1, hang_s=1, on_hang=watchdog_bit)
    with pytest.raises(EngineStopped, match="not started"):
        answer_to(engine, "early")
    engine.stop()


def test_many_threads_get_their_own_answers() -> None:
    questions = [f"{'word ' * (number % 7)}number {number}" for number in range(300)]
    with running(ScriptedDecoder(memory=5), linger_ms=1) as engine, ThreadPoolExecutor(32) as pool:
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
    assert decoder.joined == [["kettle", "kettle variant 1", "kettle variant 2"]]
