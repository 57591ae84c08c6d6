"""Asking the server directly: one method to a route, each waiting for its answer.

These need the network, unlike reporting. They try again what may pass, as long as `patience_seconds`; what they send
twice is done once. An answer is the JSON that the API documents; a refusal is an exception (`errors`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from promosight.client.answers import may_pass, problem_of, retry_after
from promosight.client.errors import Unreachable
from promosight.client.line import Line, Timing
from promosight.client.reconciling import Reconciled, Time, reconcile
from promosight.client.rising import RisingIds

Json = dict[str, Any]


class Calls:
    """The calls. `ending` is set when the client is being closed: nobody sleeps on then."""

    def __init__(
        self,
        line: Line,
        timing: Timing,
        fresh: RisingIds,
        patience_seconds: float,
        ending: threading.Event,
    ) -> None:
        self._line, self._timing, self._fresh = line, timing, fresh
        self._patience_seconds = patience_seconds
        self._ending = ending

    def get_promotions(self, **query: Any) -> Json:
        """A page of promotions with their figures; `q`, `status`, `kind`, `sort`, `limit`, `cursor`, ..."""
        return self._ask("GET", "/v1/promotions", query=query)

    def get_promotion(self, promotion_id: str) -> Json:
        """One promotion with its figures."""
        return self._ask("GET", f"/v1/promotions/{_part(promotion_id)}")

    def breakdown(self, promotion_id: str, by: str, **query: Any) -> Json:
        """One promotion's figures by tier, segment, channel, campaign, source, code, outcome or time."""
        path = f"/v1/promotions/{_part(promotion_id)}/breakdown"
        return self._ask("GET", path, query={"by": by, **query})

    def redemption(self, event_id: str) -> Json:
        """What became of one event."""
        return self._ask("GET", f"/v1/events/{_part(event_id)}")

    def reserve(self, promotion_id: str, customer_id: str, **more: Any) -> Json:
        """Holds a reward for a customer, within the caps; `tier_id`, `ttl_seconds`, `dry_run`."""
        body = {"promotion_id": promotion_id, "customer_id": customer_id, **more}
        # Of two requests with one such key the second gets the first one's answer.
        return self._ask(
            "POST", "/v1/reservations", body, headers={"Idempotency-Key": self._fresh()}
        )

    def confirm(self, reservation_id: str, assignment_id: str | None = None) -> Json:
        """Makes an assignment of a reservation."""
        path = f"/v1/reservations/{_part(reservation_id)}/confirm"
        return self._ask("POST", path, {"assignment_id": assignment_id})

    def release(self, reservation_id: str) -> Json:
        """Gives the room of a reservation back."""
        return self._ask("POST", f"/v1/reservations/{_part(reservation_id)}/release")

    def decide(self, customer_id: str, *, decision_id: str | None = None, **more: Any) -> Json:
        """Chooses an offer for a customer, or none; `candidates`, `context`, `assign`. Same id, same answer."""
        named = {"customer_id": customer_id, "decision_id": decision_id or self._fresh()}
        return self._ask("POST", "/v1/decisions", {**named, **more})

    def receipts(self, source: str, **query: Any) -> Json:
        """What a source said it reported and what was found, the latest first; `day`, `limit`, `cursor`."""
        return self._ask("GET", _reconciliations(source), query=query)

    def state(self, source: str, said: Json) -> Json:
        """Says what a source reported of a time: `day` or `from` and `until`, counts, sums, hashes; the receipt."""
        return self._ask(
            "POST", _reconciliations(source), said, headers={"Idempotency-Key": self._fresh()}
        )

    def compare(
        self, source: str, reconciliation_id: str, buckets: Sequence[int], events: Sequence[Json]
    ) -> Json:
        """Compares all events that the source has of some buckets, one by one."""
        path = f"{_reconciliations(source)}/{_part(reconciliation_id)}/events"
        return self._ask("POST", path, events, query={"buckets": ",".join(map(str, buckets))})

    def reconcile(
        self,
        source: str,
        events: Iterable[Mapping[str, object]],
        *,
        day: str | None = None,
        begin: str | None = None,
        until: str | None = None,
        fields: Sequence[str] | None = None,
    ) -> Reconciled:
        """Compares what the source has of a day, or of the time before `until`, with what the server took of it.

        Give all its events of that time, in the form of a report. Raises Problem, Unreachable, Invalid.
        """
        return reconcile(self, source, events, Time(day, begin, until), fields)

    def _ask(
        self,
        method: str,
        path: str,
        body: Json | Sequence[Json] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """The answer, however often it takes. Raises Problem, Unreachable."""
        until = self._timing.elapsed() + self._patience_seconds
        failures = 0
        while True:
            answer, why, after = self._tried(method, path, body, query or {}, headers or {})
            if answer is not None:
                return _json(answer)
            failures += 1
            delay = after + self._timing.backoff(failures)
            if self._ending.is_set() or self._timing.elapsed() + delay > until:
                raise Unreachable(f"{method} {path}: {why}, after {failures} attempts")
            self._timing.wait(self._ending, delay)

    def _tried(
        self,
        method: str,
        path: str,
        body: Json | Sequence[Json] | None,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> tuple[httpx.Response | None, str, float]:
        """An answer that will not pass; or None, why, and how long the server wants not to be asked."""
        try:
            answer = self._line.ask(method, path, body=body, query=query, headers=headers)
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__}: {error}", 0.0
        if may_pass(answer):
            after = retry_after(answer, self._timing.now())
            return None, f"HTTP {answer.status_code}: {problem_of(answer).detail}", after
        return answer, "", 0.0


def _json(answer: httpx.Response) -> Json:
    """What the server says, where it is Promosight's; else raises Problem."""
    try:
        said = answer.json() if answer.is_success else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise problem_of(answer)
    return said


def _part(name: str) -> str:
    """An id as a part of a path."""
    return quote(name, safe="")


def _reconciliations(source: str) -> str:
    return f"/v1/sources/{_part(source)}/reconciliations"
