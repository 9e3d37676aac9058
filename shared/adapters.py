"""Fine-tuned models on disk: what a finished one consists of, where they are found, and which base each needs.

An adapter is a folder as ``training`` leaves it: weights as safetensors, the tokenizer and chat template it was taught
with, a model card, and ``manifest.json``, written last, with the size and the SHA-256 of every other file, the base it
belongs to and the version of its prompt. After full fine-tuning the folder holds a whole model instead of an adapter's
weights; it is found, checked and served in the same way. Nothing here imports torch.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from shared.checkpoints import MANIFEST, BaseModel, digest_once, read_manifest, verify
from shared.errors import ConfigurationError
from shared.prompts import prompt_version
from shared.settings import Settings

ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"

_WEIGHTS = "*.safetensors"
_LOADED = (_WEIGHTS, "*.json", "*.jinja", "*.model", "*.txt")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,127}")
_TRAIN = "run `shelftalk train`"


@dataclass(frozen=True)
class Adapter:
    """A finished adapter.

    ``digest`` is a SHA-256 over the names and contents of the files that are loaded, so that a new model card does not
    make another adapter of it. ``base_digest`` is :func:`weights_digest` of the base that it was trained on.
    ``manifest`` is the whole manifest.
    """

    name: str
    path: Path
    digest: str
    base_digest: str
    prompt_version: str
    manifest: Mapping[str, Any]

    @property
    def is_whole_model(self) -> bool:
        """Whether the folder holds all weights, as full fine-tuning leaves them, instead of changes to the base."""
        return ADAPTER_WEIGHTS not in self.manifest["files"]

    @property
    def created(self) -> str:
        """When it was made, in ISO 8601: later ones are greater."""
        return str(self.manifest.get("created", ""))

    @property
    def metrics(self) -> Mapping[str, Any]:
        """How it was measured."""
        return dict(self.manifest.get("metrics") or {})


def weights_digest(folder: Path) -> str:
    """A SHA-256 over the names and contents of a model's weights.

    The other files of a model are left out: transformers writes its own version into them, so that they differ between
    machines whose models are the same.
    """
    if (folder / MANIFEST).is_file():
        digests = {name: entry["sha256"] for name, entry in read_manifest(folder)["files"].items()}
        weights = {name: digest for name, digest in digests.items() if fnmatch(name, _WEIGHTS)}
    else:
        weights = {
            path.name: digest_once(path, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.glob(_WEIGHTS)
        }
    return _digest(weights)


def read_adapter(path: Path) -> Adapter:
    """The adapter in a folder, after all of its files have been compared with its manifest.

    Raises:
        ConfigurationError: when it is not a finished one, a file is missing or has changed, or this version of
            Shelftalk does not ask in the way that it was taught.
    """
    adapter = _described(path)
    verify(path)
    if not _has_template(adapter):
        raise ConfigurationError(
            f"{path}: has no tokenizer with a chat template; {_TRAIN} with an instruction-tuned base"
        )
    known = {prompt_version(taught) for taught in (False, True)}
    if adapter.prompt_version not in known:
        raise ConfigurationError(
            f"{path}: was taught with prompt {adapter.prompt_version}, and this version of Shelftalk asks with "
            f"{' or '.join(sorted(known))}; {_TRAIN} to teach it anew"
        )
    return adapter


def fits(adapter: Adapter, base: BaseModel) -> bool:
    """Whether an adapter was trained on these weights."""
    return adapter.base_digest == weights_digest(base.path)


def check_fit(adapter: Adapter, base: BaseModel) -> None:
    """Make sure that an adapter was trained on a base.

    Raises:
        ConfigurationError: naming both, and the fix.
    """
    if not fits(adapter, base):
        trained_on = adapter.manifest["base"].get("name", "another base")
        raise ConfigurationError(
            f"{adapter.path}: was trained on {trained_on} (weights {adapter.base_digest[:12]}), not on {base.name} as "
            f"it is in {base.path} (weights {weights_digest(base.path)[:12]}); point SHELFTALK_BASE_MODEL at the model "
            f"it was trained on, or {_TRAIN} on this one"
        )


def adapter_folders(settings: Settings) -> tuple[Path, Path]:
    """Where adapters are looked for: those trained here, then those that ship."""
    return settings.models_dir / "adapters", settings.adapters_dir


def finished_adapters(*folders: Path) -> Iterator[Adapter]:
    """The adapters with a readable manifest in these folders, the newest first; their files are not compared."""
    found = []
    for path in (path.parent for folder in folders for path in folder.glob(f"[!.]*/{MANIFEST}")):
        try:
            found.append(_described(path))
        except ConfigurationError:
            continue
    yield from sorted(found, key=lambda adapter: (adapter.created, adapter.name), reverse=True)


def find_adapter(settings: Settings, name: str, digest: str) -> Adapter:
    """The adapter of this name and digest on this machine, whole.

    Raises:
        ConfigurationError: when there is none, only another one of that name, or a damaged one.
    """
    folders = adapter_folders(settings)
    named = [adapter for adapter in finished_adapters(*folders) if adapter.name == name]
    for adapter in named:
        if adapter.digest == digest:
            return read_adapter(adapter.path)
    places = " or ".join(map(str, folders))
    if named:
        raise ConfigurationError(
            f"{named[0].path}: holds another adapter {name} (digest {named[0].digest[:12]}, not {digest[:12]}); "
            f"copy the right one to {places}"
        )
    raise ConfigurationError(f"the adapter {name} is not on this machine; copy its folder to {places}")


def install_adapter(settings: Settings, source: Path) -> Adapter:
    """Copy a finished adapter to where workers find it, under its name. One that is there already stays.

    The copy is made and checked beside its place and appears in one rename: one that is killed is never found. Only
    the files that the manifest names are copied.

    Raises:
        ConfigurationError: when the source is not a whole adapter, or another one of its name is there.
    """
    adapter = read_adapter(source)
    folder, _ = adapter_folders(settings)
    target = folder / adapter.name
    with _alone(folder):
        if standing := _standing(target):
            if standing.digest != adapter.digest:
                raise ConfigurationError(f"{target}: holds another adapter of this name; remove or rename it first")
            if standing.manifest == adapter.manifest:
                return standing
        unfinished = folder / f".{adapter.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        for name in (*adapter.manifest["files"], MANIFEST):
            (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, unfinished / name)
        verify(unfinished)
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    return read_adapter(target)


def _has_template(adapter: Adapter) -> bool:
    """Whether the adapter brings a chat template, in a file of its own or in the tokenizer's configuration."""
    if any(fnmatch(name, "chat_template*") for name in adapter.manifest["files"]):
        return True
    try:
        return bool(json.loads((adapter.path / "tokenizer_config.json").read_text()).get("chat_template"))
    except (OSError, ValueError, AttributeError):
        return False


def _standing(target: Path) -> Adapter | None:
    """The whole adapter in a place; a damaged one may be replaced and counts as none."""
    try:
        return read_adapter(target)
    except ConfigurationError:
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when this process ends in whatever way."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _described(path: Path) -> Adapter:
    """The adapter as its manifest describes it."""
    manifest = read_manifest(path)
    try:
        name, base_digest = str(manifest["name"]), str(manifest["base"]["weights_digest"])
        version = str(manifest["prompt_version"])
    except (KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path / MANIFEST}: is not an adapter's: {error!r} is missing; {_TRAIN} to make one"
        ) from None
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{path / MANIFEST}: {name!r} cannot be an adapter's name; use letters, digits, . _ -")
    files = {each: entry["sha256"] for each, entry in manifest["files"].items()}
    for each in files:
        if PurePosixPath(each).is_absolute() or ".." in PurePosixPath(each).parts:
            raise ConfigurationError(f"{path / MANIFEST}: names a file outside of its folder: {each}")
    if not any(fnmatch(each, _WEIGHTS) for each in files):
        raise ConfigurationError(f"{path}: has no weights ({_WEIGHTS}); {_TRAIN} to make them")
    loaded = {each: digest for each, digest in files.items() if any(fnmatch(each, kind) for kind in _LOADED)}
    return Adapter(name, path, _digest(loaded), base_digest, version, manifest)


def _digest(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
