"""Budget and cap usage: for each limit of a promotion, what is committed and what is redeemed in its window.

A daily limit looks at today, a weekly one at this week, in the workspace's zone. Committed is what was assigned
(or redeemed, where redemptions are limited) and what reservations hold. Beside it stand the highest threshold that
is reached and what the pace of the last days comes to (docs/limits.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from promosight.flows.figures.limit_sums import (
    ASSIGNED,
    DATED,
    REDEEMED,
    held_for,
    micros_of,
    sum_of,
    written,
)
from promosight.flows.ledger.held import Held, Part
from promosight.flows.ledger.limit_cells import LimitCells, has_limits, looks_at_cells
from promosight.flows.ledger.outstanding import CellsByKey, Counters
from promosight.rules.forecasts import Pace, basis_from, pace, quarter_of
from promosight.rules.instants import format_instant, kept_instant
from promosight.rules.money import MICROS, UNIT_MARK, amount_of_text, format_amount
from promosight.rules.promotions import WINDOWS, Limit
from promosight.rules.tallies import ASSIGNED_DAY
from promosight.rules.thresholds import alert_no, reached
from promosight.rules.windows import days_of, window_of
from promosight.store.catalogue import Catalogue, Listed
from promosight.store.tx import Row, Tx

if TYPE_CHECKING:
    from promosight.flows.figures.sums import Sums

_PACE_STEP = MICROS // 100
"""A pace is told to the hundredth."""

_Both = tuple[int, int]
"""What is committed and what is redeemed: millionths of a reward, or a count."""

Reached = dict[int, dict[int, int]]
"""When limits of a promotion were seen used up, by the number of the alert."""


class Forecast(msgspec.Struct):
    """When the limit is used up at the pace of the last `basis_days` days, within its window; null: not in it.

    Of a limit that is used up already: since when, where that is known.
    """

    reached_at: str | None
    pace_per_day: str
    basis_days: int


class Usage(msgspec.Struct, omit_defaults=True):
    """One limit and how much of it is used; amounts and counts as decimal strings.

    `alert`: the highest of 50, 80, 90 and 100 per cent that is reached. No `forecast`: too little to go by.
    """

    measure: str
    window: str
    limit: str
    committed: str
    redeemed: str
    alert: int | None
    forecast: Forecast | None
    tier_id: str | None = None


class Crossed(NamedTuple):
    """A limit, the name of its window, which thresholds are reached, and what is used of it."""

    limit: Limit
    window_name: str
    thresholds: list[int]
    used: str


class Windows:
    """The usage of limits at one moment."""

    def __init__(
        self,
        outstanding: Counters,
        catalogue: Catalogue,
        held: Held,
        *,
        now_us: int,
        reached: Reached | None = None,
    ) -> None:
        self.held = held
        self.reached = reached or {}
        self._days = catalogue.days
        self._now_us = now_us
        self._week_start = catalogue.workspace.week_start
        self._today = catalogue.days.day(now_us)
        self._names = {one: window_of(self._today, one, self._week_start) for one in WINDOWS}
        self._spans = {one: days_of(name, one) for one, name in self._names.items()}
        self._cells = LimitCells(outstanding, self._today, self._week_start)

    def want(self, promotions: list[Listed]) -> None:
        """Chooses the promotions whose cells are read when the first of them is asked for."""
        self._cells.want(promotions)

    def usage(self, listed: Listed, sums: Sums) -> list[Usage]:
        """The usage of each limit of a promotion, in the order of its definition."""
        assert listed.definition is not None
        return [self._usage(listed, limit, sums) for limit in listed.definition.limits]

    def fullest(self, listed: Listed, sums: Sums) -> float | None:
        """The largest share of a limit that is used; 1 or more where it is used up, None without limits."""
        assert listed.definition is not None
        return max(
            (_share(self._used(listed, one, sums), one) for one in listed.definition.limits),
            default=None,
        )

    def crossed(self, listed: Listed, sums: Sums) -> list[Crossed]:
        """The limits of a promotion of which a threshold is reached."""
        assert listed.definition is not None
        found = []
        for limit in listed.definition.limits:
            used = max(self._used(listed, limit, sums))
            if there := reached(micros_of(limit, used), amount_of_text(limit.amount)):
                found.append(Crossed(limit, self._name(limit), there, written(listed, limit, used)))
        return found

    def looked_at(self, listed: Listed) -> Any:
        """What the limits of a promotion look at beside its totals: equal means equal usage. None for nothing."""
        if not has_limits(listed):
            return None
        no = listed.promotion_no
        cells = self._cells.all_of(listed)
        return quarter_of(self._now_us), cells, self.held.get(no), self.reached.get(no)

    def judged_by(self, listed: Listed) -> Any:
        """What thresholds look at beside its totals: the same, without what only forecasts are made of."""
        cells = self._cells.all_of(listed) if looks_at_cells(listed) else None
        return self._today, cells, self.held.get(listed.promotion_no)

    def promised(self, listed: Listed, sums: Sums) -> list[int]:
        """What grants have to leave of each limit, in millionths: all that is given, promised or held."""
        assert listed.definition is not None
        return [
            micros_of(limit, self._promised(listed, limit, sums))
            for limit in listed.definition.limits
        ]

    def redeemed(self, listed: Listed, sums: Sums) -> list[int]:
        """What is redeemed of each limit, in millionths."""
        assert listed.definition is not None
        return [
            micros_of(limit, self._counted(listed, limit, sums)[1])
            for limit in listed.definition.limits
        ]

    def _promised(self, listed: Listed, limit: Limit, sums: Sums) -> int:
        held = self._held(listed, limit)
        committed, redeemed = self._counted(listed, limit, sums)
        if limit.measure == "redemptions":
            # Whoever was assigned and has not redeemed may still do so.
            return committed + held + self._open(listed, limit, sums)
        return max(committed, redeemed if limit.measure == "reward" else 0) + held

    def _open(self, listed: Listed, limit: Limit, sums: Sums) -> int:
        if limit.window != "lifetime":
            given = self._within(listed, limit, ASSIGNED_DAY)
        elif limit.tier_id is None:
            return sums["assigned"] - sums["redeemed"]
        else:
            given = self._cells.of_tier(listed, limit.tier_id)
        return sum(values[ASSIGNED] - values[REDEEMED] for values in given.values())

    def _used(self, listed: Listed, limit: Limit, sums: Sums) -> _Both:
        committed, redeemed = self._counted(listed, limit, sums)
        return committed + self._held(listed, limit), redeemed

    def _held(self, listed: Listed, limit: Limit) -> int:
        parts = self.held.get(listed.promotion_no)
        return self._within_limit(listed, limit, parts) if parts else 0

    def _within_limit(self, listed: Listed, limit: Limit, parts: list[Part]) -> int:
        """What grants come to in a limit's window and tier, and its measure."""
        now = self._name(limit)
        return sum(
            held_for(listed, limit, one)
            for one in parts
            if window_of(one.day, limit.window, self._week_start) == now
        )

    def _counted(self, listed: Listed, limit: Limit, sums: Sums) -> _Both:
        """The same without what is held."""
        if limit.window == "lifetime":
            return self._lifetime(listed, limit, sums)
        given_on, used_on = DATED[limit.measure]
        used = self._within(listed, limit, used_on)
        given = used if given_on == used_on else self._within(listed, limit, given_on)
        return sum_of(listed, limit, given, 0), sum_of(listed, limit, used, 1)

    def _lifetime(self, listed: Listed, limit: Limit, sums: Sums) -> _Both:
        """What the promotion, or the limit's tier, has come to in all."""
        if limit.tier_id is None:
            return _in_all(listed, limit, sums)
        both = self._cells.of_tier(listed, limit.tier_id)
        return sum_of(listed, limit, both, 0), sum_of(listed, limit, both, 1)

    def _within(self, listed: Listed, limit: Limit, dimension: int) -> CellsByKey:
        cells = self._cells.by_day(listed, dimension, limit.tier_id)
        first, after = self._spans[limit.window]
        return {key: values for key, values in cells.items() if first <= key[0] < after}

    def _name(self, limit: Limit) -> str:
        return self._names[limit.window]

    def _usage(self, listed: Listed, limit: Limit, sums: Sums) -> Usage:
        committed, redeemed = used = self._used(listed, limit, sums)
        whole, most = amount_of_text(limit.amount), micros_of(limit, max(used))
        return Usage(
            measure=limit.measure,
            window=limit.window,
            limit=limit.amount,
            committed=written(listed, limit, committed),
            redeemed=written(listed, limit, redeemed),
            alert=max(reached(most, whole), default=None),
            forecast=self._forecast(listed, limit, sums, used),
            tier_id=limit.tier_id,
        )

    def _forecast(self, listed: Listed, limit: Limit, sums: Sums, used: _Both) -> Forecast | None:
        left = amount_of_text(limit.amount) - micros_of(limit, max(used))
        found = self._pace(listed, limit, sums, place=int(used[1] > used[0]), left_micros=left)
        if left > 0:
            return None if found is None else _told(listed, limit, found, found.reached_us)
        number = alert_no(listed.promotion_no, limit, self._name(limit), 100)
        since_us = self.reached.get(listed.promotion_no, {}).get(number)
        if found is None and since_us is None:
            return None
        return _told(listed, limit, found or Pace(0, 0, None), since_us)

    def _pace(
        self, listed: Listed, limit: Limit, sums: Sums, *, place: int, left_micros: int
    ) -> Pace | None:
        """The pace of what is committed (place 0) or redeemed (1), whichever is more."""
        by_day = self._by_day(listed, limit, place)
        lately = sum(amount for day, amount in by_day.items() if day >= basis_from(self._today))
        in_all = micros_of(limit, self._lifetime(listed, limit, sums)[place])
        return pace(
            self._days,
            by_day,
            window=limit.window,
            name=self._name(limit),
            left_micros=left_micros,
            used_before=in_all > lately,
            ends_us=_ends_us(listed),
            now_us=self._now_us,
        )

    def _by_day(self, listed: Listed, limit: Limit, place: int) -> dict[str, int]:
        """What was used on each of the days that are read, in millionths."""
        found: dict[str, int] = {}
        cells = self._cells.by_day(listed, DATED[limit.measure][place], limit.tier_id)
        for key, values in cells.items():
            used = micros_of(limit, sum_of(listed, limit, {key: values}, place))
            found[key[0]] = found.get(key[0], 0) + used
        return found


def limits_reached(tx: Tx, workspace_no: int, *, now_us: int) -> Reached:
    """When limits were seen used up, of windows that have not ended."""
    return _reached(tx.all("limits_reached", workspace_no=workspace_no, now_us=now_us))


def limits_reached_then(tx: Tx, workspace_no: int, *, known_us: int) -> Reached:
    """The same as it was known at a moment."""
    return _reached(tx.all("limits_reached_then", workspace_no=workspace_no, known_us=known_us))


def _reached(rows: list[Row]) -> Reached:
    found: Reached = {}
    for promotion_no, number, raised_us in rows:
        found.setdefault(promotion_no, {})[number] = raised_us
    return found


def _ends_us(listed: Listed) -> int | None:
    assert listed.definition is not None
    ends_at = listed.definition.ends_at
    return None if ends_at is None else kept_instant(ends_at)


def _in_all(listed: Listed, limit: Limit, sums: Sums) -> _Both:
    if limit.measure == "reward":
        currency = listed.terms.currency
        return sums.committed.get(currency, 0), sums.cost.get(currency, 0)
    if limit.measure == "assignments":
        return sums["assigned"], sums["redeemed"]
    return sums["redemptions"], sums["redemptions"]


def _told(listed: Listed, limit: Limit, found: Pace, at_us: int | None) -> Forecast:
    currency = listed.terms.currency if limit.measure == "reward" else UNIT_MARK
    rounded = (found.per_day_micros + _PACE_STEP // 2) // _PACE_STEP * _PACE_STEP
    shown = rounded or found.per_day_micros
    return Forecast(
        None if at_us is None else format_instant(at_us // 1_000_000 * 1_000_000),
        format_amount(shown, currency),
        found.basis_days,
    )


def _share(both: _Both, limit: Limit) -> float:
    used = micros_of(limit, max(both))
    whole = amount_of_text(limit.amount)
    return used / whole if whole else float(used > 0)
