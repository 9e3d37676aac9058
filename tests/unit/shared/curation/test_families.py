"""Families of products: variants of one product are never on both sides of the split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.curation.families import HELD_OUT_IN, family_of, split_of
from shared.events import Product

NAMES = (
    "Fjell Bottle",
    "Nova Desk Lamp",
    "Oslo Rain Jacket",
    "Stillwater Kettle",
    "Tarnby Skillet",
    "Kompass Rucksack",
)
COLOURS = ("", "Blue", "matte black", "Dark Green", "rot", "Azul", "Ivory", "multicolor")
SIZES = ("", "XL", "S", "Small", "Extra Large", "Size M", "King", "Mini")
AMOUNTS = ("", "500 ml", "0.75 l", "1.5 m", "15.6 inch", "2 TB", "250g", "60 x 40 cm", "Pack of 3", '27"', "1200 W")
MODELS = ("", "2", "K2", "800", "X-200", "2024", "III-5")


def product(title: str, brand: str | None = None) -> Product:
    return Product(sku="A1", version=0, title=title, brand=brand)


def variants() -> st.SearchStrategy[tuple[str, str]]:
    """Two titles of one product: they differ by what tells variants apart, and by its order."""

    def told(name: str) -> st.SearchStrategy[str]:
        parts = st.tuples(*map(st.sampled_from, (COLOURS, SIZES, AMOUNTS)))
        return st.builds(
            lambda parts, order, comma: comma.join([name, *filter(None, (parts[at] for at in order))]),
            parts,
            st.permutations(range(3)),
            st.sampled_from([" ", ", ", " - "]),
        )

    return st.sampled_from(NAMES).flatmap(lambda name: st.tuples(told(name), told(name)))


@given(variants(), st.sampled_from(["Norrland", None]))
def test_variants_are_of_one_family(titles: tuple[str, str], brand: str | None) -> None:
    one, other = (family_of(product(title, brand)) for title in titles)
    assert one == other


@given(st.sampled_from(NAMES), st.sampled_from(MODELS), st.sampled_from(MODELS))
def test_trailing_numbers_and_models_do_not_part_a_family(name: str, one: str, other: str) -> None:
    families = {family_of(product(f"{name} {model}".replace("III-", ""))) for model in (one, other)}
    assert len(families) == 1


@given(st.text(min_size=1).filter(str.strip), st.one_of(st.none(), st.text()))
def test_any_title_has_a_family_and_a_side(title: str, brand: str | None) -> None:
    family = family_of(Product.model_construct(sku="A1", version=0, title=title, brand=brand))
    assert family == family_of(Product.model_construct(sku="A2", version=7, title=title, brand=brand))
    assert split_of(family) in ("train", "holdout")


@given(st.text(min_size=1).filter(str.strip))
def test_case_and_spaces_do_not_count(title: str) -> None:
    spread = Product.model_construct(title=f"  {title}  ", brand=None)
    assert family_of(spread) == family_of(Product.model_construct(title=title, brand=None))


def test_other_products_are_of_other_families() -> None:
    assert len({family_of(product(name)) for name in NAMES}) == len(NAMES)
    assert family_of(product("Kettle", "Norrland")) != family_of(product("Kettle", "Tarnby"))


def test_the_brand_counts_once_wherever_it_stands() -> None:
    assert family_of(product("Norrland Kettle", "Norrland")) == family_of(product("Kettle", "Norrland"))


def test_a_title_of_nothing_but_a_model_has_the_family_of_its_letters() -> None:
    assert family_of(product("XPS-13")) == family_of(product("XPS 15")) == "xps"
    assert family_of(product("1984")) == "1984"


def test_the_split_is_the_same_on_every_machine() -> None:
    known = {"bottle fjell": "train", "kettle stillwater": "holdout", "lamp nova": "train"}
    assert {family: split_of(family) for family in known} == known


def test_one_family_in_ten_is_held_out() -> None:
    held_out = sum(split_of(f"family {number}") == "holdout" for number in range(10_000))
    assert abs(held_out - 10_000 / HELD_OUT_IN) < 100
