"""Fingerprints of texts, by which one that is nearly the same is found among a million.

A text is the set of its word 3-shingles, and two texts are as alike as these sets: Jaccard similarity (Broder, 1997,
"On the resemblance and containment of documents"). A MinHash signature stands for the set, and its bands are keys that
alike texts tend to share (Indyk and Motwani, 1998). With 20 bands of 6 hashes each, two texts share a band with a
probability of 1 - (1 - s⁶)²⁰: 0.27 at a similarity s of 0.5, 0.92 at 0.7, and 0.998 at 0.8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random

from shared.text import words

SHINGLE = 3
BANDS = 20
ROWS = 6

_PRIME = 2**61 - 1
_HALF = 2**32
# The hash functions x ↦ (ax + b) mod p. The seed must never change: stored fingerprints would no longer be found.
_SEEDED = Random(1997)
_FUNCTIONS = [(_SEEDED.randrange(1, _PRIME), _SEEDED.randrange(_PRIME)) for _ in range(BANDS * ROWS)]


def shingles(text: str) -> set[tuple[str, ...]]:
    """The word 3-shingles of a text, whatever the case of its letters; of a shorter text all of it."""
    found = tuple(word.casefold() for word in words(text))
    if len(found) < SHINGLE:
        return {found} if found else set()
    return {found[at : at + SHINGLE] for at in range(len(found) - SHINGLE + 1)}


def similarity(text: str, other: str) -> float:
    """The Jaccard similarity of the word 3-shingles of two texts, from 0 to 1; 0 for texts without words."""
    mine, theirs = shingles(text), shingles(other)
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def signature(text: str) -> tuple[int, ...]:
    """The MinHash signature of a text: 120 numbers of 61 bits; empty for a text without words."""
    hashed = [_digest(" ".join(shingle)) for shingle in shingles(text)]
    return tuple(_lowest(hashed)) if hashed else ()


def _lowest(hashed: Sequence[int]) -> list[int]:
    """The lowest (ax + b) mod 2⁶¹ - 1 over the numbers, for each function, in 64-bit arithmetic.

    Each factor is its high part times 2³² and its low part; 2⁶¹ counts as 1, and so 2⁶⁴ as 8. No sum reaches 2⁶⁴.
    """
    import numpy as np  # not needed by most commands

    a, b = np.array(_FUNCTIONS, dtype=np.uint64).T[:, :, None]
    x = np.array(hashed, dtype=np.uint64) % _PRIME
    (a_high, a_low), (x_high, x_low) = np.divmod(a, _HALF), np.divmod(x, _HALF)
    mixed, low = a_high * x_low + a_low * x_high, a_low * x_low
    summands = (a_high * x_high * 8, mixed >> 29, (mixed & (2**29 - 1)) << 32, low >> 61, low & _PRIME, b)
    return list((sum(summands) % _PRIME).min(axis=1).tolist())


def bands(signature: tuple[int, ...]) -> list[int]:
    """The keys of a signature, as signed 64-bit numbers: texts that share one are probably alike."""
    rows = [signature[at : at + ROWS] for at in range(0, len(signature), ROWS)]
    return [_digest(f"{place} {row}", signed=True) for place, row in enumerate(rows)]


def _digest(text: str, *, signed: bool = False) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=signed)
