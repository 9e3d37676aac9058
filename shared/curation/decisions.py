"""Takes in the rows that curators sent back: each is one decision, and none hinders another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from sqlalchemy import Connection

from shared.curation.exchange import Row, Verdict, verdict
from shared.curation.reviews import recalibrate
from shared.errors import InvalidEvent
from shared.repository import curation
from shared.repository.curation import InvalidDecision, ReviewConflict, Seen

BATCH = 500
Outcome = Literal["approved", "edited", "rejected", "decided before", "left open", "conflict", "refused"]
_DONE: dict[str, Outcome] = {"approve": "approved", "edit": "edited", "reject": "rejected"}


@dataclass
class Intake:
    """Takes rows in, one after the other.

    ``editor`` is who decides where a row names nobody, or whatever it names if ``overrules``. ``tell`` is called with
    the place, the sku, and what is wrong with a row that was not taken.
    """

    editor: str
    overrules: bool
    tell: Callable[[int, str, str], None]
    counts: Counter[Outcome] = field(default_factory=Counter)
    _decided: dict[int, int] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """How many rows were not taken."""
        return self.counts["conflict"] + self.counts["refused"]

    def take_all(
        self,
        connection: Connection,
        rows: Iterable[tuple[int, Row | InvalidEvent]],
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Take all rows in and commit, in batches, so that no lock lasts long; ``dry_run`` changes nothing."""
        done = 0
        for batch in _batches(rows):
            for place, row in batch:
                self.counts[self._take(connection, place, row)] += 1
            if dry_run:
                connection.rollback()
            else:
                recalibrate(connection)
                connection.commit()
            done += len(batch)
            progress(done)

    def _take(self, connection: Connection, place: int, row: Row | InvalidEvent) -> Outcome:
        sku = ""
        try:
            if isinstance(row, InvalidEvent):
                raise row
            sku = row.sku
            seen = curation.look(connection, row.id)
            if seen is None:
                raise InvalidEvent(f"there is no description {row.id}; export the copy anew", "id")
            sku = seen.sku
            return self._decide(connection, place, row, seen)
        except (InvalidEvent, InvalidDecision) as error:
            self.tell(place, sku, str(error))
            return "refused"
        except ReviewConflict as error:
            self.tell(place, sku, f"conflict: {error}")
            return "conflict"

    def _decide(self, connection: Connection, place: int, row: Row, seen: Seen) -> Outcome:
        # What the curator saw is the row's own text, should another one stand by now.
        is_fresh = row.content_hash == seen.content_hash
        text = seen.text if is_fresh or row.text is None else row.text
        found = verdict(row, text)
        if found is None:
            return "left open"
        if (first := self._decided.setdefault(row.id, place)) != place:
            raise InvalidEvent(f"stands at {first} already; keep one of the two", "id")
        self._record(connection, row, found)
        return _DONE[found.decision] if is_fresh else "decided before"

    def _record(self, connection: Connection, row: Row, found: Verdict) -> None:
        editor = self.editor if self.overrules else row.editor or self.editor
        if found.decision == "approve":
            curation.approve(connection, row.id, row.content_hash, editor, seconds=row.seconds, via=row.via)
        elif found.decision == "edit":
            text, reason = found.edited_text or "", row.reason or None
            curation.edit(
                connection, row.id, row.content_hash, text, editor, reason=reason, seconds=row.seconds, via=row.via
            )
        else:
            curation.reject(connection, row.id, row.content_hash, row.reason, editor, seconds=row.seconds, via=row.via)


def _batches(
    rows: Iterable[tuple[int, Row | InvalidEvent]],
) -> Iterator[list[tuple[int, Row | InvalidEvent]]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch
