"""Fingerprints: alike texts share keys, others do not."""

from __future__ import annotations

import hashlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.scoring.fingerprints import BANDS, ROWS, bands, shingles, signature, similarity

TEXT = (
    "The Harbour Jacket by Norrland is a shell for wet days at sea. Its fabric is nylon with mesh, its hood rolls away "
    "and its four pockets close with zips. It weighs 480 g and packs into its own pocket. Its cuffs can be tightened "
    "with one hand, and the hem has a cord. The jacket is made in Finland and comes in blue, red and black."
)
NEAR = TEXT.replace("480 g", "520 g")
OTHER = "Night Ferry is a puzzle game for two players. Its developer is Tern Studio, and it was released in 2019."


def shared_bands(text: str, other: str) -> int:
    return len(set(bands(signature(text))) & set(bands(signature(other))))


def test_similarity_is_jaccard_of_word_triples() -> None:
    assert similarity("a b c d e", "a b c d f") == pytest.approx(2 / 4)
    assert similarity("A, b c!", "a b C") == 1
    assert similarity("a b c", "d e f") == similarity("", "") == 0


def test_a_text_of_two_words_is_one_shingle() -> None:
    assert shingles("Grey cable") == {("grey", "cable")}
    assert shingles("") == set()


def test_a_signature_estimates_the_similarity() -> None:
    pairs = zip(signature(TEXT), signature(NEAR), strict=True)
    assert sum(mine == theirs for mine, theirs in pairs) / (BANDS * ROWS) == pytest.approx(
        similarity(TEXT, NEAR), abs=0.12
    )


def test_nearly_the_same_texts_share_a_band_and_others_none() -> None:
    assert similarity(TEXT, NEAR) > 0.85
    assert shared_bands(TEXT, NEAR) > 0
    assert shared_bands(TEXT, OTHER) == 0


def test_a_fingerprint_never_changes() -> None:
    assert bands(signature("A red lamp for the home"))[:2] == [1694326065487762193, -7837172584754545217]


@given(st.text(max_size=200))
def test_any_text_has_a_fingerprint_that_postgres_can_hold(text: str) -> None:
    found = signature(text)
    keys = bands(found)
    assert (len(found), len(keys)) in ((BANDS * ROWS, BANDS), (0, 0))
    assert all(-(2**63) <= number < 2**63 for number in (*found, *keys))


@given(st.text(alphabet="abcdefg ", max_size=200))
def test_a_signature_is_the_lowest_value_of_each_hash_function(text: str) -> None:
    prime, seeded = 2**61 - 1, Random(1997)
    functions = [(seeded.randrange(1, prime), seeded.randrange(prime)) for _ in range(BANDS * ROWS)]
    hashed = [
        int.from_bytes(hashlib.blake2b(" ".join(shingle).encode(), digest_size=8).digest())
        for shingle in shingles(text)
    ]
    expected = tuple(min((a * x + b) % prime for x in hashed) for a, b in functions) if hashed else ()
    assert signature(text) == expected
