"""The prompts: one module for training and for serving, so that a model is asked in the way it was taught.

A base model learns the form of the answer from examples in the prompt; a fine-tuned one has learnt it, and its prompt
is a fifth as long without them.

Change anything that alters a prompt's text and :data:`PROMPT_VERSION` must change with it: it is recorded with every
description and every model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from shared.facts import Fact
from shared.profiles import Profile
from shared.text import language_of, words

PROMPT_VERSION = "3"
_TAUGHT = "t"

MAX_VALUE_CHARACTERS = 80
MAX_VALUE_ITEMS = 5
MAX_FAULT_CHARACTERS = 200
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "zh": "Chinese"}

_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_STATES = {"yes": "features include", "no": "comes without"}

# What the service itself adds to a product, in the copy's language: a model tells what it reads.
_LABELS = {
    "de": {"title": "Titel", "brand": "Marke", "category": "Kategorie"},
    "es": {"title": "título", "brand": "marca", "category": "categoría"},
    "zh": {"title": "名称", "brand": "品牌", "category": "类别"},
}
_ANSWERS = {"de": {"yes": "ja", "no": "nein"}, "es": {"yes": "sí", "no": "no"}, "zh": {"yes": "是", "no": "否"}}


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


def prompt_version(taught: bool) -> str:
    """What is recorded with a model: the version of the prompts, and in which form it is asked."""
    return PROMPT_VERSION + _TAUGHT * taught


def is_taught(version: str) -> bool:
    """Whether a recorded version is of the form for fine-tuned models."""
    return version.endswith(_TAUGHT)


def description_prompt(facts: Sequence[Fact], profile: Profile, *, taught: bool = False) -> Prompt:
    """Ask for the description of a product from its facts, in the profile's language, tone and length.

    ``taught`` is the form for a model that was fine-tuned on it: without the built-in examples.
    """
    return Prompt(_preamble(profile, taught), ("user", _question(facts, profile.locale)))


def is_cut(fact: Fact) -> bool:
    """Whether a prompt holds less than all of an attribute's value: the first items of a list, the first words."""
    is_long = len(fact.value) > MAX_VALUE_CHARACTERS or len(fact.value.split(", ")) > MAX_VALUE_ITEMS
    return is_long and fact.attribute not in ("title", "brand", "category")


def with_fault(prompt: Prompt, *, wrong: Sequence[str], missing: Sequence[str]) -> Prompt:
    """Ask again, naming what is wrong with the answer: words that it must not hold, and attributes that it left out.

    It is one more line of the same question: a small model that is shown its own text writes about that text.
    """
    role, question = prompt.question
    *facts, request = question.split("\n")
    faults = [
        f"{fault}: {_inert(', '.join(dict.fromkeys(named)), MAX_FAULT_CHARACTERS)}."
        for fault, named in (("Do not write", wrong), ("Do not leave out", missing))
        if named
    ]
    return replace(prompt, question=(role, "\n".join([*facts, " ".join([*faults, request])])))


@lru_cache(maxsize=64)
def _preamble(profile: Profile, taught: bool) -> tuple[tuple[str, str], ...]:
    language = _language(profile.locale)
    instruction = (
        f"You describe products in {profile.tone} {language} for the {profile.audience} of a {profile.channel}, in at "
        f"most {profile.max_words} words. State each fact once, in order, and nothing else."
    )
    if profile.required_words:
        instruction += f" Use these words: {', '.join(profile.required_words)}."
    if profile.keywords:
        instruction += f" Where the facts bear them out, use these words: {', '.join(profile.keywords)}."
    messages = [("system", instruction)]
    examples = () if taught or language != "English" else _EXAMPLES
    for facts, description in (*examples, *_voice(profile)):
        messages += [("user", _question(facts, profile.locale)), ("assistant", description)]
    return tuple(messages)


def _language(locale: str) -> str:
    return LANGUAGES.get(language_of(locale), locale)


def _voice(profile: Profile) -> list[tuple[list[Fact], str]]:
    """The brand's own examples; they come last, where a model follows them most."""
    return [
        ([Fact(name, value) for name, value in example.facts.items()], example.text)
        for example in profile.voice_examples
    ]


def _question(facts: Sequence[Fact], locale: str) -> str:
    # The dash gives a name the space before it that it has in a sentence: tokenizers make the same tokens of both, and
    # a small model copies tokens.
    language = language_of(locale)
    asked = _asked(facts) if language == "en" else _asked_abroad(facts, language)
    lines = [f"- {_inert(fact.attribute)}: {_inert(fact.value)}" for fact in asked]
    # A model that is given foreign words answers in their language, unless the last thing it reads names another.
    request = "Write the description." if language == "en" else f"Write the description in {_language(locale)}."
    return "\n".join([*lines, request])


def _asked(facts: Sequence[Fact]) -> list[Fact]:
    """The facts as the model is asked: the full name, what it does not tell by itself, then all that is yes or no."""
    name, kind = _named(facts, english=True)
    states: dict[str, list[str]] = {state: [] for state in _STATES}
    told = []
    for fact in facts:
        if fact.attribute != "category" and fact.value.casefold() in states:
            states[fact.value.casefold()].append(fact.attribute)
        else:
            told.append(fact)
    asked = _told(told, name, kind)
    return asked + [Fact(_STATES[state], ", ".join(names)) for state, names in states.items() if names]


def _asked_abroad(facts: Sequence[Fact], language: str) -> list[Fact]:
    """The same in another language than English. Each yes or no stays a line of its own: many such names, as
    ``spülmaschinenfest`` and ``是否防水``, are no things that could be listed."""
    labels, answers = _LABELS.get(language, {}), _ANSWERS.get(language, {})
    return [
        Fact(labels.get(fact.attribute, fact.attribute), answers.get(fact.value.casefold(), fact.value))
        for fact in _told(facts, *_named(facts, english=False))
    ]


def _named(facts: Sequence[Fact], *, english: bool) -> tuple[str, str]:
    """The full name of a product, and the kind of thing that it is. Only English puts the kind after the name."""
    identity = {fact.attribute: fact.value for fact in reversed(facts)}
    kind = identity.get("category", "").rpartition(" > ")[2]
    return _full_name(identity.get("title", ""), identity.get("brand", ""), kind if english else ""), kind


def _told(facts: Sequence[Fact], name: str, kind: str) -> list[Fact]:
    """The name, and each fact that it does not tell by itself, with the first items of a list."""
    asked = [Fact("title", name)] if name else []
    for fact in facts:
        value = kind if fact.attribute == "category" else fact.value
        if fact.attribute != "title" and not _tells(name, value):
            asked.append(Fact(fact.attribute, ", ".join(value.split(", ")[:MAX_VALUE_ITEMS])))
    return asked


def _full_name(title: str, brand: str, category: str) -> str:
    """The title with the brand before it and the kind of thing after it, where it holds neither.

    A category in small letters is a kind of thing ("laptop"); any other is a heading of the shop ("Women > Tops").
    """
    branded = title if _tells(title, brand) else f"{brand} {title}"
    return f"{branded} {category}" if category.islower() and not _tells(branded, category) else branded


def _tells(name: str, value: str) -> bool:
    """Whether a name holds all words of a value. No name tells a bare number: it may be another one."""
    return not value or (any(map(str.isalpha, value)) and _stems(value) <= _stems(name))


def _stems(text: str) -> set[str]:
    return {word.casefold().rstrip("s") for word in words(text)}


def _inert(text: str, limit: int = MAX_VALUE_CHARACTERS) -> str:
    """A text as data: on one line, of bounded length, with nothing that a chat template would obey."""
    flat = " ".join(_UNSEEN.sub(" ", text).replace("<|", "< |").replace("|>", "| >").split())
    return flat if len(flat) <= limit else flat[:limit].rsplit(" ", 1)[0]


def as_text(messages: Sequence[dict[str, str]], tokenizer: Any, *, answer_follows: bool) -> str:
    """Messages as the text that the model reads; ``answer_follows`` opens the assistant's turn at its end.

    Raises:
        ValueError: when the tokenizer has no chat template.
    """
    inert = [message | {"content": _broken_up(message["content"], tokenizer)} for message in messages]
    return str(tokenizer.apply_chat_template(inert, tokenize=False, add_generation_prompt=answer_follows))


def _broken_up(content: str, tokenizer: Any) -> str:
    """A message in which no special token of this tokenizer is left, whatever a product's text holds."""
    for token in (str(token) for token in tokenizer.added_tokens_decoder.values() if token.special):
        content = content.replace(token, f"{token[0]} {token[1:]}")
    return content


def _facts(**values: str) -> tuple[Fact, ...]:
    return tuple(Fact(name.replace("_", " "), value) for name, value in values.items())


# Nearly all in one form: a small model that has to choose a form invents, where it need not choose it copies.
_EXAMPLES: tuple[tuple[tuple[Fact, ...], str], ...] = (
    (
        _facts(
            title="Bowl",
            category="bowl",
            material="glazed stoneware",
            technique="thrown and carved",
            dimensions="9 x 21 cm",
            date="1931",
            country_of_origin="Finland",
        ),
        "The Bowl is made of glazed stoneware. Its technique is thrown and carved. Its dimensions are 9 x 21 cm and "
        "its date is 1931. Its country of origin is Finland.",
    ),
    (
        _facts(title="Corvus 15", category="laptop", memory="8 GB", weight_range="heavy"),
        "The Corvus 15 is a laptop. Its memory is 8 GB and its weight range is heavy.",
    ),
    (
        _facts(
            title="Harbour Jacket",
            brand="Norrland",
            category="Clothing > Jackets",
            style="Shell",
            fabric="Nylon, Mesh",
            hood="yes",
        ),
        "The Norrland Harbour Jacket has the style Shell. Its fabric is Nylon and Mesh. Its features include a hood.",
    ),
    (
        _facts(
            title="Night Ferry",
            category="video game",
            developer="Tern Studio",
            genres="puzzle, strategy",
            multiplayer="no",
            Linux_release="yes",
        ),
        "Night Ferry is a video game. Its developer is Tern Studio and its genres are puzzle and strategy. Its "
        "features include Linux release. It comes without multiplayer.",
    ),
    (
        _facts(title="Lindqvist Patch Cable 2 m", color="Grey", cable_length="2", connector="RJ-45"),
        "The Lindqvist Patch Cable 2 m is Grey. Its cable length is 2 and its connector is RJ-45.",
    ),
)
