"""The back-fill: after a policy or a campaign changed every product gets the copy that is now asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from shared.content.salience import Salience
from shared.events import Product
from shared.policy import Policy
from shared.profiles import Campaign, Profile
from shared.repository import backfills
from shared.rules.hits import RulePack
from tests.event_fakes import PROFILES, Calendar, Service, Writer, changed, deleted
from worker import backfill

PAGE = PROFILES["product_page"]
TEASER = PROFILES["teaser"]
EVERYWHERE = TEASER.model_copy(update={"default": True})
TRUE = Writer(answer="The {title} is black and has a power of 2200 watt.")


def policy(*profiles: Profile, packs: tuple[RulePack, ...] = ()) -> Policy:
    return Policy({each.name: each for each in profiles}, {pack.name: pack for pack in packs}, Salience())


def asked(shelftalk: Service) -> list[tuple[str, str, str]]:
    """Sku, profile and queue of all that is pending."""
    query = (
        "SELECT sku, profile, queue FROM app.generation AS g JOIN app.product AS p ON p.id = g.product_id"
        " WHERE status = 'pending' ORDER BY g.id"
    )
    return [(sku, profile, queue) for sku, profile, queue in shelftalk.rows(query)]


def described(shelftalk: Service, *skus: str) -> None:
    """These products have published copy, and the back-fill has nothing to do."""
    shelftalk.describe(*(changed(sku) for sku in skus), writer=TRUE)
    while shelftalk.advance_backfill() != "nothing to do":
        pass
    assert asked(shelftalk) == []


def test_a_new_default_profile_is_asked_for_of_every_product_on_the_bulk_queue(shelftalk: Service) -> None:
    described(shelftalk, "A", "B")
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    before = shelftalk.queued("generate")
    said = shelftalk.advance_backfill()

    assert asked(shelftalk) == [("A", "teaser", "generate.bulk"), ("B", "teaser", "generate.bulk")]
    assert (shelftalk.queued("generate.bulk"), shelftalk.queued("generate")) == (2, before)
    assert said == "2 asked for, all done"


def test_meanwhile_live_changes_stay_on_their_own_queue(shelftalk: Service) -> None:
    described(shelftalk, "A")
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    shelftalk.advance_backfill()
    shelftalk.take_in(changed("A", 2, title="Kettle K3"))

    assert asked(shelftalk) == [("A", "product_page", "generate"), ("A", "teaser", "generate")]


def test_what_the_back_fill_asks_for_is_written(shelftalk: Service) -> None:
    described(shelftalk, "A")
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    shelftalk.advance_backfill()
    shelftalk.write(TRUE)

    assert shelftalk.copy("A", "teaser") == "The Norrland Kettle K2 is black and has a power of 2200 watt."
    assert shelftalk.outcomes() == [("A:1", "described")]


def test_what_stands_and_still_holds_is_left_as_it_is(shelftalk: Service) -> None:
    described(shelftalk, "A", "B")
    shelftalk.activate(policy(PAGE, TEASER, PROFILES["teaser"].model_copy(update={"name": "other"})))

    assert shelftalk.advance_backfill() == "nothing to do"
    assert asked(shelftalk) == []


def test_a_product_that_left_the_catalogue_is_passed_over(shelftalk: Service) -> None:
    described(shelftalk, "A", "B")
    shelftalk.take_in(deleted("A", 2))
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    shelftalk.advance_backfill()

    assert [sku for sku, _, _ in asked(shelftalk)] == ["B"]


def test_a_profile_that_is_gone_has_its_copy_withdrawn(shelftalk: Service) -> None:
    shelftalk.describe(changed("A", profiles=["teaser"]), changed("B"), writer=TRUE)
    shelftalk.activate(policy(PAGE))
    shelftalk.advance_backfill()

    assert (shelftalk.copy("A", "teaser"), shelftalk.copy("B") is None) == (None, False)
    assert shelftalk.rows("SELECT count(*) FROM app.description WHERE profile = 'teaser'") == [(1,)]


def test_copy_of_a_gone_profile_is_withdrawn_though_its_last_generation_failed(shelftalk: Service) -> None:
    shelftalk.describe(changed("A", profiles=["teaser"]), writer=TRUE)
    shelftalk.execute("UPDATE app.current_copy SET requested_digest = NULL")
    shelftalk.activate(policy(PAGE))
    shelftalk.advance_backfill()

    assert shelftalk.copy("A", "teaser") is None


def test_what_was_asked_for_a_gone_profile_is_not_written(shelftalk: Service) -> None:
    shelftalk.take_in(changed("A", profiles=["teaser"]))
    waiting = shelftalk.pending()
    shelftalk.activate(policy(PAGE))
    shelftalk.advance_backfill()
    desk = shelftalk.desk()

    assert [desk.write(id_) for id_ in waiting] == ["nothing to do"]
    assert shelftalk.rows("SELECT count(*) FROM app.dead_letter") == [(0,)]


WINTER = Campaign(name="winter", starts=date(2026, 11, 27), ends=date(2026, 12, 24), closing="Order in time.")


def test_a_campaign_that_begins_or_ends_asks_for_new_copy_of_its_profile_only(shelftalk: Service) -> None:
    shelftalk.activate(policy(PAGE, EVERYWHERE.model_copy(update={"campaign": WINTER})))
    described(shelftalk, "A")
    for first_day, text in (
        (date(2026, 11, 27), "The Norrland Kettle K2 is black and has a power of 2200 watt. Order in time."),
        (date(2026, 12, 25), "The Norrland Kettle K2 is black and has a power of 2200 watt."),
    ):
        shelftalk.policies.day = first_day
        shelftalk.advance_backfill()
        assert asked(shelftalk) == [("A", "teaser", "generate.bulk")]
        shelftalk.write(TRUE)
        assert shelftalk.copy("A", "teaser") == text
        assert shelftalk.advance_backfill() == "nothing to do"


def test_while_a_campaign_runs_nothing_is_asked_for_again(shelftalk: Service) -> None:
    shelftalk.policies.day = date(2026, 11, 27)
    shelftalk.activate(policy(PAGE.model_copy(update={"campaign": WINTER})))
    described(shelftalk, "A")
    shelftalk.policies.day = date(2026, 12, 24)

    assert shelftalk.advance_backfill() == "nothing to do"


def test_a_rule_that_now_blocks_published_copy_asks_for_it_again(shelftalk: Service) -> None:
    rule = {"id": "watt", "severity": "block", "message": "leave it out", "words": ["watt"]}
    pack = {"name": "house", "version": "1", "title": "House", "source": "us"}
    harmless = RulePack.model_validate(pack | {"rules": [rule | {"words": ["gadget"]}]})
    strict = PAGE.model_copy(update={"rules": ("house",)})
    shelftalk.activate(policy(strict, packs=(harmless,)))
    described(shelftalk, "A")
    shelftalk.activate(policy(strict, packs=(RulePack.model_validate(pack | {"version": "2", "rules": [rule]}),)))
    shelftalk.advance_backfill()
    assert asked(shelftalk) == [("A", "product_page", "generate.bulk")]
    shelftalk.write(TRUE)

    assert shelftalk.rows("SELECT pack, rule, severity, words, is_current FROM analytics.rule_hit") == [
        ("house", "watt", "block", "watt", True)
    ]
    [(status,)] = shelftalk.rows("SELECT status FROM app.description ORDER BY id DESC LIMIT 1")
    assert (status, shelftalk.advance_backfill()) == ("needs_review", "nothing to do")


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk is one product, and a run one chunk."""
    monkeypatch.setattr(backfill, "CHUNK", 1)
    monkeypatch.setattr(backfill, "MOST_CHUNKS", 1)


def test_an_interrupted_back_fill_goes_on_where_it_was(shelftalk: Service, one_at_a_time: None) -> None:
    described(shelftalk, "A", "B", "C")
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    said = []
    for count in (1, 2, 3):
        said.append(shelftalk.advance_backfill())
        assert [sku for sku, _, _ in asked(shelftalk)] == ["A", "B", "C"][:count]
    said += [shelftalk.advance_backfill(), shelftalk.advance_backfill()]

    assert said == ["1 asked for, more to look at"] * 3 + ["0 asked for, more to look at", "nothing to do"]
    assert len(asked(shelftalk)) == 3


def test_a_newer_policy_begins_anew_and_an_older_one_never_does(shelftalk: Service, one_at_a_time: None) -> None:
    described(shelftalk, "A", "B")
    older = shelftalk.activate(policy(PAGE, EVERYWHERE))
    shelftalk.advance_backfill()
    newer = shelftalk.activate(policy(PAGE, EVERYWHERE, EVERYWHERE.model_copy(update={"name": "other"})))
    shelftalk.advance_backfill()

    assert asked(shelftalk)[1:] == [("A", "other", "generate.bulk")]
    with shelftalk.database.begin() as connection:
        assert backfills.unfinished(connection, older, []) is None
        assert backfills.unfinished(connection, newer, []) is not None


def test_two_at_once_do_nothing_twice(shelftalk: Service) -> None:
    described(shelftalk, *(f"SKU-{number}" for number in range(12)))
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    with ThreadPoolExecutor(4) as threads:
        watches = [Calendar(shelftalk.database) for _ in range(4)]
        list(threads.map(lambda watch: backfill.advance(shelftalk.app, shelftalk.database, watch), watches))
    shelftalk.advance_backfill()

    assert len(asked(shelftalk)) == 12
    assert shelftalk.rows("SELECT count(*) FROM app.generation WHERE backfill_id IS NOT NULL") == [(12,)]
    assert shelftalk.rows("SELECT count(*) FROM app.backfill WHERE finished_at IS NULL") == [(0,)]


def test_while_another_process_holds_the_back_fill_nobody_waits(shelftalk: Service) -> None:
    described(shelftalk, "A")
    id_ = shelftalk.activate(policy(PAGE, EVERYWHERE))
    with shelftalk.database.begin() as connection:
        assert backfills.unfinished(connection, id_, []) is not None
        assert shelftalk.advance_backfill() == "nothing to do"

    assert shelftalk.advance_backfill() == "1 asked for, all done"


def test_no_more_is_asked_for_while_enough_waits(shelftalk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "CHUNK", 1)
    monkeypatch.setattr(backfill, "MOST_PENDING", 2)
    described(shelftalk, "A", "B", "C")
    shelftalk.activate(policy(PAGE, EVERYWHERE))

    assert shelftalk.advance_backfill() == "2 asked for, enough waits"
    assert shelftalk.advance_backfill() == "0 asked for, enough waits"
    shelftalk.write(TRUE)
    assert shelftalk.advance_backfill() == "1 asked for, all done"
    assert len(asked(shelftalk)) == 1


def test_a_product_that_changes_while_it_is_looked_at_is_read_as_it_is_now(shelftalk: Service) -> None:
    described(shelftalk, "A")
    with shelftalk.database.begin() as connection:
        (id_,) = backfills.next_products(connection, 0, 10)
        shelftalk.take_in(changed("A", 2, title="Kettle K3"))
        found = backfills.snapshots(connection, [id_])
        shelftalk.take_in(deleted("A", 3))

        assert (found[id_].version, found[id_].title) == (2, "Kettle K3")
        assert isinstance(found[id_], Product)
        assert backfills.snapshots(connection, [id_]) == {}


def test_how_far_it_has_come_is_told(shelftalk: Service, one_at_a_time: None) -> None:
    def progress() -> str:
        with shelftalk.database.connect() as connection:
            return backfills.progress(connection, shelftalk.policies.current().id)

    assert progress().startswith("has not begun")
    described(shelftalk, "A", "B")
    shelftalk.advance_backfill()
    assert progress().startswith("done since 20")
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    assert progress().startswith("has not begun")
    shelftalk.advance_backfill()
    assert progress() == "1 product to look at"


def test_the_dead_letter_of_a_back_fill_names_its_product(shelftalk: Service) -> None:
    described(shelftalk, "A")
    shelftalk.activate(policy(PAGE, EVERYWHERE))
    shelftalk.advance_backfill()
    shelftalk.activate(policy(PAGE))
    shelftalk.write()

    [letter] = shelftalk.rows("SELECT stage, source, sku, profile, event_id, reason FROM analytics.dead_letter")
    assert letter[:5] == ("generate", "erp", "A", "teaser", None)
    assert "'teaser' is no longer in force" in letter[5]
