"""Copy that is nearly the same, found among the published copy of other products."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, func, select, text, update

from shared import db
from shared.models import copy_fingerprint, current_copy
from shared.repository import fingerprints
from shared.repository.fingerprints import Text
from shared.scoring.fingerprints import similarity
from tests.written_copy import add_description, add_product

PROFILE = "product_page"
JACKET = "The Harbour Jacket is a shell for wet days. Its fabric is nylon with mesh and it comes in blue."
ALIKE = "The Harbour Jacket is a shell for wet days. Its fabric is nylon with mesh and it comes in red."
OTHER = "Night Ferry is a puzzle game for two players from Tern Studio."


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    database = db.connect(database_url)
    with database.begin() as connection:
        yield connection
    database.dispose()


def nearest(connection: Connection, product_id: int, profile: str, copy: str) -> float:
    [found] = fingerprints.nearest(connection, [Text(product_id, profile, copy)])
    return found


def publish(connection: Connection, product_id: int, copy: str) -> None:
    description_id = add_description(connection, product_id, copy)
    fingerprints.store(connection, {description_id: Text(product_id, PROFILE, copy)})


def published(connection: Connection, sku: str, copy: str) -> int:
    """The id of a new product with published copy."""
    product_id = add_product(connection, sku)
    publish(connection, product_id, copy)
    return product_id


def test_the_most_alike_copy_of_another_product_is_found(connection: Connection) -> None:
    published(connection, "A", JACKET)
    published(connection, "B", OTHER)
    mine = add_product(connection, "C")

    assert nearest(connection, mine, PROFILE, ALIKE) == similarity(JACKET, ALIKE) > 0.8
    assert nearest(connection, mine, PROFILE, JACKET) == 1


def test_a_product_s_own_copy_and_that_of_other_profiles_do_not_count(connection: Connection) -> None:
    mine = published(connection, "A", JACKET)
    theirs = published(connection, "B", OTHER)

    assert nearest(connection, mine, PROFILE, JACKET) == 0
    assert nearest(connection, theirs, "teaser", JACKET) == 0
    assert nearest(connection, theirs, PROFILE, JACKET) == 1


def test_only_the_newest_published_copy_of_a_product_counts(connection: Connection) -> None:
    theirs = published(connection, "A", JACKET)
    mine = published(connection, "B", OTHER)
    publish(connection, theirs, "A wholly different text of the same product.")

    assert nearest(connection, mine, PROFILE, JACKET) == 0
    assert connection.scalar(select(func.count()).select_from(copy_fingerprint)) == 2


def test_withdrawn_copy_does_not_count(connection: Connection) -> None:
    gone = published(connection, "A", JACKET)
    mine = published(connection, "B", OTHER)
    connection.execute(update(current_copy).where(current_copy.c.product_id == gone).values(description_id=None))

    assert nearest(connection, mine, PROFILE, JACKET) == 0


def test_a_text_without_words_is_like_no_other(connection: Connection) -> None:
    published(connection, "A", "")
    mine = published(connection, "B", OTHER)

    assert nearest(connection, mine, PROFILE, "…") == 0


def test_bands_that_thousands_share_hide_nothing_and_are_not_all_read(connection: Connection) -> None:
    theirs = published(connection, "A", JACKET)
    mine = add_product(connection, "B")
    crowd = add_product(connection, "C")
    connection.execute(text("ALTER TABLE app.copy_fingerprint DROP CONSTRAINT fk_copy_fingerprint_description_id"))
    connection.execute(
        text(
            "INSERT INTO app.copy_fingerprint (description_id, product_id, profile, bands)"
            " SELECT -number, :crowd, :profile, f.bands[1:3] || number::bigint"
            " FROM generate_series(1, 5000) AS number, app.copy_fingerprint f WHERE f.product_id = :theirs"
        ),
        {"crowd": crowd, "theirs": theirs, "profile": PROFILE},
    )
    assert nearest(connection, mine, PROFILE, ALIKE) == similarity(JACKET, ALIKE)
