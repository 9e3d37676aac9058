"""``shelftalk curate approve``, ``edit`` and ``reject``: a curator's decision on one description."""

from __future__ import annotations

import getpass
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.curation.exchange import Decision
    from shared.repository.curation import Seen

Key = Annotated[str, typer.Argument(metavar="SKU|ID", help="The product's key, or the id of the description.")]
Source = Annotated[str | None, typer.Option(help="The product's source, when several have this sku.")]
ProfileName = Annotated[
    str | None, typer.Option("--profile", help="The profile, when the product has copy in several.")
]
Editor = Annotated[str | None, typer.Option(help="Who decides. Default: your login name.", show_default=False)]
Seconds = Annotated[float | None, typer.Option(min=0, help="How long the decision took.")]


def approve(
    key: Key, source: Source = None, profile: ProfileName = None, editor: Editor = None, seconds: Seconds = None
) -> None:
    """Publish a description as it stands."""
    _decide_on(key, source, profile, "approve", editor, seconds=seconds)


def edit(
    key: Key,
    text: Annotated[str | None, typer.Option(help="The new text. Without it $EDITOR opens the old one.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in a few words.")] = None,
    source: Source = None,
    profile: ProfileName = None,
    editor: Editor = None,
    seconds: Seconds = None,
) -> None:
    """Publish a text of your own instead of a description."""
    _decide_on(key, source, profile, "edit", editor, text=text, reason=reason, seconds=seconds)


def reject(
    key: Key,
    reason: Annotated[str, typer.Option(help="What is wrong with it, in a few words.")],
    source: Source = None,
    profile: ProfileName = None,
    editor: Editor = None,
    seconds: Seconds = None,
) -> None:
    """Take a description back, with the reason."""
    _decide_on(key, source, profile, "reject", editor, reason=reason, seconds=seconds)


def _decide_on(
    key: str,
    source: str | None,
    profile: str | None,
    decision: Decision,
    editor: str | None,
    *,
    text: str | None = None,
    reason: str | None = None,
    seconds: float | None = None,
) -> None:
    from shared import db
    from shared.cli.terminal import console, plain

    with db.engine().connect() as connection:
        seen = _found(connection, key, source, profile)
    if decision == "edit" and text is None:
        text, seconds = _rewritten(seen, seconds)
    with db.engine().begin() as connection:
        done = decide(
            connection,
            seen.description_id,
            seen.content_hash,
            decision,
            editor_of(editor),
            text=text,
            reason=reason,
            seconds=seconds,
        )
    name = f"{plain(seen.sku)} of {plain(seen.source)}, profile {plain(seen.profile)}"
    console().print(f"{done}: {name}, description {seen.description_id}", soft_wrap=True)


def _rewritten(seen: Seen, seconds: float | None) -> tuple[str, float]:
    from shared.cli.text_editor import edited
    from shared.errors import ConfigurationError

    began = time.monotonic()
    text = edited(seen.text)
    if text is None:
        raise ConfigurationError(
            f"nothing was changed: `shelftalk curate approve {seen.description_id}` publishes it as it stands"
        )
    return text, round(time.monotonic() - began, 1) if seconds is None else seconds


def decide(
    connection: Connection,
    description_id: int,
    content_hash: str,
    decision: Decision,
    editor: str,
    *,
    text: str | None = None,
    reason: str | None = None,
    seconds: float | None = None,
) -> str:
    """Make a decision, and let the estimate of acceptance learn from it. Returns what was done, such as ``approved``.

    Raises:
        ReviewConflict: when the copy is no longer what the curator saw.
        InvalidDecision: when something is missing, such as the reason of a rejection.
    """
    from shared.curation.reviews import recalibrate
    from shared.repository import curation

    if decision == "approve":
        review = curation.approve(connection, description_id, content_hash, editor, seconds=seconds)
    elif decision == "edit":
        review = curation.edit(
            connection, description_id, content_hash, text or "", editor, reason=reason, seconds=seconds
        )
    else:
        review = curation.reject(connection, description_id, content_hash, reason or "", editor, seconds=seconds)
    recalibrate(connection)
    return str(curation.decision(connection, review)["decision"])


def editor_of(given: str | None) -> str:
    """Who decides: the name given, else the login name.

    Raises:
        ConfigurationError: when there is neither.
    """
    from shared.errors import ConfigurationError

    if given is not None:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # such as in a container whose user has no name
        raise ConfigurationError("this user has no login name: say who decides with --editor") from None


def _found(connection: Connection, key: str, source: str | None, profile: str | None) -> Seen:
    """The newest description that a SKU or an id names.

    Raises:
        ConfigurationError: when there is none, or when there are several; it names them.
    """
    from shared.errors import ConfigurationError
    from shared.repository import curation, reading

    newest: dict[tuple[str, str], int] = {}
    for row in reading.copy_of(connection, key, source):
        place = (row["source"], row["profile"])
        newest[place] = max(newest.get(place, 0), row["description_id"])
    named = {place: id_ for place, id_ in newest.items() if profile in (None, place[1])}
    if len(named) > 1:
        listed = ", ".join(f"{name} of {of} ({id_})" for (of, name), id_ in sorted(named.items()))
        raise ConfigurationError(f"{key!r} has copy in {listed}: give the number of one, or --profile and --source")
    if named:
        seen = curation.look(connection, next(iter(named.values())))
    else:
        seen = curation.look(connection, int(key)) if key.isascii() and key.isdigit() and not newest else None
    if seen is None:
        in_profile = f" in profile {profile!r}" if profile else ""
        raise ConfigurationError(
            f"no description{in_profile} has the sku or the id {key!r}; `shelftalk show` finds copy"
        )
    return seen
