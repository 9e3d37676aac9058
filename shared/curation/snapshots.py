"""Snapshots of the curated pairs: what a training run learns from, and how it is distributed.

The distribution is what later products and their copy are compared with, to see how far they have drifted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from statistics import quantiles
from typing import Any

from sqlalchemy import Connection

from shared.content.attributes import plain_name
from shared.curation.pairs import Pair
from shared.repository import pairs as repository
from shared.repository.pairs import Snapshot, StoredPair
from shared.text import words

MOST_COUNTED = 1_000
"""How many names and words a distribution keeps, the most frequent first; the rest are counted as one."""
REST = ""
"""The key of the rest."""
QUANTILES = 20


def training_pairs(connection: Connection) -> list[StoredPair]:
    """The pairs that models learn from: accepted, repaired and forced ones, and none of a held-out family."""
    return repository.standing(connection, "train")


def held_out_pairs(connection: Connection) -> list[StoredPair]:
    """The pairs that models are judged by, and that no training ever sees."""
    return repository.standing(connection, "holdout")


def new_pairs_since(connection: Connection, snapshot: Snapshot | None) -> int:
    """How many pairs for training a snapshot does not hold; None is the snapshot before all pairs."""
    return repository.count_new(connection, snapshot.id if snapshot else None)


def take_snapshot(connection: Connection) -> Snapshot:
    """Record what stands now. As long as nothing changes, it is the same snapshot."""
    pairs = repository.standing(connection)
    content = "\n".join(
        sorted(f"{pair.digest} {hashlib.sha256(pair.pair.text.encode()).hexdigest()}" for pair in pairs)
    )
    digest = hashlib.sha256(content.encode()).hexdigest()
    trained = (stored.pair for stored in pairs if stored.split == "train")
    return repository.add_snapshot(connection, digest, pairs, distribution(trained))


def distribution(pairs: Iterable[Pair]) -> dict[str, Any]:
    """How pairs are distributed, as JSON holds it.

    ``pairs`` is their number; ``attributes``, ``categories`` (the last of each path) and ``profiles`` count the pairs
    that have each, ``words`` counts the words of the texts in small letters; ``lengths`` counts the texts by their
    number of words, and ``length_quantiles`` are the 19 such numbers that divide the texts into 20 equal groups.
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("attributes", "categories", "profiles", "words")}
    lengths: list[int] = []
    for pair in pairs:
        said = words(pair.text.casefold())
        lengths.append(len(said))
        counts["attributes"].update({plain_name(name) for name in pair.product.attributes})
        counts["categories"].update(pair.product.category[-1:])
        counts["profiles"][pair.profile] += 1
        counts["words"].update(said)
    shape: dict[str, Any] = {name: _most(count) for name, count in counts.items()}
    divided = quantiles(lengths, n=QUANTILES, method="inclusive") if len(lengths) > 1 else lengths
    by_length = {str(length): count for length, count in sorted(Counter(lengths).items())}
    return {"pairs": len(lengths), **shape, "lengths": by_length, "length_quantiles": divided}


def _most(count: Counter[str]) -> dict[str, int]:
    # Equal counts in the order of the alphabet: the same pairs have the same distribution.
    ranked = sorted(count.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(number for _, number in ranked[MOST_COUNTED:])
    return dict(ranked[:MOST_COUNTED]) | ({REST: rest} if rest else {})
