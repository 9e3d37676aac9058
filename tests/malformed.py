"""Messages that are no events, and what people are told of each."""

from __future__ import annotations

import json
from typing import Any

from tests.event_fakes import changed

MEBIBYTE = 1_048_576


def _bad(**product: Any) -> bytes:
    """An event with other members of its product; None removes one."""
    return json.dumps(changed("BAD", **product)).encode()


def _other(**members: Any) -> bytes:
    """An event with other members of its own; None removes one."""
    document = {**changed("BAD"), **members}
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def _raw(data: str) -> bytes:
    """An event whose product is given as JSON text."""
    return json.dumps(changed("BAD")).replace(json.dumps(changed("BAD")["data"]), data).encode()


# Each message with words that its reason must hold.
MALFORMED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "no JSON": (b"{half", "not JSON"),
    "a list": (b"[1, 2]", "a JSON object, not a list"),
    "a string": (b'"event"', "a JSON object, not a string"),
    "null": (b"null", "a JSON object, not null"),
    "an unknown type": (_other(type="product.updated"), "type: 'product.updated'"),
    "a type that is a list": (_other(type=[1]), "type: '[1]' is unknown"),
    "no type": (_other(type=None), "type: is missing"),
    "no title": (_bad(title=None), "data.title: field required"),
    "no data": (_other(data=None), "data: field required"),
    "a version as text": (_bad(version="7"), "data.version: input should be a valid integer"),
    "a version that is too large": (_bad(version=2**63), "data.version: "),
    "a time without a zone": (_other(time="2026-11-23T10:00:00"), "time: "),
    "a value of one megabyte": (
        _bad(attributes={"text": "x" * 1_000_000}),
        "data.attributes.text: has 1,000,000 characters",
    ),
    "more than one mebibyte": (_bad(attributes={"text": "x" * MEBIBYTE}), "at most 1,048,576 are taken"),
    "a name of one megabyte": (_bad(attributes={"x" * 1_000_000: "text"}), "data.attributes."),
    "an object within a value": (_bad(attributes={"size": {"a": {"b": 1}}}), "data.attributes.size: must be"),
    "a thousand levels": (_raw('{"a":' * 1_000 + "1" + "}" * 1_000), "nested deeper than 20 levels"),
    "a hundred thousand levels": (_raw("[" * 100_000 + "]" * 100_000), "nested deeper than 20 levels"),
    "NaN": (_raw('{"sku": "BAD", "version": 1, "title": "t", "attributes": {"a": NaN}}'), "NaN is not"),
    "infinity": (_raw('{"sku": "BAD", "version": 1, "title": "t", "attributes": {"a": 1e999}}'), "too large"),
    "a NUL below a name of one megabyte": (_bad(attributes={"x" * 900_000: "\x00"}), "has the character U+0000"),
    "a NUL": (_bad(title="Kettle\x00K2"), "data.title: has the character U+0000"),
    "a NUL in a name": (_bad(attributes={"co\x00lor": "red"}), "data.attributes: has the character U+0000"),
    "a NUL outside of the JSON": (_bad() + b"\x00", "not JSON"),
    "a lone surrogate": (_bad(title="Kettle \ud800"), "data.title: has the character U+D800"),
    "invalid UTF-8": (_bad().replace(b"Kettle", b"Kettl\xe9"), "not UTF-8 at byte"),
    "an integer of 5,000 digits": (_raw(f'{{"version": {"9" * 5_000}}}'), "a number of thousands of digits"),
    "an integer of 4,000 digits": (_raw(f'{{"sku": "B", "title": "t", "version": {"9" * 4_000}}}'), "version"),
    "a profile that does not exist": (_bad(profiles=["p" * 400]), "is unknown; known are"),
}
