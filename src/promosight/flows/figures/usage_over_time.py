"""Usage over time: for each limit of a promotion what was committed and redeemed on each day, and in its window so far.

Today says what the list says of it now. Read from the same counters by day, with what is held on
the day it was granted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import takewhile

import msgspec

from promosight.flows.figures.limit_sums import DATED, held_for, sum_of, written
from promosight.flows.figures.of_promotions import Counted, View
from promosight.flows.figures.told_then import one_then
from promosight.flows.figures.usage import Usage
from promosight.flows.ledger.limit_cells import every_day
from promosight.flows.ledger.outstanding import CellsByKey
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.instants import format_instant, kept_instant
from promosight.rules.money import UNIT_MARK
from promosight.rules.promotions import Limit
from promosight.rules.windows import days_of, window_of
from promosight.store.tx import Tx

MOST_DAYS = 366
"""So many days are told at most, the latest ones; what was before is in what follows."""
_SHOWN = {"daily": 29, "weekly": 7 * 7, "monthly": 62}
"""A day so long ago lies in the first window that is told: thirty days, eight weeks, three months."""


class UsedOn(msgspec.Struct):
    """A day of the workspace's zone: what was committed and redeemed on it, and in its window up to its end."""

    day: str
    committed: str
    redeemed: str
    committed_so_far: str
    redeemed_so_far: str


class LimitOverTime(msgspec.Struct):
    """A limit as it stands (`usage`) and came to it. `currency`: of a reward that is money. `ends_on`: the last day of
    its window, or of the promotion if that is sooner; null for no end."""

    usage: Usage
    currency: str | None
    ends_on: str | None
    days: list[UsedOn]


class UsageOverTime(msgspec.Struct):
    """The limits of a promotion, in their order. `untold`, as of a moment: `usage`, where it was not kept."""

    promotion_id: str
    as_of: str
    limits: list[LimitOverTime]
    untold: list[str] | msgspec.UnsetType = msgspec.UNSET


def usage_over_time(
    tx: Tx, workspace_no: int, promotion_id: str, as_of_us: int | None = None, *, now_us: int
) -> UsageOverTime:
    """The usage of a promotion's limits over time, now or as it was known at a moment. Raises NotFound, Invalid."""
    view: View
    if as_of_us is None:
        defined(tx, workspace_no, promotion_id)
        view = View(tx, workspace_no, now_us=now_us)
        (one,) = view.counted([view.catalogue.by_id[promotion_id]])
    else:
        view, one = one_then(tx, workspace_no, promotion_id, as_of_us, now_us=now_us)
    at_us = now_us if as_of_us is None else as_of_us
    assert one.listed.definition is not None
    read: _Read = {}
    told = [
        _LimitTold(view, one, limit, at_us, read).over_time(usage)
        for limit, usage in zip(one.listed.definition.limits, one.usage, strict=False)
    ]
    untold = ["usage"] if one.is_untold else msgspec.UNSET
    return UsageOverTime(promotion_id, format_instant(at_us), told, untold)


_Sides = tuple[Counter[str], Counter[str]]
"""What was committed and what was redeemed, by day."""


_Read = dict[tuple[int, str | None], CellsByKey]
"""Cells by dimension and tier: several limits look at the same."""


class _LimitTold:
    """One limit of a promotion at a moment."""

    def __init__(self, view: View, one: Counted, limit: Limit, at_us: int, read: _Read) -> None:
        self.view, self.listed, self.limit, self.read = view, one.listed, limit, read
        self.week_start = view.catalogue.workspace.week_start
        self.today = view.catalogue.days.day(at_us)

    def over_time(self, usage: Usage) -> LimitOverTime:
        """How it came to its usage."""
        currency = self.listed.terms.currency if self.limit.measure == "reward" else UNIT_MARK
        is_money = not currency.startswith(UNIT_MARK)
        return LimitOverTime(
            usage, currency if is_money else None, self._ends_on(), list(self._days())
        )

    def _ends_on(self) -> str | None:
        ends = []
        if self.limit.window != "lifetime":
            after = days_of(self._window(self.today), self.limit.window)[1]
            ends.append((date.fromisoformat(after) - timedelta(1)).isoformat())
        assert self.listed.definition is not None
        if (ends_at := self.listed.definition.ends_at) is not None:
            ends.append(self.view.catalogue.days.day(kept_instant(ends_at) - 1))
        return min(ends, default=None)

    def _days(self) -> Iterator[UsedOn]:
        sides = self._sides()
        used = sorted(sides[0].keys() | sides[1].keys())
        first = self._first(used)
        so_far, window = [0, 0], None
        early = takewhile(lambda day: day < first, used)
        for day in (*early, *_days_between(first, max([self.today, *used]))):
            if window != (window := self._window(day)):
                so_far = [0, 0]
            now = [side[day] for side in sides]
            so_far = [before + on for before, on in zip(so_far, now, strict=True)]
            if day >= first:
                said = (written(self.listed, self.limit, each) for each in (*now, *so_far))
                yield UsedOn(day, *said)

    def _sides(self) -> _Sides:
        sides = Counter[str](), Counter[str]()
        for place, dimension in enumerate(DATED[self.limit.measure]):
            cells = self._cells(dimension)
            for key, values in cells.items():
                used = sum_of(self.listed, self.limit, {key: values}, place)
                if used:
                    sides[place][key[0]] += used
        for part in self.view.windows.held.get(self.listed.promotion_no, []):
            if held := held_for(self.listed, self.limit, part):
                sides[0][part.day] += held
        return sides

    def _cells(self, dimension: int) -> CellsByKey:
        which = dimension, self.limit.tier_id
        if which not in self.read:
            self.read[which] = every_day(self.view.outstanding, self.listed, *which)
        return self.read[which]

    def _first(self, used: list[str]) -> str:
        """The first day that is told: of the first window that is shown, or the first on which something was used."""
        today = date.fromisoformat(self.today)
        first = min(used[0] if used else self.today, self.today)
        if self.limit.window == "lifetime":
            earliest = today - timedelta(MOST_DAYS - 1)
            return max(first, earliest.isoformat())
        back = (today - timedelta(_SHOWN[self.limit.window])).isoformat()
        return max(first, days_of(self._window(back), self.limit.window)[0])

    def _window(self, day: str) -> str:
        return window_of(day, self.limit.window, self.week_start)


def _days_between(first: str, last: str) -> Iterator[str]:
    day = date.fromisoformat(first)
    while (text := day.isoformat()) <= last:
        yield text
        day += timedelta(1)
