"""What becomes of a batch of messages, in one transaction: the ledger, the snapshots, and the copy they ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from shared.errors import InvalidEvent
from shared.events import MAX_EVENT_BYTES, Event, Product, ProductChanged, parse_json, validate
from shared.freshness import appraise
from shared.policy import Policy
from shared.redis_server import GENERATE
from shared.repository import generations, inbox, requesting
from shared.repository.generations import Nudge
from shared.repository.inbox import InboxRow, Key
from shared.repository.requesting import Request

MAX_NAME = 500


@dataclass(frozen=True)
class Delivery:
    """One entry of the stream: its event, or why it is none. ``row`` is what the ledger keeps of it."""

    row: InboxRow
    raw: bytes
    event: Event | None = None
    invalid: InvalidEvent | None = None

    @classmethod
    def read(cls, entry: str, raw: bytes | None, policy: Policy) -> Delivery:
        """Read an entry of the stream; ``raw`` is None when the entry has no field ``event``."""
        row = InboxRow(entry, hashlib.sha256(raw or b"").hexdigest())
        if raw is None:
            return cls(row, b"", invalid=InvalidEvent("the entry has no field `event`: XADD … * event <json>"))
        document = None
        try:
            document = parse_json(raw)
            event = validate(document)
            if isinstance(event, ProductChanged):
                _check_names(event.data, policy)
        except InvalidEvent as error:
            return cls(_with_names(row, document), raw, invalid=error)
        return cls(_with_event(row, event), raw, event)

    def refused(self, reason: str) -> Delivery:
        """The same entry, to be set aside for this reason."""
        return replace(self, event=None, invalid=InvalidEvent(reason))


def _with_event(row: InboxRow, event: Event) -> InboxRow:
    return replace(
        row,
        source=event.source,
        event_id=event.id,
        type=event.type,
        sku=event.data.sku,
        product_version=event.data.version,
        occurred_at=event.time,
        payload=event.model_dump(mode="json", exclude_none=True),
    )


def _with_names(row: InboxRow, document: Any) -> InboxRow:
    """What a wrong event says of itself, as far as it can be read, so that its publisher finds it in the ledger."""
    if not isinstance(document, dict):
        return row
    data = document.get("data")
    named = {"source": document.get("source"), "event_id": document.get("id"), "type": document.get("type")}
    named["sku"] = data.get("sku") if isinstance(data, dict) else None
    readable: dict[str, Any] = {name: value[:MAX_NAME] for name, value in named.items() if isinstance(value, str)}
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and 0 <= version < 2**63:
        readable["product_version"] = version
    return replace(row, **readable)


def _check_names(product: Product, policy: Policy) -> None:
    segments = {profile.segment for profile in policy.profiles.values() if profile.segment}
    for field_, named, known in (
        ("profiles", product.profiles, set(policy.profiles)),
        ("segments", product.segments, segments),
    ):
        for name in named or ():
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise InvalidEvent(f"{name[:100]!r} is unknown; known are {listed}", f"data.{field_}")


@dataclass
class _Batch:
    """The events of a batch that are new, by inbox event id, and how they end."""

    events: dict[int, Event]
    endings: list[tuple[int, str, str | None]] = field(default_factory=list)
    links: dict[int, int] = field(default_factory=dict)

    def end(self, event_id: int, outcome: str, reason: str | None = None) -> None:
        self.endings.append((event_id, outcome, reason))


def take_in(connection: Connection, deliveries: Sequence[Delivery], policy: Policy, today: date) -> list[Nudge]:
    """Write a batch of messages into Postgres. Returns what is to be enqueued once the transaction is committed.

    Taking in the same messages again changes nothing.
    """
    _set_aside(connection, [each for each in deliveries if each.event is None])
    batch = _Batch(_record(connection, [each for each in deliveries if each.event is not None]))
    newest = _newest_of_each_product(batch)
    changed = {id_: event.data for id_, event in newest.items() if isinstance(event.data, Product)}
    stored = inbox.upsert_products(connection, [_snapshot(event) for event in newest.values()])
    _end_stale(connection, batch, newest, stored)
    products = {id_: stored[key] for id_, event in newest.items() if (key := _key(event)) in stored}
    batch.links.update(products)
    deleted = {id_: product_id for id_, product_id in products.items() if id_ not in changed}
    if deleted:
        inbox.withdraw_copy(connection, list(deleted.values()))
        for id_ in deleted:
            batch.end(id_, "withdrawn")
    wanted = {id_: (product_id, changed[id_]) for id_, product_id in products.items() if id_ in changed}
    requests = _requests(connection, batch, wanted, policy, today)
    new = requesting.request_copy(connection, requests)
    touched = sorted({request.product_id for request in requests} | set(deleted.values()))
    superseded = requesting.supersede_pending(connection, touched)
    inbox.link_products(connection, batch.links)
    inbox.close_events(connection, batch.endings)
    generations.close_finished_events(connection, superseded)
    return generations.nudges(connection, new) if new else []


def _set_aside(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    reasons = [str(each.invalid) for each in deliveries]
    ids = inbox.record_closed(connection, [each.row for each in deliveries], "dead_lettered", reasons)
    inbox.add_dead_letters(
        connection,
        [
            {
                "inbox_event_id": ids[each.row.stream_entry],
                "stage": "ingest",
                "reason": str(each.invalid),
                "raw": each.raw[:MAX_EVENT_BYTES],
            }
            for each in deliveries
            if each.row.stream_entry in ids
        ],
    )


def _record(connection: Connection, deliveries: Sequence[Delivery]) -> dict[int, Event]:
    """The events that are new, by inbox event id; an event id that was seen before is recorded as a duplicate."""
    ids = inbox.record_events(connection, [each.row for each in deliveries])
    repeated = [each.row for each in deliveries if each.row.stream_entry not in ids]
    inbox.record_closed(
        connection, repeated, "duplicate", ["an event with this source and id came before"] * len(repeated)
    )
    return {
        ids[each.row.stream_entry]: each.event
        for each in deliveries
        if each.row.stream_entry in ids and each.event is not None
    }


def _key(event: Event) -> Key:
    return event.data.source or event.source, event.data.sku


def _newest_of_each_product(batch: _Batch) -> dict[int, Event]:
    """The one event of each product that counts; the others of the batch end as stale."""
    best: dict[Key, int] = {}
    for id_, event in sorted(batch.events.items(), key=lambda item: (item[1].data.version, -item[0])):
        older = best.get(_key(event))
        if older is not None:
            known = batch.events[older].data.version
            came = f"version {event.data.version}" if known < event.data.version else f"another version {known}"
            batch.end(older, "stale", f"{came} came before this one was written")
        best[_key(event)] = id_
    return {id_: batch.events[id_] for id_ in best.values()}


def _snapshot(event: Event) -> dict[str, object]:
    source, sku = _key(event)
    if isinstance(event, ProductChanged):
        values = event.data.model_dump(mode="json")
        return values | {"source": source, "deleted_at": None}
    empty = Product(sku=sku, version=event.data.version, title="-").model_dump(mode="json")
    return empty | {"source": source, "title": None, "deleted_at": event.time}


def _end_stale(connection: Connection, batch: _Batch, newest: Mapping[int, Event], stored: Mapping[Key, int]) -> None:
    stale = {id_: event for id_, event in newest.items() if _key(event) not in stored}
    if not stale:
        return
    known = inbox.product_versions(connection, [_key(event) for event in stale.values()])
    for id_, event in stale.items():
        product_id, version = known[_key(event)]
        batch.links[id_] = product_id
        batch.end(id_, "stale", f"version {event.data.version} is not newer than version {version}, which is known")


def _requests(
    connection: Connection,
    batch: _Batch,
    wanted: Mapping[int, tuple[int, Product]],
    policy: Policy,
    today: date,
) -> list[Request]:
    """The copy that has to be written; an event that changes nothing the copy depends on ends as unchanged."""
    if not wanted:
        return []
    standing = requesting.standing_copy(connection, [product_id for product_id, _ in wanted.values()])
    profiles = policy.on(today)
    requests: list[Request] = []
    for id_, (product_id, product) in wanted.items():
        reasons, copy = [], standing.get(product_id, {})
        for name in policy.wanted(product, copy):
            digest, reason = appraise(product, profiles[name], policy, copy.get(name))
            if reason is None:
                requests.append(Request(product_id, name, digest, GENERATE, inbox_event_id=id_))
            reasons.append(reason)
        if None not in reasons:
            batch.end(id_, "unchanged", "; ".join(dict.fromkeys(filter(None, reasons))) or "no profile describes it")
    return requests
