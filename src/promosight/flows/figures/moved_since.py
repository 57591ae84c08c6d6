"""Why a promotion's figures moved since a moment: the difference between what was known then and what is known now.

Day by day. What moved on days that had ended by then was restated, and is told by its cause; on the others what was not
restated is new: it came while its day still ran. Together they are the difference. What is left of it, should anything
be, is told as unexplained and not hidden in another cause.
"""

from __future__ import annotations

from operator import add, sub
from typing import Any

import msgspec

from promosight.flows.figures.breakdowns import Line, Seen, seen_now, seen_then, told_of
from promosight.flows.figures.moments import moments_of
from promosight.flows.figures.show_restatements import Differences, Moved
from promosight.rules import rates
from promosight.rules.instants import format_instant
from promosight.rules.restatements import COUNTS, WHY, LineKey, kept
from promosight.rules.tallies import REDEEMED_DAY
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx

_lines = msgspec.json.Decoder(list[tuple[LineKey, list[int]]])
_NEW, _UNEXPLAINED = "new", "unexplained"
_Key = tuple[str, str]
"""(day, currency)"""
_Days = dict[_Key, list[int]]
"""Counts, cost and order value."""


class Known(msgspec.Struct):
    """The state and the figures of a moment."""

    state: str
    total: Line


class Cause(msgspec.Struct):
    """All that moved for one reason: how many entries of the restatement log, how many facts, what moved.

    `rate_change` is what it adds to the rate when causes are applied one after the other, as they are listed.
    """

    kind: str
    reason: str
    entries: int
    facts: int | None
    moved: Moved
    rate_change: float | None


class Field(msgspec.Struct):
    """What a field of a definition was and became."""

    name: str
    before: Any
    after: Any


class Redefined(msgspec.Struct):
    """A change of the promotion's definition."""

    at: str
    fields: list[Field]


class MovedSince(msgspec.Struct):
    """The difference and its causes, which add up to it. `erased`: people erased since, which moves no figure.

    `days_moved`: the time zone is another one since. Days of both are those of now, those of restatements may not be.
    """

    promotion_id: str
    since: str
    as_of: str
    then: Known
    now: Known
    moved: Moved
    causes: list[Cause]
    redefined: list[Redefined]
    erased: int
    days_moved: bool


def moved_since(
    tx: Tx, workspace_no: int, promotion_id: str, since_us: int, *, now_us: int
) -> MovedSince:
    """Why a promotion's figures are others than at a moment. Raises NotFound, Invalid."""
    moments = moments_of(tx, workspace_no, promotion_id, since_us, now_us=now_us)
    then = seen_then(tx, moments, promotion_id, REDEEMED_DAY)
    now = seen_now(tx, workspace_no, promotion_id)
    before, after = _by_day(then), _by_day(now)
    no = now.listed.promotion_no
    causes = _Causes(moments.catalogue.days.day(since_us))
    for kind, facts, written in tx.each("restatements_since", promotion_no=no, known_us=since_us):
        causes.restated(kind, facts, _lines.decode(written))
    causes.rest(before, after)
    was, stands = _known(then), _known(now)
    rated = was.state == stands.state == "tracked"
    changes = tx.all("changes_since", workspace_no=workspace_no, known_us=since_us)
    return MovedSince(
        promotion_id=promotion_id,
        since=format_instant(since_us),
        as_of=format_instant(now_us),
        then=was,
        now=stands,
        moved=Moved(**_summed(_minus(after, before)).shown()),
        causes=causes.listed(before, rated=rated),
        redefined=_redefined(tx, now.listed, since_us),
        erased=sum(action == "customer.erase" for action, _, _ in changes),
        days_moved=any(_moves_days(*row) for row in changes),
    )


class _Causes:
    """What moved, by kind, day and currency."""

    def __init__(self, day_then: str) -> None:
        self._day_then = day_then
        self._moved: dict[str, _Days] = {}
        self._entries: dict[str, list[int]] = {}

    def restated(self, kind: str, facts: int, lines: list[tuple[LineKey, list[int]]]) -> None:
        """Adds an entry of the log."""
        numbers = self._entries.setdefault(kind, [0, 0])
        numbers[0] += 1
        numbers[1] += facts
        days = self._moved.setdefault(kind, {})
        for (day, _, currency), values in lines:
            _add(days, (day, currency), values)

    def rest(self, before: _Days, after: _Days) -> None:
        """What no entry tells: new on days that had not ended, and else unexplained."""
        left = _minus(after, before)
        for days in self._moved.values():
            left = _minus(left, days)
        for key, values in left.items():
            if any(values):
                kind = _NEW if key[0] >= self._day_then else _UNEXPLAINED
                _add(self._moved.setdefault(kind, {}), key, values)

    def listed(self, before: _Days, *, rated: bool) -> list[Cause]:
        """The causes that moved something: what is new first, what is unexplained last."""
        order = sorted(self._moved, key=lambda one: (one != _NEW, one == _UNEXPLAINED, one))
        so_far, found = dict(before), []
        for kind in order:
            sums, rate = _summed(self._moved[kind]), _rate(so_far)
            for key, values in self._moved[kind].items():
                _add(so_far, key, values)
            entries, facts = self._entries.get(kind, (0, None))
            after = _rate(so_far)
            change = after - rate if rated and rate is not None and after is not None else None
            if sums.any:
                moved = Moved(**sums.shown())
                found.append(Cause(kind, WHY[kind], entries, facts, moved, change))
        return found


def _by_day(seen: Seen) -> _Days:
    cells = seen.counters.cells(seen.listed.promotion_no, REDEEMED_DAY)
    return {key: kept(values) for key, values in cells.items()}


def _minus(days: _Days, others: _Days) -> _Days:
    nothing = [0] * (len(COUNTS) + 2)
    return {
        key: list(map(sub, days.get(key, nothing), others.get(key, nothing)))
        for key in days.keys() | others.keys()
    }


def _add(days: _Days, key: _Key, values: list[int]) -> None:
    there = days.get(key)
    days[key] = list(values) if there is None else list(map(add, there, values))


def _summed(days: _Days) -> Differences:
    sums = Differences()
    for (_, currency), values in days.items():
        sums.add(currency, values)
    return sums


def _rate(days: _Days) -> float | None:
    assigned, redeemed = (sum(values[place] for values in days.values()) for place in (0, 1))
    return rates.rate(redeemed, assigned)


def _known(seen: Seen) -> Known:
    told = told_of(seen, "day", "redeemed")
    return Known(told.state, told.total)


def _redefined(tx: Tx, listed: Listed, since_us: int) -> list[Redefined]:
    """Every change of the definition since, the earliest first."""
    past = tx.all("past_definitions", promotion_no=listed.promotion_no)
    since = [(at_us, msgspec.json.decode(text)) for at_us, text in past if at_us > since_us]
    following = [definition for _, definition in since[1:]]
    following.append(msgspec.to_builtins(listed.definition))
    return [
        Redefined(format_instant(at_us), fields)
        for (at_us, before), after in zip(since, following, strict=False)
        if (fields := _fields(before, after))
    ]


def _fields(before: dict[str, Any], after: dict[str, Any]) -> list[Field]:
    names = sorted(before.keys() | after.keys())
    both = [Field(name, before.get(name), after.get(name)) for name in names]
    return [one for one in both if one.before != one.after]


def _moves_days(action: str, before: str | None, after: str | None) -> bool:
    if action != "workspace.change" or before is None or after is None:
        return False
    was, stands = msgspec.json.decode(before), msgspec.json.decode(after)
    return bool(was.get("time_zone") != stands.get("time_zone"))
