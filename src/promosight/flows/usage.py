"""Budget and cap usage: for each limit of a promotion, what is committed and what is redeemed in its window.

A daily limit looks at today, a weekly one at this week, in the workspace's zone. `None` stands where the
counters cannot tell: a tier's part of a window.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from promosight.flows.outstanding import CellsByKey, Outstanding
from promosight.rules.instants import month_of, week_of
from promosight.rules.money import format_amount
from promosight.rules.promotions import Limit
from promosight.rules.tallies import ASSIGNED_DAY, MEASURES, REDEEMED_DAY, TIER
from promosight.store.catalogue import Catalogue, Listed

if TYPE_CHECKING:
    from promosight.flows.figures import Sums

_ASSIGNED, _REDEEMED, _REDEMPTIONS, _COMMITTED, _COST = (
    MEASURES.index(name)
    for name in ("assigned", "redeemed", "redemptions", "committed_micros", "cost_micros")
)


class Usage(msgspec.Struct, omit_defaults=True):
    """One limit and how much of it is used; amounts and counts as decimal strings."""

    measure: str
    window: str
    limit: str
    committed: str | None
    redeemed: str | None
    tier_id: str | None = None


class Windows:
    """The days and tiers that limits look at, read once for all promotions `wanted`."""

    def __init__(self, outstanding: Outstanding, catalogue: Catalogue, *, now_us: int) -> None:
        self._outstanding = outstanding
        self._week_start = catalogue.workspace.week_start
        self._today = catalogue.days.day(now_us)
        self.wanted: list[Listed] = []

    def usage(self, listed: Listed, sums: Sums) -> list[Usage]:
        """The usage of each limit of a promotion, in the order of its definition."""
        assert listed.definition is not None
        return [self._usage(listed, sums, limit) for limit in listed.definition.limits]

    def looked_at(self, listed: Listed) -> Any:
        """What the limits of a promotion look at beside its totals: equal means equal usage. None for nothing."""
        assert listed.definition is not None
        limits = listed.definition.limits
        if not limits or all(one.window == "lifetime" and not one.tier_id for one in limits):
            return None
        dimensions = (TIER, ASSIGNED_DAY, REDEEMED_DAY)
        return self._today, [self._cells.get((listed.promotion_no, one)) for one in dimensions]

    def _usage(self, listed: Listed, sums: Sums, limit: Limit) -> Usage:
        used: tuple[str | None, str | None] = (None, None)
        if limit.tier_id is not None:
            if limit.window == "lifetime":
                cells = self._cells.get((listed.promotion_no, TIER), {})
                both = {key: value for key, value in cells.items() if key[0] == limit.tier_id}
                used = _used(listed, limit, both, both)
        elif limit.window == "lifetime":
            used = _lifetime(listed, limit, sums)
        else:
            given = self._within(listed, ASSIGNED_DAY, limit.window)
            used = _used(listed, limit, given, self._within(listed, REDEEMED_DAY, limit.window))
        return Usage(limit.measure, limit.window, limit.amount, *used, limit.tier_id)

    def _within(self, listed: Listed, dimension: int, window: str) -> CellsByKey:
        cells = self._cells.get((listed.promotion_no, dimension), {})
        now = _window(self._today, window, self._week_start)
        return {
            key: values
            for key, values in cells.items()
            if key[0] and _window(key[0], window, self._week_start) == now
        }

    @cached_property
    def _cells(self) -> dict[tuple[int, int], CellsByKey]:
        by_day: dict[int, str] = {}
        by_tier: dict[int, str] = {}
        for listed in self.wanted:
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


def _window(day: str, window: str, week_start: str) -> str:
    if window == "weekly":
        return week_of(day, week_start)
    return month_of(day) if window == "monthly" else day


def _lifetime(listed: Listed, limit: Limit, sums: Sums) -> tuple[str, str]:
    currency = listed.terms.currency
    if limit.measure == "reward":
        return (
            format_amount(sums.committed.get(currency, 0), currency),
            format_amount(sums.cost.get(currency, 0), currency),
        )
    if limit.measure == "assignments":
        return str(sums["assigned"]), str(sums["redeemed"])
    return str(sums["redemptions"]), str(sums["redemptions"])


def _used(
    listed: Listed, limit: Limit, assigned: CellsByKey, redeemed: CellsByKey
) -> tuple[str, str]:
    currency = listed.terms.currency
    if limit.measure == "reward":
        promised = sum(v[_COMMITTED] for k, v in assigned.items() if k[1] == currency)
        spent = sum(v[_COST] for k, v in redeemed.items() if k[1] == currency)
        return format_amount(promised, currency), format_amount(spent, currency)
    if limit.measure == "assignments":
        given = sum(v[_ASSIGNED] for v in assigned.values())
        return str(given), str(sum(v[_REDEEMED] for v in redeemed.values()))
    count = str(sum(v[_REDEMPTIONS] for v in redeemed.values()))
    return count, count
