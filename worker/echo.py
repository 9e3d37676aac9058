"""A language model that repeats its prompt: what to take away of it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from shared.prompts import Prompt
from shared.text import rewritten, sentences, words

NEAR_THE_INSTRUCTION = 90
"""From this similarity on (rapidfuzz ``ratio``, 0 to 100) a sentence is the instruction in other words."""

MIN_WORDS_OF_A_SENTENCE = 4
"""What has fewer words is a label, a heading or a name."""


def without_echo(text: str, prompt: Prompt, locale: str) -> str:
    """A text without what only repeats the prompt.

    Taken away are the question's ``attribute: value`` lines and its request, sentences of the instruction, and what
    betrays an example: a sentence of its answer, or one of its longer values (``molded beech plywood``). What this
    product's own question says too is no echo. Of ``Material: It is made of steel.`` only the label goes.
    """
    preamble, question = _preamble(prompt.preamble, locale), prompt.question[1]
    lines = preamble.lines | {_normal(line) for line in question.split("\n")}
    labels = {_normal(label) for label, _ in _pairs(question)}
    own = set(_normal(question).split())
    foreign = [f" {trace.phrase} " for trace in preamble.traces if not trace.bound <= own]

    def rewrite(sentence: str) -> str:
        normal = _normal(sentence)
        if normal in lines or any(phrase in f" {normal} " for phrase in foreign):
            return ""
        if any(fuzz.ratio(normal, instruction) >= NEAR_THE_INSTRUCTION for instruction in preamble.instructions):
            return ""
        label, colon, rest = sentence.partition(":")
        if not colon or _normal(label) not in labels:
            return sentence
        return rest.strip() if len(words(rest)) >= MIN_WORDS_OF_A_SENTENCE and rest[-1] in ".!?。！？" else ""

    return rewritten(text, locale, rewrite)


class _Trace(NamedTuple):
    """Words that show where a text comes from; ``bound`` are those of them that belong to one product."""

    phrase: str
    bound: frozenset[str]


class _Preamble(NamedTuple):
    instructions: tuple[str, ...]
    lines: frozenset[str]
    traces: tuple[_Trace, ...]


@lru_cache(maxsize=64)
def _preamble(messages: tuple[tuple[str, str], ...], locale: str) -> _Preamble:
    instructions: list[str] = []
    lines: set[str] = set()
    traces: list[_Trace] = []
    example: frozenset[str] = frozenset()
    for role, content in messages:
        parts = [normal for normal in map(_normal, sentences(content, locale)) if normal]
        if role == "user":
            lines |= {_normal(line) for line in content.split("\n")}
            values = [_normal(value) for _, value in _pairs(content)]
            example = frozenset(" ".join(values).split())
            # Three words or more: shorter values ("dark green") are in a text by chance.
            traces += [_Trace(value, frozenset(value.split())) for value in values if value.count(" ") > 1]
        elif role == "assistant":
            traces += [_Trace(part, example.intersection(part.split())) for part in parts]
        else:
            instructions += parts
    return _Preamble(tuple(instructions), frozenset(lines), tuple(traces))


def _pairs(question: str) -> list[tuple[str, str]]:
    """The ``attribute: value`` lines of a question."""
    parts = (line.partition(": ") for line in question.split("\n"))
    return [(label, value) for label, separator, value in parts if separator]


def _normal(text: str) -> str:
    return " ".join(words(text)).casefold()
