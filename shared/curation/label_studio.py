"""Label Studio's files: tasks with predictions out, completed annotations in.

https://labelstud.io/guide/predictions and https://labelstud.io/guide/export describe them. The labelling configuration
that belongs to these tasks, with the names below, stands in ``docs/curation.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TextIO

from shared.curation.exchange import Row, readable_facts, row_of
from shared.curation.selection import Waiting
from shared.errors import InvalidEvent

TEXT, DECISION, EDITED_TEXT, REASON = "text", "decision", "edited_text", "reason"
"""What the labelling configuration names: the text on show, and the three controls beside it."""


def task(copy: Waiting, model: str) -> dict[str, Any]:
    """A task: the copy, with its text as the prediction of this model, from which a curator starts."""
    result = {"from_name": EDITED_TEXT, "to_name": TEXT, "type": "textarea", "value": {"text": [copy.text]}}
    prediction: dict[str, Any] = {"model_version": model, "result": [result]}
    if copy.p_accept is not None:
        prediction["score"] = copy.p_accept
    data = {
        "description_id": copy.description_id,
        "sku": copy.sku,
        "profile": copy.profile,
        "title": copy.title,
        "content_hash": copy.content_hash,
        "facts": readable_facts(copy.facts),
        "text": copy.text,
    }
    return {
        "data": data,
        "predictions": [prediction],
        "meta": {"status": copy.status, "reasons": list(copy.reasons)},
    }


def write_tasks(out: TextIO, waiting: Iterable[tuple[Waiting, str]], *, as_lines: bool) -> int:
    """Write copy, each with the name of its model, as tasks in one list of JSON or as JSON Lines; returns how many."""
    count = 0
    for count, (copy, model) in enumerate(waiting, start=1):
        document = json.dumps(task(copy, model), ensure_ascii=False)
        out.write(f"{document}\n" if as_lines else f"{'[' if count == 1 else ','}\n{document}")
    if not as_lines:
        out.write("\n]\n" if count else "[]\n")
    return count


def is_task(document: Mapping[str, Any]) -> bool:
    """Whether an object is a task of Label Studio, and no row of Shelftalk's own.

    Raises:
        InvalidEvent: when it is one in a form that lacks what is needed.
    """
    if "annotation_id" in document and "data" not in document:
        raise InvalidEvent("is Label Studio's JSON-MIN, which leaves the annotations out; export as JSON")
    return isinstance(document.get("data"), dict)


def row(document: Mapping[str, Any]) -> Row:
    """What the newest completed annotation of a task says; without one, the row decides nothing.

    Raises:
        InvalidEvent: naming the place, and what belongs there.
    """
    data = document["data"]
    given = {"id": data.get("description_id")} | {name: data.get(name) for name in ("content_hash", "sku", "text")}
    newest = _newest(document.get("annotations"))
    if newest is None:
        return row_of(given)
    said = {DECISION: "", EDITED_TEXT: "", REASON: ""}
    for result in _list(newest.get("result"), "annotations.result"):
        if isinstance(result, dict) and result.get("from_name") in said:
            said[result["from_name"]] = _value(result)
    found = row_of(given | said | {"seconds": newest.get("lead_time")})
    return replace(found, editor=_editor(newest.get("completed_by")), via="label_studio")


def _newest(annotations: object) -> dict[str, Any] | None:
    completed = [
        each for each in _list(annotations, "annotations") if isinstance(each, dict) and not each.get("was_cancelled")
    ]
    return max(completed, key=lambda each: str(each.get("updated_at") or each.get("created_at") or ""), default=None)


def _list(value: object, place: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidEvent("must be a list; export as JSON, not as JSON-MIN or CSV", place)
    return value


def _value(result: Mapping[str, Any]) -> str:
    """The words of one result: the text of a text area, or the chosen choice."""
    name = str(result["from_name"])
    value = result.get("value")
    said = (value.get("text") or value.get("choices") or []) if isinstance(value, dict) else None
    if isinstance(said, str):
        said = [said]
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise InvalidEvent("holds neither text nor choices; use the labelling configuration of docs/curation.md", name)
    if name == DECISION and len(said) > 1:
        raise InvalidEvent(f"has {len(said)} choices; one is taken", name)
    return "\n".join(said)


def _editor(completed_by: object) -> str | None:
    """Who completed an annotation: an e-mail address, or the number of the user, as the export says."""
    if isinstance(completed_by, dict):
        named = completed_by.get("email") or completed_by.get("username") or completed_by.get("id")
        return _editor(named)
    if isinstance(completed_by, str) and completed_by.strip():
        return completed_by.strip()
    return None if completed_by is None else f"Label Studio user {completed_by}"
