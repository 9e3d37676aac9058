"""A tiny adapter on the tiny model, as training leaves one: for tests that need an adapter but not its sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from shared.adapters import weights_digest
from shared.checkpoints import MANIFEST, file_digest


def build_tiny_adapter(folder: Path, base: Path, /, *, seed: int = 0, **changes: Any) -> Path:
    """Write an adapter of random weights for a base into a folder, and return the folder. A seed makes the same one
    each time. ``changes`` replace fields of its manifest."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    assert isinstance(model, PeftModel)
    model.peft_config["default"].base_model_name_or_path = base.name
    model.save_pretrained(str(folder), save_embedding_layers=False)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return finish_tiny_adapter(folder, base, **changes)


def finish_tiny_adapter(folder: Path, base: Path, /, **changes: Any) -> Path:
    """Write the manifest over whatever files a folder holds now."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.iterdir())
        if path.name != MANIFEST
    }
    manifest = {
        "name": folder.name,
        "created": "2026-11-23T10:00:00+00:00",
        "base": {"name": base.name, "digest": "0" * 64, "weights_digest": weights_digest(base)},
        "prompt_version": "3t",
        "taught": True,
        "metrics": {"bleu": {"value": 30.0}},
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))
    return folder
