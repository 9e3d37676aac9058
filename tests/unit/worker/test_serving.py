"""Swapping the engine's model while it works, with decoders that say what they are told."""

from __future__ import annotations

import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import EngineFault, GenerationTimeout
from tests.scripted_decoder import (
    FIRST,
    SOON,
    ScriptedDecoder,
    Turnstile,
    answer_to,
    ask,
    ask_all,
    busy_with,
    pumped,
    running,
    wait_until,
    waits,
)
from worker.engine import Generated
from worker.serving import ServedModel, Serving

SECOND = ServedModel(2, "second", taught=True)
THIRD = ServedModel(3, "third", taught=False)


def asked_of(serving: Serving, question: str) -> str:
    (answer,) = serving.generate(ask(question), max_new_tokens=9)
    return answer.text


def test_after_a_swap_new_views_are_of_the_new_model() -> None:
    with running(ScriptedDecoder()) as engine:
        assert engine.serving().model == FIRST
        engine.swap(ScriptedDecoder(says="second of"), SECOND)
        assert engine.serving().model == SECOND
        assert answer_to(engine, "kettle").text == "second of kettle"


def test_a_view_asks_its_own_model_again_after_a_swap() -> None:
    with running(ScriptedDecoder()) as engine:
        before = engine.serving()
        engine.swap(ScriptedDecoder(says="second of"), SECOND)
        assert (before.model, asked_of(before, "kettle")) == (FIRST, "copy of kettle")


def test_what_waits_at_a_swap_is_answered_by_the_model_it_was_made_for() -> None:
    old, new = ScriptedDecoder(), ScriptedDecoder(says="second of")
    with running(old) as engine, ThreadPoolExecutor(4) as pool:
        with busy_with(engine, old) as busy:
            before = ask_all(pool, engine, ["one", "two"])
            engine.swap(new, SECOND)
            after = pool.submit(answer_to, engine, "three")
            wait_until(partial(waits, engine, 3))
        assert busy.result(SOON).text == "copy of first"
        assert [each.result(SOON).text for each in before] == ["copy of one", "copy of two"]
        assert after.result(SOON).text == "second of three"
    assert (old.joined, new.joined) == ([["first"], ["one", "two"]], [["three"]])


def test_a_batch_of_a_model_that_was_swapped_out_drains_before_the_next_model_begins() -> None:
    old, new = ScriptedDecoder(gate=Turnstile()), ScriptedDecoder(says="second of")
    with running(old) as engine, ThreadPoolExecutor(3) as pool:
        drains = pool.submit(answer_to, engine, "three words long")
        assert old.entered.wait(SOON)
        view = engine.serving()
        engine.swap(new, SECOND)
        (after,) = ask_all(pool, engine, ["kettle"])
        behind = pool.submit(asked_of, view, "teapot")
        wait_until(partial(waits, engine, 2))
        old.gate.set()
        wait_until(lambda: len(old.steps) == 1)
        assert (drains.done(), new.joined) == (False, [])
        wait_until(partial(pumped, old.gate, drains))
        assert after.result(SOON).text == "second of kettle"
        old.gate.set()
        assert behind.result(SOON) == "copy of teapot"
    assert old.joined == [["three words long"], ["teapot"]]


def test_two_swaps_in_a_row_leave_three_models_to_answer_what_was_made_for_each() -> None:
    decoders = [ScriptedDecoder(), ScriptedDecoder(says="second of"), ScriptedDecoder(says="third of")]
    with running(decoders[0]) as engine, ThreadPoolExecutor(3) as pool:
        answers: list[Future[Generated]] = []
        with busy_with(engine, decoders[0]):
            for number, model in enumerate((FIRST, SECOND, THIRD)):
                engine.swap(decoders[number], model)
                answers.append(pool.submit(answer_to, engine, f"q{number}"))
                wait_until(partial(waits, engine, number + 1))
        assert [each.result(SOON).text for each in answers] == ["copy of q0", "second of q1", "third of q2"]


def test_the_old_model_is_let_go_of_with_its_last_answer() -> None:
    with running(ScriptedDecoder()) as engine, ThreadPoolExecutor(1) as pool:
        old = ScriptedDecoder(says="old of")
        gone, gate = weakref.ref(old), old.gate
        engine.swap(old, THIRD)
        gate.clear()
        answer = pool.submit(answer_to, engine, "question")
        assert old.entered.wait(SOON)
        del old
        engine.swap(ScriptedDecoder(says="second of"), SECOND)
        assert gone() is not None
        gate.set()
        assert answer.result(SOON).text == "old of question"
        wait_until(lambda: gone() is None)


def test_a_hanging_model_times_out_its_callers_and_not_those_of_the_next() -> None:
    old = ScriptedDecoder()
    with running(old, deadline_s=0.05) as engine:
        before = engine.serving()
        old.gate.clear()
        engine.swap(ScriptedDecoder(says="second of"), SECOND)
        with pytest.raises(GenerationTimeout):
            asked_of(before, "endless")
        old.gate.set()
        wait_until(lambda: engine._working_since is None)
        assert answer_to(engine, "kettle").text == "second of kettle"


def test_a_shortage_of_memory_frees_the_caches_of_both_models() -> None:
    old, new = ScriptedDecoder(memory=1), ScriptedDecoder(says="second of")
    with running(old) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, old):
            answers = ask_all(pool, engine, ["one", "two"])
            engine.swap(new, SECOND)
        assert [each.result(SOON).text for each in answers] == ["copy of one", "copy of two"]
    assert (old.releases, new.releases) == (1, 1)


def test_a_bad_row_is_tried_again_by_its_own_model() -> None:
    old = ScriptedDecoder()
    with running(old) as engine, ThreadPoolExecutor(2) as pool:
        with busy_with(engine, old):
            good, bad = ask_all(pool, engine, ["good", "poison"])
            engine.swap(ScriptedDecoder(says="second of"), SECOND)
        assert good.result(SOON).text == "copy of good"
        with pytest.raises(EngineFault):
            bad.result(SOON)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.just("swap"), st.text("ab ", min_size=1, max_size=12)), max_size=30), st.integers(1, 100))
def test_every_request_is_answered_once_by_the_model_it_was_made_for(events: list[str], capacity: int) -> None:
    decoders = [ScriptedDecoder(says="0:", capacity=capacity)]
    expected: list[str] = []
    with running(decoders[0]) as engine, ThreadPoolExecutor(8) as pool:
        answers: list[Future[str]] = []
        for event in events:
            if event == "swap":
                decoders.append(ScriptedDecoder(says=f"{len(decoders)}:", capacity=capacity))
                engine.swap(decoders[-1], ServedModel(len(decoders), "next", taught=False))
            else:
                expected.append(f"{decoders[-1].says} {event}")
                answers.append(pool.submit(asked_of, engine.serving(), event))
        assert [each.result(SOON) for each in answers] == expected
    told = [f"{decoder.says} {question}" for decoder in decoders for each in decoder.joined for question in each]
    assert sorted(told) == sorted(expected)
