"""The line to the server: one pool of connections, the key, and how long to wait before trying again."""

from __future__ import annotations

import gzip
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import httpx

from promosight.client.answers import Later, Verdict, verdict
from promosight.client.errors import Invalid

_FIRST_SECONDS = 0.5
_MOST_SECONDS = 60.0


class Timing(NamedTuple):
    """The clock, the coin and how one sleeps. `wait` sleeps until the event is set, at most so many seconds."""

    now: Callable[[], float] = time.time
    elapsed: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait

    def backoff(self, failures: int) -> float:
        """A random part of a span that doubles with each failure, so that many tills do not come back at once."""
        return self.random() * min(_MOST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures, 20))


class Line:
    """HTTP to one server under one key. Raises Invalid for an address that is none."""

    def __init__(
        self, url: str, key: str, timeout_seconds: float, transport: httpx.BaseTransport | None
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise Invalid("url", "must begin with https:// or http://")
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, transport=transport)
        self.use(key)

    def use(self, key: str) -> None:
        """Takes another key from now on."""
        if not key or not key.isascii() or not key.isprintable():
            raise Invalid("key", "must be a key as Promosight shows it")
        self._http.headers["Authorization"] = f"Bearer {key}"

    def send(self, kind: str, bodies: Sequence[bytes], now: float) -> Verdict:
        """Sends events of one kind and says what became of them."""
        body = gzip.compress(b"[" + b",".join(bodies) + b"]", mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return self.post(f"/v1/{kind}", body, headers, events=len(bodies), now=now)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, events: int, now: float
    ) -> Verdict:
        """Sends a body of so many events and says what became of them."""
        try:
            answer = self._http.post(path, content=body, headers=headers)
        except httpx.HTTPError as error:
            return Later(f"{type(error).__name__}: {error}")
        return verdict(answer, events, now)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        """Asks once. Raises httpx.HTTPError."""
        return self._http.request(method, path, json=body, params=query, headers=headers)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()
