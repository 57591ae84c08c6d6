"""Budget and cap usage: for each limit of a promotion, what is committed and what is redeemed in its window.

A daily limit looks at today, a weekly one at this week, in the workspace's zone. `None` stands where the
counters cannot tell: a tier's part of a window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from promosight.rules.instants import month_of, week_of
from promosight.rules.money import format_amount
from promosight.rules.promotions import Limit
from promosight.rules.tallies import ASSIGNED_DAY, MEASURES, REDEEMED_DAY, TIER
from promosight.store.catalogue import Catalogue, Listed
from promosight.store.tx import Tx

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


def usage_of(
    tx: Tx, catalogue: Catalogue, listed: Listed, sums: Sums, *, now_us: int
) -> list[Usage]:
    """The usage of each limit of a promotion, in the order of its definition."""
    assert listed.definition is not None
    return [
        _usage(tx, catalogue, listed, sums, limit, now_us) for limit in listed.definition.limits
    ]


def _usage(
    tx: Tx, catalogue: Catalogue, listed: Listed, sums: Sums, limit: Limit, now_us: int
) -> Usage:
    used: tuple[str | None, str | None] = (None, None)
    if limit.tier_id is not None:
        if limit.window == "lifetime":
            cells = _cells(tx, listed, TIER)
            both = {key: value for key, value in cells.items() if key[0] == limit.tier_id}
            used = _used(listed, limit, both, both)
    elif limit.window == "lifetime":
        used = _lifetime(listed, limit, sums)
    else:
        today = catalogue.days.day(now_us)
        start = catalogue.workspace.week_start
        window = _window(today, limit.window, start)
        used = _used(
            listed,
            limit,
            _within(_cells(tx, listed, ASSIGNED_DAY), limit.window, start, window),
            _within(_cells(tx, listed, REDEEMED_DAY), limit.window, start, window),
        )
    return Usage(limit.measure, limit.window, limit.amount, *used, limit.tier_id)


Cells = dict[tuple[str, str], list[int]]


def _cells(tx: Tx, listed: Listed, dimension: int) -> Cells:
    rows = tx.all("breakdown", dimension=dimension, promotion_no=listed.promotion_no)
    return {(row[0], row[1]): list(row[2:]) for row in rows}


def _window(day: str, window: str, week_start: str) -> str:
    if window == "weekly":
        return week_of(day, week_start)
    return month_of(day) if window == "monthly" else day


def _within(cells: Cells, window: str, week_start: str, wanted: str) -> Cells:
    return {k: v for k, v in cells.items() if k[0] and _window(k[0], window, week_start) == wanted}


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


def _used(listed: Listed, limit: Limit, assigned: Cells, redeemed: Cells) -> tuple[str, str]:
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
