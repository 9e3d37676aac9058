"""A tiny adapter on a tiny base: merged, put on trial, and swapped in on a running engine."""

from __future__ import annotations

import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from shared.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, Adapter, read_adapter
from shared.checkpoints import BaseModel, resolve_base_model
from shared.errors import ConfigurationError
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import description_prompt
from shared.settings import Settings
from tests.reference_model import all_logits, untouched
from tests.tiny_adapter import build_tiny_adapter, finish_tiny_adapter
from tests.tiny_model import build_tiny_model
from worker.decoding import TransformersDecoder, load_decoder
from worker.engine import Engine
from worker.serving import ServedModel

# peft 0.21 reads a property that transformers 5.23 renames.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

TOKENS = torch.tensor([[5, 60, 7, 80, 9]])
PROMPT = description_prompt([Fact("title", "Kettle")], Profile(name="tiny", version="1"), taught=True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("tiny")
    return Settings(base_model=str(build_tiny_model(folder)), device="cpu")


@pytest.fixture(scope="module")
def base(settings: Settings) -> BaseModel:
    return resolve_base_model(settings)


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=TOKENS).logits[0]
    return found


def served(base: BaseModel, settings: Settings, adapter: Adapter | None = None) -> torch.Tensor:
    """What a worker's decoder makes of TOKENS."""
    return all_logits(load_decoder(base, settings, adapter), TOKENS[0].tolist())


def changed(folder: Path, base: BaseModel, **weights: Any) -> Path:
    """The adapter in a folder after a change to each of its weights, with a manifest that agrees."""
    held = load_file(folder / ADAPTER_WEIGHTS)
    save_file({name: torch.full_like(each, **weights) for name, each in held.items()}, folder / ADAPTER_WEIGHTS)
    return finish_tiny_adapter(folder, base.path)


def test_a_merged_adapter_says_what_the_unmerged_one_does(settings: Settings, base: BaseModel, tmp_path: Path) -> None:
    folder = build_tiny_adapter(tmp_path / "house", base.path)
    merged = served(base, settings, read_adapter(folder))
    plain = AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32)
    untuned = logits(plain)
    unmerged = logits(PeftModel.from_pretrained(plain, str(folder)))
    assert torch.allclose(merged, unmerged, atol=1e-3)
    assert not torch.allclose(untuned, unmerged, atol=0.1)


def test_a_whole_model_from_full_fine_tuning_serves_like_an_adapter(
    settings: Settings, base: BaseModel, tmp_path: Path
) -> None:
    folder = build_tiny_model(tmp_path / "whole")
    held = load_file(folder / "model.safetensors")
    save_file({name: each * 1.5 for name, each in held.items()}, folder / "model.safetensors", {"format": "pt"})
    adapter = read_adapter(finish_tiny_adapter(folder, base.path))
    assert adapter.is_whole_model
    whole = logits(untouched(folder))
    assert torch.allclose(served(base, settings, adapter), whole, atol=1e-3)
    assert not torch.allclose(served(base, settings), whole, atol=0.1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_never_serve(
    settings: Settings, base: BaseModel, tmp_path: Path, value: float
) -> None:
    folder = changed(build_tiny_adapter(tmp_path / "house", base.path), base, fill_value=value)
    with pytest.raises(ConfigurationError, match=r"house/adapter_model\.safetensors: the weight .* is not finite"):
        load_decoder(base, settings, read_adapter(folder))


def test_finite_weights_whose_sum_is_not_never_serve(settings: Settings, base: BaseModel, tmp_path: Path) -> None:
    folder = changed(build_tiny_adapter(tmp_path / "house", base.path), base, fill_value=1e30)
    with pytest.raises(ConfigurationError, match="cannot be merged into its base"):
        load_decoder(base, settings, read_adapter(folder))


def test_weights_that_drown_the_base_fail_the_trial(settings: Settings, base: BaseModel, tmp_path: Path) -> None:
    folder = changed(build_tiny_adapter(tmp_path / "house", base.path), base, fill_value=1e16)
    with pytest.raises(ConfigurationError, match=r"house: .*probabilities are not finite; train it anew"):
        load_decoder(base, settings, read_adapter(folder))


def test_an_adapter_of_another_base_never_serves(settings: Settings, base: BaseModel, tmp_path: Path) -> None:
    folder = build_tiny_adapter(tmp_path / "house", base.path)
    finish_tiny_adapter(folder, base.path, base={"name": "other", "digest": "0", "weights_digest": "f" * 64})
    with pytest.raises(ConfigurationError, match=r"was trained on other \(weights ffffffffffff\), not on"):
        load_decoder(base, settings, read_adapter(folder))


def test_weights_of_other_layers_never_serve(settings: Settings, base: BaseModel, tmp_path: Path) -> None:
    folder = build_tiny_adapter(tmp_path / "house", base.path)
    held = load_file(folder / ADAPTER_WEIGHTS)
    held.pop(next(iter(held)))
    save_file(held, folder / ADAPTER_WEIGHTS)
    finish_tiny_adapter(folder, base.path)
    with pytest.raises(ConfigurationError, match="1 weights do not match its configuration"):
        load_decoder(base, settings, read_adapter(folder))


def test_a_broken_configuration_never_serves(settings: Settings, base: BaseModel, tmp_path: Path) -> None:
    folder = build_tiny_adapter(tmp_path / "house", base.path)
    document = json.loads((folder / ADAPTER_CONFIG).read_text())
    (folder / ADAPTER_CONFIG).write_text(json.dumps(document | {"peft_type": "NEW"}))
    finish_tiny_adapter(folder, base.path)
    with pytest.raises(ConfigurationError, match="cannot be merged into its base"):
        load_decoder(base, settings, read_adapter(folder))


def test_a_template_that_refuses_our_prompt_fails_the_trial(
    settings: Settings, base: BaseModel, tmp_path: Path
) -> None:
    folder = build_tiny_adapter(tmp_path / "house", base.path)
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    (folder / "chat_template.jinja").write_text(template)
    finish_tiny_adapter(folder, base.path)
    with pytest.raises(ConfigurationError, match="failed on a trial product: no system role"):
        load_decoder(base, settings, read_adapter(folder))


def test_a_running_engine_swaps_to_the_merged_model_and_frees_the_base(
    settings: Settings, base: BaseModel, tmp_path: Path
) -> None:
    adapter = read_adapter(build_tiny_adapter(tmp_path / "house", base.path))
    plain, tuned = load_decoder(base, settings), load_decoder(base, settings, adapter)
    expected = [_said_alone(decoder) for decoder in (plain, tuned)]
    assert expected[0] != expected[1]
    gone = weakref.ref(plain)
    hung: list[str] = []
    engine = Engine(
        plain,
        ServedModel(1, "tiny", taught=False),
        linger_ms=1,
        deadline_s=60,
        hang_s=60,
        on_hang=lambda: hung.append("the model hangs"),
    )
    engine.start()
    del plain
    views = [engine.serving()] * 6
    engine.swap(tuned, ServedModel(2, "house", taught=True))
    views += [engine.serving()] * 6
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda view: view.generate(PROMPT, max_new_tokens=12)[0].text, views))
    del views
    engine.serving().generate(PROMPT, max_new_tokens=1)
    assert said == [expected[0]] * 6 + [expected[1]] * 6
    assert gone() is None
    engine.stop()
    assert not hung


def _said_alone(decoder: TransformersDecoder) -> str:
    engine = Engine(
        decoder,
        ServedModel(0, "", taught=False),
        linger_ms=0,
        deadline_s=60,
        hang_s=60,
        on_hang=lambda: None,
    )
    engine.start()
    (answer,) = engine.serving().generate(PROMPT, max_new_tokens=12)
    engine.stop()
    return answer.text
