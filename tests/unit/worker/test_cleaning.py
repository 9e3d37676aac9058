"""From a model's answer to copy: what the base model really wrote, and what must hold for any text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import Prompt, description_prompt
from shared.text import sentences, words
from worker.cleaning import Cleaned, clean, finished, led_by_product, whole_sentences, within_length

PROFILE = Profile(name="product_page", version="1", locale="en", min_words=8, max_words=60)


def cleaned(
    raw: str,
    title: str = "Kettle K2",
    *facts: Fact,
    brand: str | None = None,
    complete: bool = True,
    locale: str = "en",
    max_words: int = 60,
    prompt: Prompt | None = None,
) -> Cleaned:
    return clean(
        raw,
        title=title,
        brand=brand,
        prompt=prompt or description_prompt([Fact("title", title), *facts], PROFILE),
        locale=locale,
        min_words=8,
        max_words=max_words,
        complete=complete,
    )


# Answers of SmolLM2-135M-Instruct, untuned, greedy unless said otherwise, to products of the RNNLG (Apache-2.0) and the
# Cooper Hewitt (CC0) data. False facts in them are not the cleaning's business: the evidence checks find those.


def test_good_copy_is_left_as_it_is() -> None:
    raw = "This Fork is made of silver-plated metal. It comes from Germany and dates from 1901."
    assert cleaned(raw, "Fork", brand="Christofle") == Cleaned(raw, refusal=False, changes=())


def test_loop_of_a_sentence_becomes_one_sentence() -> None:
    raw = (
        "The Notus 31 is a television product from the 1952 model of the L1 television. It is a television product "
        "from the 1952 model of the L1 television."
    )
    result = cleaned(raw, "Notus 31", Fact("product family", "l1"))
    assert result.text == "The Notus 31 is a television product from the 1952 model of the L1 television."
    assert result.changes == ("repeated_sentences",)


def test_value_of_an_example_and_the_cut_decimal_go() -> None:
    raw = (
        "The Tecra Eury 20 is a laptop designed by the European Technology Research Agency. It is a 25.4 inch laptop "
        "with a 1.7 inch touchscreen display. It is made of 25.4 inch molded beech plywood and is available in 25.4 "
        "inch and 32.8 inch models. It is a 25."
    )
    chair = (
        ("user", "title: Side Chair\nmaterial: molded beech plywood\nWrite the description."),
        ("assistant", "This Side Chair is made of molded beech plywood."),
    )
    prompt = Prompt(chair, ("user", "title: Tecra Eurus 20\ndimension: 25.4 inch\nWrite the description."))
    result = cleaned(raw, "Tecra Eurus 20", prompt=prompt, complete=False)
    assert result.text == (
        "The Tecra Eury 20 is a laptop designed by the European Technology Research Agency. It is a 25.4 inch laptop "
        "with a 1.7 inch touchscreen display."
    )
    assert result.changes == ("echo", "fragments")


def test_loop_that_the_token_limit_cut_leaves_the_sentence_before_it() -> None:
    raw = (
        "The Tecra Zephyrus 75 is a laptop designed by the company Tecra. It is a 75-inch 12.5-inch 2.1-inch 1080P "
        "3.5-inch 2.1-inch 1080P 3.5-inch 2.1-inch 10"
    )
    result = cleaned(raw, "Tecra Zephyrus 75", complete=False)
    assert result.text == "The Tecra Zephyrus 75 is a laptop designed by the company Tecra."


def test_repeated_echo_leaves_nothing() -> None:
    raw = "Title: Spoon, Salad Server\n\n" * 9
    assert cleaned(raw, "Spoon, Salad Server", complete=False) == Cleaned("", refusal=False, changes=("echo",))


def test_sentence_that_adds_nothing_to_the_first_goes() -> None:
    raw = (
        "Portege Boreas 55 is a laptop designed by the company Portege Boreas. It has a 128 GB memory and a 4 GB SSD. "
        "It is made of steel grey metallic, and it has a matt black keyboard. It is designed to run on 128 GB of RAM. "
        "It is a laptop designed by the company Portege."
    )
    result = cleaned(raw, "Portege Boreas 55", Fact("drive", "128 GB"))
    assert result.text == raw.removesuffix(" It is a laptop designed by the company Portege.")


def test_fork_that_is_a_fork_is_said_once() -> None:
    raw = "Fork: A fork is a fork, a fork is a fork." + "\n\nFork is a fork." * 8
    assert len(sentences(cleaned(raw, "Fork", complete=False).text)) == 1


def test_model_that_knows_nothing_is_a_refusal() -> None:
    raw = (
        "This laptop cannot be found anywhere on Earth. 31 models of the Notus 3 have each carried a product "
        "description and we do not have any information about the model 31."
    )
    result = cleaned(raw, "Notus 31")
    assert result.refusal
    assert result.text == "This laptop cannot be found anywhere on Earth."


# Faults that larger and tuned models have.


def test_everything_at_once() -> None:
    raw = (
        '<|im_start|>assistant\nSure! Here is a product description:\n\n**"It is made of steel and steel. It is made '
        'of steel. The HP HP Kettle K2 holds 1.7 l &amp; weighs 980 g."**\n\nI hope this helps!<|im_end|>\nuser: more'
    )
    result = cleaned(raw, brand="HP")
    assert result.text == "The HP Kettle K2 holds 1.7 l & weighs 980 g. It is made of steel and steel."
    assert result.changes == ("chat_markers", "markup", "remarks", "quotes", "stutter", "lead", "repeated_sentences")


def test_the_question_and_the_answer_of_an_example_go_and_the_copy_leads_with_the_product() -> None:
    prompt = description_prompt([Fact("title", "Kettle K2"), Fact("color", "black"), Fact("timer", "yes")], PROFILE)
    raw = f"{prompt.question[1]}\nIts color is black. Its features include a timer. {prompt.preamble[-1][1]}"
    result = cleaned(raw, prompt=prompt)
    assert result.text == "The color of the Kettle K2 is black. Its features include a timer."
    assert result.changes == ("markup", "echo", "lead")


@pytest.mark.parametrize(
    ("locale", "raw", "expected"),
    [
        (
            "de",
            "Gerne! Hier ist die Beschreibung:\n„Der Kettle K2 fasst 1,7 l. Er ist rot. Er ist rot.“",
            "Der Kettle K2 fasst 1,7 l. Er ist rot.",
        ),
        (
            "es",
            "¡Claro! Aquí tienes la descripción: el Kettle K2 tiene 1,7 l. Espero que te sirva.",
            "El Kettle K2 tiene 1,7 l.",
        ),
        ("zh", "好的，以下是产品描述：Kettle K2容量为1.7升。容量为1.7升。希望对您有帮助！", "Kettle K2容量为1.7升。"),
    ],
)
def test_other_languages_are_cleaned_too(locale: str, raw: str, expected: str) -> None:
    assert cleaned(raw, locale=locale).text == expected


def test_refusal_alone_leaves_nothing() -> None:
    assert cleaned("I'm sorry, but I cannot help with that.") == Cleaned("", refusal=True, changes=("refusals",))


@pytest.mark.parametrize("copy", ["You cannot go wrong with the Kettle K2.", "The Kettle K2 cannot rust."])
def test_good_copy_is_no_refusal(copy: str) -> None:
    assert cleaned(copy) == Cleaned(copy, refusal=False, changes=())


NAMES = ["Kettle K2", "Acme"]


@pytest.mark.parametrize(
    ("text", "complete", "expected"),
    [
        ("The kettle is red. It has a", True, "The kettle is red."),
        ("The kettle is red. It has a lid", False, "The kettle is red."),
        ("The kettle is made of steel", True, "The kettle is made of steel."),
        ("The kettle is made of steel", False, ""),
        ("The kettle trails off...", False, ""),
        ("Red kettle", True, ""),
        ("Kettle K2\nThe kettle is red.\nKey features:\nSteel\nA lid", True, "The kettle is red."),
        ("Made of brushed steel\nHolds 1.7 l of water\nA lid", True, "Made of brushed steel. Holds 1.7 l of water."),
        ("Acme Kettle K2.\nIt is red.", True, "It is red."),
        ("The kettle is red and\nhas a lid.", True, "The kettle is red and has a lid."),
        ("It is red. It holds 1.", False, "It is red."),
        ("It is red. It dates from 1901.", True, "It is red. It dates from 1901."),
    ],
)
def test_only_whole_sentences_stay(text: str, complete: bool, expected: str) -> None:
    assert whole_sentences(text, NAMES, "en", complete=complete) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is red. The Kettle K2 holds 1.7 l.", "The Kettle K2 holds 1.7 l. It is red."),
        ("A lid is included. From Acme it comes. Red.", "From Acme it comes. A lid is included. Red."),
        ("The Kettle K2 is red. Acme made it.", "The Kettle K2 is red. Acme made it."),
        ("It is red. It is also a Kettle K2.", "The Kettle K2 is red. It is also a Kettle K2."),
        ("It's red. It has a lid.", "The Kettle K2 is red. It has a lid."),
        ("It’s got a lid.", "The Kettle K2 has got a lid."),
        ("This product has a lid.", "The Kettle K2 has a lid."),
        ("Its color is black. It has a lid.", "The color of the Kettle K2 is black. It has a lid."),
        ("Its country of origin is Finland.", "The country of origin of the Kettle K2 is Finland."),
        ("Its features include a lid.", "The features of the Kettle K2 include a lid."),
        ("Its on/off switch is what is red.", "The on/off switch of the Kettle K2 is what is red."),
        ("Its color is black. The Kettle K2 has a lid.", "The Kettle K2 has a lid. Its color is black."),
        ("The lid is red. Its color is black.", "The lid is red. Its color is black."),
        ("Its lid fits.", "Its lid fits."),
        ("", ""),
    ],
)
def test_copy_starts_with_the_product(text: str, expected: str) -> None:
    assert led_by_product(text, "Kettle K2", "Acme", "en") == expected


def test_pronoun_is_replaced_in_english_only() -> None:
    assert led_by_product("It is red.", "The Kettle", None, "en") == "The Kettle is red."
    assert led_by_product("Its lid is red.", "The Kettle", None, "en") == "The lid of The Kettle is red."
    assert led_by_product("Es ist rot.", "Kettle K2", None, "de") == "Es ist rot."
    assert led_by_product("Its lid is red.", "Kettle K2", None, "de") == "Its lid is red."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two three four. Five six seven.", "One two three four. Five six seven."),
        ("One two three four. Five six seven eight nine ten.", "One two three four."),
        ("One two three. Four five six seven, and eight nine ten.", "One two three. Four five six seven."),
        ("One two three four five, which six seven eight nine.", "One two three four five."),
        ("One two three four five six seven eight nine.", ""),
        ("One two three four five six seven eight nine. Ten is enough.", "Ten is enough."),
    ],
)
def test_length_is_bound_at_sentences_then_at_clauses(text: str, expected: str) -> None:
    assert within_length(text, "en", min_words=4, max_words=8) == expected


def test_capitals_and_end_marks_are_set() -> None:
    assert finished("the lid is red. it fits. ¿nuevo? iPhone cases fit too", ["Kettle"], "en") == (
        "The lid is red. It fits. ¿Nuevo? iPhone cases fit too."
    )
    assert finished("adidas makes it.", ["adidas shoe"], "en") == "adidas makes it."
    assert finished("水壶很轻", [], "zh") == "水壶很轻。"


PHRASES = st.lists(
    st.sampled_from(
        ["It is", "the Kettle K2", "red", "5 in.", "No. 5", ", and", ".", "!", "\n", "<b>", "**", '"', "I cannot help",
         "Sure!", "Note:", "- title: Kettle K2", "is thrown and carved", "&lt;", "User:", "1.5 kg", "It also has",
         "Its", "这款水壶", "。", "- ", "a lid", "…"]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip
RAW = st.one_of(st.text(), PHRASES)


@settings(deadline=None)
@given(raw=RAW, locale=st.sampled_from(["en", "de", "es", "zh", "xx"]), complete=st.booleans())
def test_any_answer_becomes_short_printable_copy_or_nothing(raw: str, locale: str, complete: bool) -> None:
    text = cleaned(raw, locale=locale, complete=complete, max_words=20).text
    assert len(words(text)) <= 20
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text)
    assert text == "" or text[-1] in ".!?。！？\"'”’»)]」』）"


@settings(deadline=None)
@given(raw=PHRASES)
def test_copy_is_made_of_words_of_the_answer_or_of_the_title(raw: str) -> None:
    source = raw.replace("&lt;", "<")
    said = {word.casefold() for word in words(source)} | {"the", "kettle", "k2", "is", "of", "and", "b"}
    assert {word.casefold() for word in words(cleaned(raw).text)} <= said


ANSWERS = st.lists(
    st.sampled_from(
        ["Sure! Here is a description:", "The Kettle K2 holds 1.7 l.", "It is red.", "**It weighs 980 g**.", "- Steel",
         "- title: Kettle K2", "It is red, is red and has a lid.", "I hope this helps!", "It has a", "Note: none.",
         "\n", "It also has a lid that is red.", "Its lid is red.", "I cannot write more.",
         "“It has a very very long cord.”", "User: more", "Its technique is thrown and carved.",
         "A long sentence of words, and of more words, which goes on and on."]
    ),
    max_size=12,
).map("\n".join)  # fmt: skip


@settings(deadline=None)
@given(raw=ANSWERS)
def test_clean_copy_stays_clean(raw: str) -> None:
    once = cleaned(raw).text
    assert cleaned(once).text == once
