"""Which base models write the languages of the profiles, and what people are told where one does not."""

from __future__ import annotations

import pytest

from shared.languages import FAMILIES, foreign, unspoken, written_by
from shared.profiles import Profile

ENGLISH = Profile(name="product_page", version="1")
GERMAN = Profile(name="product_page_de", version="1", locale="de-AT")
CHINESE = Profile(name="product_page_zh", version="1", locale="zh")


def test_the_default_model_is_said_to_write_english_only() -> None:
    assert unspoken([ENGLISH, GERMAN, CHINESE], "smollm2-135m-instruct") == (
        "the base model smollm2-135m-instruct writes English; the profiles product_page_de (German), product_page_zh"
        " (Chinese) need a base that speaks them: set SHELFTALK_BASE_MODEL"
    )


def test_one_profile_is_told_in_the_singular() -> None:
    said = unspoken([GERMAN], "google/gemma-2-2b-it")

    assert said == (
        "the base model google/gemma-2-2b-it writes English; the profile product_page_de (German) needs a base that"
        " speaks it: set SHELFTALK_BASE_MODEL"
    )


def test_a_model_of_many_languages_is_not_listed_with_all_of_them() -> None:
    assert "writes 8 languages; the profile product_page_zh (Chinese)" in str(
        unspoken([GERMAN, CHINESE], "meta-llama/Llama-3.2-1B-Instruct")
    )


def test_nothing_is_told_where_the_model_writes_them_all() -> None:
    assert unspoken([ENGLISH], "smollm2-135m-instruct") is None
    assert unspoken([ENGLISH, GERMAN, CHINESE], "Qwen/Qwen2.5-0.5B-Instruct") is None


def test_nothing_is_claimed_of_a_model_that_is_not_known() -> None:
    assert written_by("acme/shopwriter-1b") is None
    assert unspoken([GERMAN], "acme/shopwriter-1b") is None


@pytest.mark.parametrize(
    ("base", "writes_german"),
    [
        ("Qwen3-0.6B", True),
        ("meta-llama/Meta-Llama-3-8B-Instruct", False),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", True),
        ("google/gemma-3-1b-it", False),
        ("google/gemma-3-4b-it", True),
        ("HuggingFaceTB/SmolLM3-3B", True),
        ("mistralai/Mistral-Small-24B-Instruct-2501", True),
    ],
)
def test_a_model_is_known_by_the_beginning_of_its_name(base: str, writes_german: bool) -> None:
    assert ("de" in (written_by(base) or ())) is writes_german


def test_each_family_writes_english_and_names_who_says_so() -> None:
    assert [family.prefix for family in FAMILIES if "en" not in family.languages or not family.source] == []


def test_profiles_in_other_languages_are_listed_with_them() -> None:
    assert foreign([ENGLISH, GERMAN, CHINESE]) == "product_page_de (German), product_page_zh (Chinese)"
    assert foreign([ENGLISH]) == ""
