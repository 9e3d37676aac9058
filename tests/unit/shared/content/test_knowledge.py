"""Approved knowledge: which entries hold for a product, and how files of them are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.content.knowledge import KnowledgeBase, KnowledgeEntry, read_entries
from shared.errors import ConfigurationError
from shared.events import Product
from shared.settings import ROOT


def entry(key: str = "k", **members: Any) -> KnowledgeEntry:
    fields = {"scope": "any", "attribute": "waterproof", "value": "yes", "source": "data sheet", "approved_by": "Ada"}
    return KnowledgeEntry(key=key, **fields | members)


def product(**members: Any) -> Product:
    named = {"title": "Alto", "brand": "Norrland", "category": ["Clothing", "Jackets", "Shells"]}
    return Product(**{"sku": "A1", "version": 1} | named | members)


def holds(found: KnowledgeEntry, **members: Any) -> bool:
    return KnowledgeBase([found]).of(product(**members)) == [found]


@pytest.mark.parametrize(
    ("scope", "value", "expected"),
    [
        ("any", None, True),
        ("brand", "NORRLAND", True),
        ("brand", "Nor", False),
        ("category", "Clothing", True),
        ("category", "clothing > jackets", True),
        ("category", "Jackets", True),
        ("category", "Clothing > Shells", False),
        ("product", "A1", True),
        ("product", "A12", False),
    ],
)
def test_an_entry_holds_for_what_its_scope_names(scope: str, value: str | None, expected: bool) -> None:
    assert holds(entry(scope=scope, scope_value=value)) is expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"material": "Gore-Tex Pro"}, True),
        ({"Materials": ["Nylon", "GORE-TEX"]}, True),
        ({"material": "Gore-Texas"}, False),
        ({"lining": "Gore-Tex"}, False),
        ({}, False),
    ],
)
def test_an_entry_may_ask_for_words_of_an_attribute(attributes: dict[str, Any], expected: bool) -> None:
    assert holds(entry(when_attribute="material", when_value="Gore-Tex"), attributes=attributes) is expected


@pytest.mark.parametrize("value", [False, True, "to 5 m"])
def test_a_product_that_speaks_of_the_attribute_itself_wins(value: Any) -> None:
    assert not holds(entry(), attributes={"Waterproof": value})


def test_a_product_that_says_nothing_of_the_attribute_does_not_win() -> None:
    assert holds(entry(), attributes={"waterproof": "n/a"})


def test_the_narrower_of_two_entries_for_one_attribute_wins() -> None:
    scopes = [
        ("any", None),
        ("brand", "Norrland"),
        ("category", "Clothing"),
        ("category", "Jackets"),
        ("product", "A1"),
    ]
    entries = [entry(f"k{at}", scope=scope, scope_value=value) for at, (scope, value) in enumerate(scopes)]

    for length in range(1, len(entries) + 1):
        assert [found.key for found in KnowledgeBase(entries[:length]).of(product())] == [f"k{length - 1}"]


def test_each_language_has_an_entry_of_its_own() -> None:
    base = KnowledgeBase([entry("de", value="ja", locale="de"), entry("en", locale="en")])

    assert [found.key for found in base.of(product())] == ["de", "en"]


def test_the_digest_is_of_the_content_and_not_of_the_order() -> None:
    one, other = entry("a"), entry("b")

    assert KnowledgeBase([one, other]).digest == KnowledgeBase([other, one]).digest
    assert KnowledgeBase([one]).digest != KnowledgeBase([entry("a", value="no")]).digest


def test_the_example_is_right() -> None:
    assert len(read_entries(ROOT / "knowledge" / "example.toml")) == 3


def test_toml_and_csv_hold_the_same_entries(tmp_path: Path) -> None:
    toml, table = tmp_path / "k.toml", tmp_path / "k.csv"
    toml.write_text(
        '[[entry]]\nkey = "g"\nscope = "any"\nattribute = "hobs"\nvalue = "gas, electric"\nsource = "s"\n'
        'approved_by = "Ada"\n'
    )
    table.write_text('key,scope,scope_value,attribute,value,source\ng,any,,hobs,"gas, electric",s\n')

    assert read_entries(toml) == read_entries(table, approved_by="Ada")


def faults(tmp_path: Path, name: str, text: str) -> list[str]:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_entries(file)
    return [line.removeprefix(f"{file}: ") for line in str(caught.value).split("\n")]


def test_all_faults_of_a_file_are_told_with_line_and_field(tmp_path: Path) -> None:
    text = """
[[entry]]
key = "good"
scope = "any"
attribute = "a"
value = "b"
source = "s"
approved_by = "Ada"

[[entry]]
key = "Bad Key"
scope = "shop"
attribute = "a"
value = "N/A"
approved_by = "Ada"
colour = "red"

[[entry]]
key = "good"
scope = "brand"
attribute = "a"
value = "b"
source = "s"
approved_by = "Ada"
"""
    found = faults(tmp_path, "k.toml", text)

    assert [fault.rpartition(": ")[0].split(": ")[:2] for fault in found] == [
        ["line 11", "key"],
        ["line 12", "scope"],
        ["line 14", "value"],
        ["line 10", "source"],
        ["line 16", "colour"],
        ["line 18", "entry"],
    ]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (
            "k.csv",
            "key,scope\nk,any,red\n",
            "line 2: cells beyond the header: put a text that holds a comma into quotes",
        ),
        ("k.csv", 'key,scope\n"k,any\n', "line 2: not CSV: unexpected end of data; mend the quotes"),
        (
            "k.csv",
            "key\n",
            "line 1: entry: there is none; add one that begins with [[entry]], or a row below the header",
        ),
        ("k.toml", "", "line 1: entry: there is none; add one that begins with [[entry]], or a row below the header"),
        ("k.toml", "[[entry]]\nkey = \n", "line 2: not TOML: Invalid value (at line 2, column 7); mend this place"),
        ("k.toml", 'entry = [{key = "a b"}]', "line 1: key: String should match pattern '^[a-z0-9][a-z0-9._-]{0,99}$'"),
        ("k.toml", "[rule]\n", "rule: is not known here; begin each entry with [[entry]]"),
        ("k.toml", "entry = [1]\n", "entry: is not known here; begin each entry with [[entry]]"),
        ("k.txt", "", "is neither .toml nor .csv; name it by what it holds"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, name: str, text: str, fault: str) -> None:
    assert fault in faults(tmp_path, name, text)


def test_a_key_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    table = "key,scope,attribute,value,source,approved_by\n" + "k,any,a,b,s,Ada\n" * 2

    assert faults(tmp_path, "k.csv", table) == ["line 3: key: 'k' stands in line 2 already; name it anew"]


@pytest.mark.parametrize("value", ["", "-", "unknown", "one\ntwo", "a\u202eb", "x" * 201])
def test_a_value_that_copy_cannot_state_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="value"):
        entry(value=value)
