"""llama.cpp as a contestant, with a program that speaks as its server does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.prompts import Prompt
from shared.settings import Settings
from tests import fake_llama_server
from tests.fake_llama_server import FATAL, REFUSED
from worker.benchmark.contestant import Question, Setup, Unavailable
from worker.benchmark.llama_cpp import LlamaCpp, find_server

PROMPT = Prompt((), ("user", "Describe it."))


def question(sku: str, *tokens: int) -> Question:
    return Question({"data": {"sku": sku}}, PROMPT, "Describe it.", tokens)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "llama-server"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake_llama_server.__file__}" "$@"\n')
    path.chmod(0o755)
    return path


def setup_of(folder: Path, program: Path | None, weights: str = "whole") -> Setup:
    (folder / "Q8_0.gguf").write_text(weights)
    return Setup(Settings(), folder, folder, ends=(0,), new_tokens=3, llama_server=program)


@contextmanager
def running(setup: Setup, slots: int) -> Iterator[LlamaCpp]:
    with closing(LlamaCpp(setup, "Q8_0", slots, threads=1)) as contestant:
        contestant.prepare()
        yield contestant


@pytest.mark.parametrize("slots", [1, 4])
def test_answers_come_in_the_order_of_the_questions(tmp_path: Path, program: Path, slots: int) -> None:
    with running(setup_of(tmp_path, program), slots) as contestant:
        answers = contestant.run([question(f"p{number}", number, 7) for number in range(20)])
    assert [answer.text for answer in answers] == [f"{number} 7" for number in range(20)]
    assert {answer.tokens for answer in answers} == {2}


def test_an_answer_has_at_most_as_many_tokens_as_asked_for(tmp_path: Path, program: Path) -> None:
    with running(setup_of(tmp_path, program), 1) as contestant:
        [answer] = contestant.run([question("p", 1, 2, 3, 4, 5)])
    assert answer.text == "1 2 3"


def test_a_missing_program_leaves_llama_cpp_out_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    contestant = LlamaCpp(setup_of(tmp_path, None), "Q8_0", 1, threads=1)
    with pytest.raises(Unavailable, match=r"^`llama-server` is not on the PATH: build .* --llama-server PATH$"):
        contestant.prepare()
    contestant.close()


def test_the_program_is_found_on_the_path(tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server(None) == program


def test_a_named_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--llama-server: .*nothing is no program; name the file"):
        find_server(tmp_path / "nothing")


def test_a_server_that_does_not_start_says_why(tmp_path: Path, program: Path) -> None:
    said = pytest.raises(ConfigurationError, match="llama-server ended with code 1: failed to load the model")
    with said, running(setup_of(tmp_path, program, "broken"), 1):
        pass


def test_a_server_that_dies_while_it_answers_says_why(tmp_path: Path, program: Path) -> None:
    said = pytest.raises(ConfigurationError, match="llama-server ended with code 3: failed to allocate the KV cache")
    with running(setup_of(tmp_path, program), 2) as contestant, said:
        contestant.run([question("p", 1), question("q", FATAL), *(question("r", 2) for _ in range(50))])


def test_a_refused_question_is_named(tmp_path: Path, program: Path) -> None:
    said = pytest.raises(ConfigurationError, match=r"llama-server refused q with status 400: .*exceeds the context")
    with running(setup_of(tmp_path, program), 2) as contestant, said:
        contestant.run([question("p", 1), question("q", REFUSED)])


def test_a_closed_server_answers_no_more(tmp_path: Path, program: Path) -> None:
    with running(setup_of(tmp_path, program), 1) as contestant:
        pass
    with pytest.raises(ConfigurationError, match="llama-server ended with code -15"):
        contestant.run([question("p", 1)])
