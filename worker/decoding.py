"""Loading a language model with transformers, and its side of the engine's ``Decoder``.

This module and ``worker.batch`` import torch, which takes seconds: import them inside the function that starts a
generating worker, never at the top of a module.

The loop is our own instead of ``model.generate``: rows join and leave the batch between two steps, where the engine
also looks after deadlines, progress and single rows; the preamble that all products of a profile share is computed once
and kept once; nothing is padded; and on a CPU the weights are laid out for its matrix products.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
import transformers
from jinja2 import TemplateError
from safetensors import SafetensorError
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from shared.adapters import Adapter, check_fit
from shared.checkpoints import BaseModel
from shared.errors import ConfigurationError, PromptTooLong
from shared.prompts import Prompt, as_text
from shared.settings import Settings
from worker.attention import NAME, KeysValues, Step, Store
from worker.batch import Batch, device_errors
from worker.decoder import DeviceLost, Encoded, OutOfMemory
from worker.fused import FusedModel, is_fusible
from worker.memory import available
from worker.merging import check_answer, check_finite, merged
from worker.packing import pack

MAX_PROMPT_TOKENS = 2048
SAMPLE_TOKENS = 16
"""A model that runs through its own modules must say the same of so many tokens with our attention and without."""

PREAMBLES = 8
"""How many preambles' keys and values are kept: about 15 MB each for the default model in float32."""

Forward = Callable[[torch.Tensor, torch.Tensor, Step, torch.Tensor], torch.Tensor]
"""Tokens, positions, where they belong, and after which of them the logits are wanted; see ``FusedModel.logits``."""

_UNSERVED = "models do not work with attention that is not their own: use a model like Llama"
_ORIGIN: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def load_decoder(base: BaseModel, settings: Settings, adapter: Adapter | None = None) -> TransformersDecoder:
    """Load a model to decode with: in bfloat16 on a GPU and in float32 on a CPU, unless the settings say otherwise.

    An adapter is merged into the base's weights, so that it costs nothing per token, and must then pass a trial: see
    :mod:`worker.merging`. Only safetensors are read, only from the folders given, and no code that comes with a model
    is run.

    Raises:
        ConfigurationError: when the model cannot be loaded, has no chat template, the device is not there, or the
            adapter is of another base, damaged, or fails its trial.
    """
    device = _device(settings)
    if device.type == "cpu":
        torch.set_num_threads(usable_cores())
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with device_errors():
            model, tokenizer = _loaded(base.path, "the base model") if adapter is None else _adapted(base, adapter)
            model = model.to(device, _dtype(settings, device)).eval()
            decoder = TransformersDecoder(model, tokenizer, settings, base.path)
    except (OutOfMemory, DeviceLost, MemoryError) as error:
        raise ConfigurationError(f"{base.path}: the {device.type} has no room for the model: {error}") from error
    if adapter is not None:
        check_answer(decoder, adapter)
    return decoder


def _adapted(base: BaseModel, adapter: Adapter) -> tuple[Any, Any]:
    """The model that an adapter makes of its base, and the tokenizer that it was taught with."""
    check_fit(adapter, base)
    check_finite(adapter)
    if adapter.is_whole_model:
        return _loaded(adapter.path, "the fine-tuned model")
    model, _ = _loaded(base.path, "the base model")
    return merged(model, adapter), _tokenizer(adapter.path)


def _loaded(folder: Path, what: str) -> tuple[Any, Any]:
    try:
        # In float32 even for a GPU: an adapter is merged without loss, and with any other dtype transformers would
        # change torch's default one for all threads while a model is loaded beside one that serves.
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, **_ORIGIN
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ConfigurationError(f"{folder}: {what} cannot be loaded: {error}") from error
    return model, _tokenizer(folder)


def _tokenizer(folder: Path) -> Any:
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **_ORIGIN)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{folder}: the tokenizer cannot be loaded: {error}") from error
    if not tokenizer.chat_template:
        raise ConfigurationError(f"{folder}: the tokenizer has no chat template: use an instruction-tuned model")
    return tokenizer


def _device(settings: Settings) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if settings.device == "cuda" and not has_gpu:
        raise ConfigurationError("SHELFTALK_DEVICE is cuda, but torch sees no GPU here: set it to auto or cpu")
    return torch.device("cuda" if has_gpu and settings.device != "cpu" else "cpu")


def _dtype(settings: Settings, device: torch.device) -> torch.dtype:
    if settings.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32


def usable_cores() -> int:
    """The physical cores that this process may use, within its CPU affinity and its container's quota.

    Two hardware threads of one core count once: they share its arithmetic units, and matrix products fill those alone.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        cores.add(siblings.read_text() if siblings.exists() else str(cpu))
    quota = Path("/sys/fs/cgroup/cpu.max")  # cgroup v2: "max 100000" or "<microseconds> <per microseconds>"
    limit, _, period = quota.read_text().partition(" ") if quota.exists() else ("max", "", "")
    return len(cores) if limit == "max" else max(1, min(len(cores), int(limit) // int(period)))


class TransformersDecoder:
    """A causal language model of transformers as a ``Decoder``. It takes the model over: see ``FusedModel``."""

    def __init__(self, model: Any, tokenizer: Any, settings: Settings, source: Path) -> None:
        self.tokenizer = tokenizer
        self.temperature = settings.temperature
        self.seed = settings.seed
        self.prefill_tokens = settings.prefill_tokens
        self.device_ = model.device
        ends = _end_tokens(model, tokenizer)
        self.ends = torch.tensor(ends, device=model.device)
        self._context = _context(model, source)
        # Half of what is free: the rest is for a step's own tensors, and for another model while it is swapped in.
        self.capacity = settings.batch_tokens or max(1, available(model.device) // (2 * _column_bytes(model)))
        self._forward = _forward_of(model, source)
        # Caches of functions, not of own methods: a decoder in a cycle would keep its memory after its last answer.
        self._preamble_tokens = lru_cache(maxsize=64)(partial(_render_preamble, tokenizer))
        self._preamble_states = lru_cache(maxsize=PREAMBLES)(partial(_compute_preamble, self._forward, model.device))

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self.device_)

    def encode(self, prompt: Prompt, max_new_tokens: int) -> Encoded:
        """A prompt in tokens, divided after the preamble where the tokens allow that.

        Raises:
            PromptTooLong: when the prompt has over 2048 tokens, or leaves no room for the answer in the context.
        """
        tokens = _tokens(self.tokenizer, as_text(prompt.messages, self.tokenizer, answer_follows=True))
        room = min(MAX_PROMPT_TOKENS, self._context - max_new_tokens)
        if len(tokens) > room:
            raise PromptTooLong(f"the prompt has {len(tokens)} tokens and {room} fit: shorten the product's attributes")
        shared = self._preamble_tokens(prompt.preamble)
        # Tokens may merge across the border, and a template may look ahead: then the prompt shares nothing.
        if len(shared) < len(tokens) and tokens[: len(shared)] == shared:
            return Encoded(shared, tokens[len(shared) :])
        return Encoded((), tokens)

    def start(self) -> Batch:
        """Begin a batch that rows can join."""
        return Batch(self)

    def logits(self, tokens: torch.Tensor, positions: torch.Tensor, step: Step, kept: torch.Tensor) -> torch.Tensor:
        """The logits ``(kept, vocabulary)`` after the tokens of a step that ``kept`` names."""
        return self._forward(tokens, positions, step, kept)

    def release(self) -> None:
        """Forget the preambles' states, and give the device's free memory back."""
        self._preamble_states.cache_clear()
        if self.device_.type == "cuda":
            torch.cuda.empty_cache()

    def text(self, tokens: Sequence[int]) -> str:
        """Tokens as text, without special ones."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def preamble_states(self, tokens: tuple[int, ...]) -> list[KeysValues]:
        """The keys and values of a preamble, one pair per layer, computed once."""
        return self._preamble_states(tokens)


def _forward_of(model: Any, source: Path) -> Forward:
    """How a model is run: in large operations where its kind allows that, else through its own modules.

    Raises:
        ConfigurationError: when its modules do not compute the same with our attention, or do not let it in.
    """
    if is_fusible(model):
        return FusedModel(model).logits
    sample = torch.arange(SAMPLE_TOKENS, device=model.device)
    with torch.inference_mode():
        expected = model(input_ids=sample[None], use_cache=False).logits[0]
    pack(model)
    model.set_attn_implementation(NAME)
    unused = torch.zeros(1, 1, 1, 1, device=model.device)  # a mask of four dimensions is not made anew

    def logits(tokens: torch.Tensor, positions: torch.Tensor, step: Step, kept: torch.Tensor) -> torch.Tensor:
        inputs = {"input_ids": tokens[None], "position_ids": positions[None], "attention_mask": unused}
        output: torch.Tensor = model(**inputs, use_cache=False, logits_to_keep=kept, step=step).logits[0]
        return output

    try:
        with torch.inference_mode():
            found = logits(sample, sample, _alone(sample), sample)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{source}: {model.config.model_type} {_UNSERVED}: {error}") from error
    if bool((found - expected).abs().max() > expected.abs().max() / 10):  # rounding in bfloat16 stays far below
        raise ConfigurationError(f"{source}: {model.config.model_type} {_UNSERVED}")
    return logits


def _alone(columns: torch.Tensor) -> Step:
    """A step of one prompt, whose tokens stand at these columns, all of them."""
    store = Store()
    store.reserve(1, len(columns))
    return Step(store, torch.zeros_like(columns), columns, prompts=[len(columns)])


def _compute_preamble(forward: Forward, device: torch.device, tokens: tuple[int, ...]) -> list[KeysValues]:
    columns = torch.arange(len(tokens), device=device)
    step = _alone(columns)
    forward(torch.tensor(tokens, device=device), columns, step, columns[-1:])
    return step.store.row(len(tokens))


def _context(model: Any, source: Path) -> int:
    """The most tokens of prompt and answer together. Within its window a sliding layer sees all, as any other does.

    Raises:
        ConfigurationError: when layers keep a running state instead of keys and values.
    """
    config = model.config.get_text_config(decoder=True)
    kinds = {type(layer) for layer in DynamicCache(config=model.config).layers}
    if foreign := kinds - {DynamicLayer, DynamicSlidingWindowLayer}:
        names = ", ".join(sorted(kind.__name__ for kind in foreign))
        raise ConfigurationError(f"{source}: layers of this kind are not served ({names}): use a model with attention")
    context = int(getattr(config, "max_position_embeddings", MAX_PROMPT_TOKENS))
    if DynamicSlidingWindowLayer in kinds:
        return min(context, int(config.sliding_window))
    return context


def _column_bytes(model: Any) -> int:
    """What the keys and values of one token take."""
    config = model.config.get_text_config(decoder=True)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * width * model.dtype.itemsize)


def _render_preamble(tokenizer: Any, preamble: tuple[tuple[str, str], ...]) -> tuple[int, ...]:
    messages = [{"role": role, "content": content} for role, content in preamble]
    try:
        return _tokens(tokenizer, as_text(messages, tokenizer, answer_follows=False)) if messages else ()
    except TemplateError:  # some templates refuse a conversation in which no user has spoken
        return ()


def _tokens(tokenizer: Any, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: those that the model is configured with, and what the template puts after one."""
    configured = model.generation_config.eos_token_id
    ends = {tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])}
    exchange = [{"role": "user", "content": "question"}, {"role": "assistant", "content": "ANSWER"}]
    after = as_text(exchange, tokenizer, answer_follows=False).rpartition("ANSWER")[2].strip()
    first = tokenizer(after, add_special_tokens=False)["input_ids"][:1]
    ends.update(token for token in first if token in tokenizer.added_tokens_decoder)
    return sorted(int(token) for token in ends if token is not None)
