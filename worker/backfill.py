"""The back-fill: after a policy or a campaign changed, every product gets the copy that is now asked for.

It goes through all products in the order of their ids, some at a time, and asks on the bulk queue, so that live changes
never wait behind all of it. What stands and still holds is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from celery import Celery
from sqlalchemy import Connection, Engine

from shared import broker
from shared.freshness import appraise
from shared.logs import logger
from shared.policy import Policy, PolicyWatch
from shared.profiles import Profile
from shared.redis_server import GENERATE_BULK
from shared.repository import backfills, generations, requesting, sweeping
from shared.repository.backfills import Backfill
from shared.repository.generations import Nudge
from shared.repository.requesting import Request

log = logger(__name__)

CHUNK = 500
"""Products looked at in one transaction."""
MOST_CHUNKS = 10
"""Transactions in one run of the periodic task, so that it never keeps a sweep waiting for long."""
MOST_PENDING = 5_000
"""Bulk generations that may wait; more are added when these are done."""


def advance(app: Celery, database: Engine, watch: PolicyWatch) -> str:
    """Go on with the back-fill, or begin one when policy or campaigns have changed. Harmless when repeated."""
    policy, today = watch.current(), watch.today()
    profiles = policy.on(today)
    campaigns = [name for name, found in policy.profiles.items() if found.campaign and found.campaign.runs_on(today)]
    asked = 0
    for _ in range(MOST_CHUNKS):
        with database.begin() as connection:
            run = backfills.unfinished(connection, policy.id, campaigns)
            if run is None:
                return f"{asked} asked for, all done" if asked else "nothing to do"
            if sweeping.pending_count(connection, GENERATE_BULK) >= MOST_PENDING:
                return f"{asked} asked for, enough waits"
            nudges = _take_chunk(connection, run, policy, profiles)
        broker.nudge(app, nudges)
        asked += len(nudges)
    return f"{asked} asked for, more to look at"


def _take_chunk(connection: Connection, run: Backfill, policy: Policy, profiles: Mapping[str, Profile]) -> list[Nudge]:
    ids = backfills.next_products(connection, run.after_product_id, CHUNK)
    if not ids:
        withdrawn = backfills.withdraw_unknown_profiles(connection, list(policy.profiles))
        backfills.finish(connection, run.id)
        log.info("back-fill done", policy=policy.id, withdrawn=withdrawn)
        return []
    # The snapshots are read once the pointers are locked: whoever changes one from now on looks at what is asked here.
    standing = requesting.standing_copy(connection, ids)
    requests = []
    for product_id, product in backfills.snapshots(connection, ids).items():
        copy = standing.get(product_id, {})
        for name in policy.wanted(product, copy):
            digest, reason = appraise(product, profiles[name], policy, copy.get(name))
            if reason is None:
                requests.append(Request(product_id, name, digest, GENERATE_BULK, backfill_id=run.id))
    new = requesting.request_copy(connection, requests)
    superseded = requesting.supersede_pending(connection, sorted({request.product_id for request in requests}))
    generations.close_finished_events(connection, superseded)
    backfills.advance(connection, run.id, max(ids))
    return generations.nudges(connection, new) if new else []
