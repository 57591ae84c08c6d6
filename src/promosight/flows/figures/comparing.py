"""Comparing promotions: rate, cost per redemption, uplift and return side by side, and the reward each gives.

Rates and costs are the list's. What a promotion brought is found as for one alone, and kept for a while, in
proportion to how long it takes; of a promotion without a control group nothing is looked for. What is not causal
is marked so, and what cannot be computed says why, never a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from promosight.flows.figures.breakdowns import Line, breakdown, breakdown_then
from promosight.flows.figures.kept import Keeping, kept
from promosight.flows.figures.of_promotions import Counted, View, money, units
from promosight.flows.figures.promotion_return import (
    Return,
    RevenueShown,
    UpliftShown,
    ValueShown,
    per_redemption,
    return_of,
)
from promosight.flows.figures.seen_then import ViewThen
from promosight.flows.figures.told_then import return_in
from promosight.rules import rates
from promosight.rules.instants import format_instant
from promosight.rules.money import UNIT_MARK, average, format_amount
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx

MOST = 50
"""So many promotions are compared at once."""

PERCENT = "%"
"""What the reward of a promotion is in that gives a share of what is bought."""

_KEEPING = Keeping(us_each=3_000, slower=4, moved=50)
"""A minute for 20,000 assignments, sooner once one in fifty is new."""


class Brought(msgspec.Struct):
    """What a promotion brought: as in its return, without what stands in the comparison anyway."""

    state: str
    reason: str | None
    treated: int
    control: int
    uplift: UpliftShown | None
    incremental_rate: ValueShown | None
    roi: ValueShown | None
    roi_reason: str | None
    as_of: str


class Cost(msgspec.Struct):
    """What a redemption cost on average, by currency: empty while nothing was redeemed. No effect of anything."""

    value: dict[str, str]
    units: dict[str, str]
    causal: bool = False


class TierCompared(msgspec.Struct):
    """A tier: what it gives, and its rate. `enough` says whether it can be compared at all."""

    tier_id: str | None
    name: str | None
    reward: str | None
    assigned: int
    redeemed: int
    rate: float | None
    interval: tuple[float, float] | None
    display: str
    enough: bool


class Compared(msgspec.Struct):
    """One of the compared promotions.

    `reward` is what an assignment promises on average, in `reward_in`: a currency or a unit, or `%` of what is bought;
    None where nothing is said.
    """

    promotion_id: str
    name: str
    kind: str
    status: str
    state: str
    assigned: int
    redeemed: int
    rate: float | None
    interval: tuple[float, float] | None
    display: str
    enough: bool
    redemptions: int
    reward_cost: dict[str, str]
    reward_units: dict[str, str]
    reward: str | None
    reward_in: str | None
    cost_per_redemption: Cost
    redeemer_revenue: RevenueShown
    brought: Brought = msgspec.field(name="return")
    tiers: list[TierCompared]


class Comparison(msgspec.Struct):
    """Promotions in the order asked for; those without a value come last. `total` says how many matched."""

    measure: str
    horizon_days: int
    sort: str
    total: int
    items: list[Compared]
    as_of: str


def compare(
    tx: Tx,
    workspace_no: int,
    choose: Callable[[View], list[Listed]],
    *,
    measure: str,
    horizon_days: int,
    sort: str,
    now_us: int,
    as_of_us: int | None = None,
) -> Comparison:
    """The comparison of the promotions chosen, of the first `MOST` of them at most; as of a moment, if one is given."""
    view = View(tx, workspace_no, now_us=now_us)
    if as_of_us is not None:
        view, now_us = ViewThen(tx, workspace_no, as_of_us, now_us=now_us), as_of_us
    chosen = choose(view)
    items = [
        _compared(tx, view, one, measure, horizon_days, now_us)
        for one in view.counted(chosen[:MOST])
    ]
    return Comparison(
        measure, horizon_days, sort, len(chosen), in_order(items, sort), format_instant(now_us)
    )


SORTABLE = ("promotion_id", "name", "rate", "cost_per_redemption", "uplift", "roi", "reward")
"""What a comparison is ordered by."""


def in_order(items: list[Compared], sort: str) -> list[Compared]:
    """Compared promotions by a figure, descending with `-`; those that have none last either way."""
    value = _VALUES[sort.removeprefix("-")]
    valued = [(value(one), one) for one in items]
    there = [pair for pair in valued if pair[0] is not None]
    there.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [one for _, one in there] + [one for key, one in valued if key is None]


def _first(amounts: dict[str, str]) -> float | None:
    return max(map(float, amounts.values()), default=None)


_VALUES: dict[str, Callable[[Compared], Any]] = {
    "promotion_id": lambda one: one.promotion_id,
    "name": lambda one: (one.name.casefold(), one.promotion_id),
    "rate": lambda one: one.rate,
    "cost_per_redemption": lambda one: _first(one.cost_per_redemption.value),
    "uplift": lambda one: one.brought.uplift and float(one.brought.uplift.per_customer),
    "roi": lambda one: one.brought.roi and one.brought.roi.value,
    "reward": lambda one: one.reward and float(one.reward),
}


def _compared(
    tx: Tx, view: View, one: Counted, measure: str, horizon_days: int, now_us: int
) -> Compared:
    figures, definition = one.figures, one.listed.definition
    assert definition is not None
    reward, reward_in = _promised(one)
    per = per_redemption(one)
    return Compared(
        promotion_id=one.listed.promotion_id,
        name=definition.name,
        kind=definition.kind,
        status=definition.status,
        state=figures.state,
        assigned=figures.assigned,
        redeemed=figures.redeemed,
        rate=figures.rate,
        interval=figures.interval,
        display=figures.display,
        enough=figures.assigned >= rates.ENOUGH,
        redemptions=figures.redemptions,
        reward_cost=figures.reward_cost,
        reward_units=figures.reward_units,
        reward=reward,
        reward_in=reward_in,
        cost_per_redemption=Cost(money(per), units(per)),
        redeemer_revenue=RevenueShown(figures.order_value),
        brought=_brought(tx, view, one, measure, horizon_days, now_us),
        tiers=_tiers(tx, view, one),
    )


def _promised(one: Counted) -> tuple[str | None, str | None]:
    """What an assignment promises on average, in the promotion's own currency or unit."""
    definition = one.listed.definition
    if definition is not None and definition.reward.type == "percentage":
        return definition.reward.value, PERCENT
    currency, assigned = one.listed.terms.currency, one.count("assigned")
    committed = one.sums.committed.get(currency, 0)
    if not committed or not assigned:
        value = one.listed.terms.value_micros
        return (None, None) if value is None else _amount(value, currency)
    return _amount(average(committed, assigned), currency)


def _amount(micros: int, currency: str) -> tuple[str, str]:
    return format_amount(micros, currency), currency.removeprefix(UNIT_MARK)


def _tiers(tx: Tx, view: View, one: Counted) -> list[TierCompared]:
    """The tiers of a tiered promotion by what they give, in their order of priority."""
    listed = one.listed
    assert listed.definition is not None
    if not listed.definition.tiers:
        return []
    rewards = {tier.tier_id: tier.reward_value for tier in listed.definition.tiers}
    number = view.catalogue.workspace.workspace_no
    if isinstance(view, ViewThen):
        parts = breakdown_then(view.catalogue, listed, view.coverage, view.then, "tier")
    else:
        parts = breakdown(tx, number, listed.promotion_id, "tier")
    return [_tier(line, rewards.get(line.key or "")) for line in parts.rows]


def _tier(line: Line, reward: str | None) -> TierCompared:
    return TierCompared(
        line.key,
        line.name,
        reward,
        line.assigned,
        line.redeemed,
        line.rate,
        line.interval,
        line.display,
        line.enough,
    )


def _brought(
    tx: Tx, view: View, one: Counted, measure: str, horizon_days: int, now_us: int
) -> Brought:
    listed, workspace = one.listed, view.catalogue.workspace
    if isinstance(view, ViewThen):
        moment = view.then.moment(listed.promotion_no)
        if tx.one("any_control_then", **moment.facts) is None:
            return _not_computable("no_control_group", now_us)
        return _shown(return_in(tx, view, one, measure, horizon_days))

    def find(_: bool) -> Brought:
        row = tx.one("any_control", promotion_no=listed.promotion_no)
        if row is None:
            return _not_computable("no_control_group", now_us)
        return _shown(return_of(tx, view, one, measure, horizon_days, now_us=now_us))

    return kept(
        tx,
        ("compared", listed.promotion_no, measure, horizon_days),
        workspace,
        find,
        keeping=_KEEPING,
        assigned=one.count("assigned"),
        now_us=now_us,
    )


def _shown(found: Return) -> Brought:
    return Brought(
        state=found.state,
        reason=found.reason,
        treated=found.treated.customers,
        control=found.control.customers,
        uplift=found.uplift,
        incremental_rate=found.incremental_rate,
        roi=found.roi,
        roi_reason=found.roi_reason,
        as_of=found.as_of,
    )


def _not_computable(reason: str, now_us: int) -> Brought:
    as_of = format_instant(now_us)
    return Brought("not_computable", reason, 0, 0, None, None, None, reason, as_of)
