"""Policies: put in force as a whole or not at all, taken up by every process, and recorded with what they govern."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from shared import db, startup
from shared.content.salience import Salience
from shared.errors import ConfigurationError
from shared.events import Product
from shared.policy import Policy, PolicyWatch, active, read_policy, renew
from shared.profiles import Campaign, Profile
from shared.settings import ROOT, settings
from tests.event_fakes import PROFILES, Service, Writer, changed, run

TEASER = PROFILES["teaser"]
PAGE = PROFILES["product_page"]
GIFTS = TEASER.model_copy(update={"name": "gifts", "segment": "gift buyers"})
KNOWLEDGE = """\
[[entry]]
key = "norrland-guarantee"
scope = "brand"
scope_value = "Norrland"
attribute = "lid"
value = "steel"
source = "data sheet of the maker"
approved_by = "Ada"
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's own profiles, packs and salience, which the settings name."""
    for name in ("profiles", "rules"):
        shutil.copytree(ROOT / name, tmp_path / name)
        monkeypatch.setenv(f"SHELFTALK_{name.upper()}_DIR", str(tmp_path / name))
    shutil.copy(ROOT / "knowledge" / "salience.json", tmp_path / "salience.json")
    monkeypatch.setenv("SHELFTALK_SALIENCE_FILE", str(tmp_path / "salience.json"))
    settings.cache_clear()
    return tmp_path


def policies(shelftalk: Service) -> int:
    [(count,)] = shelftalk.rows("SELECT count(*) FROM app.policy")
    return int(count)


def test_what_is_in_force_already_changes_nothing(shelftalk: Service, files: Path) -> None:
    before = policies(shelftalk)
    first, again = run("policy", "activate"), run("policy", "activate")

    assert (first.exit_code, again.exit_code) == (0, 0), (first.exception, again.exception)
    assert first.stdout.endswith("is in force\n")
    assert again.stdout.endswith("is in force already: nothing has changed\n")
    assert policies(shelftalk) == before + 1


def test_what_is_in_force_is_what_stood_in_the_files(shelftalk: Service, files: Path) -> None:
    run("policy", "activate")
    with shelftalk.database.connect() as connection:
        found = active(connection)
    read = read_policy(settings())

    assert found is not None
    assert (found.profiles, found.packs, found.salience) == (read.profiles, read.packs, read.salience)


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("profiles/teaser.toml", 'tone = "dry"\nmin_words = 9\nmax_words = 4\n', "teaser.toml: line 2: min_words: "),
        ("profiles/teaser.toml", 'rules = ["poetry"]\n', "teaser.toml: "),
        ("rules/house.toml", 'title = "House"\nsource = "us"\n[[rules]]\nseverity = "shout"\n', "house.toml: "),
        ("rules/house.toml", "title =\n", "house.toml: line 1: "),
        ("salience.json", "{\n oops }", "salience.json: line 2: "),
    ],
)
def test_a_broken_file_is_named_with_its_place_and_the_policy_before_stays(
    shelftalk: Service, files: Path, file: str, content: str, complaint: str
) -> None:
    before = policies(shelftalk)
    (files / file).write_text(content)
    for command in ("check", "activate"):
        result = run("policy", command)

        assert isinstance(result.exception, ConfigurationError), result.exception
        assert str(result.exception).startswith(f"{files / file}: line ")
        assert complaint in str(result.exception)
    assert policies(shelftalk) == before
    assert set(shelftalk.policies.current().profiles) == set(PROFILES)


def test_without_a_default_profile_nothing_is_activated(shelftalk: Service, files: Path) -> None:
    page = files / "profiles" / "product_page.toml"
    page.write_text(page.read_text().replace("default = true\n", ""))

    assert "no profile has `default = true`" in str(run("policy", "activate").exception)


def test_show_tells_what_is_in_force(shelftalk: Service) -> None:
    shown = run("policy", "show")

    assert "profiles: product_page, teaser" in shown.stdout
    assert "back-fill: has not begun" in shown.stdout
    assert json.loads(run("policy", "show", "--json").stdout)["profiles"]["teaser"]["max_words"] == 20


def test_a_row_of_the_table_never_changes(shelftalk: Service) -> None:
    with pytest.raises(DatabaseError, match="never change"):
        shelftalk.execute("UPDATE app.policy SET digest = 'x'")


def test_every_process_takes_up_a_newer_policy(shelftalk: Service) -> None:
    other = PolicyWatch(shelftalk.database)
    assert set(other.current().profiles) == set(PROFILES)
    id_ = shelftalk.activate(Policy({"product_page": PAGE}, {}, Salience()))

    assert (other.current().id, set(other.current().profiles)) == (id_, {"product_page"})


def test_a_policy_that_cannot_be_read_leaves_the_one_before_in_force(shelftalk: Service) -> None:
    before = shelftalk.policies.current()
    shelftalk.execute(
        "INSERT INTO app.policy (digest, profiles, packs, salience, knowledge_digest)"
        """ VALUES ('x', '{"odd": {"name": "odd", "of": "a later release"}}', '{}', '{}', '')"""
    )

    assert shelftalk.policies.current() is before
    with pytest.raises(ConfigurationError, match="odd"):
        PolicyWatch(shelftalk.database).current()


def test_before_the_first_policy_the_message_says_what_to_do(configured: None) -> None:
    with pytest.raises(ConfigurationError, match="run `shelftalk policy activate`"):
        PolicyWatch(db.engine()).current()


def test_a_process_that_starts_first_activates_the_files(configured: None, files: Path) -> None:
    first, second = startup.policies(settings()), startup.policies(settings())

    assert first.current().id == second.current().id
    assert "product_page_de" in first.current().profiles


def test_a_description_names_the_policy_that_it_was_written_under(shelftalk: Service) -> None:
    shelftalk.describe(changed())
    id_ = shelftalk.activate(Policy({"product_page": PAGE}, {}, Salience()))
    shelftalk.describe(changed(version=2, title="Kettle K3"))

    assert [row for (row,) in shelftalk.rows("SELECT policy_id FROM app.description ORDER BY id")] == [id_ - 1, id_]


def test_a_worker_that_knew_an_older_policy_writes_under_the_newest(shelftalk: Service) -> None:
    watch = PolicyWatch(shelftalk.database)
    watch.current()
    poem = TEASER.model_copy(update={"name": "poem", "default": True})
    shelftalk.activate(Policy({**PROFILES, "poem": poem}, {}, Salience()))
    shelftalk.take_in(changed(profiles=["poem"]))
    behind = replace(shelftalk.desk(), policies=watch)

    assert not behind.write(shelftalk.pending()[0]).startswith("dead letter")


def test_a_product_that_names_a_segment_gets_its_profiles_too(shelftalk: Service) -> None:
    shelftalk.activate(Policy({**PROFILES, "gifts": GIFTS}, {}, Salience()))
    shelftalk.take_in(changed("PLAIN"), changed("GIFT", segments=["gift buyers"]))

    asked = shelftalk.rows(
        "SELECT sku, profile FROM app.generation g JOIN app.product p ON p.id = product_id ORDER BY 1"
    )
    assert sorted(asked) == [("GIFT", "gifts"), ("GIFT", "product_page"), ("PLAIN", "product_page")]


def test_a_product_may_name_profiles_and_a_segment_at_once(shelftalk: Service) -> None:
    shelftalk.activate(Policy({**PROFILES, "gifts": GIFTS}, {}, Salience()))
    shelftalk.take_in(changed(profiles=["teaser"], segments=["gift buyers"]))

    assert sorted(shelftalk.rows("SELECT profile FROM app.generation")) == [("gifts",), ("teaser",)]


def test_an_unknown_segment_is_refused_by_name(shelftalk: Service) -> None:
    shelftalk.activate(Policy({**PROFILES, "gifts": GIFTS}, {}, Salience()))
    (entry,) = shelftalk.take_in(changed(segments=["pet owners"]))

    assert shelftalk.reason(entry) == "data.segments: 'pet owners' is unknown; known are gift buyers"


def test_imported_knowledge_reaches_the_facts_and_the_evidence_of_the_next_copy(
    shelftalk: Service, tmp_path: Path
) -> None:
    (tmp_path / "norrland.toml").write_text(KNOWLEDGE)
    before = policies(shelftalk)
    assert run("knowledge", "import", tmp_path / "norrland.toml").exit_code == 0
    assert policies(shelftalk) == before + 1
    writer = Writer(answer="The {title} is black and has a power of 2200 watt and a steel lid.")
    shelftalk.describe(changed(), writer=writer)

    assert "- lid: steel" in writer.asked[0].question[1]
    query = "SELECT words, supported_by, attribute, knowledge_key FROM analytics.evidence WHERE attribute = 'lid'"
    assert ("steel", "knowledge", "lid", "norrland-guarantee") in shelftalk.rows(query)
    assert shelftalk.rows("SELECT status FROM app.description") == [("published",)]


def test_a_dry_run_and_a_repeated_import_put_nothing_new_in_force(shelftalk: Service, tmp_path: Path) -> None:
    file = tmp_path / "norrland.toml"
    file.write_text(KNOWLEDGE)
    before = policies(shelftalk)
    run("knowledge", "import", file, "--dry-run")
    assert policies(shelftalk) == before
    run("knowledge", "import", file)
    run("knowledge", "import", file)

    assert policies(shelftalk) == before + 1


def test_copy_that_rests_on_retired_knowledge_is_written_anew(shelftalk: Service, tmp_path: Path) -> None:
    (tmp_path / "norrland.toml").write_text(KNOWLEDGE)
    run("knowledge", "import", tmp_path / "norrland.toml")
    writer = Writer(answer="The {title} is black and has a power of 2200 watt and a steel lid.")
    shelftalk.describe(changed(), writer=writer)
    shelftalk.advance_backfill()
    assert shelftalk.pending() == []
    assert run("knowledge", "retire", "norrland-guarantee").exit_code == 0
    shelftalk.advance_backfill()

    assert len(shelftalk.pending()) == 1


def test_before_the_first_policy_knowledge_is_renewed_for_nobody(configured: None) -> None:
    with db.engine().begin() as connection:
        renew(connection)
        assert active(connection) is None


def test_a_campaign_governs_the_copy_from_its_first_day_to_its_last(shelftalk: Service) -> None:
    winter = Campaign(name="winter", starts=date(2026, 11, 27), ends=date(2026, 12, 24), closing="Order in time.")
    page = PAGE.model_copy(update={"campaign": winter})
    policy = Policy({"product_page": page}, {}, Salience())
    closings = {day: policy.on(day)["product_page"].closing for day in (date(2026, 11, day) for day in (26, 27))}
    closings |= {day: policy.on(day)["product_page"].closing for day in (date(2026, 12, day) for day in (24, 25))}

    assert list(closings.values()) == [None, "Order in time.", "Order in time.", None]


def test_the_named_profiles_win_over_the_default_ones_and_the_unknown_are_left_out() -> None:
    policy = Policy({**PROFILES, "gifts": GIFTS}, {}, Salience())

    def wanted(**members: object) -> tuple[str, ...]:
        return policy.wanted(Product.model_validate({"sku": "A", "version": 1, "title": "A", **members}))

    assert wanted() == ("product_page",)
    assert wanted(profiles=["teaser", "gone"]) == ("teaser",)
    assert wanted(segments=["gift buyers"]) == ("product_page", "gifts")


def test_a_profile_is_read_back_as_it_was_stored() -> None:
    assert Profile.from_document(GIFTS.document()) == GIFTS
