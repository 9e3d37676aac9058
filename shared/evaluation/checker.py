"""How well the fact check works, on texts that people labelled: what it flags, against what it should flag.

A text counts as flagged when the check finds at least one unsupported span in it. The positives are the texts labelled
contradicted or unsupported, so that precision is the share of the flagged texts that deserve it, recall the share of
the wrong texts that are flagged, and F1 their harmonic mean (van Rijsbergen 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from shared.errors import InvalidEvent
from shared.evaluation.rows import product_of
from shared.events import Product
from shared.factcheck.evidence import Span, find_spans
from shared.facts import product_facts

Label = Literal["supported", "contradicted", "unsupported"]
LABELS: tuple[Label, ...] = get_args(Label)

# The contradictions that do most harm in a shop, for which the project states a bound.
CORE_KINDS = frozenset({"number", "unit", "color", "colour", "material", "boolean"})


@dataclass(frozen=True)
class LabelledText:
    """A text about a product, what a person says of it, and what kind of statement it tries (``number``, ``color``)."""

    product: Product
    text: str
    label: Label
    kind: str

    @property
    def is_wrong(self) -> bool:
        """Whether the text says something that the product's facts do not bear out."""
        return self.label != "supported"


@dataclass(frozen=True)
class Judged:
    """A labelled text, the line that it stands on, and the unsupported spans that the check found in it."""

    line: int
    row: LabelledText
    flags: tuple[Span, ...]

    @property
    def is_right(self) -> bool:
        """Whether the check and the label agree."""
        return bool(self.flags) == self.row.is_wrong


def labelled_text(row: dict[str, Any]) -> LabelledText:
    """Read one row: ``{"product": {…}, "text": "…", "label": "supported", "kind": "number"}``.

    Raises:
        InvalidEvent: naming the field that is wrong and how to mend it.
    """
    label = row.get("label")
    if label not in LABELS:
        seen = "is missing" if label is None else f"is {str(label)[:60]!r}"
        raise InvalidEvent(f"{seen}; write one of {', '.join(LABELS)}", "label")
    return LabelledText(product_of(row), _text(row, "text"), label, _text(row, "kind"))


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        seen = "is missing" if value is None else f"is {str(value)[:60]!r}"
        raise InvalidEvent(f"{seen}; write a text that is not empty", field)
    return value


def judge(line: int, row: LabelledText) -> Judged:
    """Run the fact check on one labelled text."""
    spans = find_spans(row.text, product_facts(row.product), row.product.locale)
    return Judged(line, row, tuple(span for span in spans if span.kind == "unsupported"))


@dataclass(frozen=True)
class Tally:
    """How often the check and the labels agree over some texts; a rate without any case is None."""

    rows: int
    positives: int
    flagged: int
    rightly_flagged: int

    @property
    def precision(self) -> float | None:
        """The share of the flagged texts that are wrong; None too where no text is wrong, for it would tell nothing."""
        return _share(self.rightly_flagged, self.flagged) if self.positives else None

    @property
    def recall(self) -> float | None:
        """The share of the wrong texts that are flagged."""
        return _share(self.rightly_flagged, self.positives)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall: 2 · rightly flagged / (flagged + positives)."""
        return _share(2 * self.rightly_flagged, self.flagged + self.positives) if self.positives else None

    @property
    def falsely_flagged(self) -> float | None:
        """The share of the supported texts that are flagged."""
        return _share(self.flagged - self.rightly_flagged, self.rows - self.positives)

    def as_json(self) -> dict[str, float | int | None]:
        """The counts and the rates by name."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "falsely_flagged": self.falsely_flagged,
            "rows": self.rows,
            "positives": self.positives,
            "flagged": self.flagged,
            "rightly_flagged": self.rightly_flagged,
        }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def tally(judged: Iterable[Judged]) -> Tally:
    """Count agreements."""
    found = list(judged)
    wrong = [each for each in found if each.row.is_wrong]
    flagged = sum(bool(each.flags) for each in found)
    return Tally(len(found), len(wrong), flagged, sum(bool(each.flags) for each in wrong))


@dataclass(frozen=True)
class Report:
    """The tallies of a file: in all, of the core kinds together, for each kind and for each label."""

    all: Tally
    core: Tally
    kinds: dict[str, Tally]
    labels: dict[str, Tally]

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "all": self.all.as_json(),
            "core": self.core.as_json(),
            "kinds": {kind: each.as_json() for kind, each in self.kinds.items()},
            "labels": {label: {"rows": each.rows, "flagged": each.flagged} for label, each in self.labels.items()},
        }


def report(judged: Sequence[Judged]) -> Report:
    """Sum up a file, with the kinds in the order of their names."""
    return Report(
        all=tally(judged),
        core=tally(each for each in judged if each.row.kind in CORE_KINDS),
        kinds=_tallies(judged, lambda row: row.kind),
        labels=_tallies(judged, lambda row: row.label),
    )


def _tallies(judged: Sequence[Judged], name_of: Callable[[LabelledText], str]) -> dict[str, Tally]:
    names = sorted({name_of(each.row) for each in judged})
    return {name: tally(each for each in judged if name_of(each.row) == name) for name in names}
