"""The events that catalogue systems publish, and how they are read and written.

An event has the CloudEvents 1.0 shape (``id``, ``source``, ``type``, ``time``, ``data``) and travels as JSON in the
field ``event`` of an entry of the Redis stream ``catalog:events``::

    XADD catalog:events * event '{"specversion": "1.0", "id": "…", "source": "erp", …}'

The committed JSON Schema in ``schemas/`` is made from these models by ``python -m shared.events``.
Members that the models do not know are ignored, so that publishers can add their own.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from shared.errors import InvalidEvent

if TYPE_CHECKING:
    from redis import Redis

STREAM = "catalog:events"
FIELD = "event"
CHANGED = "catalog.product.changed.v1"
DELETED = "catalog.product.deleted.v1"

MAX_EVENT_BYTES = 1_048_576
MAX_DEPTH = 20
MAX_ATTRIBUTES = 500
MAX_VALUE_CHARACTERS = 20_000

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=MAX_VALUE_CHARACTERS)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
Number = StrictInt | FiniteFloat


class Quantity(BaseModel):
    """A number (or a text such as ``"2-3"``) with its unit, for example ``{"value": 1.2, "unit": "kg"}``."""

    model_config = ConfigDict(frozen=True)

    value: Number | Text
    unit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


Scalar = StrictBool | Number | Text
AttributeValue = Quantity | Scalar | list[Quantity | Scalar]


class ProductKey(BaseModel):
    """What names one version of one product: ``source`` and ``sku`` say which, ``version`` how new."""

    model_config = ConfigDict(frozen=True)

    source: Name | None = Field(None, description="The catalogue that owns the product. Default: the event's source.")
    sku: Name = Field(description="The product's key within its source.")
    version: StrictInt = Field(
        ge=0, lt=2**63, description="Grows with each change of this product; an older version never wins."
    )


class Product(ProductKey):
    """A product as its catalogue describes it at one version."""

    title: Name
    brand: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = None
    category: list[Name] = Field(default=[], max_length=20, description='The path, such as ["Kitchen", "Kettles"].')
    attributes: dict[Name, AttributeValue] = Field(default={}, max_length=MAX_ATTRIBUTES)
    locale: Locale = Field("en", description="The language of these texts, as a BCP 47 tag.")
    image_urls: list[Annotated[str, StringConstraints(max_length=2_000)]] = Field(default=[], max_length=100)
    supplier_text: Text | None = Field(None, description="The supplier's own copy, if there is any.")
    profiles: list[Name] | None = Field(
        None, max_length=50, description="Write copy for these profiles only. Default: those that all products get."
    )
    segments: list[Name] | None = Field(
        None, max_length=50, description="Audience segments to address too, each by the profiles written for it."
    )

    @model_validator(mode="before")
    @classmethod
    def _category_may_be_one_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("category"), str):
            return {**data, "category": [part for part in data["category"].split(" > ") if part.strip()]}
        if isinstance(data, dict) and "category" in data and data["category"] is None:
            return {**data, "category": []}
        return data


def _require_type(schema: dict[str, Any]) -> None:
    """The type has a default for callers in Python, and none on the wire."""
    schema["required"] = [*schema["required"], "type"]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_extra=_require_type)

    specversion: Literal["1.0"] = "1.0"
    id: Name = Field(description="Unique within the source. The same id again is the same event: a repeat is safe.")
    source: Name = Field(description="The system that publishes, for example a name or a URI.")
    # Beyond these, no driver can read back what Postgres stores.
    time: AwareDatetime = Field(
        ge=datetime.min.replace(tzinfo=UTC),
        le=datetime.max.replace(tzinfo=UTC),
        description="When the change happened, with a time zone.",
    )


class ProductChanged(_Event):
    """A product is new or has changed; ``data`` is the whole product, not a difference."""

    type: Literal["catalog.product.changed.v1"] = "catalog.product.changed.v1"
    data: Product


class ProductDeleted(_Event):
    """A product left the catalogue; its copy is withdrawn."""

    type: Literal["catalog.product.deleted.v1"] = "catalog.product.deleted.v1"
    data: ProductKey


Event = Annotated[ProductChanged | ProductDeleted, Field(discriminator="type")]
_EVENT: TypeAdapter[ProductChanged | ProductDeleted] = TypeAdapter(Event)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def decode(raw: bytes) -> ProductChanged | ProductDeleted:
    """Read one event from its JSON.

    Raises:
        InvalidEvent: with the reason, and the field where it is known. Never anything else.
    """
    return validate(parse_json(raw))


def parse_json(raw: bytes) -> Any:
    """JSON of bounded size and depth, with no NaN, no control characters and no lone surrogates.

    Raises:
        InvalidEvent: with the reason.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise InvalidEvent(f"the event has {len(raw):,} bytes; at most {MAX_EVENT_BYTES:,} are taken")
    try:
        text = raw.decode("utf-8")
        document = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise InvalidEvent(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise InvalidEvent(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        reason = "holds a number of thousands of digits" if "digits" in str(error) else f"not JSON: {error}"
        raise InvalidEvent(reason) from None
    for path, leaf in _leaves(document):
        if isinstance(leaf, str) and (found := _CONTROL.search(leaf)):
            raise InvalidEvent(f"has the character U+{ord(found[0]):04X}, which no text may hold; remove it", path)
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise InvalidEvent("is a number too large to hold", path)
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """Each key and each scalar of a document with its path; raises InvalidEvent where it is nested too deeply."""
    stack: list[tuple[str, Any, int]] = [("", document, 0)]
    while stack:
        path, node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise InvalidEvent(f"nested deeper than {MAX_DEPTH} levels", path)
        if isinstance(node, dict):
            for key, value in node.items():
                yield path, key
                stack.append((f"{path}.{key}" if path else key, value, depth + 1))
        elif isinstance(node, list):
            stack.extend((f"{path}[{index}]", value, depth + 1) for index, value in enumerate(node))
        else:
            yield path, node


def validate(document: Any) -> ProductChanged | ProductDeleted:
    """Make an event of a JSON document.

    Raises:
        InvalidEvent: naming the first field that is wrong and what was expected there.
    """
    if not isinstance(document, dict):
        raise InvalidEvent(f"an event is a JSON object, not {_kind(document)}")
    kind = document.get("type")
    if kind not in (CHANGED, DELETED):
        seen = "is missing" if kind is None else f"{str(kind)[:100]!r} is unknown"
        raise InvalidEvent(f"{seen}; known are {CHANGED} and {DELETED}", "type")
    try:
        event = _EVENT.validate_python(document)
    except ValidationError as error:
        raise _as_invalid_event(error) from None
    if event.data.source is None:
        return event.model_copy(update={"data": event.data.model_copy(update={"source": event.source})})
    return event


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return names.get(type(value), "an object")


def _as_invalid_event(error: ValidationError) -> InvalidEvent:
    """The first complaint of pydantic as one line; the branches of a union are no part of the path."""
    first = error.errors(include_url=False, include_context=False)[0]
    location = [str(part) for part in first["loc"] if part not in (CHANGED, DELETED)]
    if "attributes" in location:
        location = location[: location.index("attributes") + 2]
        if first["type"] != "too_long" and len(location) > 2 - (location[0] != "data"):
            return InvalidEvent(_expected_of_attribute(first["input"]), ".".join(location))
    message = first["msg"][0].lower() + first["msg"][1:]
    given = "" if first["type"] == "missing" else f" (given: {str(first['input'])[:60]!r})"
    return InvalidEvent(message + given, ".".join(location))


def _expected_of_attribute(value: Any) -> str:
    if isinstance(value, str) and len(value) > MAX_VALUE_CHARACTERS:
        return f"has {len(value):,} characters; at most {MAX_VALUE_CHARACTERS:,} are taken"
    return f"must be a string, number, boolean, {{value, unit}} or a list of these, not {_kind(value)}"


def product_changed(
    row: dict[str, Any], *, source: str = "shelftalk-cli", version: int | None = None
) -> dict[str, Any]:
    """Wrap a product row (sku, title, category, brand, attributes, …) in an event document.

    The row's own ``source`` and ``version`` win; a missing version becomes the present time in microseconds, which
    grows with each call on one machine.
    """
    now = datetime.now(UTC)
    data = {"version": version if version is not None else int(now.timestamp() * 1_000_000)}
    data |= {key: value for key, value in row.items() if value is not None}
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": row.get("source") or source,
        "type": CHANGED,
        "time": now.isoformat(),
        "data": data,
    }


def publish(redis: Redis, events: Iterable[ProductChanged | ProductDeleted], *, stream: str = STREAM) -> list[str]:
    """Append events to the stream in one round trip and return their stream entry ids.

    Publishing the same event again is harmless: its id makes the repeat a recorded duplicate. So when the connection
    breaks, call again with the same events.

    Raises:
        redis.RedisError: when the server cannot be reached or refuses; some of the events may have arrived.
    """
    with redis.pipeline(transaction=False) as pipe:
        for event in events:
            pipe.xadd(stream, {FIELD: event.model_dump_json(exclude_none=True)})
        return [entry.decode() if isinstance(entry, bytes) else entry for entry in pipe.execute()]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event, as committed in ``schemas/``."""
    schema = _EVENT.json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://shelftalk.example/schemas/catalog-event.v1.json",
        "title": "A Shelftalk catalogue event",
        "description": "CloudEvents 1.0 in structured JSON; see docs/publishing.md.",
        **schema,
    }


def _write_schema(write: Callable[[str], object]) -> None:
    write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    import sys

    _write_schema(sys.stdout.write)
