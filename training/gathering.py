"""From pairs to what a run learns: every pair passes the firewall, and no family stands on both sides of the split."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from shared.curation.firewall import Examined, Firewall
from shared.curation.pairs import Pair, read_pairs
from shared.errors import InvalidEvent
from shared.prompts import is_cut
from training.dataset import Example
from training.run_directory import TrainingData

CURATED = "curated"


@dataclass(frozen=True)
class Selection:
    """Which rows of a pair file are taken.

    ``licences`` has the data sets that are wanted, by their ``source``, with their licences; None takes all.
    ``profile`` is that of rows which name none. ``leave_out`` is a regular expression of texts that are not wanted.
    ``most`` is the greatest number of pairs, and ``repeat`` how often each is learnt in one epoch.
    """

    file: Path
    licences: dict[str, str] | None = None
    profile: str = ""
    leave_out: str = ""
    most: int | None = None
    repeat: int = 1


@dataclass
class Gathered:
    """The examples of both splits, and what became of the other pairs.

    ``held_out_rows`` are the pairs of the held-out families in the catalogue's shape, for the evaluation of what is
    learnt; ``refused`` counts the reasons, ``problems`` names each row with its own.
    """

    train: list[Example] = field(default_factory=list)
    held_out: list[Example] = field(default_factory=list)
    held_out_rows: list[dict[str, Any]] = field(default_factory=list)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def data(self) -> TrainingData:
        """The numbers of it for the model card."""
        return TrainingData(self._digest, len(self.train), len(self.held_out), self.sources, dict(self.refused))

    @property
    def _digest(self) -> str:
        content = [
            [example.sku, [[fact.attribute, fact.value] for fact in example.facts], example.text]
            for example in (*self.train, *self.held_out)
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()

    def take(self, examined: Examined, licence: str = "", repeat: int = 1) -> None:
        """Add a pair to the side of the split on which its family stands.

        One that states more of a value than a prompt holds is refused: from it a model would learn to invent.
        """
        pair = examined.pair
        if cut := next(filter(is_cut, examined.stated), None):
            self.refuse(pair.product.sku, f"states more of {cut.attribute} than a prompt holds")
            return
        example = Example(examined.stated, examined.profile, pair.text, pair.product.sku, pair.family)
        if pair.split == "holdout":
            self.held_out.append(example)
            self.held_out_rows.append(catalogue_row(pair))
            return
        self.train += [example] * repeat
        counted = self.sources.setdefault(
            pair.source or CURATED, {"rows": 0} | ({"licence": licence} if licence else {})
        )
        counted["rows"] += 1

    def refuse(self, place: str, reason: str) -> None:
        """Note that a pair is not taken."""
        self.problems.append(f"{place}: {reason}")
        self.refused[_kind(reason)] += 1


def gather_file(gathered: Gathered, selection: Selection, firewall: Firewall, *, repair: bool) -> None:
    """Add the pairs of a file that pass the firewall; with ``repair`` also those that pass it without their faults.

    Raises:
        ConfigurationError: when the file cannot be read.
    """
    unwanted = re.compile(selection.leave_out) if selection.leave_out else None
    taken = 0
    for line, pair in _rows(selection):
        place = f"{selection.file}: line {line}"
        if taken == selection.most:
            return
        if isinstance(pair, InvalidEvent):
            gathered.refuse(place, str(pair))
            continue
        if unwanted and unwanted.search(pair.text):
            gathered.refuse(place, "is not wanted by the recipe")
            continue
        licence = (selection.licences or {}).get(pair.source, "")
        examined = _examined(replace(pair, profile=pair.profile or selection.profile), place, firewall, repair=repair)
        if not examined.passes:
            gathered.refuse(place, "; ".join(examined.findings))
        elif not examined.names_product:
            gathered.refuse(place, "does not name the product")
        else:
            gathered.take(examined, licence, selection.repeat)
            taken += 1


def _rows(selection: Selection) -> list[tuple[int, Pair | InvalidEvent]]:
    """The wanted rows of a file with their lines; in an order of chance, the same each time, if only some are taken."""
    rows = [
        (line, pair)
        for line, pair in read_pairs(selection.file)
        if isinstance(pair, InvalidEvent) or selection.licences is None or pair.source in selection.licences
    ]
    if selection.most is not None:
        Random(0).shuffle(rows)
    return rows


def gather_curated(gathered: Gathered, pairs: Iterable[Pair], firewall: Firewall) -> None:
    """Add curated pairs. They passed the firewall when they came, or a curator forced them: none is refused here."""
    for pair in pairs:
        gathered.take(firewall.examine(pair))


def _examined(pair: Pair, place: str, firewall: Firewall, *, repair: bool) -> Examined:
    examined = firewall.examine(pair, place)
    if examined.passes or not repair:
        return examined
    mended = examined.repaired()
    return firewall.examine(mended, place) if mended else examined


def catalogue_row(pair: Pair) -> dict[str, Any]:
    """A pair in the shape of a catalogue file."""
    product = pair.product.model_dump(mode="json", exclude_none=True, include=_MEMBERS)
    return product | {"profile": pair.profile, "source": pair.source or CURATED, "description": pair.text}


_MEMBERS = {"sku", "title", "brand", "category", "attributes"}
_QUOTED = re.compile(r"'[^']*'")
_NAMED = re.compile(r"(duplicate of|said of|stated of|states more of|not tied to|the facts say) .*")


def _kind(reason: str) -> str:
    """The first reason without what it quotes and names, so that like ones are counted together."""
    first = _QUOTED.sub("…", reason).partition("; ")[0]
    return _NAMED.sub(r"\1", first)
