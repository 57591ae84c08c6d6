"""Trends: how many live redemptions each of the last days brought, for a page of promotions, read from the counters.

Days are those of redemption, in the workspace's zone; today is the last of them and not over yet.
"""

from __future__ import annotations

from datetime import date, timedelta

from promosight.flows.figures.of_promotions import View
from promosight.rules.measures import MEASURES
from promosight.rules.tallies import (
    REDEEMED_DAY,
)
from promosight.store.catalogue import Listed

_REDEMPTIONS = MEASURES.index("redemptions")


def trends(view: View, page: list[Listed], days: int, *, now_us: int) -> list[list[int]]:
    """For each promotion its live redemptions by day, the oldest day first."""
    today = date.fromisoformat(view.catalogue.days.day(now_us))
    dates = [(today - timedelta(back)).isoformat() for back in reversed(range(days))]
    place = {day: index for index, day in enumerate(dates)}
    found = {listed.promotion_no: [0] * days for listed in page}
    first_keys = dict.fromkeys(found, dates[0])
    cells = view.outstanding.since(first_keys, (REDEEMED_DAY,))
    for (promotion_no, _, day, _), values in cells.items():
        if day in place:  # a clock ahead of ours may have brought tomorrow's
            found[promotion_no][place[day]] += values[_REDEMPTIONS]
    return [found[listed.promotion_no] for listed in page]
