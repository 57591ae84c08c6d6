"""The life of a consumer: read, report until all of it is answered for, commit, and again.

Killed anywhere, it loses and doubles nothing: what was not committed comes again, and is known by its identity.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from promosight.client.line import Line, Timing
from promosight.consume.delivering import MOST_BYTES, MOST_EVENTS, Delivery, Refused
from promosight.consume.messages import told
from promosight.consume.topic import Topic

_IDLE_SECONDS = 1.0
_SAID_EVERY_SECONDS = 30.0


class Progress(NamedTuple):
    """How far it is: messages answered for, their outcomes, and how many lie ahead, where that is known."""

    messages: int
    outcomes: Mapping[str, int]
    lag: int | None


class Heard(NamedTuple):
    """Who is told what: how far it is, what was refused, and what is to be said by the way."""

    progress: Callable[[Progress], None]
    refused: Callable[[Refused], None]
    note: Callable[[str], None]


class _Ended(Exception):
    """It is to end, and what is in hand is not answered for."""


class Consuming:
    """Reports what comes in a topic until `ending` is set, or to the end of it where that was wanted."""

    def __init__(
        self,
        topic: Topic,
        line: Line,
        kind: str,
        *,
        envelopes: bool,
        heard: Heard,
        ending: threading.Event,
        timing: Timing | None = None,
    ) -> None:
        timing = timing or Timing()
        self._topic, self._kind, self._envelopes = topic, kind, envelopes
        self._heard, self._ending, self._timing = heard, ending, timing
        self._delivery = Delivery(line, kind, hold=self._hold, refused=heard.refused, timing=timing)
        self._messages = 0
        self._silent_until = 0.0

    def run(self) -> Progress:
        """Runs. Raises NotTaken, KafkaFailed; what was answered for is committed all the same."""
        try:
            while not self._ending.is_set() and not self._topic.is_through:
                self._step()
        except _Ended:
            self._heard.note("what was in hand is not answered for; it comes again")
        finally:
            last = self._progress()  # a topic that was left knows no lag
            self._topic.close()
        return last

    def _step(self) -> None:
        messages = self._topic.read(MOST_EVENTS, MOST_BYTES, _IDLE_SECONDS)
        if messages:
            batch = [told(one, self._kind, envelopes=self._envelopes) for one in messages]
            self._delivery.deliver(batch)
            self._topic.answered(messages)
            self._messages += len(messages)
        self._heard.progress(self._progress())

    def _hold(self, seconds: float, why: str) -> None:
        """Waits with a batch in hand: partitions are paused, so that no more of them comes to lie in memory."""
        now = self._timing.elapsed()
        if now >= self._silent_until:
            self._silent_until = now + _SAID_EVERY_SECONDS
            self._heard.note(f"the server does not take events now: {why}; waiting")
        self._topic.hold(seconds, self._ending.is_set)
        if self._ending.is_set():
            raise _Ended

    def _progress(self) -> Progress:
        return Progress(self._messages, dict(self._delivery.outcomes), self._topic.lag())
