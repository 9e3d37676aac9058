"""What is exchanged with curators: the columns of copy that waits, the rows that come back, and what a row decides.

Each row carries the hash of the content that the curator saw. What has changed meanwhile is told apart by it, so that
nobody decides on a text that they have not read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.errors import InvalidEvent

Decision = Literal["approve", "edit", "reject"]

COLUMNS = (
    "id",
    "sku",
    "profile",
    "title",
    "content_hash",
    "status",
    "facts",
    "text",
    "decision",
    "edited_text",
    "reason",
    "seconds",
)
MAX_TEXT = 20_000
_DECISIONS: Mapping[str, Decision] = {
    "approve": "approve",
    "approved": "approve",
    "edit": "edit",
    "edited": "edit",
    "reject": "reject",
    "rejected": "reject",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def readable_facts(facts: Iterable[tuple[str, str]]) -> str:
    """Facts as a curator reads them, one on each line."""
    return "\n".join(f"{attribute}: {value}" for attribute, value in facts)


@dataclass(frozen=True)
class Row:
    """What a curator's row says, not yet held against the copy that it speaks of.

    ``text`` is the column of the copy as it came back; None if it was left out. ``editor`` is the one that the row
    names, if any; ``via`` says what kind of file it stands in.
    """

    id: int
    content_hash: str
    sku: str = ""
    decision: Decision | None = None
    text: str | None = None
    edited_text: str = ""
    reason: str = ""
    seconds: float | None = None
    editor: str | None = None
    via: Literal["file", "label_studio"] = "file"


@dataclass(frozen=True)
class Verdict:
    """What a row decides: ``edited_text`` belongs to an edit, and to nothing else."""

    decision: Decision
    edited_text: str | None = None


def verdict(row: Row, text: str) -> Verdict | None:
    """What a row decides on this text; None if it leaves it open. Without a decision, a text that differs is an edit.

    Raises:
        InvalidEvent: when the row contradicts itself, naming the column and the fix.
    """
    edited = row.edited_text.replace("\r\n", "\n").strip()
    differs = bool(edited) and not _same(edited, text)
    if row.decision == "reject":
        if differs:
            raise InvalidEvent("differs from the text that is rejected; empty it, or write edit", "edited_text")
        if not row.reason.strip():
            raise InvalidEvent("is empty; say why the text is rejected", "reason")
        return Verdict("reject")
    if differs:
        return Verdict("edit", edited)
    if row.decision == "edit":
        raise InvalidEvent("holds no other text than the copy; change it, or write approve", "edited_text")
    if row.text is not None and not _same(row.text, text):
        raise InvalidEvent("has been changed; put it back, and write your text into edited_text", "text")
    return Verdict("approve") if row.decision == "approve" else None


def _same(one: str, other: str) -> bool:
    """Whether two texts differ in no more than what spreadsheet programs do to line ends and spaces at the end."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def row_of(cells: Mapping[str, Any]) -> Row:
    """The row that these cells are, by the names of :data:`COLUMNS`; cells of other names are passed over.

    Raises:
        InvalidEvent: naming the column, and what belongs there.
    """
    for name in ("edited_text", "reason"):
        _check_text(name, _text(cells, name))
    digest = _text(cells, "content_hash").strip().removeprefix("'")
    if not digest:
        raise InvalidEvent("is empty; export the copy anew", "content_hash")
    return Row(
        id=_id(cells.get("id")),
        content_hash=digest,
        sku=_text(cells, "sku"),
        decision=_decision(_text(cells, "decision")),
        text=None if cells.get("text") is None else _text(cells, "text"),
        edited_text=_text(cells, "edited_text"),
        reason=_text(cells, "reason").strip(),
        seconds=_seconds(cells.get("seconds")),
    )


def _text(cells: Mapping[str, Any], name: str) -> str:
    value = cells.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"must be a text, not {json.dumps(value)[:40]}", name)
    return value or ""


def _check_text(name: str, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise InvalidEvent(f"has {len(text):,} characters; at most {MAX_TEXT:,} are taken", name)
    if found := _CONTROL.search(text):
        raise InvalidEvent(f"has the character U+{ord(found[0]):04X}, which no text may hold; remove it", name)


def _id(value: Any) -> int:
    digits = str(value if value is not None else "").strip()
    # 18 digits always fit into a bigint; int() alone takes "1_0" and digits of other scripts.
    if not re.fullmatch(r"[0-9]{1,18}", digits):
        raise InvalidEvent(f"must be the number of the description as exported, not {digits[:40]!r}", "id")
    return int(digits)


def _decision(word: str) -> Decision | None:
    plain = word.strip().casefold()
    if plain and plain not in _DECISIONS:
        raise InvalidEvent(
            f"{word.strip()[:40]!r} is none; write approve, edit or reject, or leave it empty", "decision"
        )
    return _DECISIONS.get(plain)


def _seconds(value: Any) -> float | None:
    given = str(value if value is not None else "").strip()
    if not given:
        return None
    try:
        seconds = float(given.replace(",", "."))  # a German spreadsheet writes 12,5
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InvalidEvent(f"must be a number from 0 on, not {given[:40]!r}", "seconds")
    return seconds
