"""HTTP by hand: a request that is sent whole, in part, twice, or whose answer nobody waits for.

The standard library's, because it says when the bytes go and leaves connections to whoever cuts them.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

LATER = (429, 502, 503, 504)
"""Answers that say: not now. 502 and 504 are of a proxy whose server is away."""

PATIENCE_S = 120.0
"""How long a request is tried again. A key of an interrupted request is free again after a minute."""

AT_FIRST_S = 5.0
"""How long the first question is tried: an address where nobody is should not take minutes to tell."""

_TIMEOUT_S = 30.0
_REST_S = 0.2
Headers = Mapping[str, str]


class Cut(Exception):
    """There was no answer."""


class NoAddress(ValueError):
    """The URL is none that can be asked."""


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def get(self, *path: str | int) -> Any:
        """A value within the body, or None where it is not there."""
        value = self.json
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


class Traffic:
    """What went over the wire, in numbers. Threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.counted: Counter[str] = Counter()
        self.server_errors: list[str] = []

    def note(self, *what: str) -> None:
        """One more of each."""
        with self._lock:
            self.counted.update(what)

    def answered(self, request: str, answer: Answer) -> None:
        """One more answer."""
        with self._lock:
            self.counted["answers"] += 1
            if answer.status >= 500 and answer.status not in LATER:
                said = answer.body[:200].decode(errors="replace")
                self.server_errors.append(f"{request}: {answer.status} {said}")


class Wire:
    """One caller's line to the server, with one connection that is kept. Not for several threads."""

    def __init__(self, address: str, key: str, traffic: Traffic) -> None:
        self.address, self._key, self.traffic = address, key, traffic
        self._url = urlsplit(address)
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise NoAddress(f"{address}: must begin with https:// or http://")
        self._connection: http.client.HTTPConnection | None = None
        self.uncertain = 0
        """Requests of which nobody knows whether the server did them."""

    def another(self) -> Wire:
        """A line of its own to the same server."""
        return Wire(self.address, self._key, self.traffic)

    def ask(self, path: str, **query: Any) -> Answer:
        """GETs, for as long as it takes. Raises Cut."""
        return self.insist("GET", path + ("?" + urlencode(query) if query else ""))

    def insist(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Headers | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> Answer:
        """Sends a request until it is answered. Raises Cut when patience ends."""
        until = time.monotonic() + patience_s
        while True:
            try:
                answer = self.once(method, path, body, headers)
            except Cut:
                if time.monotonic() > until:
                    raise
                time.sleep(_REST_S)
                continue
            if not _is_for_later(answer) or time.monotonic() > until:
                return answer
            self.traffic.note("tried later")
            self.uncertain += answer.status in (502, 503, 504)
            time.sleep(min(_seconds(answer.headers.get("retry-after")), 5.0))

    def send(self, method: str, path: str, told: Any, **headers: str) -> Answer:
        """Sends JSON until it is answered. Raises Cut."""
        said = {"Content-Type": "application/json"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.insist(method, path, json.dumps(told).encode(), said)

    def once(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Headers | None = None,
        *,
        timeout_s: float = _TIMEOUT_S,
    ) -> Answer:
        """One request and its answer. Raises Cut."""
        try:
            connection = self._begun(method, path, body, headers)
            if connection.sock is not None:
                connection.sock.settimeout(timeout_s)
            came = connection.getresponse()
            heads = {name.lower(): value for name, value in came.getheaders()}
            answer = Answer(came.status, heads, came.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.uncertain += 1
            self.traffic.note("unanswered")
            raise Cut(f"{type(error).__name__}: {error}") from None
        self.traffic.answered(f"{method} {path}", answer)
        return answer

    def hang_up(
        self, method: str, path: str, body: bytes, headers: Headers, *, sent: float
    ) -> None:
        """Sends a part of the body (1.0: all of it), and closes without reading an answer."""
        try:
            part = body[: int(len(body) * sent)]
            self._begun(method, path, part, headers, length=len(body))
        except (OSError, http.client.HTTPException):
            pass
        self.traffic.note("hung up")
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begun(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Headers | None,
        length: int | None = None,
    ) -> http.client.HTTPConnection:
        self.traffic.note("requests")
        connection = self._opened()
        connection.putrequest(method, self._url.path.rstrip("/") + path)
        said = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        if body or method != "GET":
            said["Content-Length"] = str(len(body) if length is None else length)
        for name, value in {**said, **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        return connection

    def _opened(self) -> http.client.HTTPConnection:
        if self._connection is None:
            where = (str(self._url.hostname), self._url.port)
            if self._url.scheme == "https":
                context = ssl.create_default_context()
                self._connection = http.client.HTTPSConnection(
                    *where, timeout=_TIMEOUT_S, context=context
                )
            else:
                self._connection = http.client.HTTPConnection(*where, timeout=_TIMEOUT_S)
        return self._connection


def _is_for_later(answer: Answer) -> bool:
    in_flight = answer.status == 409 and answer.get("code") == "idempotency_in_flight"
    return answer.status in LATER or in_flight


def _seconds(text: str | None) -> float:
    """What Retry-After asks for; a short rest where it says nothing plain."""
    return float(text) if text and text.isdecimal() else _REST_S
