"""Fingerprints of published copy, in which copy that is nearly the same is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, any_, insert, select, text, tuple_

from shared.models import copy_fingerprint, current_copy, description
from shared.repository.generations import ids_in
from shared.scoring.fingerprints import BANDS, bands, signature, similarity

MAX_PER_BAND = 200
MAX_COMPARED = 50
_MAX_READ = 2_000

# Postgres drops index entries at random beyond this number, so that a band that a hundred thousand texts share costs
# no more than a rare one. True for the rest of the transaction, in which nothing else reads a GIN index.
_BOUND_READING = text("SELECT set_config('gin_fuzzy_search_limit', :limit, true)")

# One search for each band: copy that is truly alike also shares rare bands, which no bound cuts short.
_NEAREST = text(
    "SELECT asked.place, d.text"
    " FROM unnest(CAST(:products AS bigint[]), CAST(:profiles AS text[])) WITH ORDINALITY"
    " AS asked (product_id, profile, place)"
    " CROSS JOIN LATERAL (SELECT c.description_id, c.product_id, c.profile, count(*) AS shared"
    "  FROM unnest((CAST(:bands AS bigint[]))[(asked.place - 1) * :width + 1 : asked.place * :width]) AS band"
    "  CROSS JOIN LATERAL (SELECT f.description_id, f.product_id, f.profile FROM app.copy_fingerprint f"
    "    WHERE f.bands @> ARRAY[band] AND f.profile = asked.profile AND f.product_id <> asked.product_id"
    "    LIMIT :per_band) AS c"
    "  GROUP BY 1, 2, 3 ORDER BY shared DESC, c.description_id DESC LIMIT :compared) AS candidate"
    " JOIN app.current_copy c ON c.product_id = candidate.product_id AND c.profile = candidate.profile"
    "  AND c.description_id = candidate.description_id"
    " JOIN app.description d ON d.id = candidate.description_id"
)
_FORGET = text(
    "DELETE FROM app.copy_fingerprint f USING app.description d"
    " JOIN unnest(CAST(:products AS bigint[]), CAST(:profiles AS text[])) AS published (product_id, profile)"
    " ON d.product_id = published.product_id AND d.profile = published.profile"
    " WHERE f.description_id = d.id"
)


@dataclass(frozen=True)
class Text:
    """A text for a product in a profile."""

    product_id: int
    profile: str
    copy: str


def nearest(connection: Connection, texts: Sequence[Text]) -> list[float]:
    """For each text, the highest similarity to the published copy of another product in its profile; 0 without any.

    Bands of the fingerprints give the candidates, at most 200 for each of the 20; the 50 that share most bands are
    compared word by word, so that what is returned is exact. So is the cost bounded, however many copies there are.
    """
    asked = [(each, keys) for each in texts if (keys := _bands(each.copy))]
    connection.execute(_BOUND_READING, {"limit": str(_MAX_READ)})
    rows = connection.execute(
        _NEAREST,
        {
            "products": [each.product_id for each, _ in asked],
            "profiles": [each.profile for each, _ in asked],
            "bands": [band for _, keys in asked for band in keys],
            "width": BANDS,
            "per_band": MAX_PER_BAND,
            "compared": MAX_COMPARED,
        },
    )
    found = dict.fromkeys(texts, 0.0)
    for place, other in rows:
        mine, _ = asked[place - 1]
        found[mine] = max(found[mine], similarity(mine.copy, other))
    return [found[each] for each in texts]


def store(connection: Connection, published: Mapping[int, Text]) -> None:
    """Keep the fingerprints of copy that is published now, by description, in place of those of the products' earlier
    copy.

    A description that did not become the current one, since a curator's copy stands, changes nothing.
    """
    if not published:
        return
    are_current = select(current_copy.c.description_id).where(
        tuple_(current_copy.c.product_id, current_copy.c.profile).in_(
            select(description.c.product_id, description.c.profile).where(description.c.id == any_(ids_in(published)))
        )
    )
    current = {id_: published[id_] for id_ in connection.scalars(are_current) if id_ in published}
    if not current:
        return
    connection.execute(
        _FORGET,
        {
            "products": [each.product_id for each in current.values()],
            "profiles": [each.profile for each in current.values()],
        },
    )
    rows = [
        {"description_id": id_, "product_id": each.product_id, "profile": each.profile, "bands": _bands(each.copy)}
        for id_, each in current.items()
    ]
    connection.execute(insert(copy_fingerprint), rows)


# What is published was compared a moment before.
@lru_cache(maxsize=1_024)
def _bands(copy: str) -> list[int]:
    return bands(signature(copy))
