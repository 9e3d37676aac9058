"""A model in the format of llama.cpp, read back by transformers, which knows it too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers
from gguf import GGUFReader

from shared.errors import ConfigurationError
from tests.tiny_model import build_tiny_model
from worker.benchmark.gguf import KINDS, write_gguf

SCALED = {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}}
TOKENS = torch.tensor([[1, 5, 9, 40, 41, 42, 7, 300]])
ERRORS = {"F16": 0.0005, "BF16": 0.004, "Q8_0": 0.01, "Q4_0": 0.12, "Q4_1": 0.12}
"""How far matrices may be from the exact ones, in relation to their norms."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


def loaded(folder: Path, **origin: str) -> torch.nn.Module:
    model: torch.nn.Module = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **origin)
    return model


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(TOKENS).logits
    return found


def test_floats_come_back_as_they_were(folder: Path, tmp_path: Path) -> None:
    write_gguf(folder, tmp_path / "m.gguf", "F32")
    torch.testing.assert_close(
        logits(loaded(tmp_path, gguf_file="m.gguf")), logits(loaded(folder)), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(("kind", "error"), ERRORS.items())
def test_quantised_weights_come_back_almost_as_they_were(folder: Path, tmp_path: Path, kind: str, error: float) -> None:
    write_gguf(folder, tmp_path / "m.gguf", kind)
    exact = loaded(folder).state_dict()
    for name, weights in loaded(tmp_path, gguf_file="m.gguf").state_dict().items():
        assert (weights - exact[name]).norm() <= error * exact[name].norm(), name


def test_every_kind_says_what_it_is(folder: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        reader = GGUFReader(write_gguf(folder, tmp_path / kind, kind))
        stored = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
        assert stored["blk.0.attn_q.weight"] == kind
        assert stored["output.weight"] == ("Q8_0" if kind.startswith("Q4") else kind)
        assert stored["output_norm.weight"] == "F32"


def test_the_vocabulary_is_that_of_the_tokenizer(folder: Path, tmp_path: Path) -> None:
    fields = GGUFReader(write_gguf(folder, tmp_path / "m.gguf", "Q8_0")).fields
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    names = fields["tokenizer.ggml.tokens"].contents()
    assert tokenizer.convert_tokens_to_ids(names) == list(range(len(tokenizer)))
    assert fields["tokenizer.ggml.eos_token_id"].contents() == tokenizer.eos_token_id
    assert fields["tokenizer.ggml.pre"].contents() == "gpt-2"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (SCALED, r"positions are scaled \(linear\)"),
        ({"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"]}, "architecture is qwen2"),
    ],
)
def test_a_model_of_another_kind_is_refused(folder: Path, tmp_path: Path, changes: dict[str, object], why: str) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = tmp_path / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))
    with pytest.raises(ConfigurationError, match=f"cannot be written as GGUF: its {why}"):
        write_gguf(tmp_path, tmp_path / "m.gguf")
