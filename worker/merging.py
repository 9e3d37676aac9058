"""An adapter on its base: checked, merged into the weights, and put on trial before it serves. Imports torch.

Checksums say that the files are those that training wrote; the trial says that they are a model that writes. What a
failed check raises is a ConfigurationError, and the model that serves goes on.
"""

from __future__ import annotations

import math
import re
import warnings
from typing import TYPE_CHECKING, Any

import torch
from jinja2 import TemplateError
from safetensors import SafetensorError, safe_open

from shared.adapters import Adapter
from shared.errors import ConfigurationError, PromptTooLong
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import description_prompt, is_taught
from worker.decoder import Decoded, DeviceLost, OutOfMemory, Row

if TYPE_CHECKING:
    from worker.decoding import TransformersDecoder

TRIAL = (Fact("title", "Kettle"), Fact("brand", "Norrland"), Fact("material", "steel"), Fact("capacity", "1.7 l"))
"""The product that every adapter describes once before it serves."""

TRIAL_TOKENS = 60

_FAULTS = (RuntimeError, ValueError, IndexError, ArithmeticError, TemplateError)
_TRAIN = "train it anew with `shelftalk train`"
_WORD = re.compile(r"[^\W\d_]{2,}")


def check_finite(adapter: Adapter) -> None:
    """Make sure that each weight of an adapter is a number.

    Raises:
        ConfigurationError: naming the file and the first tensor that is not, or a file that is not readable.
    """
    for path in sorted(adapter.path / name for name in adapter.manifest["files"] if name.endswith(".safetensors")):
        try:
            with safe_open(path, framework="pt") as weights:
                for name in weights.keys():  # noqa: SIM118  (it is no mapping)
                    if not torch.isfinite(weights.get_tensor(name)).all():
                        raise ConfigurationError(f"{path}: the weight {name} is not finite; {_TRAIN}")
        except (OSError, SafetensorError) as error:
            raise ConfigurationError(f"{path}: cannot be read as safetensors: {error}; {_TRAIN}") from error


def merged(model: Any, adapter: Adapter) -> Any:
    """The model with an adapter's changes added to its weights. ``model`` is changed.

    Raises:
        ConfigurationError: when the adapter does not fit onto the model, or a sum is not finite.
    """
    from peft import PeftConfig, PeftModel

    try:
        config = PeftConfig.from_pretrained(str(adapter.path))
        config.inference_mode = True
        with warnings.catch_warnings():  # peft asks transformers by a name that it gives up
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
            adapted = PeftModel(model, config)
        result = adapted.load_adapter(str(adapter.path), "default")
        if odd := [*result.missing_keys, *result.unexpected_keys]:
            raise ValueError(f"{len(odd)} weights do not match its configuration, such as {odd[0]}")
        return adapted.merge_and_unload(safe_merge=True)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        raise ConfigurationError(
            f"{adapter.path}: the adapter cannot be merged into its base: {' '.join(str(error).split())}; {_TRAIN}"
        ) from error


def check_answer(decoder: TransformersDecoder, adapter: Adapter) -> None:
    """Have the model describe one product in the form that the adapter was taught.

    Raises:
        ConfigurationError: when it fails, its probabilities are no numbers, or its answer holds no words.
    """
    prompt = description_prompt(TRIAL, Profile(name="trial", version="1"), taught=is_taught(adapter.prompt_version))
    try:
        answer = _answer(decoder, Row(decoder.encode(prompt, TRIAL_TOKENS), TRIAL_TOKENS))
    except (*_FAULTS, OutOfMemory, DeviceLost, PromptTooLong) as error:
        raise ConfigurationError(f"{adapter.path}: the model failed on a trial product: {error}; {_TRAIN}") from error
    if not math.isfinite(answer.confidence):
        raise ConfigurationError(f"{adapter.path}: the model's probabilities are not finite; {_TRAIN}")
    if not _WORD.search(answer.text):
        raise ConfigurationError(f"{adapter.path}: wrote no words of a trial product, but {answer.text!r}; {_TRAIN}")


def _answer(decoder: TransformersDecoder, row: Row) -> Decoded:
    decoding = decoder.start()
    decoding.join({0: row})
    while not (ended := decoding.step()):
        pass
    decoder.release()
    return ended[0]
