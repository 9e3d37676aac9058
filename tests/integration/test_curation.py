"""Curators' decisions: the one row that each writes, the copy that counts after it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from shared.content.salience import Salience
from shared.layout import BULLETED
from shared.policy import Policy
from shared.repository import curation
from shared.repository.curation import InvalidDecision, ReviewConflict, Seen
from tests.event_fakes import PROFILES, Service, Writer, changed, deleted, eventually

TRUE = Writer(answer="The {title} is black and has a power of 2200 watt.")
FALSE = Writer(answer="The {title} is red and has a power of 2200 watt.")
WRONG = "The Norrland Kettle K2 is red and has a power of 2200 watt."
EDITED = "The Norrland Kettle K2 is black & boils with 2200 watt."


def look(shelftalk: Service, description_id: int | None = None) -> Seen:
    """A description, by default the newest one, as a curator sees it."""
    with shelftalk.database.connect() as connection:
        newest = connection.scalar(text("SELECT max(id) FROM app.description"))
        seen = curation.look(connection, description_id or newest or 0)
    assert seen
    return seen


def approve(shelftalk: Service, seen: Seen, editor: str = "kim") -> int:
    with shelftalk.database.begin() as connection:
        return curation.approve(connection, seen.description_id, seen.content_hash, editor)


def edit(shelftalk: Service, seen: Seen, text: str = EDITED, editor: str = "kim") -> int:
    with shelftalk.database.begin() as connection:
        return curation.edit(connection, seen.description_id, seen.content_hash, text, editor)


def reject(shelftalk: Service, seen: Seen, editor: str = "kim") -> int:
    with shelftalk.database.begin() as connection:
        return curation.reject(connection, seen.description_id, seen.content_hash, "it is not red", editor)


def decisions(shelftalk: Service) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in shelftalk.rows("SELECT editor, decision FROM app.review ORDER BY id")]


def counts(shelftalk: Service) -> tuple[object, ...]:
    """What shoppers may read of the kettle: text, status, reasons, curator."""
    [row] = shelftalk.rows("SELECT text, status, reasons, curated_by FROM analytics.current_description")
    return row


def waits(shelftalk: Service) -> list[int]:
    return [id_ for (id_,) in shelftalk.rows("SELECT description_id FROM curation.queue")]


@pytest.fixture
def waiting(shelftalk: Service) -> Service:
    """The service with one description that waits for review."""
    shelftalk.describe(changed(), writer=FALSE)
    return shelftalk


def test_an_approved_text_is_published_as_it_was(waiting: Service) -> None:
    id_ = approve(waiting, look(waiting))

    assert counts(waiting) == (WRONG, "published", [], "kim")
    with waiting.database.connect() as connection:
        row = curation.decision(connection, id_)
    assert (row["decision"], row["edited_text"], row["diff"]) == ("approved", None, [["equal", WRONG, WRONG]])
    assert waits(waiting) == []


def test_an_edited_text_counts_with_its_diff_and_the_time_spent(waiting: Service) -> None:
    seen = look(waiting)
    with waiting.database.begin() as connection:
        id_ = curation.edit(
            connection, seen.description_id, seen.content_hash, f" {EDITED}\r\n", "kim", reason="false", seconds=12.5
        )
        row = curation.decision(connection, id_)

    assert counts(waiting) == (EDITED, "published", [], "kim")
    assert (row["decision"], row["edited_text"], row["reason"], row["seconds_spent"], row["via"]) == (
        "edited",
        EDITED,
        "false",
        12.5,
        "cli",
    )
    assert row["diff"] == [
        ["equal", "The Norrland Kettle K2 is ", "The Norrland Kettle K2 is "],
        ["replace", "red and has a power of ", "black & boils with "],
        ["equal", "2200 watt.", "2200 watt."],
    ]


def test_an_edit_to_the_same_text_is_an_approval(waiting: Service) -> None:
    edit(waiting, look(waiting), f"{WRONG}\n")

    assert decisions(waiting) == [("kim", "approved")]


def test_a_rejected_text_is_not_shown_and_the_next_one_becomes_current(waiting: Service) -> None:
    reject(waiting, look(waiting))
    assert counts(waiting) == (WRONG, "rejected", ["a curator rejected it: it is not red"], "kim")

    waiting.describe(changed(version=2, title="Kettle K3"), writer=TRUE)
    assert counts(waiting) == ("The Norrland Kettle K3 is black and has a power of 2200 watt.", "published", [], None)


def test_later_copy_never_overwrites_a_curators_and_waits_with_the_reason(waiting: Service) -> None:
    edit(waiting, look(waiting))
    waiting.describe(changed(version=2, title="Kettle K3"), writer=TRUE)

    assert counts(waiting)[0] == EDITED
    [(status, reasons, is_current)] = waiting.rows(
        "SELECT status, reasons, is_current FROM analytics.description_history ORDER BY description_id DESC LIMIT 1"
    )
    assert (status, reasons, is_current) == ("needs_review", ["a curator's copy stands"], False)
    assert waits(waiting) == [look(waiting).description_id]
    assert waiting.outcomes()[-1] == ("KET-42:2", "described")


def test_approving_what_waits_makes_it_the_copy_that_counts(waiting: Service) -> None:
    edit(waiting, look(waiting))
    waiting.describe(changed(version=2, title="Kettle K3"), writer=TRUE)
    approve(waiting, look(waiting), "jo")

    assert counts(waiting)[:2] == ("The Norrland Kettle K3 is black and has a power of 2200 watt.", "published")
    assert waits(waiting) == []


def test_rejecting_what_waits_leaves_the_curators_copy(waiting: Service) -> None:
    edit(waiting, look(waiting))
    waiting.describe(changed(version=2, title="Kettle K3"), writer=TRUE)
    reject(waiting, look(waiting), "jo")

    assert counts(waiting) == (EDITED, "published", [], "kim")
    assert waits(waiting) == []


def test_of_two_who_decide_the_second_is_told_what_the_first_did(waiting: Service) -> None:
    seen = look(waiting)
    edit(waiting, seen, editor="kim")

    with pytest.raises(
        ReviewConflict, match=rf"description {seen.description_id}: kim edited it at .* look at it again"
    ):
        approve(waiting, seen, "jo")
    assert decisions(waiting) == [("kim", "edited")]


def test_of_two_who_decide_at_once_exactly_one_wins(waiting: Service) -> None:
    seen = look(waiting)
    with ThreadPoolExecutor(1) as other, waiting.database.connect() as first:
        curation.approve(first, seen.description_id, seen.content_hash, "kim")
        second = other.submit(reject, waiting, seen, "jo")
        eventually(lambda: second.done() or _waits_for_a_lock(waiting))
        assert not second.done(), "the second must wait for the first"
        first.commit()
        with pytest.raises(ReviewConflict, match="kim approved it"):
            second.result()

    assert decisions(waiting) == [("kim", "approved")]


def _waits_for_a_lock(shelftalk: Service) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return shelftalk.rows(query) != [(0,)]


def test_a_decision_on_a_text_that_newer_copy_replaced_is_refused(waiting: Service) -> None:
    seen = look(waiting)
    waiting.describe(changed(version=2, title="Kettle K3"), writer=FALSE)
    newest = look(waiting).description_id

    with pytest.raises(ReviewConflict, match=f"description {newest} is newer"):
        approve(waiting, seen)


def test_a_decision_on_copy_of_a_deleted_product_is_refused(waiting: Service) -> None:
    seen = look(waiting)
    waiting.take_in(deleted(version=2))

    assert waits(waiting) == []
    with pytest.raises(ReviewConflict, match="its copy was withdrawn"):
        approve(waiting, seen)


def test_a_product_that_comes_back_after_a_deletion_gets_new_copy(waiting: Service) -> None:
    edit(waiting, look(waiting))
    waiting.take_in(deleted(version=2))
    waiting.describe(changed(version=3), writer=TRUE)

    assert counts(waiting) == ("The Norrland Kettle K2 is black and has a power of 2200 watt.", "published", [], None)


def test_the_same_decision_sent_twice_is_one_row(waiting: Service) -> None:
    seen = look(waiting)

    assert edit(waiting, seen) == edit(waiting, seen)
    assert decisions(waiting) == [("kim", "edited")]


def test_a_decision_can_be_changed_by_whoever_looks_again(waiting: Service) -> None:
    approve(waiting, look(waiting))
    edit(waiting, look(waiting), editor="jo")
    assert counts(waiting) == (EDITED, "published", [], "jo")

    approve(waiting, look(waiting), "ali")
    assert counts(waiting) == (EDITED, "published", [], "ali")

    edit(waiting, look(waiting), WRONG, "jo")
    assert counts(waiting) == (WRONG, "published", [], "jo")
    assert [decision for _, decision in decisions(waiting)] == ["approved", "edited", "edited", "approved"]


def test_a_hash_that_belongs_to_another_text_is_refused(waiting: Service) -> None:
    another = replace(look(waiting), content_hash="0" * 16)

    with pytest.raises(ReviewConflict, match="its text is not the one that the decision is about"):
        approve(waiting, another)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c, seen: curation.edit(c, seen.description_id, seen.content_hash, " \n", "kim"), "text is empty"),
        (lambda c, seen: curation.reject(c, seen.description_id, seen.content_hash, " ", "kim"), "needs a reason"),
        (lambda c, seen: curation.approve(c, seen.description_id, seen.content_hash, " "), "no editor"),
        (lambda c, seen: curation.approve(c, 4711, seen.content_hash, "kim"), "there is no description 4711"),
        (lambda c, seen: curation.approve(c, 10**30, seen.content_hash, "kim"), "there is no description 1000"),
        (lambda c, seen: curation.edit(c, seen.description_id, seen.content_hash, "a\0b", "kim"), "character that no"),
        (lambda c, seen: curation.edit(c, seen.description_id, seen.content_hash, "\ud800", "kim"), "character that"),
        (lambda c, seen: curation.edit(c, seen.description_id, seen.content_hash, "a" * 20_001, "kim"), "20000 are"),
        (lambda c, seen: curation.approve(c, seen.description_id, seen.content_hash, "k", seconds=-1), "seconds is -1"),
    ],
)
def test_a_decision_that_lacks_something_is_refused_and_the_transaction_goes_on(
    waiting: Service, call: Callable[[Connection, Seen], int], said: str
) -> None:
    seen = look(waiting)
    with waiting.database.begin() as connection:
        with pytest.raises(InvalidDecision, match=said):
            call(connection, seen)
        curation.approve(connection, seen.description_id, seen.content_hash, "kim")

    assert decisions(waiting) == [("kim", "approved")]


def test_the_html_of_an_edited_text_is_the_curators(shelftalk: Service) -> None:
    for version, channel in enumerate(("product page", BULLETED), 1):
        page = PROFILES["product_page"].model_copy(update={"format": "html", "channel": channel, "version": channel})
        shelftalk.activate(Policy({"product_page": page}, {}, Salience()))
        shelftalk.describe(changed(f"K{version}"), writer=FALSE)
        edit(shelftalk, look(shelftalk), f"{EDITED}\n• It's <big>.")

    escaped, more = EDITED.replace("&", "&amp;"), "It&#x27;s &lt;big&gt;."
    assert [html for (html,) in shelftalk.rows("SELECT html FROM analytics.current_description ORDER BY sku")] == [
        f"<p>{escaped}</p><p>• {more}</p>",
        f"<ul><li>{escaped}</li><li>{more}</li></ul>",
    ]


def test_history_and_preference_pairs_show_what_was_decided(waiting: Service) -> None:
    edit(waiting, look(waiting))

    assert waiting.rows(
        "SELECT text, status, decision, edited_text, curated_by FROM analytics.description_history"
    ) == [(WRONG, "needs_review", "edited", EDITED, "kim")]
    [(facts, generated, edited)] = waiting.rows(
        "SELECT facts, generated_text, edited_text FROM analytics.preference_pair"
    )
    assert ["color", "black"] in facts
    assert (generated, edited) == (WRONG, EDITED)

    reject(waiting, look(waiting))
    assert waiting.rows("SELECT * FROM analytics.preference_pair") == []
