"""Copy profiles: what kind of copy is wanted. Each is one TOML file in ``profiles/``, named like the profile.

``docs/profiles.md`` tells what may stand in such a file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
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
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.errors import ConfigurationError
from shared.profile_files import GIVEN_BY_THE_FILE, Place, Source, described, lineage, merged
from shared.text import language_of

Channel = Literal["product page", "marketplace bullet list", "search ad", "social post", "e-mail"]

UNSPACED = ("zh", "ja")
_ENDS = (".", "!", "?", "。", "！", "？")


def _one_sentence(text: str) -> str:
    if "\n" in text or not text.endswith(_ENDS):
        raise ValueError("is not one line that ends like a sentence; end it with a full stop")
    return text


def _listed(wordings: object) -> object:
    return (wordings,) if isinstance(wordings, str) else wordings


Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sentence = Annotated[Phrase, AfterValidator(_one_sentence)]
Wordings = Annotated[tuple[Phrase, ...], BeforeValidator(_listed), Field(min_length=1, max_length=20)]
Words = Annotated[tuple[Phrase, ...], Field(max_length=200)]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
PackName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class VoiceExample(BaseModel):
    """Copy as the brand would write it: a few facts, and the text that says them and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: Mapping[Phrase, Phrase] = Field(min_length=1, max_length=20)
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class Campaign(BaseModel):
    """What changes in the copy from the first to the last day of a season or a sale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Phrase
    starts: date
    ends: date = Field(description="The last day, inclusive.")
    closing: Sentence | None = None
    tone: Phrase | None = None
    keywords: Words = ()

    @model_validator(mode="after")
    def _consistent(self) -> Campaign:
        if self.starts > self.ends:
            raise _refusal((("ends",), f"{self.ends} is before starts ({self.starts}); swap them"))
        if not (self.closing or self.tone or self.keywords):
            raise _refusal((("name",), f"{self.name!r} changes nothing; give it a closing, a tone or keywords"))
        return self

    def runs_on(self, day: date) -> bool:
        """Whether the campaign runs on a day."""
        return self.starts <= day <= self.ends


class Profile(BaseModel):
    """One kind of copy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    version: str = Field(description="A digest of what the profile says; recorded with every description.")
    default: bool = Field(False, description="Written for each product whose event names no profile.")

    locale: str = Field("en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$", description="The language the copy is written in.")
    channel: Channel = "product page"
    audience: Phrase = "shoppers"
    segment: Phrase | None = Field(None, description="The named audience segment it is for; None for everybody.")
    tone: Phrase = "plain and factual"
    voice_examples: Annotated[tuple[VoiceExample, ...], Field(max_length=8)] = ()

    min_words: int = Field(8, ge=1)
    max_words: int = Field(60, ge=1)
    max_characters: int | None = Field(None, ge=20, description="Of the whole copy, with its closing sentence.")
    format: Literal["plain", "html"] = "plain"

    max_attributes: int = Field(8, ge=1, description="How many attributes the prompt holds, in the product's order.")
    ignored_attributes: Words = Field(
        (), description="Attributes whose name holds one of these words or phrases stay out of the copy and cause none."
    )
    attribute_weights: Mapping[Phrase, Weight] = Field(
        {}, description="How much more an attribute matters here: 1 is neutral, 0 leaves it out."
    )

    required_words: Words = ()
    forbidden_words: Words = ()
    keywords: Words = Field((), description="What shoppers search for; said where the facts support it.")
    glossary: Mapping[Phrase, Wordings] = Field(
        {}, description="A value as it stands in the catalogue, and its approved wordings in the profile's language."
    )
    closing: Sentence | None = Field(None, description="An approved sentence at the end of the copy.")
    campaign: Campaign | None = None

    rules: tuple[PackName, ...] = Field(("general",), description="The rule packs that the copy is held against.")
    allowed: tuple[Literal["price", "url", "e-mail", "phone"], ...] = Field(
        (), description="What the copy may hold although the general pack forbids it."
    )
    near_duplicate_limit: float = Field(
        1, ge=0, le=1, description="Copy more like another product's than this is refused; 1 refuses none."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Profile:
        if found := [*self._length_conflicts(), *self._word_conflicts()]:
            raise _refusal(*found)
        return self

    def _length_conflicts(self) -> Iterator[tuple[Place, str]]:
        if self.min_words > self.max_words:
            yield ("min_words",), f"{self.min_words} is larger than max_words ({self.max_words}); lower it"
        if self.max_characters is None:
            return
        if self.min_words * (1 if self._is_unspaced else 2) > self.max_characters:
            yield ("max_characters",), f"{self.max_characters} has no room for {self.min_words} words (min_words)"
        for place, text in self._own_words():
            if place[-1] == "closing" and len(text) > self.max_characters // 2:
                yield place, f"takes more than half of max_characters ({self.max_characters}); shorten it"

    def _word_conflicts(self) -> Iterator[tuple[Place, str]]:
        if not self.forbidden_words:
            return
        listed = "|".join(map(re.escape, self.forbidden_words))
        forbidden = re.compile(listed if self._is_unspaced else rf"(?<![^\W_])(?:{listed})(?![^\W_])", re.IGNORECASE)
        for place, text in self._own_words():
            if found := forbidden.search(text):
                yield place, f"holds {found[0]!r}, one of forbidden_words; remove it from one of the two"

    def _own_words(self) -> Iterator[tuple[Place, str]]:
        """Every text of the profile that may stand in copy, with its place in the file."""
        for at, word in enumerate(self.required_words):
            yield ("required_words", at), word
        for at, word in enumerate(self.keywords):
            yield ("keywords", at), word
        for at, example in enumerate(self.voice_examples):
            yield ("voice_examples", at, "text"), example.text
        for value, wordings in self.glossary.items():
            yield from ((("glossary", value), wording) for wording in wordings)
        if self.closing:
            yield ("closing",), self.closing
        if self.campaign:
            yield from ((("campaign", "keywords", at), word) for at, word in enumerate(self.campaign.keywords))
            yield ("campaign", "closing"), self.campaign.closing or ""

    @property
    def _is_unspaced(self) -> bool:
        return language_of(self.locale) in UNSPACED

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    def on(self, day: date) -> Profile:
        """The profile as it is on a day, without a campaign.

        While its campaign runs it has the campaign's tone and closing where that has one, and the campaign's keywords
        before its own. Equal content has an equal version, so that copy is made anew when a campaign begins and ends.
        """
        campaign = self.campaign
        if campaign is None:
            return self
        changes: dict[str, Any] = {"campaign": None}
        if campaign.runs_on(day):
            changes["tone"] = campaign.tone or self.tone
            changes["closing"] = campaign.closing or self.closing
            changes["keywords"] = tuple(dict.fromkeys((*campaign.keywords, *self.keywords)))
        return self.model_copy(update=changes)._digested()

    def document(self) -> dict[str, Any]:
        """The profile as JSON holds it; :meth:`from_document` reads it back."""
        return self.model_dump(mode="json")

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Profile:
        """The profile of a stored :meth:`document`, with the version that it was stored with.

        Raises:
            ConfigurationError: when another release wrote it and this one cannot read it.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = f"stored profile {document.get('name')}: {'.'.join(map(str, first['loc']))}"
            what = f"{described(first, _FIELDS)}; activate the profiles of this release"
            raise ConfigurationError(f"{where}: {what}") from None

    def _digested(self) -> Profile:
        """The profile with its version: a digest of all that shapes its copy.

        What has its default value does not count, so that a release which adds a field regenerates nothing.
        """
        said = self.model_dump(mode="json", exclude={"name", "version", "default"}, exclude_defaults=True)
        # The facts of an example stand in the prompt in their order; that of all other keys means nothing.
        said["voice_examples"] = [[list(each.facts.items()), each.text] for each in self.voice_examples]
        content = json.dumps(said, ensure_ascii=False, sort_keys=True)
        return self.model_copy(update={"version": hashlib.sha256(content.encode()).hexdigest()[:12]})


_FIELDS = {*Profile.model_fields, *Campaign.model_fields, *VoiceExample.model_fields}


def _refusal(*found: tuple[Place, str]) -> ValidationError:
    """Fields that do not go together as one error, which names the place of each and what is wrong there."""
    details = [
        InitErrorDetails(type=PydanticCustomError("conflict", "{what}", {"what": what}), loc=place, input=None)
        for place, what in found
    ]
    return ValidationError.from_exception_data("Profile", details)


def load_profile(path: Path) -> Profile:
    """Read one profile, with what it extends.

    Raises:
        ConfigurationError: with a line for each fault: file, line, field, what is wrong.
    """
    sources = lineage(path)
    if faults := _faults(sources):
        raise ConfigurationError("\n".join(faults.values()))
    return _profile(sources)


def load_profiles(folder: Path) -> dict[str, Profile]:
    """All profiles of a folder by name, read anew at each call: they may change while a process runs.

    Raises:
        ConfigurationError: with a line for each fault of each file; or when there is no file.
    """
    found: dict[str, Profile] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path.stem] = load_profile(path)
        except ConfigurationError as error:
            faults += str(error).split("\n")
    if faults:
        raise ConfigurationError("\n".join(dict.fromkeys(faults)))
    if not found:
        raise ConfigurationError(f"{folder}: holds no profile; add one, or set SHELFTALK_PROFILES_DIR")
    return found


def _profile(sources: Sequence[Source]) -> Profile:
    return Profile(name=sources[0].path.stem, version="", **merged(sources))._digested()


def _faults(sources: Sequence[Source]) -> dict[tuple[Place, str], str]:
    """The faults of a profile by place and meaning, each told of the file that brings it in."""
    if not sources:
        return {}
    found = _faults(sources[1:])
    own = sources[0]
    given = [name for name in GIVEN_BY_THE_FILE if name in own.said]
    wrong: list[tuple[Place, str]] = [((name,), "comes from the file itself; remove this line") for name in given]
    try:
        _profile(sources)
    except ValidationError as error:
        wrong += [(each["loc"], described(each, _FIELDS)) for each in error.errors(include_url=False)]
    for place, what in wrong:
        found.setdefault((place, what), own.fault(place, what))
    return found
