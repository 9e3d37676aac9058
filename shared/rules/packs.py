"""What stands in a rule pack: its rules, what each finds, and what excuses it. ``docs/rules.md`` has every member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.errors import ConfigurationError
from shared.profiles import Channel
from shared.rules.detectors import DETECTORS, LIMITS, PERSONAL
from shared.rules.matching import Folded, Place, bounded_pattern, matches, outside, phrases, sequences
from shared.text import language_of

Severity = Literal["block", "review", "note"]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
LanguageOrAny = Annotated[str, StringConstraints(pattern=r"^([a-z]{2}|any)$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Phrases = Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=2_000)]

ANY, TITLE_START = "any", "start of title"
_FINDERS = ("words", "pattern", "detect", *LIMITS)


def _by_language(given: object) -> object:
    return {ANY: given} if isinstance(given, (list, tuple)) else given


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


def _bounded(pattern: str) -> str:
    bounded_pattern(pattern)
    return pattern


def _known_detector(name: str) -> str:
    if name not in DETECTORS:
        raise ValueError(f"{name!r} is none of {', '.join(DETECTORS)}")
    return name


ByLanguage = Annotated[Mapping[LanguageOrAny, Phrases], BeforeValidator(_by_language)]


class Rule(BaseModel):
    """One thing that copy must not say: how it is found, what excuses it, and what to do instead."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    id: Name
    severity: Severity
    message: Phrase = Field(description="What to do instead.")

    words: ByLanguage | None = Field(None, description="Words and phrases, for all languages or by language.")
    followed_by: ByLanguage | None = Field(None, description="One of them must come within four words after `words`.")
    pattern: Annotated[str, Field(max_length=4_000), AfterValidator(_bounded)] | None = None
    detect: Annotated[str, AfterValidator(_known_detector)] | None = None
    max_characters: int | None = Field(None, ge=1)
    max_line_characters: int | None = Field(None, ge=1, description="Of each line: a bullet is a line.")
    max_words: int | None = Field(None, ge=1)
    all_capitals: int | None = Field(None, ge=2, le=40, description="Letters of a word from which capitals count.")
    repeated_punctuation: int | None = Field(None, ge=2, le=40, description="Marks in a row from which they count.")

    inflections: bool = Field(True, description="Whether words may have the endings of their language.")
    locales: tuple[Language, ...] = Field((), description="Languages it applies to; those of its pack when empty.")
    channels: tuple[Channel, ...] = Field((), description="Channels it applies to; all when empty.")
    exceptions: ByLanguage = Field({}, alias="except", description="Phrases within which nothing is a hit.")
    unless_evidence: Annotated[tuple[Phrase, ...], BeforeValidator(_listed)] = Field(
        (), description="Words of the names of attributes that excuse it; any: every attribute and approved knowledge."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Rule:
        given = [name for name in _FINDERS if getattr(self, name) is not None]
        if len(given) != 1:
            said = "none of them" if not given else " and ".join(given)
            raise ValueError(f"a rule has exactly one of {', '.join(_FINDERS)}; rule {self.id} has {said}")
        if self.followed_by is not None and self.words is None:
            raise ValueError(f"followed_by goes with words; give rule {self.id} words that come first")
        if self.detect in PERSONAL and (self.exceptions or self.unless_evidence):
            raise ValueError(f"nothing excuses personal data; remove except and unless_evidence from rule {self.id}")
        return self

    def applies(self, language: str, channel: str) -> bool:
        """Whether copy in this language and for this channel is held against it."""
        return (not self.locales or language in self.locales) and (not self.channels or channel in self.channels)

    def found(self, text: Folded, language: str) -> Iterator[Place]:
        """The places in a text that it finds, without those within an exception."""
        places = list(self._found(text, language))
        if not places or not self.exceptions:
            return iter(places)
        excused = list(matches(phrases(_of(self.exceptions, language), language, True), text))
        return outside(places, excused)

    def _found(self, text: Folded, language: str) -> Iterator[Place]:
        if self.words is not None and self.followed_by is not None:
            first, then = _of(self.words, language), _of(self.followed_by, language)
            return matches(sequences(first, then, language, self.inflections), text)
        if self.words is not None:
            return matches(phrases(_of(self.words, language), language, self.inflections), text)
        if self.pattern is not None:
            return matches(bounded_pattern(self.pattern), text)
        if self.detect is not None:
            return DETECTORS[self.detect](text)
        [(limit, most)] = [(name, getattr(self, name)) for name in LIMITS if getattr(self, name) is not None]
        return LIMITS[limit](text, most)


def _of(table: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    return (*table.get(ANY, ()), *table.get(language, ()))


class RulePack(BaseModel):
    """Rules with one source: a law, a regulation, or a policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="The name of its file.")
    version: str = Field(description="A digest of its file.")
    title: Phrase
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)] = Field(
        description="The law, regulation or policy behind it, with its citation."
    )
    locales: tuple[Language, ...] = Field((), description="Languages that it covers; all when empty.")
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _one_rule_for_each_id(self) -> RulePack:
        ids = [rule.id for rule in self.rules]
        if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            raise ValueError(f"rule {twice[0]} stands twice; give each rule an id of its own")
        return self

    def document(self) -> dict[str, Any]:
        """The pack as JSON holds it; :meth:`from_document` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> RulePack:
        """The pack of a stored :meth:`document`, with the version that it was stored with.

        Raises:
            ConfigurationError: when another release wrote it and this one cannot read it.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            named = f"stored rule pack {document.get('name')}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise ConfigurationError(f"{named}; activate the packs of this release") from None

    def covers(self, locale: str) -> bool:
        """Whether it has rules for the language of a locale."""
        return not self.locales or language_of(locale) in self.locales
