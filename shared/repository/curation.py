"""Curators' decisions. Each is made by an SQL function of the schema ``curation``, whoever asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from shared.curation.selection import Waiting
from shared.errors import ShelftalkError

Via = Literal["cli", "file", "label_studio", "sql"]

_CONFLICT = "ST409"
_INVALID = "ST400"


class ReviewConflict(ShelftalkError):
    """The description is no longer what the curator saw. ``reason`` says what happened meanwhile."""

    @property
    def reason(self) -> str:
        """What happened, and what to do."""
        return str(self)


class InvalidDecision(ShelftalkError):
    """A decision that lacks something. ``reason`` says what."""

    @property
    def reason(self) -> str:
        """What is wrong, and what to do."""
        return str(self)


@dataclass(frozen=True)
class Seen:
    """A description as it stands now: ``text`` is the curator's where one edited it.

    ``decision``, ``editor`` and ``reviewed_at`` are of the last decision, None while there is none. ``is_current`` says
    that it is the copy that counts.
    """

    description_id: int
    source: str
    sku: str
    profile: str
    locale: str
    title: str
    text: str
    content_hash: str
    status: str
    decision: str | None
    editor: str | None
    reviewed_at: datetime | None
    is_current: bool


@dataclass(frozen=True)
class Group:
    """What one editor decided on one day (of UTC) in one profile, and the median of the seconds spent, if known."""

    editor: str
    day: date
    profile: str
    approved: int
    edited: int
    rejected: int
    median_seconds: float | None

    @property
    def acceptance(self) -> float:
        """The share that was approved as it was."""
        return self.approved / (self.approved + self.edited + self.rejected)


def approve(
    connection: Connection,
    description_id: int,
    content_hash: str,
    editor: str,
    *,
    seconds: float | None = None,
    via: Via = "cli",
) -> int:
    """Publish a description as it stands; it becomes the copy that counts. Returns the review's id.

    ``content_hash`` is that of what the curator saw (:attr:`Waiting.content_hash`, :attr:`Seen.content_hash`).

    Raises:
        ReviewConflict: the description is no longer what the curator saw.
        InvalidDecision: there is no such description, or no editor.
    """
    return _decide(connection, "approve", description_id, content_hash, editor=editor, seconds=seconds, via=via)


def edit(
    connection: Connection,
    description_id: int,
    content_hash: str,
    edited_text: str,
    editor: str,
    *,
    reason: str | None = None,
    seconds: float | None = None,
    via: Via = "cli",
) -> int:
    """Publish a text of the curator's own in place of a description. Returns the review's id.

    White space around it is left out; a text that is the same as before is an approval.

    Raises:
        ReviewConflict: the description is no longer what the curator saw.
        InvalidDecision: there is no such description, no editor, or no text.
    """
    said = {"edited_text": edited_text, "editor": editor, "reason": reason}
    return _decide(connection, "edit", description_id, content_hash, **said, seconds=seconds, via=via)


def reject(
    connection: Connection,
    description_id: int,
    content_hash: str,
    reason: str,
    editor: str,
    *,
    seconds: float | None = None,
    via: Via = "cli",
) -> int:
    """Take a description back. Returns the review's id.

    Raises:
        ReviewConflict: the description is no longer what the curator saw.
        InvalidDecision: there is no such description, no editor, or no reason.
    """
    said = {"reason": reason, "editor": editor}
    return _decide(connection, "reject", description_id, content_hash, **said, seconds=seconds, via=via)


def _decide(connection: Connection, function: str, description_id: int, content_hash: str, **said: Any) -> int:
    """Call a function of the schema ``curation`` in a savepoint: after a refusal the caller's transaction goes on."""
    if not 0 < description_id < 2**63:
        raise InvalidDecision(f"there is no description {description_id}")
    values = {"description_id": description_id, "content_hash": content_hash, **said}
    for name, value in values.items():
        if isinstance(value, str) and not _is_storable(value):
            raise InvalidDecision(f"{name} holds a character that no text can have: remove it")
    named = ", ".join(f"{name} => :{name}" for name in values)
    try:
        with connection.begin_nested():
            return int(connection.execute(text(f"SELECT curation.{function}({named})"), values).scalar_one())
    except DBAPIError as error:
        state, reason = getattr(error.orig, "sqlstate", None), getattr(error.orig, "diag", None)
        if state not in (_CONFLICT, _INVALID) or reason is None:
            raise
        refusal = ReviewConflict if state == _CONFLICT else InvalidDecision
        raise refusal(reason.message_primary) from None


def _is_storable(value: str) -> bool:
    """Whether Postgres can hold it: neither a NUL nor half of a surrogate pair."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)


def look(connection: Connection, description_id: int) -> Seen | None:
    """A description as it stands now, with the hash that a decision on it needs; None when there is none."""
    if not 0 < description_id < 2**63:
        return None
    row = connection.execute(text("SELECT * FROM curation.look(:id)"), {"id": description_id}).first()
    return Seen(description_id, **row._mapping) if row else None


def decision(connection: Connection, review_id: int) -> dict[str, Any]:
    """A decision with its diff and all that ``analytics.review`` says of it."""
    row = connection.execute(text("SELECT * FROM analytics.review WHERE review_id = :id"), {"id": review_id})
    return dict(row.one()._mapping)


def doubtful(connection: Connection, limit: int, random_share: float) -> list[Waiting]:
    """What waits for review, the least likely to be accepted first; without what belongs to the random sample."""
    query = (
        "SELECT * FROM curation.queue WHERE random_place >= :share"
        " ORDER BY coalesce(p_accept, quality), description_id LIMIT :limit"
    )
    return [_waiting(row, False) for row in connection.execute(text(query), {"share": random_share, "limit": limit})]


def sampled(connection: Connection, limit: int, random_share: float) -> list[Waiting]:
    """The random sample of all copy on which nobody has decided, whatever its status, in a random order."""
    query = "SELECT * FROM curation.candidate WHERE random_place < :share ORDER BY random_place LIMIT :limit"
    return [_waiting(row, True) for row in connection.execute(text(query), {"share": random_share, "limit": limit})]


def _waiting(row: Row[Any], is_random: bool) -> Waiting:
    values = {name: value for name, value in row._mapping.items() if name != "random_place"}
    for name in ("category", "reasons"):
        values[name] = tuple(values[name])
    return Waiting(**values | {"facts": tuple((name, value) for name, value in row.facts), "is_random": is_random})


def waiting_count(connection: Connection) -> int:
    """How many texts wait for review."""
    return connection.scalar(text("SELECT count(*) FROM curation.queue")) or 0


def groups(connection: Connection) -> list[Group]:
    """All decisions by editor, day and profile, newest day first."""
    query = (
        "SELECT editor, CAST(reviewed_at AT TIME ZONE 'UTC' AS date) AS day, profile,"
        " count(*) FILTER (WHERE decision = 'approved') AS approved,"
        " count(*) FILTER (WHERE decision = 'edited') AS edited,"
        " count(*) FILTER (WHERE decision = 'rejected') AS rejected,"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds_spent) AS median_seconds"
        " FROM analytics.review GROUP BY editor, day, profile ORDER BY day DESC, editor, profile"
    )
    return [Group(**row._mapping) for row in connection.execute(text(query))]


def random_decisions(connection: Connection, random_share: float) -> list[bool]:
    """Of each description of the random sample that was decided: whether the last decision approved it as it was."""
    query = (
        "SELECT DISTINCT ON (description_id) decision = 'approved' FROM analytics.review"
        " WHERE random_place < :share ORDER BY description_id, review_id DESC"
    )
    return list(connection.scalars(text(query), {"share": random_share}))
