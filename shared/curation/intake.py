"""Brings human copy in as curated pairs: from files of pairs, and from the decisions of curators.

Nothing here commits: the caller owns the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Connection

from shared.curation.firewall import Firewall
from shared.curation.pairs import Pair
from shared.errors import ConfigurationError, InvalidEvent
from shared.events import Product, ProductChanged, validate
from shared.repository import pairs as repository

Outcome = Literal["accepted", "repaired", "forced", "refused", "known", "unreadable"]

REVIEWED = "review"
"""The source of pairs that come from curators' decisions."""


@dataclass(frozen=True)
class Problem:
    """A row, or the review, of which something was found, why, and what became of it all the same."""

    row: int
    sku: str
    outcome: Outcome
    findings: tuple[str, ...]


@dataclass
class ImportReport:
    """What became of each row; ``known`` are those that stand already."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.counts.total()

    def note(self, row: int, sku: str, outcome: Outcome, findings: Sequence[str] = ()) -> None:
        """Record what became of a row."""
        self.counts[outcome] += 1
        if findings:
            self.problems.append(Problem(row, sku, outcome, tuple(findings)))


def import_pairs(
    connection: Connection,
    rows: Iterable[tuple[int, Pair | InvalidEvent]],
    firewall: Firewall,
    *,
    repair: bool = False,
    force: bool = False,
    editor: str,
) -> ImportReport:
    """Store human copy as curated pairs, each with what the firewall found.

    What fails is stored as refused, so that a curator can see and force it later. ``repair`` first leaves out the
    sentences that fail, if the rest can stand; ``force`` lets pairs train whatever was found. A pair that stands
    already is left as it is: the same file may be imported again. A row that is none is named in the report, and the
    rest goes on.
    """
    intake = _Intake(connection, firewall, repair=repair, force=force)
    for number, row in rows:
        if isinstance(row, InvalidEvent):
            intake.report.note(number, "", "unreadable", [str(row)])
        else:
            intake.take(replace(row, editor=row.editor or editor), number, f"line {number}")
    return intake.report


def collect_reviews(connection: Connection, firewall: Firewall) -> ImportReport:
    """Make curated pairs of the approvals and edits that are none yet. Rows of the report are ids of reviews.

    The facts are those of the product as its catalogue published it in the version that the copy was written from: a
    curator may state any of them, not only what the prompt held. Where that event is gone, the newest snapshot stands
    in for it if it is of the same version, else the facts of the prompt. A pair whose decision a later one replaced is
    withdrawn.
    """
    repository.retire(connection)
    intake = _Intake(connection, firewall)
    after = 0
    while decisions := repository.uncollected(connection, after):
        for decision in decisions:
            pair = Pair(_product(decision), decision.profile, decision.text, REVIEWED, decision.editor)
            intake.take(pair, decision.review_id, f"review {decision.review_id}", review_id=decision.review_id)
        after = decisions[-1].review_id
    return intake.report


def force_pair(connection: Connection, pair_id: int, editor: str) -> None:
    """Let a refused pair train all the same. What was found stays on record, with who decided otherwise.

    Raises:
        ConfigurationError: when no pair with this id is refused, or it has no text.
    """
    if not repository.force(connection, pair_id, editor):
        raise ConfigurationError(f"pair {pair_id}: is not among the refused pairs that have a text; look up its id")


class _Intake:
    """Takes pairs in, one after the other, and keeps the report."""

    def __init__(
        self, connection: Connection, firewall: Firewall, *, repair: bool = False, force: bool = False
    ) -> None:
        self.report = ImportReport()
        self._connection = connection
        self._firewall = firewall
        self._repair = repair
        self._force = force
        self._statuses = repository.statuses(connection)
        for stored in repository.standing(connection):
            firewall.remember(stored.pair.text, f"pair {stored.id}")

    def take(self, pair: Pair, row: int, place: str, *, review_id: int | None = None) -> None:
        """Store one pair, unless it stands already."""
        plain, _ = self._firewall.plain(pair)
        if self._statuses.get(plain.digest, "refused") != "refused":
            self.report.note(row, pair.product.sku, "known")
            return
        kept, outcome, findings = self._judged(plain, place)
        stored = repository.add(
            self._connection, kept, plain.digest, outcome, findings, editor=pair.editor, review_id=review_id
        )
        self._statuses[plain.digest] = outcome
        self.report.note(row, pair.product.sku, outcome if stored else "known", findings)

    def _judged(
        self, pair: Pair, place: str
    ) -> tuple[Pair, Literal["accepted", "repaired", "forced", "refused"], Sequence[str]]:
        examined = self._firewall.examine(pair, place)
        if examined.passes:
            return pair, "accepted", ()
        repaired = examined.repaired() if self._repair else None
        if repaired and self._firewall.examine(repaired, place).passes:
            return repaired, "repaired", examined.findings
        is_forced = self._force and examined.can_be_forced
        return pair, "forced" if is_forced else "refused", examined.findings


def _product(decision: repository.Decision) -> Product:
    """The product as it was when the copy was written."""
    if decision.event:
        try:
            event = validate(dict(decision.event))
        except InvalidEvent:
            event = None  # Another release took it in; this one reads events more strictly.
        if isinstance(event, ProductChanged):
            return event.data
    if decision.product:
        return decision.product
    return _of_facts(decision)


def _of_facts(decision: repository.Decision) -> Product:
    facts = dict(decision.facts)
    names = {"title": facts.pop("title", decision.sku), "brand": facts.pop("brand", None)}
    category = [part for part in facts.pop("category", "").split(" > ") if part]
    return Product.model_validate(
        {
            "source": decision.source,
            "sku": decision.sku,
            "version": 0,
            **names,
            "category": category,
            "attributes": facts,
            "locale": decision.locale,
        }
    )
