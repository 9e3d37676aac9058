"""Copy profiles: one file each, and each fault of each file is named with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from shared.cli.profiles import app
from shared.errors import ConfigurationError
from shared.factcheck.evidence import find_spans
from shared.facts import Fact
from shared.profiles import Channel, Profile, load_profile, load_profiles
from shared.prompts import description_prompt
from shared.settings import ROOT

Write = Callable[..., Path]

CAMPAIGN = """
tone = "plain"
closing = "See our shop."
keywords = ["boots", "shoes"]
[campaign]
name = "winter sale"
starts = 2026-12-01
ends = 2026-12-24
"""
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 24)
BEFORE, AFTER = FIRST - timedelta(days=1), LAST + timedelta(days=1)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a profile's file and says where it is."""

    def profile(text: str | bytes, name: str = "teaser") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return profile


@pytest.fixture
def version(write: Write) -> Callable[..., str]:
    """The version of a profile with this text."""
    return lambda text: load_profile(write(text)).version


def faults_of(path: Path) -> list[str]:
    """The faults of a file or a folder, a line each, without the folder's name."""
    with pytest.raises(ConfigurationError) as wrong:
        load_profiles(path) if path.is_dir() else load_profile(path)
    return [line.rpartition("/")[2] for line in str(wrong.value).split("\n")]


def test_the_project_has_a_profile_for_each_channel_language_segment_and_campaign() -> None:
    profiles = load_profiles(ROOT / "profiles").values()

    assert {profile.channel for profile in profiles} == set(get_args(Channel))
    assert {profile.locale for profile in profiles} == {"en", "de", "es", "zh"}
    assert [profile.name for profile in profiles if profile.default] == ["product_page"]
    assert any(profile.segment for profile in profiles)
    assert any(profile.campaign for profile in profiles)


def test_the_product_page_asks_the_model_as_it_was_taught() -> None:
    prompt = description_prompt([Fact("title", "Lamp")], load_profile(ROOT / "profiles" / "product_page.toml"))

    assert prompt.preamble[0] == (
        "system",
        "You describe products in plain and factual English for the shoppers of a product page, in at most 60 words. "
        "State each fact once, in order, and nothing else.",
    )


@pytest.mark.parametrize("profile", load_profiles(ROOT / "profiles").values(), ids=lambda profile: profile.name)
def test_an_example_of_the_project_says_its_facts_and_nothing_else(profile: Profile) -> None:
    for example in profile.voice_examples:
        facts = [Fact(name, value) for name, value in example.facts.items()]
        assert [
            span.text for span in find_spans(example.text, facts, profile.locale) if span.kind == "unsupported"
        ] == []


def test_an_empty_file_is_a_profile_named_like_it(write: Write) -> None:
    profile = load_profile(write(""))

    assert (profile.name, profile.locale, profile.min_words, profile.max_words) == ("teaser", "en", 8, 60)
    assert (profile.default, profile.rules, profile.near_duplicate_limit) == (False, ("general",), 1)


def test_what_a_profile_says_makes_its_version(version: Callable[..., str]) -> None:
    said = version("max_words = 20\ntone = 'warm'")

    assert said == version("# a remark\ntone = 'warm'\n\nmax_words = 20")
    assert said == version("max_words = 20\ntone = 'warm'\nlocale = 'en'\ndefault = true")
    assert said != version("max_words = 21\ntone = 'warm'")
    assert said != version("max_words = 20\ntone = 'warm'\nkeywords = ['boots']")


def test_the_order_of_an_examples_facts_makes_another_version(version: Callable[..., str]) -> None:
    example = "[[voice_examples]]\ntext = 'A red lamp.'\nfacts = {{ {} }}"

    assert version(example.format("a = 'red', b = 'lamp'")) != version(example.format("b = 'lamp', a = 'red'"))


def test_equal_profiles_can_stand_in_sets_and_caches(write: Write) -> None:
    path = write("attribute_weights = { color = 2 }\nglossary = { red = 'rot' }")

    assert len({load_profile(path), load_profile(path)}) == 1


def test_a_wording_may_be_one_text_or_a_list(write: Write) -> None:
    profile = load_profile(write("glossary = { red = 'rot', plastic = ['Kunststoff', 'Plastik'] }"))

    assert profile.glossary == {"red": ("rot",), "plastic": ("Kunststoff", "Plastik")}


def test_a_profile_comes_back_from_its_document(write: Write) -> None:
    text = "glossary = { red = 'rot' }\nmax_characters = 300" + CAMPAIGN + "tone = 'festive'"
    profile = load_profile(write(text))

    assert Profile.from_document(json.loads(json.dumps(profile.document()))) == profile


def test_a_document_of_another_release_is_refused_with_the_fix() -> None:
    with pytest.raises(ConfigurationError, match=r"stored profile teaser: mood: is unknown.*activate the profiles"):
        Profile.from_document({"name": "teaser", "version": "1", "mood": "blue"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("\nmax_words = ", "line 2: not TOML: Invalid value"),
        ("[campaign", "line 1: not TOML: Expected ']'"),
        (b"\ntone = '\xff'", "line 2: not UTF-8: "),
        ("max_words = 'many'", "line 1: max_words: Input should be a valid integer"),
        ("# a remark\n\nmax_wrods = 20", "line 3: max_wrods: is unknown; did you mean max_words?"),
        ("qqq = 20", "line 1: qqq: is unknown; remove it"),
        ("locale = 'English'", "line 1: locale: String should match pattern"),
        ("channel = 'radio'", "line 1: channel: Input should be 'product page', 'marketplace bullet list'"),
        ("min_words = 0", "line 1: min_words: Input should be greater than or equal to 1; change 0"),
        ("max_words = 20\nmin_words = 30", "line 2: min_words: 30 is larger than max_words (20); lower it"),
        ("max_characters = 20\nmin_words = 11", "line 1: max_characters: 20 has no room for 11 words (min_words)"),
        ("ignored_attributes = 'price'", "line 1: ignored_attributes: "),
        ("keywords = [\n  'boots',\n  3,\n]", "line 1: keywords.1: Input should be a valid string; change 3"),
        ("attribute_weights = { color = -1 }", "line 1: attribute_weights.color: "),
        ("near_duplicate_limit = 1.5", "line 1: near_duplicate_limit: "),
        ("allowed = ['fax']", "line 1: allowed.0: "),
        ("closing = 'Free returns'", "line 1: closing: is not one line that ends like a sentence; end it with a full"),
        ("[glossary]\nred = []", "line 2: glossary.red: "),
        ("[glossary]\nblue = 'blau'\n'dark red' = 7", "line 3: glossary.dark red: "),
        ("[[voice_examples]]\ntext = 'A lamp.'", "line 1: voice_examples.0.facts: is missing; add it"),
        ("name = 'other'", "line 1: name: comes from the file itself; remove this line"),
        ("version = '2'", "line 1: version: comes from the file itself; remove this line"),
        (CAMPAIGN, "line 6: campaign.name: 'winter sale' changes nothing; give it a closing, a tone or keywords"),
        (CAMPAIGN.replace("-24", "-00"), "line 8: not TOML: "),
        (
            CAMPAIGN.replace("12-24", "11-24"),
            "line 8: campaign.ends: 2026-11-24 is before starts (2026-12-01); swap them",
        ),
        (
            "max_characters = 40\nclosing = 'Order today, and we send it tomorrow.'",
            "line 2: closing: takes more than half of max_characters (40); shorten it",
        ),
    ],
)
def test_a_fault_is_named_with_its_file_line_and_field(write: Write, text: str | bytes, complaint: str) -> None:
    assert faults_of(write(text))[0].startswith(f"teaser.toml: {complaint}")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("required_words = ['a cheap one']", "required_words.0"),
        ("keywords = ['boots', 'cheap boots']", "keywords.1"),
        ("closing = 'It is cheap.'", "closing"),
        ("[glossary]\nlow = ['small', 'cheap']", "glossary.low"),
        ("[[voice_examples]]\nfacts = { price = 'low' }\ntext = 'It is cheap.'", "voice_examples.0.text"),
        ("[campaign]\nname = 'x'\nstarts = 2026-01-01\nends = 2026-01-02\nkeywords = ['cheap']", "campaign.keywords.0"),
    ],
)
def test_no_text_of_a_profile_may_hold_a_word_that_it_forbids(write: Write, text: str, place: str) -> None:
    (fault,) = faults_of(write(f"forbidden_words = ['cheap']\n{text}"))

    assert fault.endswith(f"{place}: holds 'cheap', one of forbidden_words; remove it from one of the two")


def test_a_forbidden_word_is_found_in_any_case(write: Write) -> None:
    (fault,) = faults_of(write("forbidden_words = ['100% safe']\nkeywords = ['100% Safe boots']"))

    assert "keywords.0: holds '100% Safe'" in fault


def test_a_forbidden_word_is_a_whole_word_where_languages_part_them(write: Write) -> None:
    assert load_profile(write("forbidden_words = ['art']\nkeywords = ['smart', 'Arte']"))
    assert faults_of(write("locale = 'zh'\nforbidden_words = ['最']\nkeywords = ['最好']"))


def test_every_fault_of_every_file_is_told_in_one_run(write: Write) -> None:
    write("", name="good")
    write("max_words = ", name="broken")
    folder = write("min_words = 0\nmax_wrods = 3", name="wrong").parent

    told = [fault.partition(": ")[0] for fault in faults_of(folder)]

    assert told == ["broken.toml", "wrong.toml", "wrong.toml"]


def test_a_file_name_that_is_no_profile_name_is_refused(write: Write) -> None:
    (fault,) = faults_of(write("", name="Product Page"))

    assert fault.startswith("Product Page.toml: name: String should match pattern")
    assert fault.endswith("change 'Product Page'")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml: cannot be read: No such file"):
        load_profile(tmp_path / "gone.toml")


def test_a_folder_without_a_profile_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no profile; add one, or set SHELFTALK_PROFILES_DIR"):
        load_profiles(tmp_path)


def test_a_profile_is_read_anew_when_its_file_changes(write: Write) -> None:
    folder = write("max_words = 20").parent
    load_profiles(folder)
    write("max_words = 30")

    assert load_profiles(folder)["teaser"].max_words == 30


def test_a_child_replaces_what_it_names_and_keeps_the_rest(write: Write) -> None:
    write("tone = 'warm'\nmax_words = 30\nkeywords = ['boots', 'shoes']", name="base")
    child = load_profile(write("extends = 'base'\nmax_words = 20\nkeywords = ['sandals']"))

    assert (child.tone, child.max_words, child.keywords) == ("warm", 20, ("sandals",))


def test_whether_it_is_a_default_is_not_inherited(write: Write) -> None:
    write("default = true", name="base")

    assert not load_profile(write("extends = 'base'")).default


def test_a_child_in_another_language_inherits_no_words(write: Write) -> None:
    write("max_words = 30\nclosing = 'Free returns.'\nforbidden_words = ['gift']\nrules = ['us']", name="base")
    german = load_profile(write("extends = 'base'\nlocale = 'de'"))
    british = load_profile(write("extends = 'base'\nlocale = 'en-GB'"))

    assert (german.max_words, german.rules, german.closing, german.forbidden_words) == (30, ("us",), None, ())
    assert (british.closing, british.forbidden_words) == ("Free returns.", ("gift",))


def test_a_child_has_the_version_of_what_it_says_in_all(write: Write, version: Callable[..., str]) -> None:
    write("tone = 'warm'\nmax_words = 30", name="base")
    child = load_profile(write("extends = 'base'\nmax_words = 20", name="child"))

    assert child.version == version("tone = 'warm'\nmax_words = 20")


def test_a_fault_of_the_parent_is_told_once_and_of_the_parent(write: Write) -> None:
    write("min_words = 0", name="base")
    write("extends = 'base'", name="grandchild")
    folder = write("extends = 'base'", name="child").parent

    assert faults_of(folder) == [
        "base.toml: line 1: min_words: Input should be greater than or equal to 1; change 0",
    ]


def test_a_fault_that_a_child_brings_in_is_told_of_the_child(write: Write) -> None:
    write("keywords = ['gift']", name="base")
    child = write("# a remark\nextends = 'base'\nforbidden_words = ['gift']")

    assert faults_of(child) == [
        "teaser.toml: line 2: keywords.0: holds 'gift', one of forbidden_words; remove it from one of the two"
    ]


def test_a_circle_and_an_unknown_parent_are_refused(write: Write) -> None:
    write("extends = 'b'", name="a")
    folder = write("extends = 'a'", name="b").parent
    write("extends = '../secret'", name="c")

    assert faults_of(folder / "a.toml") == ["b.toml: line 1: extends: a circle: a → b → a; remove one of them"]
    assert "extends: '../secret' is no profile of the folder; choose one of a, b" in str(_error(folder / "c.toml"))


def _error(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as wrong:
        load_profile(path)
    return wrong.value


def test_a_campaign_changes_the_profile_from_its_first_to_its_last_day(write: Write) -> None:
    profile = load_profile(write(CAMPAIGN + "tone = 'festive'\nclosing = 'Order now.'\nkeywords = ['gift', 'boots']"))

    for day in (BEFORE, AFTER):
        outside = profile.on(day)
        assert (outside.tone, outside.closing, outside.keywords) == ("plain", "See our shop.", ("boots", "shoes"))
    for day in (FIRST, LAST):
        within = profile.on(day)
        assert (within.tone, within.closing) == ("festive", "Order now.")
        assert within.keywords == ("gift", "boots", "shoes")


def test_what_a_campaign_does_not_give_stays(write: Write) -> None:
    within = load_profile(write(CAMPAIGN + "tone = 'festive'")).on(FIRST)

    assert (within.tone, within.closing, within.keywords) == ("festive", "See our shop.", ("boots", "shoes"))


def test_the_version_changes_when_a_campaign_begins_and_returns_when_it_ends(write: Write) -> None:
    plain = load_profile(write(CAMPAIGN.partition("[campaign]")[0]))
    profile = load_profile(write(CAMPAIGN + "tone = 'festive'"))

    assert profile.on(BEFORE) == profile.on(AFTER) == plain == plain.on(FIRST)
    assert profile.on(FIRST).version == profile.on(LAST).version != plain.version
    assert profile.on(FIRST).on(AFTER) == profile.on(FIRST)


def test_the_command_lists_each_profile_with_its_campaign() -> None:
    listed = CliRunner().invoke(app, ["list"])

    assert listed.exit_code == 0
    rows = {line.split()[0]: line for line in listed.stdout.splitlines()}
    assert "by default" in rows["product_page"]
    assert "winter gifts: " in rows["email_teaser_winter"]


def test_the_command_that_checks_tells_every_fault_and_fails(write: Write) -> None:
    write("min_words = 0", name="a")
    folder = write("max_words = 0", name="b").parent
    checked = CliRunner().invoke(app, ["check", str(folder)])

    assert checked.exit_code == 1
    assert [line.count(": line 1: ") for line in checked.stderr.splitlines()] == [1, 1]


def test_the_command_that_checks_names_what_is_valid(write: Write) -> None:
    checked = CliRunner().invoke(app, ["check", str(write("").parent)])

    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.endswith(": all valid: teaser\n")
