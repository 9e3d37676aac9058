"""Selection files: which rows of which pair files a run learns, as TOML.

[[pairs]]
file = "train.jsonl.gz"
licences = { rnnlg-tv = "Apache-2.0" }    # the data sets that are taken, with their licences
profile = "product_page"                  # for rows that name none
leave_out = '\\bI\\b'                       # texts that are not wanted, as a regular expression
most = 900                                # pairs at most
repeat = 1                                # how often each is learnt in one epoch
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shared.errors import ConfigurationError
from training.gathering import Selection


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    file: Path
    licences: dict[str, str] | None = None
    profile: str = ""
    leave_out: str = ""
    most: int | None = Field(None, ge=1)
    repeat: int = Field(1, ge=1)

    @field_validator("leave_out")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pairs: list[_Row]


def read_selections(path: Path, data_dir: Path | None = None) -> list[Selection]:
    """The selections of a file. Pair files are looked for beside it, then in ``data_dir``.

    Raises:
        ConfigurationError: naming file, field and fault, or the pair file that is missing and where it was looked for.
    """
    try:
        document = _Document.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as a selection file: {error}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"{path}: {faults}") from None
    return [_selection(row, path, data_dir) for row in document.pairs]


def _selection(row: _Row, path: Path, data_dir: Path | None) -> Selection:
    folders = [path.parent, *([data_dir] if data_dir else [])]
    found = next((folder / row.file for folder in folders if (folder / row.file).is_file()), None)
    if found is None:
        looked = " and ".join(map(str, folders))
        raise ConfigurationError(f"{path}: {row.file} is not in {looked}; name its folder with --data-dir")
    values: dict[str, Any] = row.model_dump() | {"file": found}
    return Selection(**values)
