"""A reader of the stream, as a dashboard is one: it keeps what comes, in order, with the time it came."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

SOON = 60.0
"""Seconds after which a test gives up waiting."""


class Told(NamedTuple):
    """One event; `name` is "" for a comment, and "end" once the server has ended the stream."""

    name: str
    event_id: str
    data: Any
    at: float


def figures_in(told: Told, promotion_id: str) -> dict[str, Any] | None:
    """What an event says of a promotion."""
    items = told.data["items"]
    return next((one["figures"] for one in items if one["promotion_id"] == promotion_id), None)


class Reader:
    """A stream that is open. What comes is read by a thread of its own."""

    def __init__(self, answer: httpx.Response) -> None:
        self.headers = answer.headers
        self._told: queue.Queue[Told] = queue.Queue()
        self.last_id = ""
        self.hello = Told("", "", None, 0.0)
        threading.Thread(target=self._read, args=(answer,), daemon=True).start()

    def next(self, *names: str, within: float = SOON) -> Told:
        """The next event of these names (default `figures`), past any others."""
        until = time.monotonic() + within
        while True:
            told = self._told.get(timeout=max(0.0, until - time.monotonic()))
            self.last_id = told.event_id or self.last_id
            if told.name in (names or ("figures",)):
                return told
            assert told.name != "end", "the server has ended the stream"

    def figures(self, promotion_id: str) -> dict[str, Any]:
        """The figures of a promotion when they next come."""
        while True:
            if (found := figures_in(self.next(), promotion_id)) is not None:
                return found

    def until(self, promotion_id: str, **wanted: object) -> Told:
        """The event in which a promotion has these figures, past any that tell of earlier moments."""
        while True:
            told = self.next()
            found = figures_in(told, promotion_id)
            if found is not None and wanted.items() <= found.items():
                return told

    def is_quiet(self, seconds: float) -> bool:
        """Whether no figures come for so long."""
        try:
            self.next(within=seconds)
        except queue.Empty:
            return True
        return False

    def _read(self, answer: httpx.Response) -> None:
        event: dict[str, str] = {}
        try:
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line == ":":
                    self._told.put(Told("", "", None, time.monotonic()))
                elif line:
                    event[name] = value
                elif event:
                    told = event.get("event", ""), event.get("id", "")
                    self._told.put(Told(*told, json.loads(event["data"]), time.monotonic()))
                    event = {}
        except (httpx.HTTPError, httpx.StreamError):
            pass
        self._told.put(Told("end", "", None, time.monotonic()))


@contextmanager
def listening(client: httpx.Client, **headers: str) -> Iterator[Reader]:
    """A reader that has been greeted, until the block ends."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with (
        httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60) as own,
        own.stream("GET", "/v1/stream", headers=named) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        reader = Reader(answer)
        reader.hello = reader.next("hello")
        yield reader
