"""One request as handlers see it: who calls, what came, and the parameters, each looked at when asked for.

Made from what the server hands over (an ASGI scope), so that it is the same whether a request came through
the framework's routes or straight through `express`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from promosight.api.door.bodies import decompressed, identified
from promosight.api.door.keys import Caller
from promosight.connectors.spool import Incoming
from promosight.errors import Invalid

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Headers = Mapping[bytes, bytes]
"""By lower-case name; of a header that came twice, the first."""

JSON = "application/json"
SLASH = "\x1f"
"""Stands for a slash within a parameter of the path; no id may hold it."""

CLOUDEVENT = frozenset((b"ce-specversion", b"ce-id", b"ce-source", b"ce-type"))
"""Where one of these headers came, the body is the data of a CloudEvent and its envelope lies in the headers."""

ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time")
_LONGEST = 4_096
_MOST_DIGITS = 18
_REFUSED = re.compile(r"\s*q=0(\.0*)?\s*").fullmatch
_REQUEST_ID = re.compile(rb"[\w.:-]{1,64}")
_PROCESS = os.urandom(8).hex()
_numbers = count(int.from_bytes(os.urandom(4)))


def headers_of(scope: Scope) -> Headers:
    """The request's headers."""
    return dict(reversed(scope["headers"]))


def media_type_of(headers: Headers) -> str:
    """The content type without its parameters; JSON when none is named."""
    given = headers.get(b"content-type")
    if given is None or given == b"application/json":
        return JSON
    return given.decode("latin-1").split(";")[0].strip().lower()


def listed(headers: Headers, name: bytes) -> set[str]:
    """The values of a header that is a list, without those that are refused (`q=0`)."""
    parts = [part.partition(";") for part in headers.get(name, b"").decode("latin-1").split(",")]
    return {value.strip() for value, _, quality in parts if not _REFUSED(quality)}


def request_id_of(headers: Headers) -> str:
    """The caller's X-Request-Id where it is a plain word, or a fresh one."""
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode()
    return f"{_PROCESS}{next(_numbers):016x}"


def logged_id(request_id: str) -> str:
    """What a request goes by in logs: a caller's own id may name somebody, so only a digest of it is there."""
    if request_id.startswith(_PROCESS):
        return request_id
    return f"given-{sha256(request_id.encode()).hexdigest()[:16]}"


class Call:
    """One request, its key checked and its body read (`raw`: as it came, perhaps compressed).

    A body that is a file lies in the spool folder (`file`); `raw` is then its digest. `still` raises Overloaded when
    it is too late for a report: whoever is about to work at it asks first.
    """

    __slots__ = (
        *("_plain", "caller", "file", "headers", "now_us", "parameters", "raw", "scope"),
        "still",
    )

    def __init__(
        self,
        scope: Scope,
        headers: Headers,
        caller: Caller,
        *,
        raw: bytes,
        now_us: int,
        parameters: Mapping[str, str],
        file: Incoming | None = None,
    ) -> None:
        self.scope = scope
        self.headers = headers
        self.caller = caller
        self.raw = raw
        self.now_us = now_us
        self.parameters = parameters
        self.file = file
        self.still: Callable[[], None] | None = None
        self._plain = None if self.is_encoded else raw

    def with_body(self, raw: bytes) -> Call:
        """The same request with its body."""
        return Call(
            self.scope,
            self.headers,
            self.caller,
            raw=raw,
            now_us=self.now_us,
            parameters=self.parameters,
        )

    @property
    def body(self) -> bytes:
        """The body, decompressed. Raises Unreadable, UnsupportedMedia, TooLarge."""
        if self._plain is None:
            self._plain = decompressed(self.raw, self.encoding)
        return self._plain

    @property
    def is_encoded(self) -> bool:
        """Whether the body names a content encoding."""
        return b"content-encoding" in self.headers

    @property
    def encoding(self) -> str:
        """The content encoding, "" where there is none."""
        given = self.headers.get(b"content-encoding")
        return "" if given is None else given.decode("latin-1").strip().lower()

    @property
    def workspace_no(self) -> int:
        """The workspace of the key."""
        return self.caller.workspace.workspace_no

    @property
    def media_type(self) -> str:
        """The content type without its parameters; JSON when none is named."""
        return media_type_of(self.headers)

    @property
    def attributes(self) -> dict[str, bytes] | None:
        """What headers say of a CloudEvent whose data the body is; None where it is none."""
        if CLOUDEVENT.isdisjoint(self.headers):
            return None
        said = {name: self.headers.get(f"ce-{name}".encode()) for name in ATTRIBUTES}
        return {name: value for name, value in said.items() if value is not None}

    def header(self, name: bytes) -> str:
        """A header's value, "" where it did not come."""
        return self.headers.get(name, b"").decode("latin-1")

    def path(self, name: str) -> str:
        """A parameter of the path, trimmed. Raises Invalid where it can be no id."""
        return identified(self.parameters[name].replace(SLASH, "/"), f"/{name}")

    @property
    def request_id(self) -> str:
        """What the request goes by in answers and logs."""
        return str(self.scope.get("state", {}).get("request_id", ""))

    def query(self, name: str) -> str | None:
        """A parameter of the query string, or None. Raises Invalid for what nobody types."""
        value = self._asked(name)
        if value is not None and (len(value) > _LONGEST or not value.isprintable()):
            raise Invalid("must be printable and shorter", pointer=f"/{name}")
        return value

    def identifier(self, name: str) -> str | None:
        """A parameter of the query string that is a caller's id, trimmed, or empty. Raises Invalid."""
        value = self._asked(name)
        return identified(value, f"/{name}") if value else value

    def _asked(self, name: str) -> str | None:
        asked = self.scope["query_string"]
        if not asked:
            return None
        given = parse_qsl(asked.decode("latin-1"), keep_blank_values=True)
        return next((value for key, value in given if key == name), None)

    def flag(self, name: str) -> bool:
        """Whether a parameter of the query string is `true`. Raises Invalid when it is neither that nor `false`."""
        text = self.query(name)
        if text not in (None, "true", "false"):
            raise Invalid("must be true or false", pointer=f"/{name}")
        return text == "true"

    def form(self) -> str:
        """`json` or `csv`: by `format`, else by what the caller accepts. Raises Invalid."""
        form = self.query("format") or ("csv" if "text/csv" in self.header(b"accept") else "json")
        if form not in ("json", "csv"):
            raise Invalid("must be json or csv", pointer="/format")
        return form

    def limit(self, default: int = 100) -> int:
        """The page size asked for: up to 1,000, of every list. Raises Invalid."""
        return self.whole("limit", 1, 1_000) or default

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number of the query string, or None. Raises Invalid."""
        text = self.query(name)
        if text is None:
            return None
        is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        if not is_number or not least <= int(text) <= most:
            raise Invalid(f"must be a whole number from {least} to {most}", pointer=f"/{name}")
        return int(text)
