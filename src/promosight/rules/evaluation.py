"""Whether choosing per customer earns more: the report, its verdict in words, and who may be promoted.

Four policies on one log: the logged one as it ran, the current one, the best fixed order of offers and a uniform
draw. The verdict compares the current one with the best fixed order, picked on other customers than it is judged by.
Where no gain is shown, it says so; where the log cannot tell, it says that. docs/evaluation.md has the formulas.

Probabilities of the current policy must come from a model that has not learned from the decisions it is judged by:
from a snapshot older than them, or (`fold_of`) from one solved without the fold of the decision's customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import xxhash

from promosight.rules.estimating import (
    LOW_OVERLAP,
    NOT_ENOUGH,
    Difference,
    Estimated,
    Interval,
    difference,
    estimate,
)
from promosight.rules.logged import Floats, Log
from promosight.rules.targets import best_fixed, uniform
from promosight.rules.uplift import Arm, Estimate, why_not
from promosight.rules.uplift import difference as arms_difference

GAIN, NO_GAIN, WORSE = "gain", "no_gain", "worse"
CAUTION = 1.5
"""Under low overlap an interval counts as so much wider when a verdict or a promotion rests on it."""


class Verdict(NamedTuple):
    """`gain`, `no_gain`, `worse` or `not_enough_support`, and a sentence for whoever reads the page."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Values per decision, net."""

    logged: Estimated
    current: Estimated
    best_fixed: Estimated
    uniform: Estimated
    fixed_orders: tuple[tuple[str, ...], ...]
    """The fixed orders compared with, one for each half of the customers."""
    against_fixed: Difference
    against_uniform: Difference
    verdict: Verdict


def evaluate(log: Log, current: Floats | None = None) -> Evaluation:
    """The report. Without a current policy the logged one is judged."""
    target = log.pmf if current is None else current
    fixed, orders = best_fixed(log)
    even = uniform(log)
    against = difference(log, target, fixed)
    return Evaluation(
        logged=estimate(log, log.pmf),
        current=estimate(log, target),
        best_fixed=estimate(log, fixed),
        uniform=estimate(log, even),
        fixed_orders=orders,
        against_fixed=against,
        against_uniform=difference(log, target, even),
        verdict=verdict(against),
    )


def verdict(against: Difference, other: str = "the best fixed offer") -> Verdict:
    """What a difference says, in words that claim no more than the interval does."""
    if against.dr is None:
        return Verdict(NOT_ENOUGH, _missing(against, other))
    found = against.dr
    told = f"{found.value:+.4g} per decision ({found.low:+.4g} to {found.high:+.4g}, 95%)"
    if against.support.state == LOW_OVERLAP:
        told += "; overlap is low, so the true range is wider"
    code = _code(cautious(against) or found)
    words = {
        GAIN: f"Choosing per customer brings more than {other}: {told}.",
        WORSE: f"Choosing per customer brings less than {other}: {told}.",
        NO_GAIN: f"No gain is shown over {other}: {told}.",
    }
    return Verdict(code, words[code])


def _code(found: Interval) -> str:
    return GAIN if found.low > 0 else WORSE if found.high < 0 else NO_GAIN


def _missing(against: Difference, other: str) -> str:
    found = against.support
    return (
        f"Not enough support to compare with {other}: {found.decisions:,} decisions tell as much as "
        f"{found.effective:,.0f} of its own. Explore more, wait, or compare with the control group."
    )


def cautious(against: Difference) -> Interval | None:
    """The interval that decisions rest on: wider under low overlap, None without support."""
    if against.dr is None or against.support.state != LOW_OVERLAP:
        return against.dr
    value, half = against.dr.value, against.dr.half * CAUTION
    return Interval(value, value - half, value + half)


def may_promote(candidate_less_running: Difference) -> bool:
    """P19: a version is promoted by itself only if even the lower bound of what it adds is above 0."""
    found = cautious(candidate_less_running)
    return found is not None and found.low > 0


def fold_of(customer: str, folds: int = 2) -> int:
    """A stable fold for a customer: solve without a fold what its decisions are to be judged by."""
    return xxhash.xxh64_intdigest(f"c{customer}".encode()) % folds


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, not estimated: total value per customer, against the permanent control group."""

    treated: int
    control: int
    uplift: Estimate | None
    """Per customer, with an interval that holds at all times (docs/return.md)."""
    reason: str | None
    """Why there is none: no_control_group, no_outcomes, too_few."""


def measured(treated: Sequence[float], control: Sequence[float]) -> Measured:
    """Uplift from the totals of each customer of both groups, those who brought nothing included."""
    return measured_arms(arm_of(treated), arm_of(control))


def measured_arms(treated: Arm, control: Arm) -> Measured:
    """The same from sums."""
    any_outcome = bool(treated.acted + control.acted)
    reason = why_not(
        treated, control, has_control=control.customers > 0, any_outcome=any_outcome, currencies=1
    )
    uplift = None if reason else arms_difference(treated, control)
    return Measured(treated.customers, control.customers, uplift, reason)


def arm_of(totals: Sequence[float]) -> Arm:
    """The sums of a group."""
    found = Arm()
    for total in totals:
        found.add(total, acted=total != 0)
    return found
