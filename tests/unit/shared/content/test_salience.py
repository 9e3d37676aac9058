"""What is learned of human texts: which attributes they state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.cli.salience import app
from shared.content.attributes import attribute_words, counted_name, plain_name, topic_of
from shared.content.salience import (
    FILE,
    PRIOR_TEXTS,
    SOURCE_TEXTS,
    Count,
    Salience,
    learn,
    load_salience,
    save_salience,
)
from shared.errors import ConfigurationError


def row(text: str, **members: Any) -> dict[str, Any]:
    attributes = {"fabric": "nylon", "collar": "tall"}
    return {
        "title": "Alto",
        "category": ["Clothing", "Jackets"],
        "attributes": attributes,
        "description": text,
    } | members


NYLON = row("The Alto is made of nylon.")
BOTH = row("The Alto is made of nylon. Its collar is tall.")


def test_an_attribute_that_texts_state_before_others_is_more_salient_than_its_name_says() -> None:
    learned = learn([NYLON] * 30)

    assert learned.of("fabric", ["Clothing", "Jackets"]) > topic_of("fabric").weight > 0
    assert learned.of("collar", ["Clothing", "Jackets"]) < topic_of("collar").weight


def test_texts_that_state_everything_tell_nothing_of_what_matters() -> None:
    assert learn([BOTH] * 30).of("collar", ["Clothing", "Jackets"]) == pytest.approx(topic_of("collar").weight)


def test_texts_are_counted_for_the_category_and_for_those_above_it() -> None:
    learned = learn([NYLON] * 4)

    assert list(learned.categories) == ["clothing", "clothing > jackets"]
    assert learned.categories["clothing"].attributes["fabric"] == Count(texts=4, stated=4, expected=2)


def test_an_unknown_category_falls_back_to_the_one_above_and_then_to_the_attribute_itself() -> None:
    learned = learn([NYLON] * 200)
    known, sibling, other = (
        learned.of("collar", path) for path in (["Clothing", "Jackets"], ["Clothing", "Coats"], ["Pots"])
    )

    assert known < sibling < other < topic_of("collar").weight


def test_the_lift_is_stated_to_expected_drawn_to_the_prior_by_as_many_texts_as_a_prior_weighs() -> None:
    assert Count(texts=0, stated=0, expected=0).lift(0.5) == 0.5
    assert Count(texts=90, stated=80, expected=30).lift(1) == (80 + PRIOR_TEXTS) / (30 + PRIOR_TEXTS)


def test_a_large_source_weighs_no_more_than_a_small_one_outside_its_categories() -> None:
    assert learn([NYLON] * 500).overall["fabric"].stated == SOURCE_TEXTS


def test_derived_attributes_and_what_the_title_says_are_not_counted() -> None:
    learned = learn([row("Alto, in red.", title="Alto Nylon", derived_attributes={"color": "red"})] * 5)

    assert set(learned.overall) == {"collar"}


def test_names_for_the_same_thing_in_other_languages_are_counted_together() -> None:
    assert {counted_name(name) for name in ("color", "Product Colour", "Farbe", "颜色")} == {"color"}
    assert plain_name("packageWidth (mm)") == plain_name("Package_width mm") == "package width mm"


def test_salience_is_a_share_whatever_was_counted() -> None:
    learned = Salience(overall={"fabric": Count(texts=9, stated=9_000, expected=0)})

    assert learned.of("fabric") == 1


def test_an_attribute_is_asked_for_when_many_have_it_and_it_is_salient() -> None:
    with_gtin = {"fabric": "nylon", "collar": "tall", "gtin": "4006381333931"}

    learned = learn([row(NYLON["description"], attributes=with_gtin)] * 60)

    assert learned.asked(["Clothing", "Jackets"])[0] == "fabric"
    assert "gtin" not in learned.asked(["Clothing", "Jackets"])
    assert learned.asked(["Pots"]) == ("color", "material", "dimensions")


def test_what_was_learned_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    learned = learn([NYLON] * 4 + [BOTH])
    save_salience(learned, tmp_path / "salience.json")

    found = load_salience(tmp_path / "salience.json")

    assert (found, found.digest) == (learned, learned.digest)
    assert Salience.model_validate(found.document()) == found
    assert learn([BOTH] * 4).digest != learned.digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"overall": {,', "line 2: not JSON"),
        ('{"overall": {"fabric": {"texts": -1, "stated": 0, "expected": 0}}}', "overall.fabric.texts: "),
        ('{"weights": {}}', "weights: "),
        ("[]", "the file: "),
    ],
)
def test_a_broken_file_is_named_with_its_line_or_field(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "salience.json"
    file.write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        load_salience(file)

    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="shelftalk salience learn"):
        load_salience(tmp_path / "none.json")


def test_the_committed_file_is_small_and_knows_the_categories_it_was_learned_from() -> None:
    learned = load_salience(FILE)

    assert FILE.stat().st_size < 200_000
    assert {"laptop", "television"} <= set(learned.categories)
    assert set(learned.sources) == {"adventureworks", "cooper-hewitt", "icecat-chorus", "rnnlg-laptop", "rnnlg-tv"}


def test_the_command_learns_from_the_named_sources_and_shows_a_category(tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "salience.json"
    lines = [NYLON | {"source": "ours"}] * 5 + [BOTH | {"source": "theirs"}]
    rows.write_text("\n".join(map(json.dumps, lines)))

    learned = CliRunner().invoke(app, ["learn", str(rows), "--out", str(out), "--source", "ours"])
    shown = CliRunner().invoke(app, ["show", "Clothing > Jackets", "--file", str(out)])

    assert (learned.exit_code, load_salience(out).sources) == (0, {"ours": 5})
    assert "fabric" in shown.output and "100%" in shown.output


def test_a_row_without_text_is_named_with_its_line(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(NYLON) + "\n" + json.dumps({"title": "Alto", "attributes": {"a": "b"}}))

    caught = CliRunner().invoke(app, ["learn", str(rows), "--out", str(tmp_path / "out.json")]).exception

    assert isinstance(caught, ConfigurationError)
    assert str(caught) == f"{rows}: line 2: description: is missing; add it"


def test_a_broken_file_of_attribute_words_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "attributes.toml"
    file.write_text('[left_out]\nlogistics = "pallet"\n')

    with pytest.raises(ConfigurationError) as caught:
        attribute_words(file)

    assert str(caught.value).startswith(f"{file}: left_out.logistics: ")
