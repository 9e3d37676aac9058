"""Which languages a base model writes, as its makers say, so that nobody waits for German copy of an English model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.profiles import Profile
from shared.prompts import LANGUAGES
from shared.text import language_of

_OF_QWEN = frozenset("ar de en es fr it ja ko pt ru th vi zh".split())
_OF_LLAMA = frozenset("de en es fr hi it pt th".split())
_OF_MISTRAL = frozenset("de en es fr it ja ko pt ru zh".split())
_OF_GEMMA = frozenset("ar de en es fr hi it ja ko nl pl pt ru th tr vi zh".split())
_ENGLISH = frozenset({"en"})
MANY = 4
"""More languages than this are not listed in a sentence."""


@dataclass(frozen=True)
class Family:
    """Models whose names begin alike, the languages that they write, and who says so.

    Where the makers only count their languages, as "over 140", the most spoken ones stand here.
    """

    prefix: str
    languages: frozenset[str]
    source: str


FAMILIES = (
    Family("smollm2", _ENGLISH, "model card: primarily English"),
    Family("smollm3", frozenset("de en es fr it pt".split()), "model card: six languages natively"),
    Family("qwen2.5", _OF_QWEN, "model card: over 29 languages, these among them"),
    Family("qwen3", _OF_QWEN, "model card: over 100 languages"),
    Family("meta-llama-3-", _ENGLISH, "model card: intended for use in English"),
    Family("meta-llama-3.1", _OF_LLAMA, "model card: supported languages"),
    Family("llama-3.1", _OF_LLAMA, "model card: supported languages"),
    Family("llama-3.2", _OF_LLAMA, "model card: supported languages"),
    Family("llama-3.3", _OF_LLAMA, "model card: supported languages"),
    Family("mistral-nemo", _OF_MISTRAL, "model card: languages"),
    Family("mistral-small", _OF_MISTRAL, "model card of 24B 2501: languages"),
    Family("ministral-8b", _OF_MISTRAL, "model card: languages"),
    Family("gemma-2-", _ENGLISH, "model card: available in English"),
    Family("gemma-3-1b", _ENGLISH, "release notes: English only at this size"),
    Family("gemma-3-4b", _OF_GEMMA, "model card: over 140 languages"),
    Family("gemma-3-12b", _OF_GEMMA, "model card: over 140 languages"),
    Family("gemma-3-27b", _OF_GEMMA, "model card: over 140 languages"),
)


def written_by(base: str) -> frozenset[str] | None:
    """The languages that a base model writes, as ISO 639-1 codes; None where its name tells nothing.

    ``base`` is a hub id or the name of a model's folder.
    """
    name = base.rpartition("/")[2].lower()
    return next((family.languages for family in FAMILIES if name.startswith(family.prefix)), None)


def unspoken(profiles: Iterable[Profile], base: str) -> str | None:
    """What to tell people of profiles whose language the base model does not write, with the fix.

    None when it writes them all, or when nothing is known of the model.
    """
    known = written_by(base)
    if known is None:
        return None
    lacking = [profile for profile in profiles if language_of(profile.locale) not in known]
    if not lacking:
        return None
    listed = ", ".join(f"{profile.name} ({_named(profile.locale)})" for profile in lacking)
    subject, need = ("the profile", "needs") if len(lacking) == 1 else ("the profiles", "need")
    return (
        f"the base model {base} writes {_listed(known)}; {subject} {listed} {need} a base that speaks"
        f" {'it' if len({language_of(profile.locale) for profile in lacking}) == 1 else 'them'}:"
        " set SHELFTALK_BASE_MODEL"
    )


def foreign(profiles: Iterable[Profile]) -> str:
    """The profiles in other languages than English, with their languages, as ``product_page_de (German)``."""
    others = [profile for profile in profiles if language_of(profile.locale) != "en"]
    return ", ".join(f"{profile.name} ({_named(profile.locale)})" for profile in others)


def _named(locale: str) -> str:
    return LANGUAGES.get(language_of(locale), locale)


def _listed(languages: frozenset[str]) -> str:
    names = sorted(map(_named, languages))
    return ", ".join(names) if len(names) <= MANY else f"{len(names)} languages"
