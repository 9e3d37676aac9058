"""What a curator judges next: the texts that are least likely to be accepted, some at random, and no two alike.

Uncertainty alone would ask for the same fault again and again. As in Zhdanov (2019, "Diverse mini-batch active
learning", arXiv:1901.05954) a batch is therefore spread over groups of what is most in doubt. The groups are not
clusters but the strata that a shop knows, category × profile, and the batch takes from them in turns (round robin).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from math import floor
from random import Random

from shared.scoring.fingerprints import shingles

MAX_SIMILARITY = 0.8
"""Texts that share more of their word 3-shingles (Jaccard) are near-duplicates: judging one tells what the other is
worth."""


@dataclass(frozen=True)
class Waiting:
    """Copy that nobody has judged, as a curator needs it.

    ``content_hash`` names the text that was seen, and a decision gives it back. ``p_accept`` is None while there is no
    calibration. ``is_random`` says that it was drawn into the sample by which acceptance is estimated.
    """

    description_id: int
    source: str
    sku: str
    title: str
    brand: str | None
    category: tuple[str, ...]
    profile: str
    locale: str
    text: str
    content_hash: str
    status: str
    reasons: tuple[str, ...]
    p_accept: float | None
    quality: float
    facts: tuple[tuple[str, str], ...]
    described_at: datetime
    is_random: bool

    @property
    def likelihood(self) -> float:
        """How likely it is to be accepted: ``p_accept``, or the composite score without a calibration."""
        return self.quality if self.p_accept is None else self.p_accept


@dataclass
class _Chosen:
    """The texts chosen so far, by their shingles: finding one alike costs as many look-ups as a text has words."""

    sizes: list[int] = field(default_factory=list)
    holders: dict[tuple[str, ...], list[int]] = field(default_factory=lambda: defaultdict(list))

    def takes(self, text: str) -> bool:
        """Take a text, unless it is a near-duplicate of one that was taken. Whether it was."""
        found = shingles(text)
        shared = Counter(holder for shingle in found if shingle in self.holders for holder in self.holders[shingle])
        size = len(found)
        if any(count > MAX_SIMILARITY * (size + self.sizes[other] - count) for other, count in shared.items()):
            return False
        for shingle in found:
            self.holders[shingle].append(len(self.sizes))
        self.sizes.append(size)
        return True


def select_for_review(
    doubtful: Iterable[Waiting], sampled: Sequence[Waiting], n: int, random_share: float, random: Random
) -> list[Waiting]:
    """At most ``n`` texts for review.

    On average ``random_share`` of them are the first of ``sampled``, which is in a random order already; they are
    spread evenly among the others, and they may be alike: passing one over would bias the estimate. The others are the
    least likely of ``doubtful``, from category × profile in turns, without near-duplicates of what is chosen. Where
    these end, more of the sample follows.
    """
    drawn = list(sampled[: floor(n * random_share + random.random())])
    chosen = _Chosen()
    for each in drawn:
        chosen.takes(each.text)
    picked: list[Waiting] = []
    for each in _in_turns(doubtful):
        if len(picked) == n - len(drawn):
            break
        if chosen.takes(each.text):
            picked.append(each)
    drawn += sampled[len(drawn) : n - len(picked)]
    return _mixed(picked, drawn)


def _in_turns(doubtful: Iterable[Waiting]) -> Iterator[Waiting]:
    """One of each stratum, its least likely first, then the next of each; strata begin with the most doubtful one."""
    strata: dict[tuple[tuple[str, ...], str], list[Waiting]] = defaultdict(list)
    for each in sorted(doubtful, key=lambda waiting: (waiting.likelihood, waiting.description_id)):
        strata[each.category, each.profile].append(each)
    for turn in zip_longest(*strata.values()):
        yield from (each for each in turn if each)


def _mixed(picked: Sequence[Waiting], drawn: Sequence[Waiting]) -> list[Waiting]:
    """Both in their order, spread evenly."""
    placed = [((at + 0.5) / len(each), each[at]) for each in (picked, drawn) for at in range(len(each))]
    return [waiting for _, waiting in sorted(placed, key=lambda pair: pair[0])]
