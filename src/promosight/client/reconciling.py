"""Reconciling: what a source says it reported of a time, against what the server took, down to the single event.

Totals are said first, with a hash for each of many buckets of events; where these agree that is all. Else the events of
the buckets that differ are told one by one. How lines and hashes are made is in docs/reconciliation.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from promosight.client.errors import Invalid
from promosight.client.facts import COMPARED, instant, told

Json = dict[str, Any]
_EVENTS_AT_ONCE, _BUCKETS_AT_ONCE = 10_000, 500
_EVENTS_A_BUCKET, _MOST_BUCKETS = 64, 4_096


class Exchange(Protocol):
    """What reconciling asks of a server, each as its API documents it."""

    def receipts(self, source: str, **query: Any) -> Json:
        """The receipts of a source; with `day`, when that begins and ends."""

    def state(self, source: str, said: Json) -> Json:
        """Says what a source reported; the receipt."""

    def compare(
        self, source: str, reconciliation_id: str, buckets: Sequence[int], events: Sequence[Json]
    ) -> Json:
        """Tells all events of some buckets."""


class Reconciled(NamedTuple):
    """The receipt, and every event in which the two sides differ. `left_out`: how many events were of another time."""

    receipt: Json
    differences: list[Json]
    left_out: int

    @property
    def is_equal(self) -> bool:
        """Whether both sides agree."""
        return bool(self.receipt["outcome"] == "equal")


class Time(NamedTuple):
    """What is reconciled: a day of the workspace's time zone, or from an instant on and before another."""

    day: str | None = None
    begin: str | None = None
    until: str | None = None


def reconcile(
    server: Exchange,
    source: str,
    events: Iterable[Mapping[str, object]],
    time: Time,
    fields: Sequence[str] | None = None,
) -> Reconciled:
    """Reconciles what a source has of a time with what the server took of it.

    `events` are in the form of a report; of those told twice, the last counts. `fields` are compared beside the ids
    (with an amount its currency); those that any event tells, where none are named.

    Raises Invalid, and what asking raises.
    """
    about = server.receipts(source, **({} if time.day is None else {"day": time.day}))
    begin, until = about["from"] or time.begin, about["until"] or time.until
    span = _given(begin, "begin"), _given(until, "until")
    kept, left_out = _within({one["event_id"]: one for one in map(told, events)}, span)
    named = {name for one in kept for name in one} if fields is None else set(fields)
    if not named.isdisjoint(("order_value", "reward_value")):
        named.add("currency")  # sums are by currency: what differs in it alone is to be found, too
    lines = _Lines([one for one in COMPARED[1:] if one in named], about["currency"])
    buckets = min(len(kept) // _EVENTS_A_BUCKET + 1, _MOST_BUCKETS)
    receipt = server.state(source, _asked(time) | lines.totals(kept, buckets))
    differences: list[Json] = []
    for some, theirs in _pieces(receipt["buckets"]["different"], kept, buckets):
        found = server.compare(source, receipt["reconciliation_id"], some, theirs)
        differences += found["differences"]
    differences.sort(key=lambda one: str(one["event_id"]))
    return Reconciled(receipt, differences, left_out)


def _asked(time: Time) -> Json:
    return {"day": time.day} if time.day is not None else {"from": time.begin, "until": time.until}


def _given(text: str | None, name: str) -> datetime:
    """An instant that the caller gave. Raises Invalid."""
    try:
        return _instant(instant(text, name))
    except Invalid:
        raise Invalid(name, "must be an RFC 3339 instant with its offset, or give a day") from None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _within(events: dict[str, Json], span: tuple[datetime, datetime]) -> tuple[list[Json], int]:
    """The events of a time. One that tells none is of it; a reversal, if its redemption is."""

    def is_within(one: Json) -> bool:
        if "redeemed_at" in one:
            return span[0] <= _instant(one["redeemed_at"]) < span[1]
        if "reverses" not in one:
            return True
        original = events.get(one["reverses"])
        return original is not None and "reverses" not in original and is_within(original)

    kept = [one for one in events.values() if is_within(one)]
    return kept, len(events) - len(kept)


class _Lines:
    """Events as lines of some fields, and what these come to."""

    def __init__(self, fields: Sequence[str], currency: str) -> None:
        self._fields = fields
        self._currency = currency

    def totals(self, events: Sequence[Json], buckets: int) -> Json:
        """What is said of them all."""
        hashes = [0] * buckets
        for one in events:
            bucket = bucket_of(one["event_id"], buckets)
            hashes[bucket] = (hashes[bucket] + _number(self._line(one), 8)) % 2**64
        redemptions = [one for one in events if "reverses" not in one]
        sums = {n: self._sums(redemptions, n) for n in self._fields if n.endswith("_value")}
        return {
            "fields": self._fields,
            "redemptions": len(redemptions),
            "reversals": len(events) - len(redemptions),
            **sums,
            "buckets": [f"{one:016x}" for one in hashes],
        }

    def _sums(self, redemptions: Sequence[Json], name: str) -> dict[str, str]:
        sums: Counter[str] = Counter()
        for one in redemptions:
            sums[one.get("currency", self._currency)] += int(Decimal(one.get(name, 0)).scaleb(6))
        return {currency: f"{Decimal(micros).scaleb(-6):f}" for currency, micros in sums.items()}

    def _line(self, event: Json) -> str:
        return "\t".join([event["event_id"], *(self._written(event, n) for n in self._fields)])

    def _written(self, event: Json, name: str) -> str:
        if name == "currency":
            return str(event.get(name, self._currency))
        if name not in event:
            return ""
        if name == "redeemed_at":
            moment = _instant(event[name]).replace(tzinfo=None)
            return f"{moment.isoformat(timespec='microseconds')}Z"
        return f"{Decimal(event[name]):.6f}" if name.endswith("_value") else str(event[name])


def bucket_of(event_id: str, buckets: int) -> int:
    """In which of so many buckets an event lies."""
    return _number(event_id, 4) % buckets


def _number(text: str, size: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:size], "big")


def _pieces(
    different: Sequence[int], events: Sequence[Json], buckets: int
) -> Iterator[tuple[list[int], list[Json]]]:
    """The buckets that differ with their events, as many as go into a request."""
    held: dict[int, list[Json]] = {bucket: [] for bucket in different}
    for one in events:
        if (bucket := bucket_of(one["event_id"], buckets)) in held:
            held[bucket].append(one)
    some: list[int] = []
    theirs: list[Json] = []
    for bucket, of_it in held.items():
        if some and (len(theirs) + len(of_it) > _EVENTS_AT_ONCE or len(some) == _BUCKETS_AT_ONCE):
            yield some, theirs
            some, theirs = [], []
        some.append(bucket)
        theirs += of_it
    if some:
        yield some, theirs
