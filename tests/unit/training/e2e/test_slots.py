"""What a text says of a restaurant, and how that differs from what it was to say."""

import pytest

from training.e2e.data import Meaning
from training.e2e.slots import SlotErrors, SlotReader, total

OTHER = Meaning({"name": ("The Punter",), "near": ("Café Rouge",)}, ("The Punter.",))


def meaning(**slots: str) -> Meaning:
    named = {name.replace("_", " "): (value,) for name, value in slots.items()}
    return Meaning({"name": ("The Mill",), **named}, ("The Mill.",))


def errors(text: str, wanted: Meaning) -> SlotErrors:
    return SlotReader([wanted, OTHER]).errors(text, wanted)


@pytest.mark.parametrize(
    ("slot", "value", "text"),
    [
        ("eatType", "coffee shop", "The Mill is a café."),
        ("food", "Fast food", "The Mill has fast-food."),
        ("area", "city centre", "The Mill stands in the center of the city."),
        ("area", "riverside", "The Mill stands by the river."),
        ("priceRange", "£20-25", "At The Mill you pay £20-£25."),
        ("priceRange", "£20-25", "The Mill is mid-priced."),
        ("priceRange", "less than £20", "The Mill is cheap."),
        ("priceRange", "high", "The Mill is expensive."),
        ("priceRange", "moderate", "The Mill is not cheap."),
        ("customer_rating", "5 out of 5", "The Mill has five stars."),
        ("customer_rating", "low", "The Mill is poorly rated."),
        ("customer_rating", "3 out of 5", "The Mill has an average customer rating."),
        ("familyFriendly", "yes", "The Mill is kid friendly."),
        ("familyFriendly", "yes", "The Mill is welcoming to children."),
        ("familyFriendly", "no", "The Mill is not family-friendly."),
        ("familyFriendly", "no", "The Mill is not welcoming to children."),
        ("familyFriendly", "no", "The Mill is no place that does not allow kids, as it is for adults only."),
        ("near", "Café Brazil", "The Mill is near Cafe Brazil."),
    ],
)
def test_a_value_is_read_in_many_wordings(slot: str, value: str, text: str) -> None:
    wanted = meaning(**{slot: value})
    assert errors(text, wanted) == SlotErrors(slots=2)


def test_what_is_not_said_is_missing_and_the_rate_counts_it_per_slot() -> None:
    found = errors("The Mill is a pub.", meaning(eatType="pub", food="French", area="riverside"))
    assert found == SlotErrors(missing=2, slots=4)
    assert found.rate == 0.5


def test_what_was_not_asked_for_is_added() -> None:
    assert errors("The Mill is a cheap pub near Café Rouge.", meaning(eatType="pub")) == SlotErrors(added=2, slots=2)


def test_another_value_in_the_place_of_the_wanted_one_is_wrong_and_not_missing_too() -> None:
    assert errors("The Mill serves Indian food.", meaning(food="French")) == SlotErrors(wrong=1, slots=2)
    assert errors("The Punter serves French food.", meaning(food="French")) == SlotErrors(wrong=1, slots=2)


def test_a_restaurant_by_a_river_that_is_no_friend_of_families_is_not_read_as_one_that_is() -> None:
    assert errors("The Mill is not family friendly.", meaning(familyFriendly="yes")) == SlotErrors(wrong=1, slots=2)


def test_a_value_said_twice_is_no_error() -> None:
    assert errors("The Mill is a pub. The Mill is a French pub.", meaning(eatType="pub", food="French")).count == 0


def test_a_slot_may_have_two_values() -> None:
    wanted = Meaning({"name": ("The Mill",), "eatType": ("pub", "restaurant")}, ("x",))
    assert errors("The Mill is a pub and restaurant.", wanted).count == 0
    assert errors("The Mill is a pub.", wanted) == SlotErrors(missing=1, slots=3)


def test_errors_of_texts_add_up() -> None:
    assert total([SlotErrors(1, 2, 3, 8), SlotErrors(slots=4)]) == SlotErrors(1, 2, 3, 12)
    assert total([]).rate == 0
