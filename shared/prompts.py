"""The prompts: one module for training and for serving, so that a model is asked in the way it was taught.

Change anything that alters a prompt's text and :data:`PROMPT_VERSION` must change with it: it is recorded with every
description and every model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shared.facts import Fact
from shared.profiles import Profile
from shared.text import language_of

PROMPT_VERSION = "1"

MAX_VALUE_CHARACTERS = 160
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "zh": "Chinese"}

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


@dataclass(frozen=True)
class Prompt:
    """A question to the model.

    ``preamble`` is the same for all products of a profile (instruction and examples), so that an engine computes it
    once; ``question`` holds this product. Messages are ``(role, content)``.
    """

    preamble: tuple[tuple[str, str], ...]
    question: tuple[str, str]

    @property
    def messages(self) -> list[dict[str, str]]:
        """All messages as chat templates take them."""
        return [{"role": role, "content": content} for role, content in (*self.preamble, self.question)]


def description_prompt(facts: Sequence[Fact], profile: Profile) -> Prompt:
    """Ask for the description of a product from its facts, in the profile's language, tone and length."""
    return Prompt(_preamble(profile), ("user", _question(facts)))


@lru_cache(maxsize=64)
def _preamble(profile: Profile) -> tuple[tuple[str, str], ...]:
    language = LANGUAGES.get(language_of(profile.locale), profile.locale)
    instruction = (
        f"You write product descriptions in {language} for a {profile.channel}, for {profile.audience}, in a "
        f"{profile.tone} tone, with at most {profile.max_words} words. Use only the facts given. Invent nothing."
    )
    messages = [("system", instruction)]
    for facts, description in _EXAMPLES if language == "English" else ():
        messages += [("user", _question(facts)), ("assistant", description)]
    return tuple(messages)


def _question(facts: Sequence[Fact]) -> str:
    lines = [f"{_inert(fact.attribute)}: {_inert(fact.value)}" for fact in facts]
    return "\n".join([*lines, "Write the description."])


def _inert(text: str) -> str:
    """A product's text as data: on one line, of bounded length, with nothing that a chat template would obey."""
    flat = " ".join(_UNSEEN.sub(" ", text).replace("<|", "< |").replace("|>", "| >").split())
    return flat if len(flat) <= MAX_VALUE_CHARACTERS else flat[:MAX_VALUE_CHARACTERS].rsplit(" ", 1)[0]


def as_text(messages: Sequence[dict[str, str]], tokenizer: Any, *, answer_follows: bool) -> str:
    """Messages as the text that the model reads; ``answer_follows`` opens the assistant's turn at its end.

    Raises:
        ValueError: when the tokenizer has no chat template.
    """
    text = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=answer_follows)
    return str(text)


_EXAMPLES: tuple[tuple[tuple[Fact, ...], str], ...] = (
    (
        (
            Fact("title", "Trailhead 30 Backpack"),
            Fact("brand", "Norrland"),
            Fact("category", "backpack"),
            Fact("capacity", "30 l"),
            Fact("material", "recycled nylon"),
            Fact("color", "dark green"),
            Fact("weight", "980 g"),
            Fact("laptop compartment", "yes"),
        ),
        "The Norrland Trailhead 30 Backpack holds 30 l and weighs 980 g. It is made of recycled nylon in dark green, "
        "and it has a laptop compartment.",
    ),
    (
        (
            Fact("title", "Kettle K2"),
            Fact("category", "Kitchen > Kettles"),
            Fact("power", "2200 watt"),
            Fact("capacity", "1.7 l"),
            Fact("color", "black, white"),
            Fact("cordless", "no"),
            Fact("warranty", "2 years"),
        ),
        "The Kettle K2 boils up to 1.7 l of water with 2200 watt of power. It comes in black or white, is not "
        "cordless, and carries a warranty of 2 years.",
    ),
    (
        (
            Fact("title", "Side Chair"),
            Fact("category", "chair"),
            Fact("material", "molded beech plywood"),
            Fact("country of origin", "Denmark"),
            Fact("date", "1952"),
        ),
        "This Side Chair is made of molded beech plywood. It comes from Denmark and dates from 1952.",
    ),
)
