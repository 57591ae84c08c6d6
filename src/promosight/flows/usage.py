"""Budget and cap usage: for each limit of a promotion, what is committed and what is redeemed in its window.

A daily limit looks at today, a weekly one at this week, in the workspace's zone. Committed is what was assigned
(or redeemed, where redemptions are limited) and what reservations hold. `None` stands where the counters
cannot tell: a tier's part of a window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from promosight.flows.held import Held, Part
from promosight.flows.outstanding import CellsByKey, Outstanding
from promosight.rules.instants import month_of, week_of
from promosight.rules.money import MICROS, amount_of_text, format_amount
from promosight.rules.promotions import Limit
from promosight.rules.tallies import ASSIGNED_DAY, MEASURES, REDEEMED_DAY, TIER
from promosight.store.catalogue import Catalogue, Listed

if TYPE_CHECKING:
    from promosight.flows.figures import Sums

_ASSIGNED, _REDEEMED, _REDEMPTIONS, _COMMITTED, _COST = (
    MEASURES.index(name)
    for name in ("assigned", "redeemed", "redemptions", "committed_micros", "cost_micros")
)


_Both = tuple[int | None, int | None]
"""What is committed and what is redeemed: millionths of a reward, or a count."""

_Cells = dict[tuple[int, int], CellsByKey]
"""Cells by promotion and dimension."""


class Usage(msgspec.Struct, omit_defaults=True):
    """One limit and how much of it is used; amounts and counts as decimal strings."""

    measure: str
    window: str
    limit: str
    committed: str | None
    redeemed: str | None
    tier_id: str | None = None


class Windows:
    """The days and tiers that limits look at, read once for all promotions that are wanted."""

    def __init__(
        self, outstanding: Outstanding, catalogue: Catalogue, held: Held, *, now_us: int
    ) -> None:
        self.held = held
        self._outstanding = outstanding
        self._week_start = catalogue.workspace.week_start
        self._today = catalogue.days.day(now_us)
        self._wanted: list[Listed] = []
        self._found: _Cells | None = None

    def want(self, promotions: list[Listed]) -> None:
        """Chooses the promotions whose cells are read when the first of them is asked for."""
        self._wanted, self._found = promotions, None

    def usage(self, listed: Listed, sums: Sums) -> list[Usage]:
        """The usage of each limit of a promotion, in the order of its definition."""
        assert listed.definition is not None
        return [
            _usage(listed, limit, self._used(listed, limit, sums))
            for limit in listed.definition.limits
        ]

    def fullest(self, listed: Listed, sums: Sums) -> float | None:
        """The largest share of a limit that is used; 1 or more where it is used up, None without limits."""
        assert listed.definition is not None
        return max(
            (_share(self._used(listed, one, sums), one) for one in listed.definition.limits),
            default=None,
        )

    def looked_at(self, listed: Listed) -> Any:
        """What the limits of a promotion look at beside its totals: equal means equal usage. None for nothing."""
        held = self.held.get(listed.promotion_no) if has_limits(listed) else None
        if not looks_at_cells(listed):
            return held and (self._today, held)
        dimensions = (TIER, ASSIGNED_DAY, REDEEMED_DAY)
        cells = [self._cells.get((listed.promotion_no, one)) for one in dimensions]
        return self._today, cells, held

    def promised(self, listed: Listed, sums: Sums, confirmed: list[Part]) -> list[int]:
        """What grants have to leave of each limit, in millionths: all that is given, promised or held.

        `confirmed` is what was granted and confirmed lately: of a tier's window nothing else is known.
        """
        assert listed.definition is not None
        return [
            self._promised(listed, one, sums, confirmed)
            * (1 if one.measure == "reward" else MICROS)
            for one in listed.definition.limits
        ]

    def _promised(self, listed: Listed, limit: Limit, sums: Sums, confirmed: list[Part]) -> int:
        held = self._held(listed, limit)
        committed, redeemed = self._counted(listed, limit, sums)
        if committed is None or redeemed is None:
            return held + self._within_limit(listed, limit, confirmed)
        if limit.measure == "redemptions":
            # Whoever was assigned and has not redeemed may still do so.
            return committed + held + self._open(listed, limit, sums)
        return max(committed, redeemed if limit.measure == "reward" else 0) + held

    def _open(self, listed: Listed, limit: Limit, sums: Sums) -> int:
        if limit.tier_id is None and limit.window == "lifetime":
            return sums["assigned"] - sums["redeemed"]
        if limit.tier_id is None:
            given = self._within(listed, ASSIGNED_DAY, limit.window)
        else:
            given = self._of_tier(listed, limit.tier_id)
        return sum(values[_ASSIGNED] - values[_REDEEMED] for values in given.values())

    def _used(self, listed: Listed, limit: Limit, sums: Sums) -> _Both:
        committed, redeemed = self._counted(listed, limit, sums)
        return None if committed is None else committed + self._held(listed, limit), redeemed

    def _held(self, listed: Listed, limit: Limit) -> int:
        parts = self.held.get(listed.promotion_no)
        return self._within_limit(listed, limit, parts) if parts else 0

    def _within_limit(self, listed: Listed, limit: Limit, parts: list[Part]) -> int:
        """What grants come to in a limit's window and tier, and its measure."""
        now = _window(self._today, limit.window, self._week_start)
        there = [
            one
            for one in parts
            if limit.tier_id in (None, one.tier_id)
            and _window(one.day, limit.window, self._week_start) == now
        ]
        if limit.measure == "reward":
            return sum(one.micros for one in there if one.currency == listed.terms.currency)
        return sum(one.grants for one in there)

    def _counted(self, listed: Listed, limit: Limit, sums: Sums) -> _Both:
        """The same without what is held."""
        if limit.tier_id is None:
            if limit.window == "lifetime":
                return _lifetime(listed, limit, sums)
            given = self._within(listed, ASSIGNED_DAY, limit.window)
            return _used(listed, limit, given, self._within(listed, REDEEMED_DAY, limit.window))
        if limit.window == "lifetime":
            both = self._of_tier(listed, limit.tier_id)
            return _used(listed, limit, both, both)
        return None, None

    def _of_tier(self, listed: Listed, tier_id: str) -> CellsByKey:
        cells = self._cells.get((listed.promotion_no, TIER), {})
        return {key: values for key, values in cells.items() if key[0] == tier_id}

    def _within(self, listed: Listed, dimension: int, window: str) -> CellsByKey:
        cells = self._cells.get((listed.promotion_no, dimension), {})
        now = _window(self._today, window, self._week_start)
        return {
            key: values
            for key, values in cells.items()
            if key[0] and _window(key[0], window, self._week_start) == now
        }

    @property
    def _cells(self) -> _Cells:
        if self._found is None:
            self._found = self._read()
        return self._found

    def _read(self) -> _Cells:
        by_day: dict[int, str] = {}
        by_tier: dict[int, str] = {}
        for listed in self._wanted:
            assert listed.definition is not None
            no = listed.promotion_no
            for limit in listed.definition.limits:
                if limit.tier_id is None and limit.window != "lifetime":
                    first = _window(self._today, limit.window, self._week_start)
                    by_day[no] = min(first, by_day.get(no, first))
                elif limit.tier_id is not None and limit.window == "lifetime":
                    by_tier[no] = ""
        found = self._outstanding.several(by_day, (ASSIGNED_DAY, REDEEMED_DAY))
        return found | self._outstanding.several(by_tier, (TIER,))


def has_limits(listed: Listed) -> bool:
    """Whether a promotion has any limit."""
    return listed.definition is not None and bool(listed.definition.limits)


def looks_at_cells(listed: Listed) -> bool:
    """Whether some limit of a promotion looks at more than its totals: at days, or at a tier."""
    limits = () if listed.definition is None else listed.definition.limits
    return any(one.window != "lifetime" or one.tier_id for one in limits)


def _window(day: str, window: str, week_start: str) -> str:
    if window == "lifetime":
        return ""
    if window == "weekly":
        return week_of(day, week_start)
    return month_of(day) if window == "monthly" else day


def _lifetime(listed: Listed, limit: Limit, sums: Sums) -> _Both:
    if limit.measure == "reward":
        currency = listed.terms.currency
        return sums.committed.get(currency, 0), sums.cost.get(currency, 0)
    if limit.measure == "assignments":
        return sums["assigned"], sums["redeemed"]
    return sums["redemptions"], sums["redemptions"]


def _used(listed: Listed, limit: Limit, assigned: CellsByKey, redeemed: CellsByKey) -> _Both:
    if limit.measure == "reward":
        currency = listed.terms.currency
        promised = sum(v[_COMMITTED] for k, v in assigned.items() if k[1] == currency)
        return promised, sum(v[_COST] for k, v in redeemed.items() if k[1] == currency)
    if limit.measure == "assignments":
        given = sum(v[_ASSIGNED] for v in assigned.values())
        return given, sum(v[_REDEEMED] for v in redeemed.values())
    count = sum(v[_REDEMPTIONS] for v in redeemed.values())
    return count, count


def _usage(listed: Listed, limit: Limit, used: _Both) -> Usage:
    currency = listed.terms.currency
    committed, redeemed = (
        None
        if one is None
        else format_amount(one, currency)
        if limit.measure == "reward"
        else str(one)
        for one in used
    )
    return Usage(limit.measure, limit.window, limit.amount, committed, redeemed, limit.tier_id)


def _share(both: _Both, limit: Limit) -> float:
    committed, redeemed = both
    used = max(committed or 0, redeemed or 0) * (1 if limit.measure == "reward" else MICROS)
    whole = amount_of_text(limit.amount)
    return used / whole if whole else float(used > 0)
