"""What a promotion brought, against its control group; or, where that cannot be told, the reason and no number.

A customer belongs to the arm of the first assignment, whatever came later. What counts is what they did within the
horizon after it, and only once that horizon has closed: otherwise those assigned last would seem to bring least.
Cost per redemption and the redeemers' revenue stand beside it and are no effect of anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from promosight.flows.figures.of_promotions import Counted, View, money, units
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules import uplift as rule
from promosight.rules.instants import DAY_US, format_instant
from promosight.rules.money import average, format_amount
from promosight.rules.uplift import Arm, Estimate
from promosight.rules.wide import whole
from promosight.store.catalogue import Workspace
from promosight.store.tx import Row, Tx

HORIZON_DAYS = 30
"""How long after the assignment outcomes count when nobody says."""

MANY = 20_000
"""Of a promotion with so many assignments the comparison is kept for a while: it takes seconds for a million."""

_KEPT_US_EACH = 100
"""How long it is kept, for each assignment: a minute and a half for a million."""


class ArmShown(msgspec.Struct):
    """Customers whose horizon has closed, how many of them acted at all, and what they brought on average."""

    customers: int
    mean: str | None
    acted: int


class UpliftShown(msgspec.Struct):
    """What the promotion brought per customer, with the 95% interval that holds at all times, and in all."""

    per_customer: str
    interval: tuple[str, str]
    total: str
    currency: str


class ValueShown(msgspec.Struct):
    """A number and its 95% interval, which holds at all times."""

    value: float
    interval: tuple[float, float]


class RevenueShown(msgspec.Struct):
    """The order value of those who redeemed, by currency: they chose themselves, so it is no effect of the offer."""

    value: dict[str, str]
    causal: bool = False


class Return(msgspec.Struct):
    """What a promotion brought. `state` is `computed`, or `not_computable` and `reason` says why.

    `cost` (and `cost_units`, by unit) is without that of customers whose horizon is still open, as the uplift is.
    """

    promotion_id: str
    measure: str
    horizon_days: int
    state: str
    reason: str | None
    treated: ArmShown
    control: ArmShown
    uplift: UpliftShown | None
    incremental_rate: ValueShown | None
    would_have_acted_anyway: float | None
    cost: dict[str, str]
    cost_units: dict[str, str]
    roi: ValueShown | None
    roi_reason: str | None
    cost_per_redemption: dict[str, str]
    redeemer_revenue: RevenueShown
    as_of: str


def promotion_return(
    tx: Tx, workspace_no: int, promotion_id: str, measure: str, horizon_days: int, *, now_us: int
) -> Return:
    """The return of a promotion by one measure. Raises NotFound."""
    defined(tx, workspace_no, promotion_id)
    view = View(tx, workspace_no, now_us=now_us)
    (one,) = view.counted([view.catalogue.by_id[promotion_id]])
    return return_of(tx, view, one, measure, horizon_days, now_us=now_us)


def return_of(
    tx: Tx, view: View, one: Counted, measure: str, horizon_days: int, *, now_us: int
) -> Return:
    """The return of a promotion that is counted already."""
    told = _kept(tx, view, one, measure, horizon_days, now_us)
    return shown_return(one, told, measure, horizon_days)


def shown_return(one: Counted, told: Told, measure: str, horizon_days: int) -> Return:
    """The return of a promotion of which both arms are told."""
    costs = told.costs
    return Return(
        promotion_id=one.listed.promotion_id,
        measure=measure,
        horizon_days=horizon_days,
        as_of=format_instant(told.as_of_us),
        cost=money(costs, one.listed.terms.currency),
        cost_units=units(costs),
        cost_per_redemption=money(per_redemption(one)),
        redeemer_revenue=RevenueShown(money(one.order_value)),
        **_compared(told),
    )


class Told(NamedTuple):
    """Both arms, and what else the facts say of whether they can be compared."""

    treated: Arm
    control: Arm
    has_control: bool
    any_outcome: bool
    currencies: set[str]
    costs: dict[str, int]
    as_of_us: int


def _kept(tx: Tx, view: View, one: Counted, measure: str, horizon_days: int, now_us: int) -> Told:
    """What the facts say; of large promotions as it was some seconds ago, since all their customers are looked at."""
    workspace = view.catalogue.workspace
    assigned, promotion_no = one.count("assigned"), one.listed.promotion_no
    key = ("return", promotion_no, measure, horizon_days)
    kept: Told | None = tx.cache.get(key) if assigned >= MANY else None
    if kept is not None and 0 <= now_us - kept.as_of_us < assigned * _KEPT_US_EACH:
        return kept
    found = told_of(tx, workspace, promotion_no, measure, horizon_days, now_us=now_us)
    if assigned >= MANY:
        tx.cache[key] = found
    return found


def told_of(
    tx: Tx,
    workspace: Workspace,
    promotion_no: int,
    measure: str,
    horizon_days: int,
    *,
    now_us: int,
) -> Told:
    """What the facts say of a promotion's return at a moment, nothing of it kept from before."""
    facts = {
        "promotion_no": promotion_no,
        "tracking_from_us": workspace.tracking_from_us,
        "published_import_no": workspace.published_import_no,
        "closed_us": now_us - horizon_days * DAY_US,
    }
    horizon_us = horizon_days * DAY_US
    rows = tx.each("return_of_customers", **facts, measure=measure, horizon_us=horizon_us)
    costs = {currency: whole(*both) for currency, *both in tx.all("return_cost", **facts)}
    return arms_of(rows, costs, now_us)


def arms_of(rows: Iterable[Row], costs: dict[str, int], now_us: int) -> Told:
    """Both arms of rows as `return_of_customers` has them."""
    arms = Arm(), Arm()
    has_control = any_outcome = False
    currencies: set[str] = set()
    for control, closed, acted, high, low, *of, number in rows:
        has_control |= control == 1
        any_outcome |= acted == 1
        if closed:
            arms[control].add(whole(high, low), acted=acted == 1, times=number)
            currencies |= set(of) if acted else set()
    return Told(*arms, has_control, any_outcome, currencies, costs, now_us)


def _compared(told: Told) -> dict[str, Any]:
    """The fields that rest on the comparison; none of them is a number when there is a reason against it."""
    treated, control, costs = told.treated, told.control, told.costs
    reason = rule.why_not(
        treated,
        control,
        has_control=told.has_control,
        any_outcome=told.any_outcome,
        currencies=len(told.currencies),
    )
    if reason is not None:
        return {
            "state": "not_computable",
            "reason": reason,
            "treated": ArmShown(treated.customers, None, treated.acted),
            "control": ArmShown(control.customers, None, control.acted),
            **dict.fromkeys(("uplift", "incremental_rate", "would_have_acted_anyway", "roi")),
            "roi_reason": reason,
        }
    (currency,) = told.currencies
    brought = rule.difference(treated, control)
    no_roi = rule.why_no_roi(costs, currency)
    return {
        "state": "computed",
        "reason": None,
        "treated": ArmShown(treated.customers, _amount(treated.mean, currency), treated.acted),
        "control": ArmShown(control.customers, _amount(control.mean, currency), control.acted),
        "uplift": _uplift(brought, treated.customers, currency),
        "incremental_rate": _shown(rule.difference(treated.actions, control.actions)),
        "would_have_acted_anyway": rule.would_have_acted_anyway(treated, control),
        "roi": None if no_roi else _roi(brought.times(treated.customers), costs[currency]),
        "roi_reason": no_roi,
    }


def _uplift(brought: Estimate, customers: int, currency: str) -> UpliftShown:
    value, low, high = (_amount(one, currency) for one in brought)
    return UpliftShown(value, (low, high), _amount(brought.value * customers, currency), currency)


def _roi(total: Estimate, cost: int) -> ValueShown:
    return _shown(rule.return_on(total, cost))


def _shown(estimate: Estimate) -> ValueShown:
    return ValueShown(estimate.value, (estimate.low, estimate.high))


def per_redemption(one: Counted) -> dict[str, int]:
    """What a redemption cost on average, by currency and unit, in millionths to four decimals; empty without any."""
    redemptions = one.count("redemptions")
    if not redemptions:
        return {}
    costs = one.sums.cost | one.reward_cost
    return {c: average(micros, redemptions) for c, micros in costs.items()}


def _amount(micros: float, currency: str) -> str:
    """An average as a decimal string, to four decimals."""
    return format_amount(round(micros / 100) * 100, currency)
