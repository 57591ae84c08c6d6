"""What decisions brought, measured: customers decided on by the policy against the permanent control group.

A customer counts from the first decision on, with everything they brought since, redeemed or not, less what rewards of
decisions cost. Whoever changed groups, because the share of the control group was changed, is in neither. Where no
outcomes are reported, only what was redeemed can be counted, and it is said that this is so: what the control group
buys without any offer is then missing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from promosight.flows.decisioning.estimates import Shown, ValueEstimate
from promosight.flows.decisioning.judged import Frame
from promosight.flows.decisioning.yardstick import Worth
from promosight.rules.decisioning import NOTHING
from promosight.rules.evaluation import Measured, measured
from promosight.rules.money import MICROS
from promosight.rules.wide import whole
from promosight.store.tx import Tx

MEASURE = "order_value"
_WHY = {
    "no_control_group": "There is no control group to compare with.",
    "no_outcomes": "Nobody of either group has brought anything yet.",
    "too_few": "One of the groups has too few customers yet.",
    "mixed_currencies": "Outcomes are reported in several currencies.",
}


class MeasuredUplift(Shown):
    """What a customer decided on by the policy brought more than one of the control group.

    The 95% interval holds at all times. `basis`: `outcomes` (all orders) or `redemptions` (only what was redeemed).
    """

    treated: int
    control: int
    treated_mean: float | None
    control_mean: float | None
    per_customer: ValueEstimate | None
    basis: str
    unit: str
    reason: str | None
    words: str


class _Groups(NamedTuple):
    """What each customer brought, those who brought nothing included."""

    treated: list[float]
    control: list[float]
    basis: str
    currencies: int


def measured_uplift(tx: Tx, frame: Frame, worth: Worth) -> MeasuredUplift:
    """The measured uplift of a period."""
    groups = _groups(tx, frame, worth)
    found = measured(groups.treated, groups.control)
    if groups.currencies > 1:
        found = Measured(found.treated, found.control, None, "mixed_currencies")
    uplift = found.uplift
    return MeasuredUplift(
        treated=found.treated,
        control=found.control,
        treated_mean=_mean(groups.treated),
        control_mean=_mean(groups.control),
        per_customer=None
        if uplift is None
        else ValueEstimate(value=uplift.value, interval=(uplift.low, uplift.high)),
        basis=groups.basis,
        unit=worth.unit,
        reason=found.reason,
        words=_words(found, groups.basis, frame.rules.settings.control_gets),
    )


def _groups(tx: Tx, frame: Frame, worth: Worth) -> _Groups:
    period = {
        "workspace_no": frame.catalogue.workspace.workspace_no,
        "from_us": frame.asked.from_us,
        "to_us": frame.asked.to_us,
    }
    in_money = worth.unit != "redemptions"
    outcomes = tx.all("outcomes_of_decided", **period, measure=MEASURE) if in_money else []
    brought: defaultdict[int, float] = defaultdict(float)
    for no, _, high, low in outcomes:
        brought[no] += frame.rules.settings.margin * whole(high, low) / MICROS
    for no, promotion_no, tier_id, times, high, low in tx.all("decided_redemptions", **period):
        if outcomes:
            brought[no] -= whole(high, low) / MICROS
        else:
            named = frame.catalogue.by_no[promotion_no].promotion_id, tier_id
            brought[no] += times * worth.net(named)
    groups: dict[str, list[float]] = {"policy": [], "control": []}
    for no, mode, _, _, offers in tx.all("decided_customers", **period):
        groups[mode].append(brought.get(no, 0.0) - worth.contact * offers)
    basis = "outcomes" if outcomes else "redemptions"
    return _Groups(groups["policy"], groups["control"], basis, len({row[1] for row in outcomes}))


def _mean(totals: list[float]) -> float | None:
    return sum(totals) / len(totals) if totals else None


def _words(found: Measured, basis: str, control_gets: str) -> str:
    if found.uplift is None:
        return _WHY.get(found.reason or "", "It cannot be told.")
    low, high = found.uplift.low, found.uplift.high
    if basis == "redemptions":
        return _words_of_redemptions(low, high, control_gets)
    return (
        "A customer decided on brings more than one of the control group."
        if low > 0
        else "A customer decided on brings less than one of the control group."
        if high < 0
        else "No difference to the control group is shown yet."
    )


def _words_of_redemptions(low: float, high: float, control_gets: str) -> str:
    """Where the control group is offered nothing it has nothing to redeem: more is no gain then."""
    than = "more" if low > 0 else "less" if high < 0 else "neither clearly more nor clearly less"
    whom = (
        "the control group, which is offered none of them and so has nothing to redeem"
        if control_gets == NOTHING
        else f"the control group, which is offered {control_gets}"
    )
    return (
        f"Only redemptions of decided offers are compared: customers decided on redeem for {than} than {whom}. "
        "This alone is no gain: what either group buys without an offer is not counted, since no orders are reported "
        "as outcomes."
    )
