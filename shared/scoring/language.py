"""Whether a text is in the language of its profile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from shared.facts import Fact
from shared.prompts import LANGUAGES
from shared.text import language_of, words

MIN_WORDS_TO_TELL = 6


def language_match(text: str, facts: Sequence[Fact], locale: str) -> float:
    """The probability that the text is in the locale's language, by py3langid among :data:`shared.prompts.LANGUAGES`.

    Words of the facts' values (brands, models) are left out of it. With fewer than 6 words left, or for
    a language that py3langid does not know, nobody can tell: 1.
    """
    held = {word for fact in facts for word in words(fact.value.casefold())}
    own = [word for word in words(text) if word.casefold() not in held]
    if len(own) < MIN_WORDS_TO_TELL:
        return 1.0
    language = language_of(locale)
    ranked = _identifier(frozenset({*LANGUAGES, language})).rank(" ".join(own))
    return next((float(probability) for name, probability in ranked if name == language), 1.0)


@cache
def _identifier(languages: frozenset[str]) -> Any:
    # Imported here: the model behind it takes a second to load, and most commands never score a text.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({*languages} & {*identifier.labels}))
    return identifier
