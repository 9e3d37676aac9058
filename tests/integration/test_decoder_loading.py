"""What the decoder takes from a model's folder, the settings and the machine, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from shared.errors import ConfigurationError, PromptTooLong
from shared.prompts import Prompt
from tests.reference_model import LIMIT, all_logits, decode, load, prompts
from tests.tiny_model import build_tiny_model
from worker import batch
from worker.decoder import OutOfMemory, Row
from worker.decoding import TransformersDecoder, usable_cores
from worker.memory import available


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def decoder(folder: Path) -> TransformersDecoder:
    return load(folder)


def test_a_prompt_that_is_too_long_says_by_how_much(decoder: TransformersDecoder, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PromptTooLong, match=r"has \d+ tokens and 2048 fit"):
        decoder.encode(Prompt((), ("user", "word " * 3000)), LIMIT)
    small = shutil.copytree(folder, tmp_path / "small")
    config = json.loads((small / "config.json").read_text())
    (small / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 100}))
    with pytest.raises(PromptTooLong, match="and 76 fit"):
        load(small).encode(prompts(1)[0], LIMIT)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to"),
    ],
)
def test_a_shortage_of_memory_is_told_from_other_failures(error: RuntimeError) -> None:
    with pytest.raises(OutOfMemory), batch.device_errors():
        raise error
    with pytest.raises(RuntimeError, match="shape"), batch.device_errors():
        raise RuntimeError("shape mismatch")


def test_a_tokenizer_without_a_chat_template_is_refused(folder: Path, tmp_path: Path) -> None:
    plain = shutil.copytree(folder, tmp_path / "plain")
    (plain / "chat_template.jinja").unlink()
    with pytest.raises(ConfigurationError, match="no chat template: use an instruction-tuned model"):
        load(plain)


def test_damaged_weights_are_refused_with_their_folder(folder: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ConfigurationError, match="damaged: the base model cannot be loaded"):
        load(damaged)


def test_a_gpu_that_is_not_there_is_a_configuration_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match="SHELFTALK_DEVICE is cuda"):
        load(folder, device="cuda")


def test_threads_are_the_cores_that_can_be_used() -> None:
    assert 1 <= usable_cores() <= torch.multiprocessing.cpu_count()


def test_bfloat16_is_a_setting(folder: Path, decoder: TransformersDecoder) -> None:
    encoded = [decoder.encode(prompt, LIMIT) for prompt in prompts(9)]
    half = load(folder, dtype="bfloat16")
    answers = decode(half, [Row(row, LIMIT) for row in encoded], list(range(9)))
    assert all(0 < answer.confidence <= 1 and answer.text for answer in answers)
    exact, rounded = (all_logits(each, encoded[0].shared[:64]) for each in (decoder, half))
    assert rounded.dtype == torch.bfloat16
    assert (exact - rounded).abs().mean() < 0.05 * exact.abs().mean()


def test_the_tokens_in_flight_are_a_setting_or_follow_from_free_memory(
    folder: Path, decoder: TransformersDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_BATCH_TOKENS", "1234")
    assert load(folder).capacity == 1234
    column = 2 * 2 * 2 * 16 * 4  # keys and values, layers, heads, width, bytes
    assert 0 < decoder.capacity <= memory_of_the_machine() // (2 * column)


def test_free_memory_is_a_part_of_the_machines() -> None:
    assert 0 < available(torch.device("cpu")) < memory_of_the_machine()


def test_free_memory_is_that_of_the_container_where_pages_of_files_make_room(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert available(torch.device("cpu"), tmp_path) > 5_000_000
    (tmp_path / "memory.max").write_text("9000000\n")
    (tmp_path / "memory.current").write_text("8000000\n")
    (tmp_path / "memory.stat").write_text("anon 3000000\nfile 5000000\ninactive_file 4000000\n")
    assert available(torch.device("cpu"), tmp_path) == 5_000_000


def memory_of_the_machine() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
