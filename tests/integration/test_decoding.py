"""Decoding with a real model of transformers: a tiny random one, in float32 on the CPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from transformers import LlamaConfig

from shared.prompts import Prompt
from shared.settings import Settings
from tests.reference_model import LIMIT, decode, decode_all, generated, load, prompts, untouched
from tests.tiny_model import build_tiny_model
from worker.decoder import Decoded, Encoded, Row
from worker.decoding import TransformersDecoder
from worker.engine import Engine
from worker.serving import ServedModel

ASKED = [*prompts(9), *prompts(4, tone="lively and rather longer"), Prompt((), ("user", "no preamble"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def decoder(folder: Path) -> TransformersDecoder:
    return load(folder)


@pytest.fixture(scope="module")
def reference(folder: Path) -> Any:
    """The same model, as transformers runs it."""
    return untouched(folder)


@pytest.fixture(scope="module")
def expected(reference: Any, decoder: TransformersDecoder) -> list[str]:
    """What ``generate`` says to each prompt of ASKED."""
    return [generated(reference, decoder, prompt) for prompt in ASKED]


@pytest.fixture(scope="module")
def encoded(decoder: TransformersDecoder) -> list[Encoded]:
    """The prompts of ASKED in tokens: of two profiles, and one without any."""
    return [decoder.encode(prompt, LIMIT) for prompt in ASKED]


def texts(answers: list[Decoded]) -> list[str]:
    return [answer.text for answer in answers]


def test_a_batch_says_what_generate_says_one_at_a_time(
    decoder: TransformersDecoder, encoded: list[Encoded], expected: list[str]
) -> None:
    assert texts(decode_all(decoder, encoded)) == expected
    assert len(set(expected)) > 10, "the tiny model should not say the same to everyone"


def test_rows_that_share_nothing_are_decoded_right_too(
    decoder: TransformersDecoder, encoded: list[Encoded], expected: list[str]
) -> None:
    whole = [Encoded((), row.shared + row.own) for row in encoded]
    assert texts(decode_all(decoder, whole)) == expected


@hypothesis_settings(max_examples=25, deadline=None)
@given(data=st.data(), size=st.integers(1, 20), prefill_tokens=st.sampled_from([1, 100, 2048]))
def test_rows_say_the_same_whenever_they_join_and_whoever_is_there(
    folder: Path, data: st.DataObject, size: int, prefill_tokens: int
) -> None:
    decoder, known = shared_decoder(folder), known_answers(folder)
    places = data.draw(st.lists(st.integers(0, len(ASKED) - 1), min_size=size, max_size=size))
    limits = data.draw(st.lists(st.integers(1, LIMIT), min_size=size, max_size=size))
    begins = data.draw(st.lists(st.integers(0, 30), min_size=size, max_size=size))
    rows = [Row(decoder.encode(ASKED[place], limit), limit) for place, limit in zip(places, limits, strict=True)]
    decoder.prefill_tokens = prefill_tokens
    for place, limit, answer in zip(places, limits, decode(decoder, rows, begins), strict=True):
        whole = known[place]
        assert answer.new_tokens == min(limit, whole.new_tokens)
        assert whole.text.startswith(answer.text.rstrip("�"))
        assert answer.complete == (whole.complete and whole.new_tokens <= limit)


@cache
def shared_decoder(folder: Path) -> TransformersDecoder:
    """A decoder of its own for the property test, loaded once."""
    return load(folder)


@cache
def known_answers(folder: Path) -> list[Decoded]:
    """Each prompt of ASKED, decoded in a batch of its own."""
    decoder = shared_decoder(folder)
    return [decode_all(decoder, [decoder.encode(prompt, LIMIT)])[0] for prompt in ASKED]


def test_rows_that_are_decoded_alone_say_what_generate_says(folder: Path, expected: list[str]) -> None:
    assert texts(known_answers(folder)) == expected


def test_prompts_that_come_in_over_several_steps_are_decoded_right(
    folder: Path, encoded: list[Encoded], expected: list[str]
) -> None:
    slow = load(folder, prefill_tokens=1)
    answers = decode(slow, [Row(row, LIMIT, variant) for row in encoded for variant in (0, 1)])
    assert texts(answers[::2]) == expected
    assert texts(answers[1::2]) != expected


def test_room_grows_and_shrinks_with_the_rows(
    decoder: TransformersDecoder, encoded: list[Encoded], expected: list[str]
) -> None:
    whole = [Encoded((), row.shared + row.own) for row in encoded]  # some four hundred columns instead of fifty
    rows = [Row(row, LIMIT) for row in (*encoded * 5, *whole, *encoded)]
    begins = [*[0] * 70, *[10] * 14, *[60] * 14]
    assert texts(decode(decoder, rows, begins)) == expected * 7


def test_rows_end_at_different_steps_and_leave_the_others_unharmed(
    decoder: TransformersDecoder, encoded: list[Encoded]
) -> None:
    whole = decode_all(decoder, encoded[:7])
    limits = [3, LIMIT, 1, 9, LIMIT, 5, 2]
    answers = decode(decoder, [Row(*row) for row in zip(encoded[:7], limits, strict=True)])
    for answer, limit, full in zip(answers, limits, whole, strict=True):
        assert answer.new_tokens == min(limit, full.new_tokens)
        assert full.text.startswith(answer.text.rstrip("�"))


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_dropped_rows_leave_the_others_unharmed(
    folder: Path, encoded: list[Encoded], expected: list[str], steps: int
) -> None:
    decoding = load(folder, prefill_tokens=200).start()  # not all rows are in yet when some are dropped
    decoding.join({number: Row(row, LIMIT) for number, row in enumerate(encoded)})
    done: dict[int, Decoded] = {}
    for _ in range(steps):
        done |= decoding.step()
    dropped = {number for number in (0, 3, 4, 13) if number not in done}
    decoding.drop(dropped)
    while len(done) + len(dropped) < len(encoded):
        done |= decoding.step()
    assert {number: answer.text for number, answer in done.items()} == {number: expected[number] for number in done}
    assert not dropped & set(done)


def test_the_preamble_is_computed_once(decoder: TransformersDecoder, encoded: list[Encoded]) -> None:
    decoder.release()
    assert len({row.shared for row in encoded[:9]}) == 1
    assert len(encoded[0].shared) > 100
    first = decoder.preamble_states(encoded[0].shared)
    decode_all(decoder, encoded)
    assert decoder.preamble_states(encoded[1].shared) is first


def test_a_prompt_that_rows_share_is_computed_once_even_when_it_fills_a_step(folder: Path) -> None:
    decoder = load(folder, prefill_tokens=1)
    prompt = decoder.encode(ASKED[0], LIMIT)
    asked: list[int] = []
    forward = decoder._forward

    def counted(tokens: torch.Tensor, *others: Any) -> torch.Tensor:
        asked.append(len(tokens))
        return forward(tokens, *others)

    decoder._forward = counted
    decoding = decoder.start()
    decoding.join({number: Row(prompt, LIMIT, number) for number in range(4)})
    decoding.step()
    assert asked == [len(prompt.own)]


def test_tokens_that_merge_across_the_border_are_not_shared(decoder: TransformersDecoder, folder: Path) -> None:
    prompt = prompts(1)[0]
    changed = load(folder)
    # A template without a border: the preamble's last word and the question's first may become one token.
    changed.tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    encoded = changed.encode(Prompt((("system", "Write the descr"),), ("user", "iption.")), LIMIT)
    assert encoded.shared == ()
    assert decoder.encode(prompt, LIMIT).shared != ()


def test_confidence_is_the_mean_probability_of_the_tokens_under_the_model(
    decoder: TransformersDecoder, reference: Any
) -> None:
    encoded = decoder.encode(prompts(1)[0], LIMIT)
    answer = decode_all(decoder, [encoded], limit=1)[0]
    with torch.inference_mode():
        logits = reference(input_ids=torch.tensor([encoded.shared + encoded.own])).logits[0, -1]
    assert answer.confidence == pytest.approx(float(logits.softmax(-1).max()), rel=1e-4)
    assert answer.new_tokens == 1


def test_sampling_depends_on_seed_and_prompt_but_not_on_the_batch(folder: Path) -> None:
    sampling = load(folder, temperature=1.0, seed=7)
    encoded = [sampling.encode(prompt, LIMIT) for prompt in prompts(6)]
    together = texts(decode_all(sampling, encoded))
    assert together == texts(decode_all(sampling, encoded[::-1]))[::-1]
    assert together == [decode_all(sampling, [row])[0].text for row in encoded]
    assert together == texts(decode(sampling, [Row(row, LIMIT) for row in encoded], [5, 0, 3, 0, 9, 1]))
    other = load(folder, temperature=1.0, seed=8)
    assert together != texts(decode_all(other, encoded))


class Parrot(torch.nn.Module):
    """A model that says a fixed row of tokens again and again, whatever it is asked in three tokens."""

    def __init__(self, decoder: TransformersDecoder, reference: Any, speech: list[int]) -> None:
        super().__init__()
        self.generation_config = reference.generation_config
        self.config = LlamaConfig(**reference.config.to_dict() | {"hidden_act": "gelu"})  # not one that is fused
        self.device, self.dtype = decoder.device_, torch.float32
        self.speech = speech

    def set_attn_implementation(self, name: str) -> None:
        """It pays attention to nothing."""

    def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
        places = others.get("position_ids", torch.arange(input_ids.shape[1])[None])[0] - 2
        kept = others.get("logits_to_keep", torch.arange(len(places)))
        logits = torch.zeros(1, len(kept), self.config.vocab_size)
        for line, place in enumerate(places[kept].tolist()):
            logits[0, line, self.speech[place % len(self.speech)]] = 9
        return type("Output", (), {"logits": logits})


def parrot(decoder: TransformersDecoder, reference: Any, speech: list[int]) -> TransformersDecoder:
    return TransformersDecoder(Parrot(decoder, reference, speech), decoder.tokenizer, Settings(), Path("parrot"))


@pytest.mark.parametrize(("period", "said"), [(1, 36), (5, 45), (12, 36), (20, 60)])
def test_a_row_that_goes_round_in_circles_ends_incomplete(
    decoder: TransformersDecoder, reference: Any, period: int, said: int
) -> None:
    speaker = parrot(decoder, reference, list(range(300, 300 + period)))
    answer = decode_all(speaker, [Encoded((), (1, 2, 3))], limit=200)[0]
    assert (answer.new_tokens, answer.complete) == (said, False)


def test_a_phrase_that_comes_twice_is_no_loop(decoder: TransformersDecoder, reference: Any) -> None:
    phrase = list(range(300, 314))
    speaker = parrot(decoder, reference, [*phrase, *phrase, 5, 6, int(decoder.ends[0])])
    answer = decode_all(speaker, [Encoded((), (1, 2, 3))], limit=200)[0]
    assert (answer.new_tokens, answer.complete) == (31, True)


def test_any_text_can_be_asked_from_many_threads(decoder: TransformersDecoder) -> None:
    texts = ["", "\x00\x07", "日本語のテキスト", "🫖" * 50, "<|im_end|>", "naïve \u202e text", "1" * 500] * 20
    with ThreadPoolExecutor(16) as pool:
        encoded = list(pool.map(lambda text: decoder.encode(Prompt((), ("user", text)), LIMIT), texts))
    assert encoded == [decoder.encode(Prompt((), ("user", text)), LIMIT) for text in texts]


@pytest.mark.parametrize("room", [None, 300], ids=["room for all", "room for a few"])
def test_the_engine_answers_with_a_real_model(folder: Path, expected: list[str], room: int | None) -> None:
    hung: list[str] = []
    engine = Engine(
        load(folder, batch_tokens=room),
        ServedModel(1, "tiny", taught=False),
        linger_ms=5,
        deadline_s=60,
        hang_s=60,
        on_hang=lambda: hung.append("the model hangs"),
    )
    engine.start()
    with ThreadPoolExecutor(14) as pool:
        answers = list(pool.map(lambda prompt: engine.serving().generate(prompt, max_new_tokens=LIMIT)[0], ASKED))
    engine.stop()
    assert [answer.text for answer in answers] == expected
    assert max(answer.batch_size for answer in answers) > 1
    assert not hung


@pytest.mark.parametrize("shares", [True, False], ids=["with a preamble", "without"])
def test_variants_of_a_prompt_begin_from_one_computation_and_differ(decoder: TransformersDecoder, shares: bool) -> None:
    asked = [decoder.encode(prompt, LIMIT) for prompt in prompts(2)]
    encoded = asked if shares else [Encoded((), row.shared + row.own) for row in asked]
    rows = [Row(each, LIMIT, variant) for each in encoded for variant in range(4)]
    first = texts(decode(decoder, rows))
    assert first == texts(decode(decoder, rows, [0, 2, 0, 5, 1, 1, 0, 7])), "a variant is always the same text"
    assert [first[0], first[4]] == texts(decode_all(decoder, encoded)), "variant 0 is greedy"
    assert len(set(first)) > 4
