"""Repair before refusal: which of several texts is kept, what is left out of it, and when the model is asked again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.content.planning import plan_copy
from shared.content.salience import Salience
from shared.errors import PromptTooLong
from shared.events import Product, Quantity
from shared.gate import Standards
from shared.profiles import Profile
from shared.prompts import Prompt
from worker.drafting import Brief
from worker.engine import Generated
from worker.pipeline import Copy, describe
from worker.serving import ServedModel

PROFILE = Profile(name="product_page", version="7", min_words=8, max_words=40, rules=())
TELEVISION = Product(
    sku="A-1",
    version=1,
    title="Notus 31",
    category=["television"],
    attributes={
        "HDMI ports": 2,
        "screen size": Quantity(value=32, unit="inch"),
        "color": "black",
        "USB port": False,
    },
)
GOOD = "The Notus 31 is a black television with a 32-inch screen, 2 HDMI ports and no USB port."
FAIR = "The Notus 31 is a black television with a 32-inch screen."
FALSE = "The Notus 31 is a golden television with a 40-inch screen."
PRAISED = f"{GOOD} It is a perfect gift."


@dataclass
class Script:
    """A model that gives the texts of its script, call by call, and remembers what it was asked."""

    model = ServedModel(1, "fake", taught=False)
    calls: list[list[str]]
    asked: list[tuple[Prompt, int, bool]] = field(default_factory=list)

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        answers = self.calls[len(self.asked)]
        self.asked.append((prompt, candidates, alone))
        assert len(answers) == candidates
        return [self._written(text, place) for place, text in enumerate(answers, start=1)]

    def _written(self, text: str, place: int) -> Generated:
        return Generated(
            text=text,
            confidence=0.8,
            prompt_tokens=90,
            new_tokens=10 * place,
            complete=True,
            queue_ms=1.0,
            decode_ms=100.0 * place,
            batch_size=len(self.calls[0]),
        )


def written(
    script: Script, *, candidates: int = 1, second_try: bool = True, alone: bool = False, urgent: bool = True
) -> Copy:
    standards = Standards(candidates=candidates, second_try=second_try)
    brief = Brief(TELEVISION, PROFILE, plan_copy(TELEVISION, PROFILE, Salience()), standards)
    return describe(brief, script, alone=alone)


def names(copy: Copy) -> list[str]:
    return [step.name for step in copy.steps]


def test_of_several_candidates_the_one_that_can_be_published_is_kept() -> None:
    copy = written(Script([[FALSE, GOOD, "I'm sorry, but I cannot do this."]]), candidates=3)

    assert (copy.draft.text, copy.draft.verdict.status) == (GOOD, "published")
    assert names(copy) == ["candidates"]


def test_of_several_that_can_be_published_the_one_that_says_more_is_kept() -> None:
    copy = written(Script([[FAIR, GOOD]]), candidates=2)

    assert copy.draft.text == GOOD


def test_while_one_candidate_stands_whole_no_sentence_is_left_out() -> None:
    copy = written(Script([[PRAISED, FAIR]]), candidates=2)

    assert (copy.draft.text, names(copy)) == (FAIR, ["candidates"])


def test_where_none_stands_whole_the_unsupported_sentence_is_left_out() -> None:
    script = Script([[FALSE, PRAISED]])
    copy = written(script, candidates=2)

    assert (copy.draft.text, copy.draft.verdict.status) == (GOOD, "published")
    assert "unsupported_sentences" in copy.draft.changes
    assert (names(copy), len(script.asked)) == (["candidates", "trimmed"], 1)


def test_where_nothing_would_be_left_the_model_is_asked_once_more_with_the_fault_named() -> None:
    script = Script([[FALSE, FALSE], [GOOD]])
    copy = written(script, candidates=2)

    assert (copy.draft.text, copy.draft.verdict.status) == (GOOD, "published")
    assert names(copy) == ["candidates", "trimmed", "again"]
    (first, *_), (again, candidates, _) = script.asked
    assert (again.preamble, candidates) == (first.preamble, 1)
    *facts, request = again.question[1].split("\n")
    assert facts == first.question[1].split("\n")[:-1]
    assert "Do not write: golden, 40-inch." in request
    assert "Do not leave out: HDMI ports" in request


def test_a_required_word_that_is_missing_and_a_forbidden_one_are_named_too() -> None:
    picky = PROFILE.model_copy(update={"required_words": ("genuine",), "forbidden_words": ("black",)})
    script = Script([[GOOD], [GOOD]])
    describe(Brief(TELEVISION, picky, plan_copy(TELEVISION, picky, Salience())), script)

    (again, *_) = script.asked[1]
    request = again.question[1].rpartition("\n")[2]
    assert request == "Do not write: black. Do not leave out: genuine. Write the description."


def test_the_second_text_too_may_lose_a_sentence() -> None:
    copy = written(Script([[FALSE], [PRAISED]]))

    assert (copy.draft.text, copy.draft.verdict.status) == (GOOD, "published")
    assert names(copy) == ["candidates", "trimmed", "again", "trimmed"]


def test_after_one_more_try_a_curator_decides() -> None:
    script = Script([[FALSE], [FALSE]])
    copy = written(script)

    assert copy.draft.verdict.status == "needs_review"
    assert len(script.asked) == 2


def test_a_worse_second_text_does_not_win() -> None:
    nearly = "The Notus 31 is a golden television with a 32-inch screen and 2 HDMI ports."
    copy = written(Script([[nearly], [FALSE]]))

    assert (copy.draft.text, copy.draft.verdict.status) == (nearly, "needs_review")


def test_without_a_second_try_the_model_is_asked_once() -> None:
    copy = written(Script([[FALSE]]), second_try=False)

    assert (copy.draft.verdict.status, names(copy)) == ("needs_review", ["candidates", "trimmed"])


def test_the_last_attempt_asks_for_one_text_alone_and_never_again() -> None:
    script = Script([[FALSE]])
    copy = written(script, candidates=4, alone=True)

    ((_, candidates, alone),) = script.asked
    assert (candidates, alone, copy.draft.verdict.status) == (1, True, "needs_review")


def test_each_step_records_its_outcome_and_its_cost() -> None:
    steps = written(Script([[FALSE, FALSE], [GOOD]]), candidates=2).values["steps"]

    costs = [(step["name"], step["texts"], step["new_tokens"], step["decode_ms"]) for step in steps]
    assert costs == [("candidates", 2, 30, 200.0), ("trimmed", 0, 0, 0.0), ("again", 1, 10, 100.0)]
    assert "without evidence: 'golden' and '40-inch'" in steps[0]["outcome"]
    assert steps[-1]["outcome"] == "published"


class Narrow(Script):
    """A model that has no room for a second question."""

    def generate(self, prompt: Prompt, **options: Any) -> list[Generated]:
        if self.asked:
            raise PromptTooLong("the prompt has 2049 tokens and 2048 fit")
        return super().generate(prompt, **options)


def test_what_is_written_stands_when_the_second_question_is_too_long() -> None:
    copy = written(Narrow([[FALSE]]))
    assert (copy.draft.text, copy.draft.verdict.status) == (FALSE, "needs_review")
    assert names(copy) == ["candidates", "trimmed"]
