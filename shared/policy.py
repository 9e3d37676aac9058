"""The policy: all data that governs the copy. It is edited as files, and takes effect when it is activated.

Profiles, rule packs and salience are read from files, checked as a whole, and stored as one row of Postgres; approved
knowledge is imported into a table of its own. Every process follows the newest row, so that all change at the same
moment, a broken file changes nothing, and each description can name the policy it was written under.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from shared.content.attributes import attribute_words
from shared.content.knowledge import KnowledgeBase
from shared.content.planning import Plan, plan_copy
from shared.content.salience import Salience, load_salience
from shared.errors import ConfigurationError
from shared.events import Product
from shared.logs import logger
from shared.profiles import Profile, load_profiles
from shared.repository import knowledge, policies
from shared.rules.hits import RulePack, check_names, load_packs
from shared.settings import Settings

log = logger(__name__)


@dataclass(frozen=True)
class Policy:
    """What governs the copy. ``id`` is its row in Postgres; 0 as long as it is only files."""

    profiles: Mapping[str, Profile]
    packs: Mapping[str, RulePack]
    salience: Salience
    knowledge: KnowledgeBase = field(default_factory=KnowledgeBase)
    id: int = 0

    def on(self, day: date) -> Mapping[str, Profile]:
        """The profiles as they are on a day: a campaign holds from its first day to its last."""
        return {name: profile.on(day) for name, profile in self.profiles.items()}

    def plan(self, product: Product, profile: Profile) -> Plan:
        """What the copy of a product is to say in a profile."""
        return plan_copy(product, profile, self.salience, self.knowledge.of(product))

    def wanted(self, product: Product, standing: Iterable[str] = ()) -> tuple[str, ...]:
        """The profiles that a product is described in: those that it names, else the default ones.

        Profiles for a named audience segment join when the product names the segment, and so do those in which it has
        copy already (``standing``): what stands is kept true.
        """
        named = product.profiles or [name for name, profile in self.profiles.items() if profile.default]
        segments = set(product.segments or ())
        addressed = [name for name, profile in self.profiles.items() if profile.segment in segments]
        return tuple(name for name in dict.fromkeys([*named, *addressed, *standing]) if name in self.profiles)

    @property
    def documents(self) -> dict[str, Any]:
        """The columns of the table ``policy``."""
        content = {
            "profiles": {name: profile.document() for name, profile in sorted(self.profiles.items())},
            "packs": {name: pack.document() for name, pack in sorted(self.packs.items())},
            "salience": self.salience.document(),
            "knowledge_digest": self.knowledge.digest,
        }
        written = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return content | {"digest": hashlib.sha256(written.encode()).hexdigest()[:16]}


def read_policy(config: Settings) -> Policy:
    """The policy as it stands in the files, without knowledge.

    Raises:
        ConfigurationError: naming file, line and field of the first thing that is wrong.
    """
    attribute_words()  # plans read it, and it is no part of the policy: a broken one must not wait for the first plan
    profiles, packs = load_profiles(config.profiles_dir), load_packs(config.rules_dir)
    if not any(profile.default for profile in profiles.values()):
        raise ConfigurationError(f"{config.profiles_dir}: no profile has `default = true`: say which all products get")
    for profile in profiles.values():
        check_names(profile, packs, config.profiles_dir / f"{profile.name}.toml")
    return Policy(profiles, packs, load_salience(config.salience_file))


def activate(connection: Connection, policy: Policy) -> tuple[int, bool]:
    """Put a policy in force, with the knowledge that the database holds now.

    Returns:
        its id, and whether it is new: what is in force already changes nothing.
    """
    whole = Policy(policy.profiles, policy.packs, policy.salience, knowledge.load(connection))
    return policies.add(connection, whole.documents)


def renew(connection: Connection) -> None:
    """Put the policy in force once more, with the knowledge that the database holds now, so that every process takes
    it up. Nothing happens before the first policy, or when the knowledge is as it was.

    Raises:
        ConfigurationError: when this version of Shelftalk cannot read the policy in force.
    """
    found = active(connection)
    if found is not None:
        policies.add(connection, found.documents)


def active(connection: Connection) -> Policy | None:
    """The policy in force; None before the first one was activated.

    Raises:
        ConfigurationError: when this version of Shelftalk cannot read it.
    """
    row = policies.newest(connection)
    if row is None:
        return None
    try:
        return Policy(
            {name: Profile.from_document(document) for name, document in row["profiles"].items()},
            {name: RulePack.from_document(document) for name, document in row["packs"].items()},
            Salience.model_validate(row["salience"]),
            knowledge.load(connection),
            row["id"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"policy {row['id']} cannot be read by this version: {error}; run `shelftalk policy activate`"
        ) from None


class PolicyWatch:
    """The policy in force, for one process and all its threads; it is read anew only when there is a newer one."""

    def __init__(self, database: Engine, time_zone: str = "UTC") -> None:
        self._database = database
        self._zone = ZoneInfo(time_zone)
        self._lock = threading.Lock()
        self._policy: Policy | None = None

    def today(self) -> date:
        """The day by which campaigns begin and end."""
        return datetime.now(self._zone).date()

    def current(self) -> Policy:
        """The policy that is in force at this moment.

        What was asked for under a policy must not be written under the one before: nobody would ask again.

        Raises:
            ConfigurationError: when there is none, or the first one cannot be read. A later one that cannot be read
                leaves the one before in force.
        """
        with self._lock:
            self._policy = self._refreshed(self._policy)
            return self._policy

    def _refreshed(self, before: Policy | None) -> Policy:
        with self._database.connect() as connection:
            if before is not None and policies.newest_id(connection) == before.id:
                return before
            try:
                found = active(connection)
            except ConfigurationError as error:
                if before is None:
                    raise
                log.error("the policy before stays in force", error=str(error))
                return before
        if found is None:
            raise ConfigurationError("no policy is in force: run `shelftalk policy activate`")
        log.info("policy in force", policy=found.id, profiles=len(found.profiles), packs=len(found.packs))
        return found
