"""What the measured models are to write: the briefs of catalogue rows, as a worker would have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.errors import ConfigurationError
from shared.evaluation.options import Options
from shared.gate import Standards
from shared.policy import Policy
from shared.settings import Settings
from worker.drafting import Brief
from worker.evaluation.catalogue import Row


def briefs_of(rows: Sequence[Row], options: Options, config: Settings, policy: Policy) -> dict[int, Brief]:
    """What is to be written for each row, by its line, as the policy has it today, in the profile that the row
    names, else in that of the options.

    Raises:
        ConfigurationError: when the policy has no such profile.
    """
    profiles = policy.on(datetime.now(ZoneInfo(config.time_zone)).date())
    standards = Standards(config.publish_quality, config.reject_quality, config.candidates, config.second_try)
    briefs = {}
    for row in rows:
        profile = profiles.get(row.profile or options.profile)
        if profile is None:
            known = ", ".join(policy.profiles)
            where = f"line {row.line}: profile" if row.profile else "--profile"
            raise ConfigurationError(f"{where}: there is no {row.profile or options.profile!r}; known are {known}")
        briefs[row.line] = Brief(row.product, profile, policy.plan(row.product, profile), standards, policy.packs)
    return briefs
