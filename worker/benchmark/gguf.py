"""A model in the file format of llama.cpp, so that llama.cpp serves the very weights that we serve.

GGUF is described at https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Models of Llama's architecture are
known, with a byte-level BPE tokenizer: the default base is one. Needs the package ``gguf``, which comes with the extra
``model``; the quantisation is its own, and gives the same bytes as that of ``llama-quantize`` for these kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError

KINDS = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1")
"""How weights are stored: as floats, or as integers of 8 or 4 bits in blocks of 32 with a scale of their own (Q4_1:
with an offset too). The kinds with larger blocks do not fit the 576 columns of the default base."""

_ARCHITECTURE = "llama"
_VOCABULARY = ("token_embd.weight", "output.weight")


def write_gguf(folder: Path, path: Path, kind: str = "Q8_0") -> Path:
    """Write a whole model in Hugging Face layout as a file of llama.cpp, and return its path.

    Matrices are stored as ``kind``, vectors as floats. With four bits the embedding and the vocabulary
    projection (often the same) keep eight: `llama-quantize` does so for the default base as well.

    Args:
        folder: the model, with its adapter merged into it.
        path: the file to write.
        kind: one of :data:`KINDS`.

    Raises:
        ConfigurationError: when the architecture, its positions or the tokenizer are of another kind.
    """
    import torch
    from gguf import GGUFWriter
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    _check(folder, model.config, tokenizer)
    writer = GGUFWriter(path, _ARCHITECTURE)
    _add_shape(writer, model.config, kind)
    _add_vocabulary(writer, tokenizer, model.config)
    for name, weights in _tensors(model):
        _add_tensor(writer, name, weights, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _check(folder: Path, config: Any, tokenizer: Any) -> None:
    why = None
    if config.model_type != _ARCHITECTURE:
        why = f"its architecture is {config.model_type}"
    elif config.rope_parameters["rope_type"] != "default":
        why = f"its positions are scaled ({config.rope_parameters['rope_type']})"
    elif _parts(tokenizer)["model"]["type"] != "BPE":
        why = f"its tokenizer is {_parts(tokenizer)['model']['type']}"
    if why is not None:
        raise ConfigurationError(
            f"{folder}: cannot be written as GGUF: {why}, and only plain Llama "
            "models with a BPE tokenizer can; use convert_hf_to_gguf.py of llama.cpp, or leave llama.cpp out"
        )


def _add_shape(writer: Any, config: Any, kind: str) -> None:
    from gguf import GGML_QUANT_VERSION, LlamaFileType

    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(LlamaFileType["ALL_F32" if kind == "F32" else f"MOSTLY_{kind}"])
    writer.add_quantization_version(GGML_QUANT_VERSION)


def _add_vocabulary(writer: Any, tokenizer: Any, config: Any) -> None:
    """Tokens, merges and the token that ends an answer."""
    from gguf import TokenType

    added = tokenizer.added_tokens_decoder
    names = {number: token for token, number in tokenizer.get_vocab().items()}
    tokens, kinds = [], []
    for number in range(config.vocab_size):
        tokens.append(names.get(number, f"[PAD{number}]"))
        if number not in names:
            kinds.append(TokenType.UNUSED)
        elif number in added:
            kinds.append(TokenType.CONTROL if added[number].special else TokenType.USER_DEFINED)
        else:
            kinds.append(TokenType.NORMAL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitting(tokenizer))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([_merge(pair) for pair in _parts(tokenizer)["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(tokenizer.chat_template)


def _splitting(tokenizer: Any) -> str:
    """llama.cpp's name for how text is cut before it is merged. Prompts that are sent as tokens do not need it."""
    before = _parts(tokenizer).get("pre_tokenizer") or {}
    steps = [step["type"] for step in before.get("pretokenizers", [before])]
    return "smollm" if "Digits" in steps else "gpt-2"


def _merge(pair: str | list[str]) -> str:
    return pair if isinstance(pair, str) else " ".join(pair)


def _parts(tokenizer: Any) -> Mapping[str, Any]:
    parts: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return parts


def _tensors(model: Any) -> Iterator[tuple[str, Any]]:
    """All weights as arrays in float32, by the names that llama.cpp has for them."""
    from gguf import MODEL_ARCH, get_tensor_name_map

    config = model.config
    names = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue  # llama.cpp takes the embedding then
        weights = tensor.detach().float().cpu().numpy()
        if ".q_proj." in name:
            weights = _interleaved(weights, config.num_attention_heads)
        elif ".k_proj." in name:
            weights = _interleaved(weights, config.num_key_value_heads)
        known = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if known is None:
            raise ConfigurationError(f"{name}: llama.cpp knows no such weight of a Llama model; leave llama.cpp out")
        yield known, weights


def _interleaved(weights: Any, heads: int) -> Any:
    """Rows of a query or key projection in llama.cpp's order.

    transformers turns row i of a head together with row i + half of it; llama.cpp turns neighbours, 2i with 2i + 1
    (Su et al. 2021, "RoFormer", section 3.4.2, has the latter).
    """
    half = weights.shape[0] // heads // 2
    return weights.reshape(heads, 2, half, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def _add_tensor(writer: Any, name: str, weights: Any, kind: str) -> None:
    from gguf import GGMLQuantizationType, quants

    if weights.ndim == 1:
        stored = GGMLQuantizationType.F32
    elif name in _VOCABULARY and kind.startswith("Q4"):
        stored = GGMLQuantizationType.Q8_0
    else:
        stored = GGMLQuantizationType[kind]
    writer.add_tensor(name, quants.quantize(weights, stored), raw_dtype=stored)
