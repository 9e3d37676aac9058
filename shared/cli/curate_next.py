"""``shelftalk curate next``: what waits for a curator, and on a terminal the keys that decide it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared.cli.curate_decide import Editor, decide, editor_of
from shared.cli.curate_files import wanted

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

    from shared.curation.exchange import Decision
    from shared.curation.selection import Waiting

Json = dict[str, Any]

KEYS = "a approve   e edit   r reject   s skip   q quit"


def next_(
    count: Annotated[int, typer.Option(min=1, max=1_000, help="Show so many.")] = 5,
    profile: Annotated[str | None, typer.Option(help="The copy of one profile only.")] = None,
    editor: Editor = None,
) -> None:
    """Show the copy that waits, what is most wanted first. On a terminal one key decides."""
    from shared import db
    from shared.cli.terminal import console
    from shared.cli.text_editor import edited

    out = console()
    with db.engine().connect() as connection:
        waiting = [_offer(connection, copy) for copy in wanted(connection, count, profile)]
    if not waiting:
        out.print("nothing waits for review" + (f" in profile {profile}" if profile else ""), markup=False)
        return
    if out.is_terminal and sys.stdin.isatty():
        Desk(out, editor_of(editor), typer.getchar, edited, typer.prompt, time.monotonic).sit(waiting)
        return
    for place, offer in enumerate(waiting, start=1):
        show(out, offer, f"{place} of {len(waiting)}")
        out.print("".join(f"\n    {command}" for command in commands(offer.copy)), markup=False, soft_wrap=True)


def commands(copy: Waiting) -> tuple[str, str, str]:
    """What to type to decide on this copy."""
    start, id_ = "shelftalk curate", copy.description_id
    return f"{start} approve {id_}", f"{start} edit {id_}", f"{start} reject {id_} --reason WHY"


@dataclass(frozen=True)
class Offer:
    """Copy that waits, with what its words rest on and what rules say of them."""

    copy: Waiting
    evidence: Sequence[Json]
    hits: Sequence[Json]


def _offer(connection: Connection, copy: Waiting) -> Offer:
    from shared.repository import reading

    rows = reading.copy_of(connection, copy.sku, copy.source)
    written = next((row for row in rows if row["description_id"] == copy.description_id), {})
    return Offer(copy, written.get("evidence") or (), written.get("rule_hits") or ())


@dataclass
class Desk:
    """A curator at a terminal: each copy is shown, a key decides, and the seconds in between are kept.

    ``key`` reads one key, ``rewrite`` opens a text in an editor and returns it (None if it was left as it was), ``ask``
    asks for a line, ``clock`` counts seconds.
    """

    out: Console
    editor: str
    key: Callable[[], str]
    rewrite: Callable[[str], str | None]
    ask: Callable[[str], str]
    clock: Callable[[], float]

    def sit(self, waiting: Sequence[Offer]) -> None:
        """Offer one after the other, until the last or until the curator leaves."""
        for place, offer in enumerate(waiting, start=1):
            show(self.out, offer, f"{place} of {len(waiting)}")
            if not self._settle(offer.copy):
                return

    def _settle(self, copy: Waiting) -> bool:
        """Take keys until one settles this copy; False when the curator leaves."""
        began = self.clock()
        while True:
            self.out.print(f"\n[dim]{KEYS}[/dim]")
            key = self.key().casefold()
            if key in ("q", "\x03", "\x04"):
                return False
            if key == "s":
                return True
            verdict = self._verdict(key, copy)
            if verdict is not None:
                self._decide(copy, *verdict, seconds=self.clock() - began)
                return True

    def _verdict(self, key: str, copy: Waiting) -> tuple[Decision, str | None, str | None] | None:
        """Decision, text and reason that a key stands for; None if it stands for none, or no text or reason came."""
        if key == "a":
            return "approve", None, None
        if key == "e":
            text = self.rewrite(copy.text)
            return None if text is None else ("edit", text, None)
        if key == "r":
            reason = self.ask("Why").strip()
            return ("reject", None, reason) if reason else None
        return None

    def _decide(
        self, copy: Waiting, decision: Decision, text: str | None, reason: str | None, *, seconds: float
    ) -> None:
        from shared import db
        from shared.cli.terminal import plain
        from shared.repository.curation import InvalidDecision, ReviewConflict

        seen = (copy.description_id, copy.content_hash)
        try:
            with db.engine().begin() as connection:
                done = decide(
                    connection, *seen, decision, self.editor, text=text, reason=reason, seconds=round(seconds, 1)
                )
            self.out.print(f"{plain(copy.sku)}: {done} after {seconds:.0f} s", soft_wrap=True)
        except (ReviewConflict, InvalidDecision) as error:
            self.out.print(f"[red]{plain(error)}[/red]", soft_wrap=True)


def show(out: Console, offer: Offer, place: str) -> None:
    """Print one copy that waits: why, its facts, and its text with unsupported words marked."""
    from shared.cli.copy_view import marked, number, table
    from shared.cli.show import STATUS_STYLES
    from shared.cli.terminal import plain
    from shared.text import printable

    copy = offer.copy
    style = STATUS_STYLES[copy.status]
    drawn = ", drawn at random" if copy.is_random else ""
    name = f"[bold]{plain(copy.sku)}[/bold] of {plain(copy.source)}, profile {plain(copy.profile)}"
    out.print(f"\n{place}: {name} ({plain(copy.locale)}), description {copy.description_id}{drawn}", soft_wrap=True)
    why = plain("; ".join(copy.reasons)) or "no reason against it"
    scores = f"p_accept {number(copy.p_accept)}, quality {number(copy.quality)}"
    out.print(f"[{style}]{copy.status}[/{style}]: {why} [dim]({scores})[/dim]", soft_wrap=True)
    facts = table("facts", "", "")
    facts.show_header = False
    for attribute, value in copy.facts:
        facts.add_row(plain(attribute), plain(value))
    out.print(facts)
    colored = out.is_terminal and not out.no_color
    out.print("", marked(copy.text, offer.evidence, offer.hits, colored=colored), sep="\n", soft_wrap=True)
    for line in _faults(offer):
        out.print(f"  {printable(line)}", style="red", markup=False, soft_wrap=True)


def _faults(offer: Offer) -> list[str]:
    """What is wrong with the words of the text, in their order: nothing supports them, or a rule is against them."""
    found: list[tuple[Any, str]] = [
        (span["start"], f"{span['text']!r}: {span['reason'] or 'nothing supports it'}")
        for span in offer.evidence
        if span["kind"] == "unsupported"
    ]
    found += [(hit["start"], f"{hit['text']!r}: {hit['message']} ({hit['severity']})") for hit in offer.hits]
    return [line for _, line in sorted(found, key=lambda each: each[0])]
