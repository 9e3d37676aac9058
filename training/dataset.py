"""Training examples: stored in a run's directory, and turned into the tokens that a model learns.

The prompt is the one that serving sends, token by token; the loss counts on the description and on the token that ends
it, so that a model learns to answer and to stop, and not to ask. Nothing here imports torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from random import Random
from typing import Any

from jinja2 import TemplateError

from shared.errors import ConfigurationError, TrainingFailed
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import as_text, description_prompt

IGNORED = -100
"""The label of a token that is not learnt; ``torch.nn.functional.cross_entropy`` passes over it."""

Tokens = dict[str, list[int]]
Vary = Callable[["Example", Random], "Example"]


@dataclass(frozen=True)
class Example:
    """A product's facts and the text that tells them. ``family`` is what near variants of the product share."""

    facts: tuple[Fact, ...]
    profile: Profile
    text: str
    sku: str = ""
    family: str = ""


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Store examples as JSON Lines; the file appears when it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w") as file:
        for example in examples:
            document = {
                "sku": example.sku,
                "family": example.family,
                "profile": example.profile.document(),
                "facts": [asdict(fact) for fact in example.facts],
                "text": example.text,
            }
            file.write(json.dumps(document, ensure_ascii=False) + "\n")
    unfinished.replace(path)


def read_examples(path: Path) -> list[Example]:
    """The examples of a file of :func:`write_examples`.

    Raises:
        ConfigurationError: naming file and line, when it is not there or not whole.
    """
    try:
        with path.open() as file:
            return [_example(path, number, line) for number, line in enumerate(file, start=1)]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; write the examples anew") from None


def _example(path: Path, number: int, line: str) -> Example:
    try:
        document = json.loads(line)
        facts = tuple(Fact(**(each | {"also": tuple(each.get("also", ()))})) for each in document["facts"])
        profile = _profile(json.dumps(document["profile"], sort_keys=True))
        return Example(facts, profile, document["text"], document.get("sku", ""), document.get("family", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}:{number}: is no training example: {error!r}; write them anew") from None


@lru_cache(maxsize=64)
def _profile(document: str) -> Profile:
    return Profile.from_document(json.loads(document))


def encoded(example: Example, tokenizer: Any, max_tokens: int) -> Tokens | None:
    """An example in tokens: ``input_ids``, and ``labels`` in which all but the description and its end is masked.

    None when it has more than ``max_tokens``, or when its text holds a control token of this tokenizer.

    Raises:
        TrainingFailed: when the tokenizer has no chat template, or no token that ends an answer.
    """
    prompt = prompt_tokens(example, tokenizer)
    answer = tokenizer(example.text, add_special_tokens=False)["input_ids"]
    if len(prompt) + len(answer) + 1 > max_tokens or not _control_tokens(tokenizer).isdisjoint(answer):
        return None
    answer = [*answer, end_token(tokenizer)]
    return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}


def prompt_tokens(example: Example, tokenizer: Any) -> list[int]:
    """The tokens that a model which serves reads before it writes this example's text."""
    prompt = description_prompt(example.facts, example.profile, taught=True)
    text = _templated(prompt.messages, tokenizer, answer_follows=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


@lru_cache(maxsize=8)
def end_token(tokenizer: Any) -> int:
    """The token that ends an answer: what the chat template puts after one, or else the tokenizer's end of text."""
    exchange = [{"role": "user", "content": "question"}, {"role": "assistant", "content": "ANSWER"}]
    after = _templated(exchange, tokenizer, answer_follows=False).rpartition("ANSWER")[2].strip()
    first = tokenizer(after, add_special_tokens=False)["input_ids"][:1]
    ends = [*(token for token in first if token in tokenizer.added_tokens_decoder), tokenizer.eos_token_id]
    if ends[0] is None:
        raise TrainingFailed("the tokenizer has no token that ends an answer: use an instruction-tuned model")
    return int(ends[0])


@lru_cache(maxsize=8)
def _control_tokens(tokenizer: Any) -> frozenset[int]:
    return frozenset(token for token, content in tokenizer.added_tokens_decoder.items() if content.special)


def _templated(messages: Sequence[dict[str, str]], tokenizer: Any, *, answer_follows: bool) -> str:
    try:
        return as_text(messages, tokenizer, answer_follows=answer_follows)
    except (ValueError, TemplateError) as error:
        raise TrainingFailed(
            f"the tokenizer's chat template cannot be used ({error}): use an instruction-tuned model with one"
        ) from error


class ExampleSet:
    """Examples as a Trainer reads them, with a variation of each for every epoch.

    Position ``epoch * len(self) + index`` is what example ``index`` is in that epoch: a function of seed, epoch and
    index alone, so that a run which was killed goes on with the same data. An example whose variation does not fit into
    ``max_tokens`` stays as it is in that epoch.

    Examples that do not fit are left out; ``left_out`` counts them.
    """

    def __init__(
        self, examples: Sequence[Example], tokenizer: Any, max_tokens: int, *, vary: Vary | None = None, seed: int = 0
    ) -> None:
        tokens = [(example, encoded(example, tokenizer, max_tokens)) for example in examples]
        fitting = [(example, each) for example, each in tokens if each is not None]
        self.examples = [example for example, _ in fitting]
        self._plain = [each for _, each in fitting]
        self.left_out = len(tokens) - len(fitting)
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._vary = vary
        self._seed = seed

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, position: int) -> Tokens:
        epoch, index = divmod(position, len(self))
        if self._vary is None:
            return self._plain[index]
        varied = self._vary(self.examples[index], Random(f"{self._seed} {epoch} {index}"))
        return encoded(varied, self._tokenizer, self._max_tokens) or self._plain[index]

    def __iter__(self) -> Iterator[Tokens]:
        return (self[index] for index in range(len(self)))

    @cached_property
    def lengths(self) -> list[int]:
        """Tokens of each example before any variation."""
        return [len(each["input_ids"]) for each in self._plain]
