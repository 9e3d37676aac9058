"""Recipes and the options in them."""

from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from training.options import RECIPES, TrainOptions, read_recipe


@pytest.mark.parametrize("name", ["default", "shipped", "e2e"])
def test_each_recipe_that_ships_can_be_read(name: str) -> None:
    assert read_recipe(RECIPES / f"{name}.toml").method == "lora"


def test_a_change_goes_before_the_recipe_and_none_changes_nothing(tmp_path: Path) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text("rank = 4\nepochs = 3\n")
    assert read_recipe(recipe, rank=16, epochs=None) == TrainOptions(rank=16, epochs=3)


def test_one_augmentation_can_be_changed_alone(tmp_path: Path) -> None:
    recipe = tmp_path / "varied.toml"
    recipe.write_text("[augment]\nattribute_order = 0.5\nvalue_swap = 0.2\n")
    augment = read_recipe(recipe, augment={"value_swap": 0.0}).augment
    assert (augment.attribute_order, augment.value_swap) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("rnak = 4", "rnak"),
        ("[augment]\nvalue_swap = 2", "augment.value_swap"),
        ('method = "prefix"', "method"),
        ("learning_rate = nan", "learning_rate"),
        ("rank = ", "cannot be read as a recipe"),
        ('method = "adalora"\nrank = 1', "AdaLoRA"),
    ],
)
def test_a_wrong_recipe_is_refused_by_file_and_field(tmp_path: Path, text: str, named: str) -> None:
    recipe = tmp_path / "wrong.toml"
    recipe.write_text(text)
    with pytest.raises(ConfigurationError, match=named) as refused:
        read_recipe(recipe)
    assert str(recipe) in str(refused.value)


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        read_recipe(tmp_path / "none.toml")
