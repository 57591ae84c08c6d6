"""The cells that limits look at: days, and days of tiers, read once for all promotions that are wanted.

A limit of a day, week or month is judged by the days of its window, and every forecast is made of the last few days.
Promotions whose limits are judged by their totals alone are read apart, for only forecasts ask for their days: a list
that is sorted by usage need not read them.
"""

from __future__ import annotations

from promosight.flows.ledger.outstanding import CellsByKey, Counters
from promosight.rules.forecasts import basis_from
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    REDEEMED_DAY,
    TIER,
    TIER_ASSIGNED_DAY,
    TIER_REDEEMED_DAY,
)
from promosight.rules.windows import window_of
from promosight.store.catalogue import Listed

_DAYS = (ASSIGNED_DAY, REDEEMED_DAY)
_TIER_DAYS = (TIER_ASSIGNED_DAY, TIER_REDEEMED_DAY)
_OF_TIER = dict(zip(_DAYS, _TIER_DAYS, strict=True))
_KEY_OF_TIER = len("2026-11-26 ")

_Cells = dict[tuple[int, int], CellsByKey]
"""By promotion and dimension."""


def has_limits(listed: Listed) -> bool:
    """Whether a promotion has any limit."""
    return listed.definition is not None and bool(listed.definition.limits)


def looks_at_cells(listed: Listed) -> bool:
    """Whether some limit of a promotion is judged by more than its totals: by days, or by a tier."""
    limits = () if listed.definition is None else listed.definition.limits
    return any(one.window != "lifetime" or one.tier_id for one in limits)


def every_day(
    outstanding: Counters, listed: Listed, dimension: int, tier_id: str | None
) -> CellsByKey:
    """All days of a promotion, by `ASSIGNED_DAY` or `REDEEMED_DAY`, of a tier if one is named; read anew."""
    no = listed.promotion_no
    if tier_id is None:
        return outstanding.cells(no, dimension)
    return _days_of_tier(outstanding.cells(no, _OF_TIER[dimension]), tier_id)


def _days_of_tier(cells: CellsByKey, tier_id: str) -> CellsByKey:
    return {
        (key[0][: _KEY_OF_TIER - 1], key[1]): values
        for key, values in cells.items()
        if key[0][_KEY_OF_TIER:] == tier_id
    }


class LimitCells:
    """The cells of some promotions on one day."""

    def __init__(self, outstanding: Counters, today: str, week_start: str) -> None:
        self.today = today
        self.week_start = week_start
        self._outstanding = outstanding
        self._wanted: list[Listed] = []
        self._found: dict[int, _Cells] = {}

    def want(self, promotions: list[Listed]) -> None:
        """Chooses the promotions whose cells are read when the first of them is asked for."""
        self._wanted, self._found = promotions, {}

    def of_tier(self, listed: Listed, tier_id: str) -> CellsByKey:
        """What a tier has come to."""
        cells = self._of(listed).get((listed.promotion_no, TIER), {})
        return {key: values for key, values in cells.items() if key[0] == tier_id}

    def by_day(self, listed: Listed, dimension: int, tier_id: str | None) -> CellsByKey:
        """The days that are read, by `ASSIGNED_DAY` or `REDEEMED_DAY`, of a tier if one is named."""
        if tier_id is None:
            return self._of(listed).get((listed.promotion_no, dimension), {})
        cells = self._of(listed).get((listed.promotion_no, _OF_TIER[dimension]), {})
        return _days_of_tier(cells, tier_id)

    def all_of(self, listed: Listed) -> list[CellsByKey | None]:
        """Everything that is read of a promotion: equal means equal usage."""
        found = self._of(listed)
        dimensions = (TIER, *_DAYS, *_TIER_DAYS)
        return [found.get((listed.promotion_no, one)) for one in dimensions]

    def _of(self, listed: Listed) -> _Cells:
        """What was read with a promotion."""
        found = self._found.get(listed.promotion_no)
        if found is None:
            kind = looks_at_cells(listed)
            alike = [one for one in self._wanted if has_limits(one) and looks_at_cells(one) == kind]
            self._found |= dict.fromkeys([one.promotion_no for one in alike], self._read(alike))
            found = self._found[listed.promotion_no]
        return found

    def _read(self, promotions: list[Listed]) -> _Cells:
        days: dict[int, str] = {}
        tier_days: dict[int, str] = {}
        for listed in promotions:
            assert listed.definition is not None
            for limit in listed.definition.limits:
                firsts = days if limit.tier_id is None else tier_days
                no, first = listed.promotion_no, self._first(limit.window)
                firsts[no] = min(first, firsts.get(no, first))
        several = self._outstanding.several
        found = several(days, _DAYS) | several(tier_days, _TIER_DAYS)
        return found | several(dict.fromkeys(tier_days, ""), (TIER,))

    def _first(self, window: str) -> str:
        basis = basis_from(self.today)
        name = window_of(self.today, window, self.week_start)
        return min(name, basis) if name else basis
