"""Base models on disk: where they live, what they consist of, and whether they are whole.

A model is a folder in Hugging Face layout (``config.json``, ``*.safetensors``, a tokenizer). One that Shelftalk made
also holds ``manifest.json``, written last, with the size and the SHA-256 of every other file: a folder with a manifest
is a finished one. Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError
from shared.settings import Settings

DEFAULT_BASE = "smollm2-135m-instruct"
MANIFEST = "manifest.json"
PREPARE = "shelftalk models prepare"

_INSTEAD = f"name a model's folder, or unset it and run `{PREPARE}` for the default model"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_HUB_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
_WEIGHTS = "*.safetensors"


@dataclass(frozen=True)
class BaseModel:
    """A language model that is ready to be loaded.

    ``name`` is what people call it, ``path`` its folder, and ``digest`` a SHA-256 over the names and contents of its
    files, which is recorded with every model that is trained from it.
    """

    name: str
    path: Path
    digest: str


def default_base_path(settings: Settings) -> Path:
    """The folder of the default base model, prepared or not."""
    return settings.models_dir / DEFAULT_BASE


def resolve_base_model(settings: Settings) -> BaseModel:
    """The base model that the settings name, or the default one.

    A hub id is looked up on this machine first, and downloaded only when it was configured by hand. Sizes are compared
    with the manifest on each call; :func:`verify` compares contents.

    Raises:
        ConfigurationError: when the model is missing or damaged; the message holds the command that helps.
    """
    name = settings.base_model
    if name is None:
        return _ready(DEFAULT_BASE, default_base_path(settings), fix=f"run `{PREPARE}`", made_here=True)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _ready(folder.resolve().name, folder, fix="point SHELFTALK_BASE_MODEL at a whole model")
    if not _HUB_ID.fullmatch(name):
        raise ConfigurationError(
            f"SHELFTALK_BASE_MODEL: {name} is neither a folder here nor a hub id (owner/name): {_INSTEAD}"
        )
    return _ready(name, _hub_folder(name), fix="choose a model that is published as safetensors")


def write_manifest(folder: Path, *, name: str, licence: str, source: Mapping[str, str]) -> None:
    """Describe a finished model folder: the last file to be written into it."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    document = {"name": name, "licence": licence, "source": dict(source), "files": files}
    (folder / MANIFEST).write_text(json.dumps(document, indent=2) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder.

    Raises:
        ConfigurationError: when it has none, or one that cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text())
        sizes = [(name, entry["bytes"], entry["sha256"]) for name, entry in manifest["files"].items()]
    except FileNotFoundError:
        raise ConfigurationError(f"{folder}: holds no finished model (no {MANIFEST})") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error!r}") from None
    if not sizes:
        raise ConfigurationError(f"{path}: names no file")
    return dict(manifest)


def verify(folder: Path) -> None:
    """Compare every file with the manifest: reads them all, about a second per gigabyte.

    Raises:
        ConfigurationError: naming the first file that is missing or has changed.
    """
    manifest = read_manifest(folder)
    _check_sizes(folder, manifest)
    for name, entry in manifest["files"].items():
        if file_digest(folder / name) != entry["sha256"]:
            raise ConfigurationError(f"{folder / name}: has changed since it was prepared (its SHA-256 differs)")


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's contents in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ready(name: str, folder: Path, *, fix: str, made_here: bool = False) -> BaseModel:
    """The model in a folder; one that people put there themselves needs no manifest."""
    try:
        digests = _manifest_digests(folder) if made_here or (folder / MANIFEST).exists() else _file_digests(folder)
    except ConfigurationError as error:
        raise ConfigurationError(f"the base model is not ready: {error}; {fix}") from None
    content = json.dumps(digests, sort_keys=True).encode()
    return BaseModel(name, folder, hashlib.sha256(content).hexdigest())


def _manifest_digests(folder: Path) -> dict[str, str]:
    manifest = read_manifest(folder)
    _check_sizes(folder, manifest)
    return {name: entry["sha256"] for name, entry in manifest["files"].items()}


def _file_digests(folder: Path) -> dict[str, str]:
    if not (folder / "config.json").is_file():
        raise ConfigurationError(f"{folder}: is not a model: it has no config.json")
    if not any(folder.glob(_WEIGHTS)):
        raise ConfigurationError(f"{folder}: has no {_WEIGHTS}, and weights of another kind are never loaded")
    files = [path for path in folder.iterdir() if path.is_file()]
    return {path.name: digest_once(path, path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def _check_sizes(folder: Path, manifest: Mapping[str, Any]) -> None:
    for name, entry in manifest["files"].items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != entry["bytes"]:
            found = "is missing" if size is None else f"has {size} bytes"
            raise ConfigurationError(f"{path}: {found}, the manifest says {entry['bytes']}")


@lru_cache(maxsize=256)
def digest_once(path: Path, size: int, modified: int) -> str:
    """A file's digest, computed again only when its size or time has changed."""
    return file_digest(path)


def _hub_folder(name: str) -> Path:
    """The folder of a hub model on this machine; downloads what is not there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES, local_files_only=True))
    except LocalEntryNotFoundError:
        pass
    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES))
    except RepositoryNotFoundError:
        why = "the hub has no such model, or shows it only to some; correct the id, or log in with `hf auth login`"
    except LocalEntryNotFoundError:
        why = f"the hub cannot be reached; connect this machine, {_INSTEAD}"
    except (OSError, ValueError) as error:
        why = f"fetching it from the hub failed ({' '.join(str(error).split())}); try again, {_INSTEAD}"
    raise ConfigurationError(f"SHELFTALK_BASE_MODEL: {name} is no folder here, and {why}")
