"""The weights of a finished run, as they ship: small, finite, and without a trace of the machine that made them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, check_fit, read_adapter
from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError, TrainingFailed

FULL_WEIGHTS = "model.safetensors"


def save_weights(model: Any, tokenizer: Any, folder: Path, *, base_name: str) -> Path:
    """Write a model in Hugging Face layout, with its tokenizer, chat template and generation config.

    A PeftModel becomes an adapter in float16: half the size, and its weights are small and need no wider range. A whole
    model keeps its range and becomes bfloat16.

    Returns:
        the file of the weights.

    Raises:
        TrainingFailed: when a weight is not finite.
    """
    from peft import PeftModel

    path = _save_adapter(model, folder, base_name) if isinstance(model, PeftModel) else _save_whole(model, folder)
    model.generation_config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors makes files that only their owner can read; workers run as another user
    return path


def add_adapter(model: Any, folder: Path, base: BaseModel) -> Any:
    """A PeftModel of a base and a finished adapter, whose weights can be trained on.

    Raises:
        ConfigurationError: when the adapter is damaged, or was trained on another base.
    """
    from peft import PeftModel

    adapter = read_adapter(folder)
    check_fit(adapter, base)
    if adapter.is_whole_model:
        raise ConfigurationError(f"{folder}: is a whole model, not an adapter; point SHELFTALK_BASE_MODEL at it")
    adapted = PeftModel.from_pretrained(model, folder, is_trainable=True)
    # At each checkpoint peft looks for the base by this name: on the hub, if it is no folder.
    adapted.peft_config["default"].base_model_name_or_path = str(base.path)
    return adapted


def _save_adapter(model: Any, folder: Path, base_name: str) -> Path:
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    # Asked whether it saves the embeddings too, peft would look the base up on the hub.
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    weights = {name: each.detach().to("cpu", torch.float16).contiguous() for name, each in state.items()}
    _check_finite(weights)
    save_file(weights, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    config = replace(model.peft_config["default"], base_model_name_or_path=base_name, inference_mode=True)
    config.save_pretrained(str(folder))
    _sort_sets(folder / ADAPTER_CONFIG)
    return folder / ADAPTER_WEIGHTS


def _save_whole(model: Any, folder: Path) -> Path:
    import torch

    whole = model.to(torch.bfloat16)
    _check_finite(whole.state_dict())
    whole.save_pretrained(folder, max_shard_size="100GB")
    return folder / FULL_WEIGHTS


def _check_finite(weights: dict[str, Any]) -> None:
    import torch

    for name, each in weights.items():
        if not torch.isfinite(each).all():
            raise TrainingFailed(f"the weight {name} is not finite; lower the learning rate and train again")


def _sort_sets(path: Path) -> None:
    """Write the names of modules in alphabetical order: peft holds them as sets, whose order differs between runs."""
    document = json.loads(path.read_text())
    for key in ("target_modules", "modules_to_save"):
        if isinstance(document.get(key), list):
            document[key].sort()
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
