"""What sources sent and how it was answered: a counter for each source, hour, kind and outcome.

It is moved in the transaction that takes the items in, once for all of them, so that it says exactly what was
committed, whatever is run again or killed. Unlike a figure it is no function of the facts: a duplicate is counted,
and what was pending stays so in the hour in which it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from promosight.errors import Invalid
from promosight.flows.reporting.intake import Delivery, Item, Receipt, outcomes_of
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.set_up.workspaces import find_source
from promosight.rules.facts import Assignment, Event
from promosight.rules.instants import DAY_US, HOUR_US, LocalDays, format_instant
from promosight.rules.sheets import Sheet, says_one_thing
from promosight.store.catalogue import load
from promosight.store.rows import Arrival
from promosight.store.tx import Tx

TEST = "test"
"""What was tried out and not kept, in place of an outcome."""

UNITS = {"hour": 48, "day": 30}
"""How many hours or days are shown when nobody says from when."""

_MOST_US = {"hour": 92 * DAY_US, "day": 3_700 * DAY_US}
"""So long a time may be asked for."""

_KINDS: dict[type, str] = {Event: "redemptions", Assignment: "assignments"}
_ASSIGNED = ("assignments", "counted"), "assigned"
_outcome = attrgetter("outcome")


def note_activity(
    tx: Tx, days: LocalDays, deliveries: Sequence[Delivery], receipts: Sequence[Receipt]
) -> None:
    """Counts the receipts of deliveries, given one after the other; a replay is nothing that a source sent."""
    answered: Counter[tuple[int, int, str, str]] = Counter()
    alone: list[tuple[int, int, str, str]] = []
    start = 0
    for delivery in deliveries:
        items, arrival = delivery.items, delivery.arrival
        end = start + len(items)
        if not delivery.replayed:
            source_no, hour_us = arrival.source_no, days.hour_us(arrival.received_us)
            if len(items) == 1:  # each of many such
                alone.append((source_no, hour_us, _kind_of(items[0]), receipts[start].outcome))
            else:
                for said, number in _answered(_kinds_of(items), receipts[start:end]).items():
                    answered[source_no, hour_us, *said] += number
        start = end
    answered.update(alone)
    rows = [(*key, tx.lane, number) for key, number in sorted(answered.items())]
    tx.send_many("add_activity", rows)


def note_tests(tx: Tx, arrival: Arrival, kind: str, number: int) -> None:
    """Counts items that were tried out."""
    hour_us = load(tx, arrival.workspace_no).days.hour_us(arrival.received_us)
    tx.send_many("add_activity", [(arrival.source_no, hour_us, kind, TEST, tx.lane, number)])


def _answered(kinds: list[str], receipts: Sequence[Receipt]) -> Counter[tuple[str, str]]:
    """How many items of each kind had each outcome."""
    if says_one_thing(kinds):  # as nearly always
        return Counter({(kinds[0], outcome): n for outcome, n in outcomes_of(receipts).items()})
    return Counter(zip(kinds, map(_outcome, receipts), strict=True))


def _kinds_of(items: Sequence[Item]) -> list[str]:
    if not isinstance(items, Sheet):
        return [_kind_of(item) for item in items]
    kinds = [_KINDS[items.kind]] * len(items)
    for row, item in items.alone.items():
        kinds[row] = _kind_of(item)
    return kinds


def _kind_of(item: Item) -> str:
    return item.kind if isinstance(item, Refused) else _KINDS[type(item)]


class Asked(NamedTuple):
    """Which activity: by `hour` or `day`, from an instant on and before another; None for the latest."""

    by: str
    from_us: int | None = None
    to_us: int | None = None


def activity(
    tx: Tx, workspace_no: int, name: str, asked: Asked, *, now_us: int
) -> list[dict[str, Any]]:
    """How many items of a source had each outcome, for each hour or day in which some came, the earliest first.

    Hours and days are whole: those in which the first and last instant asked for lie. Raises NotFound, Invalid.
    """
    source = find_source(tx, workspace_no, name)
    days = load(tx, workspace_no).days
    from_us, to_us = _period(days, asked, now_us)
    shown: dict[int, Counter[str]] = {}
    rows = tx.all("activity_of", source_no=source.source_no, from_us=from_us, to_us=to_us)
    for hour_us, kind, outcome, number in rows:
        begin_us = hour_us if asked.by == "hour" else _day_us(days, hour_us)
        word = _ASSIGNED[1] if (kind, outcome) == _ASSIGNED[0] else outcome
        shown.setdefault(begin_us, Counter())[word] += number
    return [
        {"from": format_instant(begin_us), "outcomes": dict(sorted(outcomes.items()))}
        for begin_us, outcomes in shown.items()
    ]


def _period(days: LocalDays, asked: Asked, now_us: int) -> tuple[int, int]:
    """From the beginning of which hour on, and before which, activity is asked for."""
    by, from_us, to_us = asked
    if from_us is not None and to_us is not None and to_us <= from_us:
        raise Invalid("must lie after from", pointer="/to")
    to_us = now_us + 1 if to_us is None else max(0, min(to_us, now_us + 1))
    if from_us is None:
        from_us = to_us - (UNITS[by] - 1) * (HOUR_US if by == "hour" else DAY_US)
    from_us = max(0, from_us)
    if from_us >= to_us:
        return 0, 0  # all of it lies in the future, or before the calendar of activity
    if to_us - from_us > _MOST_US[by]:
        raise Invalid(f"lies more than {_MOST_US[by] // DAY_US} days before to", pointer="/from")
    if by == "hour":
        return days.hour_us(from_us), to_us
    return _day_us(days, from_us), _day_us(days, to_us - 1, days_later=1)


def _day_us(days: LocalDays, instant_us: int, *, days_later: int = 0) -> int:
    """The beginning of the day in which an instant lies."""
    day = date.fromisoformat(days.day(instant_us))
    return days.start_us(day + timedelta(days=days_later))
