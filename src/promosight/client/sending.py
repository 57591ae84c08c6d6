"""Sending what lies in the outbox, in batches, the oldest first, for ever, by a thread of its own.

Each turn claims events, sends them, and takes out what was answered for, or gives them back. So a failure needs no
memory: the next turn begins at the oldest event again. Of one batch the assignments go before the redemptions.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from promosight.client.answers import Later, Smaller, Stop, Taken, Verdict
from promosight.client.errors import Problem
from promosight.client.line import Line, Timing
from promosight.client.outbox import Outbox, Refusal, RefusedEvent, Waiting

MOST_EVENTS = 1_000
MOST_BYTES = 4 * 1024 * 1024
LINGER_SECONDS = 0.5
"""How long the first event waits for others to go with it."""
_LOOK_AGAIN_SECONDS = 5.0
"""How often one looks for what other processes reported, or did not live to send."""
_KINDS = ("assignments", "redemptions")
_log = logging.getLogger("promosight.client")
T = TypeVar("T")


class Sender:
    """The thread that sends. `stopped` is why it does not send any more."""

    def __init__(
        self,
        outbox: Outbox,
        line: Line,
        *,
        timing: Timing,
        lease_seconds: float,
        on_problem: Callable[[RefusedEvent], None] | None,
        on_stopped: Callable[[Problem], None] | None,
    ) -> None:
        self._outbox, self._line, self._timing = outbox, line, timing
        self._lease_seconds = lease_seconds
        self._on_problem, self._on_stopped = on_problem, on_stopped
        self._most = MOST_EVENTS
        self._new = 0
        self._news, self._hurry = threading.Event(), threading.Event()
        self.failures = 0
        self.stopped: Problem | None = None
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="promosight-client", daemon=True)

    def start(self) -> None:
        """Begins with what lies there from before."""
        self._thread.start()

    def tell(self) -> None:
        """Something was reported."""
        self._new += 1  # of several threads at once one may be missed, which costs half a second
        if self._new >= MOST_EVENTS:
            self._hurry.set()
        self._news.set()

    def hurry(self) -> None:
        """Sends what lies there without waiting for more."""
        self._hurry.set()
        self._news.set()

    def resume(self) -> None:
        """Sends again after it was stopped."""
        self.stopped = None
        self.hurry()

    def end(self, timeout_seconds: float) -> bool:
        """Ends the thread; whether it ended in time. One that is in the middle of a request ends after it."""
        self.ending.set()
        self.hurry()
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def step(self) -> float | None:
        """Sends one batch. How many seconds to wait before the next; None: until there is news."""
        if self.stopped is not None:
            return None
        claim = self._outbox.claim(self._most, MOST_BYTES, self._timing.now(), self._lease_seconds)
        for kind in _KINDS:
            events = [one for one in claim.events if one.kind == kind]
            delay = self._sent(kind, events) if events else None
            if delay is not None:
                self._outbox.release(claim.events)
                return delay
        return 0.0 if claim.more else None

    def _run(self) -> None:
        while not self.ending.is_set():
            self._news.clear()
            delay = self._safe_step()
            if delay is not None:
                self._timing.wait(self.ending, delay)
            elif self._timing.wait(self._news, _LOOK_AGAIN_SECONDS):
                self._timing.wait(self._hurry, LINGER_SECONDS)
                self._hurry.clear()
                self._new = 0

    def _safe_step(self) -> float | None:
        """A step; whatever happens (a full disk, say), the thread lives and tries again."""
        try:
            return self.step()
        except Exception:  # noqa: BLE001 - said with its trace
            _log.exception("sending failed; it is tried again")
            self.failures += 1
            return self._timing.backoff(self.failures)

    def _sent(self, kind: str, events: Sequence[Waiting]) -> float | None:
        """Sends events of one kind. None when they are answered for, else how long to wait."""
        bodies = [one.body for one in events]
        found = self._line.send(kind, bodies, self._timing.now())
        if isinstance(found, Later):
            return self._put_off(found)
        self._recovered()
        return self._answered(found, events)

    def _answered(self, found: Verdict, events: Sequence[Waiting]) -> float | None:
        match found:
            case Taken(refused):
                self._most = min(MOST_EVENTS, 2 * self._most)
                self._settle(events, refused)
                return None
            case Smaller(why) if len(events) == 1:
                self._settle(events, {0: why})
                return None
            case Smaller():
                self._most = len(events) // 2
            case Stop(problem):
                self._stop(problem)
        return 0.0

    def _put_off(self, found: Later) -> float:
        if self.failures == 0:
            _log.warning("not sent, and tried again until it is: %s", found.why)
        self.failures += 1
        return found.after_seconds + self._timing.backoff(self.failures)

    def _recovered(self) -> None:
        if self.failures:
            _log.info("sending again after %d failures", self.failures)
        self.failures = 0

    def _settle(self, events: Sequence[Waiting], refusals: Mapping[int, Refusal]) -> None:
        for one in self._outbox.settle(events, refusals, self._timing.now()):
            _log.warning("%s %s was refused: %s", one.kind, one.event_id, one.reason)
            _tell(self._on_problem, one)

    def _stop(self, problem: Problem) -> None:
        self.stopped = problem
        _log.error("sending stopped, everything is kept: %s (%s)", problem.detail, problem.code)
        _tell(self._on_stopped, problem)


def _tell(whom: Callable[[T], None] | None, what: T) -> None:
    """Calls back; what goes wrong there is not ours, and stops nothing."""
    try:
        if whom is not None:
            whom(what)
    except Exception:  # noqa: BLE001 - said with its trace
        _log.exception("a callback failed")
