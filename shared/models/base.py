"""What all tables share: their schema, the names of their constraints, and the columns that many have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Double, Identity, MetaData, func
from sqlalchemy.types import TypeEngine

SCHEMA = "app"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    },
)


def key() -> Column[int]:
    """A surrogate key."""
    return Column("id", BigInteger, Identity(), primary_key=True, comment="Surrogate key.")


def time(name: str, comment: str, *, now: bool = False) -> Column[datetime]:
    """A time; ``now`` fills it in when the row is added."""
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=not now, server_default=default, comment=comment)


def score(name: str, comment: str, type_: type[TypeEngine[Any]] = Double, *, optional: bool = False) -> Column[Any]:
    """A score of a description; an optional one is null where it means nothing."""
    return Column(name, type_, nullable=optional, comment=comment)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The condition that a column holds one of these words."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
