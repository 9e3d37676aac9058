"""Selection files: which rows of which pair files are learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from training.gathering import Selection
from training.options import RECIPES
from training.selections import read_selections

WHOLE = """
[[pairs]]
file = "a.jsonl"
licences = { tv = "Apache-2.0" }
profile = "product_page"
leave_out = '\\bI\\b'
most = 900
repeat = 2

[[pairs]]
file = "b.jsonl"
"""


def written(folder: Path, text: str, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    path = folder / "selections.toml"
    path.write_text(text)
    return path


def test_a_file_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    first, second = read_selections(written(tmp_path, WHOLE, "a.jsonl", "b.jsonl"))
    assert first == Selection(tmp_path / "a.jsonl", {"tv": "Apache-2.0"}, "product_page", r"\bI\b", 900, 2)
    assert second == Selection(tmp_path / "b.jsonl")


def test_a_pair_file_is_looked_for_beside_it_and_then_in_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    path = written(tmp_path, WHOLE, "a.jsonl", "data/a.jsonl", "data/b.jsonl")
    assert [each.file for each in read_selections(path, data)] == [tmp_path / "a.jsonl", data / "b.jsonl"]


def test_a_pair_file_that_is_missing_is_named_with_the_places_and_the_fix(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE, "a.jsonl")
    with pytest.raises(ConfigurationError, match=rf"b\.jsonl is not in {tmp_path}; name its folder with --data-dir"):
        read_selections(path)
    with pytest.raises(ConfigurationError, match=rf"b\.jsonl is not in {tmp_path} and {tmp_path / 'data'};"):
        read_selections(path, tmp_path / "data")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pairs =", "cannot be read as a selection file"),
        ("", "pairs: Field required"),
        ("[[pairs]]\nmost = 3", "pairs.0.file: Field required"),
        ('[[pairs]]\nfile = "a"\nmost = 0', "pairs.0.most: .* greater than or equal to 1"),
        ('[[pairs]]\nfile = "a"\nrepeat = 0', "pairs.0.repeat: .* greater than or equal to 1"),
        ('[[pairs]]\nfile = "a"\nlicense = "MIT"', "pairs.0.license: Extra inputs are not permitted"),
        ('[[pairs]]\nfile = "a"\nleave_out = "("', "pairs.0.leave_out: is no regular expression: missing"),
    ],
)
def test_a_faulty_file_is_refused_with_field_and_fault(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError, match=rf"{path}: {told}"):
        read_selections(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read as a selection file"):
        read_selections(tmp_path / "none.toml")


def test_the_selections_that_ship_can_be_read(tmp_path: Path) -> None:
    written(tmp_path, "", "train.jsonl.gz")
    house, *others = read_selections(RECIPES / "shipped.pairs.toml", tmp_path)
    assert house.file == RECIPES / "house_pairs.jsonl"
    assert {each.file for each in others} == {tmp_path / "train.jsonl.gz"}
    assert all(each.licences for each in (house, *others))
