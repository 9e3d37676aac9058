"""The gate: whether a challenger may become the champion. Pure: it reads the report of ``shelftalk eval models``.

A challenger passes when it is not worse in faithfulness, better in the target score, and better than the trivial
template. Each is a one-sided test of the mean of paired differences on held-out products, by bootstrap; "not worse" is
a test of non-inferiority with a margin (Piaggio et al. 2012), since no sample can show that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from shared.evaluation.bootstrap import least_difference
from shared.settings import Settings

CHALLENGER, CHAMPION, TEMPLATE = "challenger", "champion", "template"
FAITHFULNESS = "faithfulness"

Rows = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class GateStandards:
    """What the gate asks for. ``margin`` is how much lower faithfulness may be, ``products`` the fewest that decide."""

    target: str = "parent_f"
    confidence: float = 0.95
    margin: float = 0.02
    products: int = 20

    @classmethod
    def of(cls, settings: Settings) -> GateStandards:
        """As the settings have it."""
        return cls(settings.gate_target, settings.gate_confidence, settings.gate_margin, settings.gate_products)


@dataclass(frozen=True)
class Test:
    """One test: the challenger's mean against another's, and the lower bound of their difference. ``failure`` says in
    words what it means not to pass."""

    failure: str
    metric: str
    against: str
    challenger: float
    other: float
    least_difference: float
    threshold: float

    @property
    def passes(self) -> bool:
        """Whether the lower bound is above the threshold."""
        return self.least_difference > self.threshold


@dataclass(frozen=True)
class Judgement:
    """What the gate says of a challenger, and the tests that it rests on."""

    tests: tuple[Test, ...]
    products: int
    reason: str
    passes: bool

    def numbers(self) -> dict[str, Any]:
        """The judgement as JSON holds it."""
        tests = [asdict(test) | {"passes": test.passes} for test in self.tests]
        return {"products": self.products, "passes": self.passes, "tests": tests}

    def report(self, standards: GateStandards) -> str:
        """The judgement for people, as Markdown."""
        head = [
            f"**{'Passed' if self.passes else 'Refused'}** on {self.products} held-out products: {self.reason}.",
            "",
            "| against | score | challenger | other | difference, at least | threshold | |",
            "|---|---|---|---|---|---|---|",
        ]
        rows = [
            f"| {test.against} | {test.metric} | {test.challenger:.3f} | {test.other:.3f} "
            f"| {test.least_difference:+.3f} | {test.threshold:+.3f} | {'passes' if test.passes else '**fails**'} |"
            for test in self.tests
        ]
        foot = ["", f"One-sided, {standards.confidence:.0%} confidence, paired bootstrap over products."]
        return "\n".join([*head, *rows, *foot])


def judge_challenger(report: Mapping[str, Any], standards: GateStandards) -> Judgement:
    """Hold a challenger against champion and template, by a report in which they stand under these names.

    Only products that all of them have numbers for are compared. Without a champion, only the template is to be beaten.
    """
    contestants = report["contestants"]
    rows: dict[str, Rows] = {
        name: _measured(contestants[name]["rows"], standards.target)
        for name in (CHALLENGER, CHAMPION, TEMPLATE)
        if name in contestants
    }
    shared_skus = sorted(set.intersection(*(set(each) for each in rows.values())))
    if len(shared_skus) < standards.products:
        reason = f"{len(shared_skus)} held-out products are too few to decide: at least {standards.products} are needed"
        return Judgement((), len(shared_skus), reason, passes=False)

    def test(failure: str, metric: str, against: str, threshold: float = 0.0) -> Test:
        ours, theirs = ([rows[name][sku][metric] for sku in shared_skus] for name in (CHALLENGER, against))
        differences = [one - other for one, other in zip(ours, theirs, strict=True)]
        least = least_difference(differences, confidence=standards.confidence)
        return Test(failure, metric, against, fmean(ours), fmean(theirs), least, threshold)

    tests = [test("it does not beat the template", standards.target, TEMPLATE)]
    if CHAMPION in rows:
        faithful = test("it is less faithful than the champion", FAITHFULNESS, CHAMPION, -standards.margin - 1e-12)
        tests = [faithful, test("it is not better than the champion", standards.target, CHAMPION), *tests]
    failed = [each.failure for each in tests if not each.passes]
    passed = "as faithful as the champion, better, and better than the template"
    reason = "; ".join(failed) or f"it is {passed if CHAMPION in rows else 'better than the template'}"
    return Judgement(tuple(tests), len(shared_skus), reason, passes=not failed)


def _measured(rows: Mapping[str, Any], target: str) -> Rows:
    """The products that have both scores; a text without numbers of its own has none in some."""
    wanted = (FAITHFULNESS, target)
    return {sku: scores for sku, scores in rows.items() if all(scores.get(name) is not None for name in wanted)}
