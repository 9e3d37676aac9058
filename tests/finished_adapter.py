"""A folder with everything that a finished adapter has but sense: for tests that load no weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.adapters import weights_digest
from shared.checkpoints import MANIFEST, BaseModel, file_digest, resolve_base_model
from shared.settings import Settings


def a_base(folder: Path, weights: bytes = b"base weights") -> BaseModel:
    """A base model of a few bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return resolve_base_model(Settings(base_model=str(folder)))


def an_adapter(folder: Path, base: BaseModel, /, weights: bytes = b"weights", **changes: Any) -> Path:
    """A finished adapter for a base, in a folder; ``changes`` replace members of its manifest."""
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    for name in ("adapter_config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "README.md").write_text("# A model card\n")
    manifest = {
        "name": folder.name,
        "created": "2026-11-23T10:00:00+00:00",
        "base": {"name": base.name, "digest": base.digest, "weights_digest": weights_digest(base.path)},
        "prompt_version": "3t",
        "taught": True,
        "metrics": {"bleu": {"value": 30.0}},
    }
    return seal(folder, **manifest | changes)


def seal(folder: Path, **manifest: Any) -> Path:
    """Write the manifest over the files that a folder holds now."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.iterdir())
        if path.name != MANIFEST
    }
    (folder / MANIFEST).write_text(json.dumps({"files": files} | manifest))
    return folder
