"""The prompt in the answer: lines of the question, the instruction, and the examples of the preamble."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import Prompt, description_prompt
from shared.text import sentences
from worker.echo import without_echo

PREAMBLE = (
    ("system", "You describe products in plain English, in at most 60 words. State each fact once, and nothing else."),
    (
        "user",
        "- title: Bowl\n- material: glazed stoneware\n- technique: thrown and carved\n- dimensions: 9 x 21 cm\n"
        "- date: 1931\n- country of origin: Finland\nWrite the description.",
    ),
    (
        "assistant",
        "The Bowl is made of glazed stoneware. Its technique is thrown and carved. Its dimensions are 9 x 21 cm and "
        "its date is 1931. Its country of origin is Finland.",
    ),
    (
        "user",
        "- title: Norrland Harbour Jacket\n- fabric: Nylon, Mesh\n- features include: hood\n- comes without: belt\n"
        "Write the description.",
    ),
    (
        "assistant",
        "The Norrland Harbour Jacket: its fabric is Nylon and Mesh. Its features include a hood. It comes without "
        "belt.",
    ),
)


def asked(*lines: str) -> Prompt:
    return Prompt(PREAMBLE, ("user", "\n".join([*(f"- {line}" for line in lines), "Write the description."])))


PROMPT = asked(
    "title: Tecra Eurus 20 laptop",
    "dimension: 25.4 inch",
    "warranty: 1 year international",
    "features include: touchscreen",
)
FACTS = (Fact("title", "Tecra Eurus 20"), Fact("category", "laptop"), Fact("warranty", "1 year international"))
SERVED = description_prompt(FACTS, Profile(name="product_page", version="1", locale="en"))


@pytest.mark.parametrize(
    "echo",
    [
        "- title: Tecra Eurus 20 laptop",
        "title: Tecra Eurus 20",
        "Warranty: 1 year international",
        "- dimension: 14 inch",
        "Features include: touchscreen.",
        "Features include: a touchscreen, a pen and two speakers.",
        "Write the description.",
        "You describe products in plain English, in at most 60 words.",
        "State each fact once, and nothing else.",
        "State each fact only once, and nothing else.",
        "Its country of origin is Finland.",
        "Its technique is thrown and carved.",
        "Its features include a hood.",
        "It comes without belt.",
        "The Norrland Harbour Jacket: its fabric is Nylon and Mesh.",
        "Its dimensions are 9 x 21 cm and its date is 1931.",
        "It is a 25.4 inch laptop and its dimensions are 9 x 21 cm.",
        "- country of origin: Finland",
    ],
)
def test_echo_of_the_prompt_goes_and_copy_stays(echo: str) -> None:
    copy = "The Tecra Eurus 20 is a 25.4 inch laptop."
    assert without_echo(f"{echo}\n{copy}", PROMPT, "en") == copy
    assert without_echo(f"{copy} {echo}", PROMPT, "en") == copy


@pytest.mark.parametrize(
    ("line", "copy"),
    [
        ("country of origin: Finland", "Its country of origin is Finland."),
        ("technique: thrown and carved", "Its technique is thrown and carved."),
        ("technique: carved, thrown", "Its technique is thrown and carved."),
        ("size: 9 × 21 cm, 1931", "Its dimensions are 9 x 21 cm and its date is 1931."),
        ("fabric: Nylon, Cotton, Mesh", "The fabric of the Norrland Harbour Jacket is Nylon and Mesh."),
        ("features include: hood, zip", "Its features include a hood."),
        ("features include: hoods", "Features include a hood."),
        ("comes without: belt, zip", "It comes without belt."),
    ],
)
def test_a_statement_of_an_example_that_the_product_supports_is_no_echo(line: str, copy: str) -> None:
    assert without_echo(copy, asked("title: Norrland Harbour Jacket", line), "en") == copy


def test_the_words_of_a_line_of_the_question_may_be_a_statement() -> None:
    assert without_echo("Features include touchscreen.", PROMPT, "en") == "Features include touchscreen."


@pytest.mark.parametrize(
    "copy",
    [
        "The Tecra Eurus 20 laptop: its dimension is 25.4 inch and its warranty is 1 year international.",
        "The Tecra Eurus 20 is a laptop. Its dimension is 25.4 inch. Its features include touchscreen.",
    ],
)
def test_copy_in_the_form_of_the_examples_is_no_echo(copy: str) -> None:
    assert without_echo(copy, PROMPT, "en") == copy


def test_the_examples_that_we_serve_are_echoes_to_another_product_and_none_to_their_own() -> None:
    turns = list(zip(SERVED.preamble[1::2], SERVED.preamble[2::2], strict=True))

    assert turns
    for question, (_, answer) in turns:
        assert without_echo(question[1], SERVED, "en") == ""
        assert without_echo(answer, SERVED, "en") == ""
        assert without_echo(answer, Prompt(SERVED.preamble, question), "en") == answer


def test_the_instruction_and_the_question_that_we_serve_are_echoes() -> None:
    assert without_echo(SERVED.preamble[0][1], SERVED, "en") == ""
    assert without_echo(SERVED.question[1], SERVED, "en") == ""


@pytest.mark.parametrize("copy", ["It is carved.", "Warranty.", "Jackets are of nylon or of mesh."])
def test_words_that_a_prompt_may_share_with_any_copy_are_no_echo(copy: str) -> None:
    assert without_echo(copy, PROMPT, "en") == copy


def test_label_before_a_whole_sentence_goes_alone() -> None:
    assert without_echo("Warranty: It has a warranty of 1 year.", PROMPT, "en") == "It has a warranty of 1 year."


def test_prompt_without_examples_has_only_its_own_echo() -> None:
    prompt = Prompt((("system", "Schreibe kurz."),), ("user", "- title: Wasserkocher\nWrite the description."))
    assert without_echo("Schreibe kurz.\nDer Wasserkocher ist rot.", prompt, "de") == "Der Wasserkocher ist rot."
    assert without_echo("Title：Wasserkocher\nEr ist rot.", prompt, "de") == "Er ist rot."


@settings(deadline=None)
@given(st.text())
def test_what_is_left_are_whole_sentences_or_what_followed_a_label(text: str) -> None:
    kept = without_echo(text, PROMPT, "en")
    assert len(kept.split()) <= len(" ".join(sentences(text.replace("\n", " \n "))).split())
    assert without_echo(kept, PROMPT, "en") == kept
