"""How the copy of a model has fared in service."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, func, select

from shared.models import description, model_version, review


def record_of(connection: Connection, model_version_id: int) -> dict[str, Any]:
    """A model with its metrics, and under ``record`` what became of its copy: by the checks, and by curators.

    Raises:
        sqlalchemy.exc.NoResultFound: when there is no such model.
    """
    model = connection.execute(select(model_version).where(model_version.c.id == model_version_id)).one()
    is_published = description.c.status == "published"
    checked = connection.execute(
        select(
            func.count().label("descriptions"),
            func.avg(is_published.cast(Integer)).label("published"),
            func.avg(description.c.quality).label("quality"),
            func.avg(description.c.slot_error_rate).label("slot_error_rate"),
            func.avg(description.c.attribute_coverage).label("coverage"),
            func.avg(description.c.unsupported_spans).label("unsupported_spans"),
            func.percentile_cont(0.5).within_group(description.c.decode_ms).label("median_decode_ms"),
        ).where(description.c.model_version_id == model_version_id)
    ).one()
    decided = connection.execute(
        select(
            func.count().label("decisions"),
            func.avg((review.c.decision != "rejected").cast(Integer)).label("accepted"),
            func.avg((review.c.decision == "approved").cast(Integer)).label("approved_as_it_was"),
        )
        .join(description, description.c.id == review.c.description_id)
        .where(description.c.model_version_id == model_version_id)
    ).one()
    record = {name: _plain(value) for row in (checked, decided) for name, value in row._mapping.items()}
    return dict(model._mapping) | {"record": record}


def _plain(value: Any) -> int | float | None:
    return value if value is None or isinstance(value, int) else float(value)
