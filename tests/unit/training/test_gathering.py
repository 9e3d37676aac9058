"""From pair files to examples: what is taken, what is refused and named, and on which side of the split it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.curation.families import split_of
from shared.curation.firewall import Firewall
from shared.curation.pairs import Pair, read_pairs
from shared.events import Product
from shared.policy import read_policy
from shared.settings import settings
from training.gathering import Gathered, Selection, catalogue_row, gather_curated, gather_file

STEEL = {"material": "stainless steel", "capacity": "0.75 l"}


def names(split: str) -> Iterable[str]:
    """Names of bottles whose families stand on one side of the split."""
    for at in range(676):
        name = f"Fjell Bottle {chr(97 + at // 26)}{chr(97 + at % 26)}"
        if split_of(" ".join(sorted(name.casefold().split()))) == split:  # the family of a title without a brand
            yield name


TRAIN, HELD_OUT = list(islice(names("train"), 12)), list(islice(names("holdout"), 3))


def row(name: str, **changes: Any) -> dict[str, Any]:
    text = f"The {name} is made of stainless steel and holds 0.75 l."
    found = {"sku": name, "title": name, "category": "bottle", "attributes": STEEL, "profile": "product_page"}
    return found | {"source": "shop", "description": text} | changes


def file_of(folder: Path, rows: Sequence[dict[str, Any] | str]) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in rows))
    return path


def firewall() -> Firewall:
    return Firewall(read_policy(settings()), date(2026, 11, 23))


def gathered(path: Path, *, repair: bool = False, **selection: Any) -> Gathered:
    found = Gathered()
    gather_file(found, Selection(path, **selection), firewall(), repair=repair)
    return found


def skus(found: Gathered) -> list[str]:
    return [example.sku for example in found.train]


def test_pairs_become_examples_of_what_their_text_states(tmp_path: Path) -> None:
    attributes = STEEL | {"colour": "blue"}
    found = gathered(file_of(tmp_path, [row(TRAIN[0], attributes=attributes)]))
    [example] = found.train
    assert example.text == f"The {TRAIN[0]} is made of stainless steel and holds 0.75 l."
    assert [fact.attribute for fact in example.facts] == ["title", "category", "material", "capacity"]
    assert (example.sku, example.profile.name) == (TRAIN[0], "product_page")
    assert found.data.train == 1
    assert found.data.sources == {"shop": {"rows": 1}}


def test_families_that_are_held_out_never_train(tmp_path: Path) -> None:
    found = gathered(file_of(tmp_path, [row(name) for name in (*TRAIN, *HELD_OUT)]), repeat=3)
    assert {example.family for example in found.train}.isdisjoint(example.family for example in found.held_out)
    assert {example.sku for example in found.held_out} == set(HELD_OUT)
    assert all(split_of(example.family) == "train" for example in found.train)
    assert (found.data.train, found.data.held_out) == (36, 3)


def test_variants_of_a_held_out_product_never_train(tmp_path: Path) -> None:
    variant = row(f"{HELD_OUT[0]} 0.75 l blue", sku="variant")
    assert skus(gathered(file_of(tmp_path, [variant, row(TRAIN[0])]))) == [TRAIN[0]]


def test_rows_that_fail_are_named_with_file_line_and_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    copper = row(TRAIN[1], description=f"The {TRAIN[1]} is made of copper and holds 0.75 l.")
    nameless = row(TRAIN[2], description="This bottle is made of stainless steel and holds 0.75 l.")
    again = row(TRAIN[3], description=row(TRAIN[0])["description"], title=TRAIN[0])
    path = file_of(tmp_path, [row(TRAIN[0]), "{", copper, nameless, again, row(TRAIN[4])])
    found = gathered(path)
    assert skus(found) == [TRAIN[0], TRAIN[4]]
    places, reasons = zip(*(problem.split(": ", 2)[1:] for problem in found.problems), strict=True)
    assert places == ("line 2", "line 3", "line 4", "line 5")
    assert all(problem.startswith(f"{path}: ") for problem in found.problems)
    assert reasons[1] == "states 'copper': material not in the facts"
    assert reasons[2] == "does not name the product"
    assert reasons[3].startswith("duplicate of ")
    assert sum(found.refused.values()) == 4
    assert found.refused["states …: material not in the facts"] == 1


def test_repair_takes_a_pair_without_the_sentence_that_fails(tmp_path: Path) -> None:
    good = row(TRAIN[0])["description"]
    path = file_of(tmp_path, [row(TRAIN[0], description=f"{good} It is made of copper.")])
    assert gathered(path).train == []
    assert [example.text for example in gathered(path, repair=True).train] == [good]


def test_only_the_wanted_data_sets_are_taken_with_their_licences(tmp_path: Path) -> None:
    path = file_of(tmp_path, [row(TRAIN[0]), row(TRAIN[1], source="elsewhere"), row(TRAIN[2])])
    found = gathered(path, licences={"shop": "CC0-1.0"})
    assert skus(found) == [TRAIN[0], TRAIN[2]]
    assert found.data.sources == {"shop": {"rows": 2, "licence": "CC0-1.0"}}
    assert found.problems == []


def test_no_more_than_the_most_are_taken_and_always_the_same(tmp_path: Path) -> None:
    path = file_of(tmp_path, [row(name) for name in TRAIN])
    first, second = gathered(path, most=5), gathered(path, most=5)
    assert len(first.train) == 5
    assert skus(first) == skus(second) != sorted(skus(first))
    assert len(gathered(path, most=99).train) == len(TRAIN)


def test_faulty_rows_do_not_count_towards_the_most(tmp_path: Path) -> None:
    rows = [row(name, description="Too short.") for name in TRAIN[:6]] + [row(name) for name in TRAIN[6:]]
    assert len(gathered(file_of(tmp_path, rows), most=6).train) == 6


def test_a_pair_is_learnt_as_often_as_is_said(tmp_path: Path) -> None:
    found = gathered(file_of(tmp_path, [row(TRAIN[0]), row(TRAIN[1])]), repeat=3)
    assert sorted(skus(found)) == sorted([*TRAIN[:2]] * 3)
    assert found.data.sources == {"shop": {"rows": 2}}


def test_texts_that_the_recipe_does_not_want_are_left_out(tmp_path: Path) -> None:
    asking = row(TRAIN[0], description=f"Would you like the {TRAIN[0]} made of stainless steel with 0.75 l?")
    found = gathered(file_of(tmp_path, [asking, row(TRAIN[1])]), leave_out=r"\?")
    assert skus(found) == [TRAIN[1]]
    assert found.problems == [f"{tmp_path / 'pairs.jsonl'}: line 1: is not wanted by the recipe"]


def test_rows_without_a_profile_take_the_selections(tmp_path: Path) -> None:
    rows = [row(TRAIN[0], profile=None), row(TRAIN[1])]
    found = gathered(file_of(tmp_path, rows), profile="price_comparison")
    assert [example.profile.name for example in found.train] == ["price_comparison", "product_page"]


def test_the_same_pairs_have_the_same_digest_and_others_another(tmp_path: Path) -> None:
    path = file_of(tmp_path, [row(name) for name in (*TRAIN[:3], *HELD_OUT)])
    digest = gathered(path).data.digest
    assert gathered(path).data.digest == digest
    file_of(tmp_path, [row(name) for name in (*TRAIN[:4], *HELD_OUT)])
    assert gathered(path).data.digest != digest


def test_curated_pairs_are_taken_whatever_the_firewall_says_now() -> None:
    product = Product(sku="A", version=0, title=TRAIN[0], category=("bottle",), attributes=STEEL)
    forced = Pair(product, "product_page", f"The {TRAIN[0]} is made of copper.", editor="ada")
    found = Gathered()
    gather_curated(found, [forced], firewall())
    assert [example.text for example in found.train] == [forced.text]
    assert found.data.sources == {"curated": {"rows": 1}}


def test_a_pair_of_a_file_that_was_curated_already_is_a_duplicate(tmp_path: Path) -> None:
    path = file_of(tmp_path, [row(TRAIN[0])])
    [(_, pair)] = read_pairs(path)
    assert isinstance(pair, Pair)
    found, wall = Gathered(), firewall()
    gather_curated(found, [pair], wall)
    gather_file(found, Selection(path), wall, repair=False)
    assert len(found.train) == 1
    assert "duplicate of" in found.problems[0]


VALUES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=20)


@given(st.sampled_from(HELD_OUT), st.dictionaries(st.sampled_from(["colour", "weight"]), VALUES, max_size=2))
def test_held_out_rows_can_be_read_back_as_the_pairs_they_were(
    tmp_path_factory: pytest.TempPathFactory, name: str, more: dict[str, str]
) -> None:
    product = Product(sku=name, version=0, title=name, brand="Fjell", category=("bottle",), attributes=STEEL | more)
    pair = Pair(product, "product_page", f"The {name} is made of stainless steel.", "shop")
    path = file_of(tmp_path_factory.mktemp("rows"), [catalogue_row(pair)])
    [(_, read)] = read_pairs(path)
    assert isinstance(read, Pair), read
    assert (read.text, read.profile, read.family) == (pair.text, pair.profile, pair.family)
    assert read.product.attributes.keys() == product.attributes.keys()
