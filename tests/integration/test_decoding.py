"""Decoding with a real model of transformers: a tiny random one, in float32 on the CPU."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from shared.checkpoints import resolve_base_model
from shared.errors import ConfigurationError, PromptTooLong
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import Prompt, as_text, description_prompt
from shared.settings import Settings
from tests.tiny_model import build_tiny_model
from worker import batch
from worker.decoder import Decoded, Encoded, OutOfMemory, Row
from worker.decoding import TransformersDecoder, load_decoder, usable_cores
from worker.engine import Engine
from worker.serving import ServedModel

LIMIT = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def decoder(folder: Path) -> TransformersDecoder:
    return load(folder)


def load(folder: Path, **changes: Any) -> TransformersDecoder:
    settings = Settings(base_model=str(folder), device="cpu", **changes)
    return load_decoder(resolve_base_model(settings), settings)


def prompts(count: int, tone: str = "plain") -> list[Prompt]:
    """Prompts of one profile with questions of different lengths."""
    names = ["title", "brand", "material", "color", "weight", "height", "power"]
    return [
        description_prompt(
            [Fact(name, f"{name} {number} of it") for name in names[: 1 + number % len(names)]],
            Profile(name="tiny", version="1", tone=tone),
        )
        for number in range(count)
    ]


def decode(decoder: TransformersDecoder, encoded: list[Encoded], limit: int = LIMIT) -> list[Decoded]:
    decoding = decoder.start([Row(row, limit) for row in encoded])
    done: dict[int, Decoded] = {}
    while len(done) < len(encoded):
        done |= decoding.step()
    return [done[row] for row in range(len(encoded))]


def by_transformers(decoder: TransformersDecoder, prompt: Prompt) -> str:
    """What ``model.generate`` says greedily, for one prompt alone."""
    text = as_text(prompt.messages, decoder.tokenizer, answer_follows=True)
    tokens = decoder.tokenizer(text, add_special_tokens=False, return_tensors="pt")
    output = decoder.model.generate(
        **tokens, max_new_tokens=LIMIT, do_sample=False, eos_token_id=decoder.ends.tolist(), pad_token_id=decoder.pad
    )
    return decoder.text(output[0, tokens["input_ids"].shape[1] :].tolist())


def test_a_batch_says_what_generate_says_one_at_a_time(decoder: TransformersDecoder) -> None:
    asked = [*prompts(9), *prompts(4, tone="lively and rather longer"), Prompt((), ("user", "no preamble"))]
    answers = decode(decoder, [decoder.encode(prompt, LIMIT) for prompt in asked])
    assert [answer.text for answer in answers] == [by_transformers(decoder, prompt) for prompt in asked]
    assert len({answer.text for answer in answers}) > 5, "the tiny model should not say the same to everyone"


def test_rows_that_share_nothing_are_decoded_right_too(decoder: TransformersDecoder) -> None:
    asked = prompts(5)
    whole = [Encoded((), row.shared + row.own) for row in (decoder.encode(prompt, LIMIT) for prompt in asked)]
    assert [row.text for row in decode(decoder, whole)] == [by_transformers(decoder, prompt) for prompt in asked]


def test_rows_end_at_different_steps_and_leave_the_others_unharmed(decoder: TransformersDecoder) -> None:
    encoded = [decoder.encode(prompt, LIMIT) for prompt in prompts(7)]
    alone = [decode(decoder, [row])[0] for row in encoded]
    limits = [3, LIMIT, 1, 9, LIMIT, 5, 2]
    decoding = decoder.start([Row(*row) for row in zip(encoded, limits, strict=True)])
    done: dict[int, Decoded] = {}
    while len(done) < len(encoded):
        done |= decoding.step()
    for row, limit in enumerate(limits):
        assert done[row].new_tokens == min(limit, alone[row].new_tokens)
        assert alone[row].text.startswith(done[row].text.rstrip("�"))


def test_dropped_rows_leave_the_others_unharmed(decoder: TransformersDecoder) -> None:
    encoded = [decoder.encode(prompt, LIMIT) for prompt in prompts(6)]
    whole = decode(decoder, encoded)
    decoding = decoder.start([Row(row, LIMIT) for row in encoded])
    done = dict(decoding.step())
    dropped = {row for row in (0, 3, 4) if row not in done}
    decoding.drop(dropped)
    while len(done) + len(dropped) < len(encoded):
        done |= decoding.step()
    assert {row: answer.text for row, answer in done.items()} == {row: whole[row].text for row in done}
    assert not dropped & set(done)


def test_the_preamble_is_computed_once(decoder: TransformersDecoder) -> None:
    decoder.release()
    encoded = [decoder.encode(prompt, LIMIT) for prompt in prompts(3)]
    assert len({row.shared for row in encoded}) == 1
    assert len(encoded[0].shared) > 100
    first = decoder.preamble_states(encoded[0].shared)
    decode(decoder, encoded)
    assert decoder.preamble_states(encoded[1].shared) is first


def test_tokens_that_merge_across_the_border_are_not_shared(decoder: TransformersDecoder, folder: Path) -> None:
    prompt = prompts(1)[0]
    changed = load(folder)
    # A template without a border: the preamble's last word and the question's first may become one token.
    changed.tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    encoded = changed.encode(Prompt((("system", "Write the descr"),), ("user", "iption.")), LIMIT)
    assert encoded.shared == ()
    assert decoder.encode(prompt, LIMIT).shared != ()


def test_confidence_is_the_mean_probability_of_the_tokens_under_the_model(decoder: TransformersDecoder) -> None:
    encoded = decoder.encode(prompts(1)[0], LIMIT)
    answer = decode(decoder, [encoded], limit=1)[0]
    with torch.inference_mode():
        logits = decoder.model(input_ids=torch.tensor([encoded.shared + encoded.own])).logits[0, -1]
    assert answer.confidence == pytest.approx(float(logits.softmax(-1).max()), rel=1e-4)
    assert answer.new_tokens == 1


def test_sampling_depends_on_seed_and_prompt_but_not_on_the_batch(folder: Path) -> None:
    sampling = load(folder, temperature=1.0, seed=7)
    encoded = [sampling.encode(prompt, LIMIT) for prompt in prompts(6)]
    together = [row.text for row in decode(sampling, encoded)]
    assert together == [row.text for row in decode(sampling, encoded[::-1])][::-1]
    assert together == [decode(sampling, [row])[0].text for row in encoded]
    other = load(folder, temperature=1.0, seed=8)
    assert together != [row.text for row in decode(other, encoded)]


class Parrot(torch.nn.Module):
    """A model that says a fixed row of tokens again and again, whatever it is asked."""

    def __init__(self, decoder: TransformersDecoder, speech: list[int]) -> None:
        super().__init__()
        self.config, self.generation_config = decoder.model.config, decoder.model.generation_config
        self.device, self.vocabulary = decoder.model.device, decoder.model.config.vocab_size
        self.speech, self.said = speech, 0

    def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
        logits = torch.zeros(len(input_ids), 1, self.vocabulary)
        logits[:, :, self.speech[self.said % len(self.speech)]] = 9
        self.said += 1
        return type("Output", (), {"logits": logits})


@pytest.mark.parametrize(("period", "said"), [(1, 36), (5, 45), (12, 36), (20, 60)])
def test_a_row_that_goes_round_in_circles_ends_incomplete(decoder: TransformersDecoder, period: int, said: int) -> None:
    parrot = TransformersDecoder(Parrot(decoder, list(range(300, 300 + period))), decoder.tokenizer, 0, 0)
    answer = decode(parrot, [Encoded((), (1, 2, 3))], limit=200)[0]
    assert (answer.new_tokens, answer.complete) == (said, False)


def test_a_phrase_that_comes_twice_is_no_loop(decoder: TransformersDecoder) -> None:
    phrase = list(range(300, 314))
    parrot = TransformersDecoder(
        Parrot(decoder, [*phrase, *phrase, 5, 6, int(decoder.ends[0])]), decoder.tokenizer, 0, 0
    )
    answer = decode(parrot, [Encoded((), (1, 2, 3))], limit=200)[0]
    assert (answer.new_tokens, answer.complete) == (31, True)


def test_a_prompt_that_is_too_long_says_by_how_much(decoder: TransformersDecoder, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PromptTooLong, match=r"has \d+ tokens and 2048 fit"):
        decoder.encode(Prompt((), ("user", "word " * 3000)), LIMIT)
    small = shutil.copytree(folder, tmp_path / "small")
    config = json.loads((small / "config.json").read_text())
    (small / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 100}))
    with pytest.raises(PromptTooLong, match="and 76 fit"):
        load(small).encode(prompts(1)[0], LIMIT)


def test_any_text_can_be_asked_from_many_threads(decoder: TransformersDecoder) -> None:
    texts = ["", "\x00\x07", "日本語のテキスト", "🫖" * 50, "<|im_end|>", "naïve \u202e text", "1" * 500] * 20
    with ThreadPoolExecutor(16) as pool:
        encoded = list(pool.map(lambda text: decoder.encode(Prompt((), ("user", text)), LIMIT), texts))
    assert encoded == [decoder.encode(Prompt((), ("user", text)), LIMIT) for text in texts]


def test_the_engine_answers_with_a_real_model(decoder: TransformersDecoder) -> None:
    hung: list[str] = []
    engine = Engine(
        decoder,
        ServedModel(1, "tiny", taught=False),
        batch_size=4,
        linger_ms=5,
        deadline_s=60,
        hang_s=60,
        on_hang=lambda: hung.append("the model hangs"),
    )
    engine.start()
    asked = prompts(12)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda prompt: engine.serving().generate(prompt, max_new_tokens=LIMIT)[0], asked))
    engine.stop()
    assert [answer.text for answer in answers] == [by_transformers(decoder, prompt) for prompt in asked]
    assert max(answer.batch_size for answer in answers) > 1
    assert not hung


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
    settings = Settings(base_model=str(folder), device="cuda")
    with pytest.raises(ConfigurationError, match="SHELFTALK_DEVICE is cuda"):
        load_decoder(resolve_base_model(settings), settings)


def test_threads_are_the_cores_that_can_be_used() -> None:
    assert 1 <= usable_cores() <= torch.multiprocessing.cpu_count()


@pytest.mark.parametrize("shares", [True, False], ids=["with a preamble", "without"])
def test_variants_of_a_prompt_begin_from_one_computation_and_differ(decoder: TransformersDecoder, shares: bool) -> None:
    asked = [decoder.encode(prompt, LIMIT) for prompt in prompts(2)]
    encoded = asked if shares else [Encoded((), row.shared + row.own) for row in asked]
    rows = [Row(each, LIMIT, variant) for each in encoded for variant in range(4)]
    first, again = (_decode_rows(decoder, rows) for _ in range(2))
    assert first == again, "a variant is always the same text"
    assert [first[0], first[4]] == [answer.text for answer in decode(decoder, encoded)], "variant 0 is greedy"
    assert len(set(first)) > 4


def _decode_rows(decoder: TransformersDecoder, rows: list[Row]) -> list[str]:
    decoding = decoder.start(rows)
    done: dict[int, Decoded] = {}
    while len(done) < len(rows):
        done |= decoding.step()
    return [done[row].text for row in range(len(rows))]
