"""The client: report and go on. What was reported is sent by a thread, however long the network takes.

    from promosight.client.promosight import Promosight

    with Promosight("https://promosight.example", key, outbox="outbox.db") as client:
        client.report_redemption(promotion_id="TEA", customer_id="ann", order_id="o-9")

`report_*` and `assign` return when the event is in the outbox. What they promise and what not is in docs/client.md.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, Unpack

try:
    import httpx
except ImportError as error:
    raise ImportError(
        "Promosight's client needs httpx: pip install 'promosight[client]'"
    ) from error

from promosight.client.calls import Calls
from promosight.client.errors import Closed, Problem
from promosight.client.facts import (
    AssignmentDetails,
    Details,
    assignment,
    instant_of,
    redemption,
    reversal,
)
from promosight.client.line import Line, Timing
from promosight.client.outbox import Bound, Outbox, RefusedEvent
from promosight.client.rising import RisingIds
from promosight.client.sending import Sender

_log = logging.getLogger("promosight.client")
_LOOKS_SECONDS = 0.02


class Promosight(Calls):
    """A client of one server under one key. Any thread may use it; make it after a fork, not before.

    Without `outbox`, a path on a local disk, events lie in memory and go with the process. `bound` says how many may
    lie there; beyond it what is new is refused (OutboxFull) and what is there is kept. `on_problem` is called for each
    event that the server refused, `on_stopped` when it does not take the key: both by the thread that sends.
    """

    def __init__(
        self,
        url: str,
        key: str,
        outbox: str | os.PathLike[str] | None = None,
        *,
        on_problem: Callable[[RefusedEvent], None] | None = None,
        on_stopped: Callable[[Problem], None] | None = None,
        bound: Bound | None = None,
        timeout_seconds: float = 15.0,
        patience_seconds: float = 30.0,
        lease_seconds: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        timing: Timing | None = None,
    ) -> None:
        timing = timing or Timing()
        line = Line(url, key, timeout_seconds, transport)
        self._in_memory = outbox is None
        self._outbox = Outbox(outbox, bound)
        self._sender = Sender(
            self._outbox,
            line,
            timing=timing,
            lease_seconds=lease_seconds,
            on_problem=on_problem,
            on_stopped=on_stopped,
        )
        super().__init__(line, timing, RisingIds(timing.now), patience_seconds, self._sender.ending)
        self._pid = os.getpid()
        self._is_closed = False
        atexit.register(self.close)
        self._sender.start()

    def report_redemption(
        self,
        *,
        customer_id: str,
        promotion_id: str | None = None,
        promo_code: str | None = None,
        **details: Unpack[Details],
    ) -> str:
        """Keeps a redemption to be sent, and returns its event id. Raises Invalid, OutboxFull.

        Without `event_id` it gets one, without `redeemed_at` it happened now.
        """
        named = {"customer_id": customer_id, "promotion_id": promotion_id, "promo_code": promo_code}
        return self._report(redemption({**named, **details}))

    def report_reversal(self, *, reverses: str, **details: Unpack[Details]) -> str:
        """Keeps the undoing of a redemption to be sent, and returns its own event id. Raises Invalid, OutboxFull."""
        return self._report(reversal({"reverses": reverses, **details}))

    def assign(
        self, *, promotion_id: str, customer_id: str, **details: Unpack[AssignmentDetails]
    ) -> str:
        """Keeps an assignment to be sent, and returns its id. Raises Invalid, OutboxFull.

        Without `assignment_id` it gets one, unless it has an `occurrence`; without `assigned_at` it is of now.
        """
        named = {"promotion_id": promotion_id, "customer_id": customer_id}
        fact = assignment({**named, **details})
        name = str(fact.get("assignment_id") or self._fresh())
        if "occurrence" not in fact:
            fact["assignment_id"] = name
        fact.setdefault("assigned_at", instant_of(self._timing.now()))
        return self._kept("assignments", name, fact)

    def refused(self) -> list[RefusedEvent]:
        """What the server did not take, the oldest first; it lies in the outbox until something is done about it."""
        return self._outbox.refused()

    def send_again(self, event_ids: Sequence[str]) -> int:
        """Sends refused events again, as they were: where the fault was not theirs. Returns how many."""
        moved = self._outbox.send_again(event_ids)
        self._sender.tell()
        return moved

    def forget(self, event_ids: Sequence[str]) -> int:
        """Lets refused events go for good. Returns how many."""
        return self._outbox.forget(event_ids)

    def waiting(self) -> int:
        """How many events wait for the server's answer."""
        return self._outbox.waiting()

    @property
    def stopped(self) -> Problem | None:
        """Why nothing is sent any more; None as long as it is."""
        return self._sender.stopped

    def resume(self, key: str | None = None) -> None:
        """Sends again after the server did not take the key, with another one or in the hope that it does now."""
        if key is not None:
            self._line.use(key)
        self._sender.resume()

    def flush(self, timeout_seconds: float = 30.0) -> bool:
        """Waits until all that lies there now is answered for; whether it was, in that time."""
        until = self._timing.elapsed() + timeout_seconds
        last = self._outbox.last()
        self._sender.hurry()
        while self._outbox.some_until(last):
            if self._sender.stopped or self._timing.elapsed() >= until or self._ending.is_set():
                return False
            self._timing.wait(self._ending, _LOOKS_SECONDS)
        return True

    def close(self, timeout_seconds: float = 2.0) -> int:
        """Sends what it can within that time, and ends. Returns how many events wait on; those in memory are lost."""
        if self._is_closed or os.getpid() != self._pid:
            return 0
        self._is_closed = True
        atexit.unregister(self.close)
        if self._in_memory or not self._sender.failures:
            self.flush(timeout_seconds)
        ended = self._sender.end(timeout_seconds)
        left = self._outbox.waiting()
        if left and self._in_memory:
            _log.error("%d events were not sent and are lost: there is no outbox file", left)
        if ended:  # a request that is under way may still be answered
            self._line.close()
            self._outbox.close()
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _report(self, fact: dict[str, Any]) -> str:
        event_id = str(fact.setdefault("event_id", self._fresh()))
        fact.setdefault("redeemed_at", instant_of(self._timing.now()))
        return self._kept("redemptions", event_id, fact)

    def _kept(self, kind: str, name: str, fact: dict[str, Any]) -> str:
        if self._is_closed:
            raise Closed("this client was closed")
        self._outbox.add(kind, name, json.dumps(fact, separators=(",", ":")).encode())
        self._sender.tell()
        return name
