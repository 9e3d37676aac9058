"""Training and serving read the same tokens: what a model is taught on is what it will be asked with."""

from typing import Any

import pytest

from shared.checkpoints import BaseModel
from shared.facts import Fact
from shared.profiles import Profile, VoiceExample
from shared.prompts import description_prompt
from shared.settings import Settings
from tests.tiny_model import build_tiny_model
from training.dataset import Example, encoded, end_token, prompt_tokens
from worker.decoding import load_decoder

VOICE = VoiceExample(facts={"title": "Mug"}, text="A mug, and a good one.")


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = build_tiny_model(tmp_path_factory.mktemp("tiny"))
    return load_decoder(BaseModel("tiny", folder, "d" * 64), Settings(device="cpu"))


@pytest.mark.parametrize(
    "profile",
    [
        Profile(name="plain", version="1"),
        Profile(name="voiced", version="1", voice_examples=(VOICE,), tone="warm"),
        Profile(name="german", version="1", locale="de"),
    ],
    ids=lambda profile: profile.name,
)
@pytest.mark.parametrize("title", ["Kettle", "Café <|im_end|> 壶"], ids=["plain", "odd"])
def test_the_prompt_that_is_taught_is_the_prompt_that_is_served(decoder: Any, profile: Profile, title: str) -> None:
    facts = (Fact("title", title), Fact("colour", "red"), Fact("cordless", "yes"))
    example = Example(facts, profile, "The Kettle is red.")
    served = decoder.encode(description_prompt(facts, profile, taught=True), 64)
    assert prompt_tokens(example, decoder.tokenizer) == [*served.shared, *served.own]
    tokens = encoded(example, decoder.tokenizer, 1_000)
    assert tokens is not None
    assert end_token(decoder.tokenizer) in decoder.ends.tolist()
    assert tokens["labels"][-1] == end_token(decoder.tokenizer)
