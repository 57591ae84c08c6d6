"""Requests that nobody means, for every route and every page: whole and well-formed HTTP, whatever it says.

Path, query, headers and body each begin as what a caller means and are changed one by one; most of the rest stays
valid, so that a request reaches further than the first check.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door, Route
from promosight.api.routes import ROUTES
from promosight.api.site import NOT_PAGES
from promosight.connectors.import_file import FORM_OF
from tests.fuzz import forms, heavy
from tests.fuzz.meant import fields_of, is_struct, meant, word
from tests.fuzz.tables import parquet_file
from tests.fuzz.values import ODD, changed, encoded, hopeless, spoiled, written

PAGES = (
    "/",
    "/index.html",
    "/promotions/p",
    "/assets/x.js",
    *NOT_PAGES,
    "/schemas/redemption.json",
)
"""Addresses beside the table of routes."""
_METHODS = ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST", "GET", "PROPFIND")
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}
_PATHS = (
    *(
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "....//etc/passwd",
    ),
    *(
        "%00",
        "a%00b",
        "%ff%fe",
        "%F0%9F%98%80",
        "%ed%a0%80",
        "%",
        "%2",
        "%zz",
        "%25",
        "%2F",
        "%5c",
        ";x=1",
    ),
    *(
        "x" * 255,
        "x" * 256,
        "x" * 6_000,
        "%41" * 255,
        "%C3%A9" * 255,
        "0",
        "-1",
        "9" * 40,
        "1e9",
        "+",
        "*",
    ),
    *(
        "%0d%0aX-Evil:1",
        "%e2%80%ae",
        "%1f",
        "%7f",
        "~",
        "'",
        '"',
        "<script>",
        "{}",
        "|",
        "\\",
        "^",
        "`",
    ),
)
_WORDS = tuple(one for one in ODD if isinstance(one, str) and len(one) < 6_000)
_TYPES = (
    *(
        "application/json",
        "application/x-ndjson",
        "text/csv",
        "application/vnd.apache.parquet",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "",
        "text/plain",
    ),
    *(
        "application/json; charset=utf-16",
        "APPLICATION/JSON",
        "multipart/form-data; boundary=x",
        "*/*",
        ";",
    ),
    *(
        "application/json, text/csv",
        "application/x-www-form-urlencoded",
        "a" * 5_000,
        "\xff\xfe",
        "text/html",
    ),
)
_HEADERS: dict[str, tuple[str, ...]] = {
    "Idempotency-Key": (
        "k1",
        "k2",
        "",
        " ",
        "x" * 255,
        "x" * 256,
        "\xff",
        "a\tb",
        "\u00e9",
        "k" * 20_000,
    ),
    "ce-specversion": ("1.0", "0.3", "\xff"),
    "ce-id": ("e1", '"a\\"b"', "%41%", "%ff", "\xff", "x" * 300),
    "Authorization": ("Basic Og==", "Basic ???", "Basic \xff", "Basic"),
    "Accept": (
        "text/html",
        "*/*",
        "",
        "application/json;q=0",
        "text/csv",
        "\xff",
        ",,,;;;q=x",
        "a" * 9_000,
    ),
    "Accept-Encoding": (
        "gzip",
        "br",
        "br;q=0, gzip;q=0.0",
        "*",
        "",
        "gzip;q=nan",
        "\xff",
        ",;=" * 2_000,
    ),
    "If-None-Match": ("*", 'W/"x"', "", '"', ", " * 3_000, "\xff"),
    "If-Match": ("*", '"x"'),
    "If-Modified-Since": ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", ""),
    "Range": ("bytes=0-1", "bytes=-1", "bytes=9-1,2-3", "x"),
    "Content-Encoding": (
        "gzip",
        "zstd",
        "br",
        "identity",
        "",
        "gzip, gzip",
        "GZIP",
        "deflate",
        "\xff",
    ),
    "Cookie": (
        "promosight_session=x",
        "promosight_session=",
        "a=b;;;=;c",
        "\xff=\xff",
        "promosight_session=" + "x" * 9_000,
    ),
    "X-Promosight": ("1", "0", "", "\xff"),
    "Origin": (
        "http://evil.example",
        "null",
        "http://[",
        "https://[::1",
        "\xff",
        "http://127.0.0.1:99999",
        "",
    ),
    "Sec-Fetch-Site": ("cross-site", "same-origin", "\xff", ""),
    "Host": ("", "[", "evil.example:99999", "\xff", "a" * 3_000, "127.0.0.1:"),
    "X-Forwarded-For": ("1.2.3.4", "::1", "not an address", "1.2.3.4, " * 2_000, "\xff", ""),
    "X-Forwarded-Proto": ("https", "ftp", "\xff"),
    "X-Request-Id": ("r-1", "x" * 65, "\xff", "a b", "<script>", ""),
    "X-API-KEY": ("wrong", "", "\xff", "x" * 9_000),
    "Last-Event-ID": ("0", "-1", "x", "9" * 400, "a-b-c", "\xff", ""),
    "Expect": ("100-continue", "200-ok"),
    "Upgrade": ("websocket", "h2c", "TLS/1.0"),
    "Connection": ("close", "upgrade", "keep-alive, upgrade", "TE", "\xff"),
    "TE": ("trailers",),
    "Traceparent": ("00-" + "0" * 32 + "-" + "0" * 16 + "-00", "x", "\xff"),
    "Content-Language": ("de",),
    "Content-MD5": ("x",),
}
_AUTHORIZATIONS = (
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Basic eDp5",
    "bearer  ",
    "\xff",
    "Bearer " + "x" * 9_000,
    "",
)


class Credentials(NamedTuple):
    """What lets a caller in."""

    key: str
    cookie: str


class Asked(NamedTuple):
    """One request. `said` is what it is, for people; `data` are its bytes on the wire."""

    said: str
    method: str
    data: bytes


def asked(drawn: random.Random, names: Mapping[str, str], let_in: Credentials) -> Asked:
    """A request of some route or page. `names` are things there are, by what paths call them."""
    if drawn.random() < 0.04:
        route = Route("GET", drawn.choice(PAGES), _nobody, "", "")
    else:
        route = drawn.choice(ROUTES)
    return asked_of(route, drawn, names, let_in)


def asked_of(
    route: Route, drawn: random.Random, names: Mapping[str, str], let_in: Credentials
) -> Asked:
    """A request of this route."""
    method = drawn.choice(_METHODS) if drawn.random() < 0.02 else route.method
    target = _path(route, drawn, names) + _query(route, drawn)
    headers = _let_in(let_in, drawn)
    body = b""
    if method in ("POST", "PUT", "PATCH") or drawn.random() < 0.02:
        content_type, body = _body(route, drawn)
        headers["Content-Type"] = content_type
        if coding := _MAGIC.get(body[:2]):
            headers["Content-Encoding"] = coding
    for name in (
        [*_HEADERS]
        if drawn.random() < 0.01
        else drawn.sample([*_HEADERS], drawn.choice((0, 0, 1, 2)))
    ):
        headers[name] = drawn.choice(_HEADERS[name])
    if headers.get("Content-Encoding") in ("gzip", "zstd") and drawn.random() < 0.8:
        body = forms.packed(body, headers["Content-Encoding"], drawn)
    head = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    if body or method in ("POST", "PUT", "PATCH"):
        head.append(f"Content-Length: {len(body)}")
    return Asked(
        head[0][:200], method, "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + body
    )


def _nobody(_door: Door, _call: Call) -> Answer:
    raise AssertionError("a page has no handler here")


def _path(route: Route, drawn: random.Random, names: Mapping[str, str]) -> str:
    path = re.sub(r"\{(\w+):str\}", lambda found: _segment(found[1], drawn, names), route.path)
    kind = drawn.random()
    if kind < 0.95:
        return path
    return drawn.choice(
        (
            path + "/",
            "/" + path,
            path + "/" + drawn.choice(_PATHS),
            path.upper(),
            "/" + drawn.choice(_PATHS),
        )
    )


def _segment(name: str, drawn: random.Random, names: Mapping[str, str]) -> str:
    kind = drawn.random()
    if kind < 0.6 and name in names:
        return quote(names[name], safe="")
    if kind < 0.8:
        return quote(word(name, drawn), safe="")
    return drawn.choice(_PATHS) or "x"


def _query(route: Route, drawn: random.Random) -> str:
    asked = [name for name in (*route.query, "limit", "cursor", "zzz") if drawn.random() < 0.35]
    pairs = [f"{name}={_parameter(name, drawn)}" for name in asked]
    if pairs and drawn.random() < 0.05:
        pairs += drawn.choice((pairs * 2, ["&&&"], ["=x"], ["%"], ["a=1"] * 2_000))
    return "?" + "&".join(pairs) if pairs else ""


def _parameter(name: str, drawn: random.Random) -> str:
    kind = drawn.random()
    if kind < 0.6:
        return quote(word(name, drawn), safe="")
    if kind < 0.85:
        return drawn.choice(_PATHS)
    return quote(drawn.choice(_WORDS).encode("utf-8", "surrogatepass"), safe="")


def _let_in(let_in: Credentials, drawn: random.Random) -> dict[str, str]:
    headers = {"Host": "127.0.0.1"}
    kind = drawn.random()
    if kind < 0.78:
        return headers | {"Authorization": f"Bearer {let_in.key}"}
    if kind < 0.92:
        return headers | {"Cookie": f"promosight_session={let_in.cookie}", "X-Promosight": "1"}
    if kind < 0.95:
        return headers | {"Authorization": drawn.choice(_AUTHORIZATIONS)}
    return headers


def _body(route: Route, drawn: random.Random) -> tuple[str, bytes]:
    odd_type = drawn.choice(_TYPES) if drawn.random() < 0.06 else ""
    if drawn.random() < 0.03:
        return odd_type or "application/json", hopeless(drawn)
    if drawn.random() < 0.02 and (route.admit is not None or route.takes in forms.TAKEN.values()):
        content_type, body = drawn.choice(tuple(FORM_OF)), _heavy(drawn)
    elif route.admit is not None:
        content_type, body = _file(drawn)
    elif route.takes in forms.TAKEN.values():
        content_type, body = _reported(route, drawn)
    elif route.path.endswith("/codes"):
        content_type, body = "text/csv", forms.csv_body("redemptions", drawn)
    else:
        content_type, body = "application/json", _object(route, drawn)
    return odd_type or content_type, body


def _heavy(drawn: random.Random) -> bytes:
    return heavy.HEAVY[drawn.choice(tuple(heavy.HEAVY))](drawn)


def _file(drawn: random.Random) -> tuple[str, bytes]:
    content_type = drawn.choice(tuple(FORM_OF))
    if FORM_OF[content_type] == "parquet":
        return content_type, parquet_file(drawn)
    return content_type, forms.body(FORM_OF[content_type], drawn.choice(tuple(forms.TAKEN)), drawn)


def _reported(route: Route, drawn: random.Random) -> tuple[str, bytes]:
    kind = next(kind for kind, taken in forms.TAKEN.items() if taken == route.takes)
    if kind in ("promotions", "customers"):
        return "application/json", forms.json_body(kind, drawn)
    content_type = drawn.choice(tuple(FORM_OF)[:3])
    return content_type, forms.body(FORM_OF[content_type], kind, drawn)


def _object(route: Route, drawn: random.Random) -> bytes:
    if is_struct(route.takes):
        value = changed(meant(route.takes, drawn), drawn, fields_of(route.takes))
    else:
        value = changed(meant(forms.TAKEN["promotions"], drawn), drawn)
    data = encoded(written(value, drawn), drawn)
    return spoiled(data, drawn) if drawn.random() < 0.08 else data
