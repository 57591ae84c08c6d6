"""Requests that nobody means: valid ones, garbled from a seed, for every route there is.

Bodies begin as the examples of the OpenAPI document, or as small objects of the fields that a route's struct has; then
values are replaced by what breaks programs: huge and odd numbers, wrong types, deep nesting, lone surrogates, NUL,
long strings, bytes that are no UTF-8, other content types, archives that are none.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from typing import Any, NamedTuple

import msgspec
import zstandard

from promosight.api.door import Route
from promosight.api.openapi import EXAMPLES

_ODD: tuple[Any, ...] = (
    *(None, True, "", " ", "0", "-1", 0, -1, 1.5, 1e308, 10**30, -(10**30), 2**63, 2**53 + 1),
    *("NaN", "1e999", "99999999999999999999.99", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z"),
    *(
        "9999-12-31T23:59:59.999999Z",
        "2026-11-01T00:00:00+23:59",
        "x" * 300,
        "y" * 100_000,
        "\u202e",
    ),
    *("\x00", "a\x00b", "=1+1", "../../etc/passwd", "%2F", "';--", "\U0001f600" * 300, "\ud800"),
    *([], {}, [[]], [None], {"a": {"b": []}}, ["x"] * 300, [{}] * 50),
)
_TYPES = (
    *("application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.parquet"),
    *("", "text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x"),
)


class Garbled(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def garbled(route: Route, drawn: random.Random, names: dict[str, str]) -> Garbled:
    """A request of a route. `names` are things there are, by what paths call them."""
    method = route.method
    path = re.sub(r"\{(\w+):str\}", lambda m: _segment(m[1], drawn, names), route.path)
    asked = [one for one in (*route.query, "limit", "cursor") if drawn.random() < 0.4]
    if asked:
        path += "?" + "&".join(f"{name}={_word(drawn)}" for name in asked)
    if method in ("GET", "DELETE"):
        return Garbled(method, path, {}, b"")
    body = _body(route, drawn)
    content_type = drawn.choice(_TYPES) if drawn.random() < 0.2 else "application/json"
    headers = {"Content-Type": content_type}
    if drawn.random() < 0.1:
        headers["Content-Encoding"] = coding = drawn.choice(("gzip", "zstd", "br"))
        if drawn.random() < 0.6:
            body = gzip.compress(body) if coding == "gzip" else zstandard.compress(body)
        if drawn.random() < 0.3:
            body = body[: drawn.randrange(len(body) + 1)]
    if drawn.random() < 0.05:
        headers["Idempotency-Key"] = _word(drawn)
    return Garbled(method, path, headers, body)


def _segment(name: str, drawn: random.Random, names: dict[str, str]) -> str:
    return names.get(name, "x") if drawn.random() < 0.7 else _word(drawn) or "x"


def _word(drawn: random.Random) -> str:
    """Something for an address or a header: only what may stand there at all."""
    words = (
        "0",
        "-1",
        "x",
        "a%00b",
        "%ff%fe",
        "9" * 40,
        "%F0%9F%98%80",
        "1e9",
        "2026-11-01",
        "z" * 5_000,
    )
    return drawn.choice(
        (*words, "day", "tier", "csv", "ndjson", "-rate", "all", "true", "%2F..%2F")
    )


def _body(route: Route, drawn: random.Random) -> bytes:
    kind = drawn.random()
    if kind < 0.05:
        return drawn.randbytes(drawn.randrange(2_000))
    if kind < 0.08:
        return b"[" * drawn.choice((10, 2_000, 200_000))
    if kind < 0.1:
        return b'{"a":' * 3_000 + b"1" + b"}" * 3_000
    value: Any = _changed(_meant(route), drawn)
    if drawn.random() < 0.2:
        value = [value] * drawn.choice((1, 2, 50))
    text = json.dumps(value, ensure_ascii=drawn.random() < 0.5)
    data = text.encode("utf-8", "surrogatepass")
    if drawn.random() < 0.1:
        data = data.replace(b'"', drawn.choice((b"'", b'\\"', b"\xff", b"NaN", b"Infinity")), 2)
    return data[: drawn.randrange(len(data) + 1)] if drawn.random() < 0.1 else data


def _meant(route: Route) -> dict[str, Any]:
    example = EXAMPLES.get(route.takes)
    if isinstance(example, dict):
        return dict(example)
    if isinstance(route.takes, type) and issubclass(route.takes, msgspec.Struct):
        return {field.encode_name: "x" for field in msgspec.structs.fields(route.takes)}
    return {"name": "x", "status": "active", "description": None}


def _changed(value: dict[str, Any], drawn: random.Random) -> dict[str, Any]:
    changed = dict(value)
    for name in list(changed):
        if drawn.random() < 0.25:
            changed[name] = drawn.choice(_ODD)
        elif drawn.random() < 0.1:
            del changed[name]
    if drawn.random() < 0.1:
        changed[drawn.choice(("zzz", "", "\x00", "event_id"))] = drawn.choice(_ODD)
    return changed
