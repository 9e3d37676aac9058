"""Approved knowledge in Postgres. A row never changes but for its end: a changed entry is a new row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from shared.content.knowledge import KnowledgeBase, KnowledgeEntry
from shared.models import knowledge_entry

_ACTIVE = knowledge_entry.c.retired_at.is_(None)
_MEMBERS = [knowledge_entry.c[name] for name in KnowledgeEntry.model_fields]


@dataclass(frozen=True)
class Imported:
    """The keys of an import: new ones, those whose content changed, and those that were there already."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def load(connection: Connection) -> KnowledgeBase:
    """All entries that hold now."""
    rows = connection.execute(select(*_MEMBERS).where(_ACTIVE))
    return KnowledgeBase(KnowledgeEntry(**row._mapping) for row in rows)


def store(connection: Connection, entries: Sequence[KnowledgeEntry]) -> Imported:
    """Add entries by key; a changed one ends the row that held before. The same entries again change nothing."""
    # Two imports at a time would both see a key as new. Readers are not kept waiting.
    connection.execute(text(f"LOCK TABLE {knowledge_entry.fullname} IN SHARE ROW EXCLUSIVE MODE"))
    held = {entry.key: entry for entry in load(connection).entries}
    changed = [entry for entry in entries if entry.key in held and held[entry.key] != entry]
    added = [entry for entry in entries if entry.key not in held]
    for entry in changed:
        retire(connection, entry.key)
    if rows := [entry.model_dump() for entry in (*added, *changed)]:
        connection.execute(knowledge_entry.insert(), rows)
    return Imported(
        added=tuple(entry.key for entry in added),
        changed=tuple(entry.key for entry in changed),
        unchanged=tuple(entry.key for entry in entries if held.get(entry.key) == entry),
    )


def retire(connection: Connection, key: str) -> bool:
    """End an entry; False when none of this key holds."""
    statement = update(knowledge_entry).where(_ACTIVE, knowledge_entry.c.key == key).values(retired_at=func.now())
    return connection.execute(statement).rowcount == 1


def listing(connection: Connection, *, retired: bool = False) -> list[dict[str, Any]]:
    """The rows that hold by key, with those that ended if ``retired``."""
    statement = select(knowledge_entry).order_by(knowledge_entry.c.key, knowledge_entry.c.id)
    rows = connection.execute(statement if retired else statement.where(_ACTIVE))
    return [dict(row._mapping) for row in rows]
