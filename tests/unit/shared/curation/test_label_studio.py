"""Label Studio: tasks with predictions out, completed annotations in."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.curation.exchange import Row
from shared.curation.exchange_files import read_rows
from shared.curation.label_studio import DECISION, EDITED_TEXT, REASON, TEXT, row, task, write_tasks
from shared.curation.selection import Waiting
from shared.errors import InvalidEvent
from shared.settings import ROOT

COPY = Waiting(
    description_id=7,
    source="erp",
    sku="KET-42",
    title="Kettle",
    brand=None,
    category=(),
    profile="product_page",
    locale="en",
    text="A steel kettle.",
    content_hash="abc",
    status="needs_review",
    reasons=("states 'steel'",),
    p_accept=0.25,
    quality=0.5,
    facts=(("color", "black"),),
    described_at=datetime(2026, 11, 23, tzinfo=UTC),
    is_random=False,
)


def result(name: str, **value: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "textarea", "value": value}


def annotation(*results: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": 1, "completed_by": 3, "result": list(results), "lead_time": 12.5, "was_cancelled": False} | changes


def annotated(*annotations: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, **task(COPY, "first"), "annotations": list(annotations)}


def test_the_labelling_configuration_of_the_guide_belongs_to_the_tasks() -> None:
    guide = (ROOT / "docs" / "curation.md").read_text(encoding="utf-8")
    view = ElementTree.fromstring(guide.partition("```xml\n")[2].partition("```")[0])  # noqa: S314 - our own file
    shown = {each.get("value", "").removeprefix("$") for each in view if each.tag in ("Header", "Text")}

    assert shown <= set(task(COPY, "first")["data"])
    assert {each.get("name") for each in view if each.get("toName") == TEXT} == {DECISION, EDITED_TEXT, REASON}
    assert [each.get("value") for each in view.iter("Choice")] == ["approve", "reject"]


def test_a_task_holds_the_text_as_the_prediction() -> None:
    assert task(COPY, "first") == {
        "data": {
            "description_id": 7,
            "sku": "KET-42",
            "profile": "product_page",
            "title": "Kettle",
            "content_hash": "abc",
            "facts": "color: black",
            "text": "A steel kettle.",
        },
        "predictions": [
            {"model_version": "first", "result": [result("edited_text", text=["A steel kettle."])], "score": 0.25}
        ],
        "meta": {"status": "needs_review", "reasons": ["states 'steel'"]},
    }


@pytest.mark.parametrize("as_lines", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_tasks_come_back_open_from_both_forms(tmp_path: Path, as_lines: bool, count: int) -> None:
    out = io.StringIO()
    assert write_tasks(out, [(COPY, "first")] * count, as_lines=as_lines) == count
    path = tmp_path / ("tasks.jsonl" if as_lines else "tasks.json")
    path.write_text(out.getvalue())

    open_row = Row(7, "abc", sku="KET-42", text="A steel kettle.")
    assert list(read_rows(path)) == [(number, open_row) for number in range(1, count + 1)]


def test_a_completed_annotation_is_a_decision() -> None:
    found = row(annotated(annotation(result("edited_text", text=["A black kettle."]))))

    assert (found.edited_text, found.seconds, found.editor) == ("A black kettle.", 12.5, "Label Studio user 3")
    assert (found.id, found.content_hash, found.decision) == (7, "abc", None)


def test_choices_decide_and_the_reason_stands_beside() -> None:
    choice, reason = result("decision", choices=["reject"]), result("reason", text=["it is not steel"])
    found = row(annotated(annotation(choice, reason, completed_by={"id": 3, "email": "ada@shop.example"})))

    assert (found.decision, found.reason, found.editor) == ("reject", "it is not steel", "ada@shop.example")


def test_the_newest_completed_annotation_counts() -> None:
    said = [("approve", "2026-11-02", False), ("reject", "2026-11-01", False), ("reject", "2026-11-03", True)]
    found = row(
        annotated(
            *(
                annotation(result("decision", choices=[choice]), created_at=day, was_cancelled=skipped)
                for choice, day, skipped in said
            )
        )
    )

    assert found.decision == "approve"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (annotated() | {"annotations": 3}, "annotations: must be a list; export as JSON, not as JSON-MIN or CSV"),
        (
            annotated(annotation(result("edited_text", labels=["x"]), result("edited_text", text=[3]))),
            "edited_text: holds neither text nor choices; use the labelling configuration of docs/curation.md",
        ),
        (
            annotated(annotation(result("decision", choices=["approve", "reject"]))),
            "decision: has 2 choices; one is taken",
        ),
        ({"data": {}}, "content_hash: is empty; export the copy anew"),
    ],
)
def test_an_annotation_of_another_shape_is_refused(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        row(document)
    assert str(caught.value) == complaint


def test_the_flat_export_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "min.json"
    path.write_text(json.dumps([{"id": 1, "annotation_id": 2, "text": "A kettle.", "content_hash": "abc"}]))
    [(number, found)] = read_rows(path)

    assert number == 1
    assert str(found) == "is Label Studio's JSON-MIN, which leaves the annotations out; export as JSON"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "choices", "from_name", "value", "result", "email"]), inner)
    ),
    max_leaves=8,
)


@given(JSON, JSON, JSON, st.sampled_from(["decision", "edited_text", "reason"]))
def test_any_annotation_is_a_row_or_a_reason(value: Any, editor: Any, seconds: Any, name: str) -> None:
    given_result = {"from_name": name, "value": value}
    document = annotated(annotation(given_result, completed_by=editor, lead_time=seconds))
    try:
        assert isinstance(row(document), Row)
    except InvalidEvent as error:
        assert str(error)
