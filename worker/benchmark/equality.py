"""``python -m worker.benchmark.equality FOLDER PRODUCTS RESULT``: the engine's texts against plain greedy decoding.

Both in float32: the engine with everything that makes it fast, and ``generate()`` with one prompt at a time. Where two
texts differ, the plain model says by how much it preferred its own token to that of the engine: a gap in the size of
rounding errors is a tie, and either text is the greedy one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from shared.settings import settings
from worker.benchmark.contestant import Answer, Question, Setup, read_questions
from worker.benchmark.questions import QUESTIONS, read_setup

TIE = 1e-3
"""Logits that differ by less are a tie in float32: sums of hundreds of numbers in another order differ by so much."""


@dataclass(frozen=True)
class Difference:
    """Two texts of one product. ``place`` is the first token that differs, counted from 0; ``gap`` is the plain model's
    logit of its own token less that of the engine's."""

    sku: str
    place: int
    gap: float
    plain: str
    engine: str

    @property
    def is_tie(self) -> bool:
        """Whether rounding alone decides between the two."""
        return abs(self.gap) < TIE


def first_difference(one: Sequence[int], other: Sequence[int]) -> int:
    """The first place at which two sequences differ, which may be the end of the shorter one."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def difference(
    question: Question,
    plain: tuple[str, Sequence[int]],
    engine: tuple[str, Sequence[int]],
    end: int,
    logits: Callable[[Sequence[int]], Any],
) -> Difference:
    """Where two texts of one question part; each comes with its tokens, without the end token.

    Args:
        end: the token that ends an answer, which stands for the place behind a text's last token.
        logits: the plain model's for the token after these.
    """
    place = first_difference(plain[1], engine[1])
    scores = logits([*question.tokens, *plain[1][:place]])
    own, others = (tokens[place] if place < len(tokens) else end for tokens in (plain[1], engine[1]))
    return Difference(question.sku, place, float(scores[own] - scores[others]), plain[0], engine[0])


def compare(setup: Setup, questions: Sequence[Question]) -> dict[str, Any]:
    """How many texts are equal, each that is not, and the plain texts by SKU."""
    from worker.benchmark.ours import EngineAlone
    from worker.benchmark.plain import Plain

    exact = replace(setup, config=setup.config.model_copy(update={"dtype": "float32"}))
    plain = Plain(exact, exact=True)
    made = [plain.new_tokens([question.tokens])[0] for question in questions]
    bare = [tokens[:-1] if tokens[-1] in setup.ends else tokens for tokens in made]
    texts = [plain.answer(tokens).text for tokens in made]
    answers = _answers(EngineAlone(exact), questions)
    differences = [
        difference(question, (text, tokens), (answer.text, _tokens(plain, answer.text)), setup.ends[0], plain.logits)
        for question, text, tokens, answer in zip(questions, texts, bare, answers, strict=True)
        if answer.text != text
    ]
    return {
        "products": len(questions),
        "equal": len(questions) - len(differences),
        "ties": sum(each.is_tie for each in differences),
        "differences": [asdict(each) for each in differences],
        "texts": {question.sku: text for question, text in zip(questions, texts, strict=True)},
    }


def _answers(engine: Any, questions: Sequence[Question]) -> list[Answer]:
    engine.prepare()
    try:
        return list(engine.run(questions))
    finally:
        engine.close()


def _tokens(plain: Any, text: str) -> list[int]:
    """A text in tokens. They are those that it was made of wherever the tokenizer's merges are without choice."""
    return list(plain.tokenizer(text, add_special_tokens=False)["input_ids"])


def main(folder: str, products: str, result: str) -> None:
    """Compare the first products, and write what was found as JSON."""
    setup = read_setup(Path(folder), settings())
    questions = read_questions(Path(folder) / QUESTIONS)[: int(products)]
    Path(result).write_text(json.dumps(compare(setup, questions)))


if __name__ == "__main__":
    main(*sys.argv[1:])
