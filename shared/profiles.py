"""Copy profiles: what kind of copy is wanted. Each is one TOML file in ``profiles/``, named like the profile."""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import ConfigurationError


class Profile(BaseModel):
    """One kind of copy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    version: str = Field(description="A digest of the profile's file; recorded with every description.")
    locale: str = Field("en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$", description="The language the copy is written in.")
    channel: str = "product page"
    audience: str = "shoppers"
    tone: str = "plain and factual"
    min_words: int = Field(8, ge=1)
    max_words: int = Field(60, ge=1)
    max_attributes: int = Field(8, ge=1, description="How many attributes the prompt holds, in the product's order.")
    ignored_attributes: tuple[str, ...] = Field(
        (), description="Attributes whose name holds one of these words or phrases stay out of the copy and cause none."
    )

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Profile:
        if self.min_words > self.max_words:
            raise ValueError(f"min_words ({self.min_words}) is larger than max_words ({self.max_words})")
        return self


def load_profile(path: Path) -> Profile:
    """Read one profile.

    Raises:
        ConfigurationError: with the file, and the line or field that is wrong.
    """
    try:
        raw = path.read_bytes()
        document = tomllib.loads(raw.decode())
        if given := [member for member in ("name", "version") if member in document]:
            raise ConfigurationError(f"{path}: {given[0]}: comes from the file itself; remove this line")
        return Profile(name=path.stem, version=hashlib.sha256(raw).hexdigest()[:12], **document)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the profile"
        raise ConfigurationError(f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}") from None


@lru_cache
def load_profiles(folder: Path) -> dict[str, Profile]:
    """All profiles of a folder by name.

    Raises:
        ConfigurationError: when one is broken or there is none.
    """
    profiles = {path.stem: load_profile(path) for path in sorted(folder.glob("*.toml"))}
    if not profiles:
        raise ConfigurationError(f"{folder}: holds no profile; add one, or set SHELFTALK_PROFILES_DIR")
    return profiles
