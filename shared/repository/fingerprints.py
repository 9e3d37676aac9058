"""Fingerprints of published copy, in which copy that is nearly the same is found."""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, select, text
from sqlalchemy.dialects.postgresql import insert

from shared.models import copy_fingerprint, current_copy, description
from shared.scoring.fingerprints import bands, signature, similarity

MAX_PER_BAND = 200
MAX_COMPARED = 50
_MAX_READ = 2_000

# Postgres drops index entries at random beyond this number, so that a band that a hundred thousand texts share costs
# no more than a rare one. True for the rest of the transaction, in which nothing else reads a GIN index.
_BOUND_READING = text("SELECT set_config('gin_fuzzy_search_limit', :limit, true)")

# One search for each band: copy that is truly alike also shares rare bands, which no bound cuts short.
_NEAREST = text(
    "SELECT d.text FROM ("
    "  SELECT c.description_id, c.product_id, c.profile, count(*) AS shared"
    "  FROM unnest(CAST(:bands AS bigint[])) AS band"
    "  CROSS JOIN LATERAL (SELECT f.description_id, f.product_id, f.profile FROM app.copy_fingerprint f"
    "    WHERE f.bands @> ARRAY[band] AND f.profile = :profile AND f.product_id <> :product_id"
    "    LIMIT :per_band) AS c"
    "  GROUP BY 1, 2, 3 ORDER BY shared DESC, c.description_id DESC LIMIT :compared) AS candidate"
    " JOIN app.current_copy USING (product_id, profile, description_id)"
    " JOIN app.description d ON d.id = candidate.description_id"
)


def nearest(connection: Connection, product_id: int, profile: str, copy: str) -> float:
    """The highest similarity of a text to the published copy of another product in the same profile; 0 without any.

    Bands of the fingerprints give the candidates, at most 200 for each of the 20; the 50 that share most bands are
    compared word by word, so that what is returned is exact. So is the cost bounded, however many copies there are.
    """
    connection.execute(_BOUND_READING, {"limit": str(_MAX_READ)})
    found = connection.scalars(
        _NEAREST,
        {
            "bands": bands(signature(copy)),
            "profile": profile,
            "product_id": product_id,
            "per_band": MAX_PER_BAND,
            "compared": MAX_COMPARED,
        },
    )
    return max((similarity(copy, other) for other in found), default=0.0)


def store(connection: Connection, description_id: int, product_id: int, profile: str, copy: str) -> None:
    """Keep the fingerprint of copy that is published now, in place of that of the product's earlier copy.

    A description that did not become the current one, since a curator's copy stands, changes nothing.
    """
    is_current = exists().where(
        current_copy.c.description_id == description_id, current_copy.c.product_id == product_id
    )
    if not connection.scalar(select(is_current)):
        return
    earlier = select(description.c.id).where(description.c.product_id == product_id, description.c.profile == profile)
    connection.execute(delete(copy_fingerprint).where(copy_fingerprint.c.description_id.in_(earlier)))
    connection.execute(
        insert(copy_fingerprint).values(
            description_id=description_id, product_id=product_id, profile=profile, bands=bands(signature(copy))
        )
    )
