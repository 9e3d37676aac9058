"""A language model that repeats its prompt: what to take away of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from shared.factcheck.lexicon import load_lexicon
from shared.prompts import Prompt
from shared.text import rewritten, sentences, words

NEAR_THE_INSTRUCTION = 90
"""From this similarity on (rapidfuzz ``ratio``, 0 to 100) a sentence is the instruction in other words."""

MIN_WORDS_OF_A_SENTENCE = 4
"""What has fewer words is a label, a heading or a name."""

_COLON = re.compile(r"[:：]")


def without_echo(text: str, prompt: Prompt, locale: str) -> str:
    """A text without what only repeats the prompt.

    Taken away are ``attribute: value`` lines and the request, sentences of the instruction, and what betrays an
    example: a sentence of its answer, or one of its longer values (``thrown and carved``). What this product's own
    question says too is no echo. Of ``Material: It is made of steel.`` only the label goes.
    """
    preamble = _preamble(prompt.preamble, locale)
    asked, own = _read_question(prompt.question[1], locale)
    labels = {label for label, value in asked if value}
    foreign = [f" {trace.phrase} " for trace in preamble.traces if not trace.bound <= own]

    def rewrite(sentence: str) -> str:
        normal = _normal(sentence)
        label, value = line = _line(sentence)
        if line in asked or line in preamble.lines or any(phrase in f" {normal} " for phrase in foreign):
            return ""
        if any(fuzz.ratio(normal, instruction) >= NEAR_THE_INSTRUCTION for instruction in preamble.instructions):
            return ""
        if not value or label not in labels:
            return sentence
        rest = _COLON.split(sentence, maxsplit=1)[1].strip()
        return rest if _is_sentence(rest) else ""

    return rewritten(text, locale, rewrite)


def _is_sentence(rest: str) -> bool:
    """Whether what follows a label is a sentence, and not a list of values ("a hood, a zip and two pockets.")."""
    return len(words(rest)) >= MIN_WORDS_OF_A_SENTENCE and not rest[0].islower() and rest[-1] in ".!?。！？"


class _Trace(NamedTuple):
    """Words that show where a text comes from; ``bound`` are those of them, as stems, that belong to one product."""

    phrase: str
    bound: frozenset[str]


class _Preamble(NamedTuple):
    instructions: tuple[str, ...]
    lines: frozenset[tuple[str, str]]
    traces: tuple[_Trace, ...]


@lru_cache(maxsize=64)
def _preamble(messages: tuple[tuple[str, str], ...], locale: str) -> _Preamble:
    instructions: list[str] = []
    lines: set[tuple[str, str]] = set()
    traces: list[_Trace] = []
    example: frozenset[str] = frozenset()
    for role, content in messages:
        parts = [normal for normal in map(_normal, sentences(content, locale)) if normal]
        if role == "user":
            asked = _lines(content)
            lines |= asked
            values = sorted(value for _, value in asked)
            example = _content(" ".join(values), locale)
            # Three words or more: shorter values ("dark green") are in a text by chance.
            traces += [_Trace(value, _content(value, locale)) for value in values if value.count(" ") > 1]
        elif role == "assistant":
            traces += [_Trace(part, example & _content(part, locale)) for part in parts]
        else:
            instructions += parts
    return _Preamble(tuple(instructions), frozenset(lines), tuple(traces))


# All drafts of a description answer one question.
@lru_cache(maxsize=256)
def _read_question(question: str, locale: str) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    return _lines(question), _content(question, locale)


def _lines(question: str) -> frozenset[tuple[str, str]]:
    return frozenset(map(_line, question.split("\n")))


def _line(text: str) -> tuple[str, str]:
    """Label and value of an ``attribute: value`` line. Any other text is a label only: "Features include a hood." may
    have the words of such a line, and is a statement."""
    label, *value = _COLON.split(text, maxsplit=1)
    return _normal(label), _normal("".join(value))


def _content(text: str, locale: str) -> frozenset[str]:
    """The words that state something, as stems: two texts that list the same differ in "and", "x" or a plural."""
    lexicon = load_lexicon(locale)
    return frozenset(lexicon.stem(word) for word in _normal(text).split() if word not in lexicon.function_words)


def _normal(text: str) -> str:
    return " ".join(words(text)).casefold()
