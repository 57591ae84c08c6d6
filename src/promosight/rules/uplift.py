"""Uplift: what a promotion brought, as the difference between its customers and its control group.

The intervals are asymptotic confidence sequences: they hold at all times together, however often one looks and
whenever one stops looking. Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and
asymptotic confidence sequences" (Annals of Statistics, 2024; arXiv 2103.06476), Theorem 2.2, applied to a difference
of means as in their section on randomised experiments. docs/return.md has the formulas and what they assume.
"""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

import msgspec

ENOUGH = 30
"""With fewer customers in an arm nothing is said: what holds in the long run does not hold yet."""

ALPHA = 0.05
TUNED_FOR = 1_000
"""The number of customers at which the sequence is nearly narrowest. Fixed beforehand: it must not follow the data."""

_SURPRISE = -2 * log(ALPHA)
RHO2 = (_SURPRISE + log(_SURPRISE) + 1) / TUNED_FOR
"""The square of the paper's rho, by its rule for tuning to a sample size."""


class Arm(msgspec.Struct):
    """Customers whose horizon has closed: how many, how many of them acted, and sums of what they brought."""

    customers: int = 0
    acted: int = 0
    total: float = 0
    squares: float = 0

    def add(self, value: float, *, acted: bool, times: int = 1) -> None:
        """Adds so many customers who brought the same."""
        self.customers += times
        self.acted += times * acted
        self.total += times * value
        self.squares += times * value * value

    @property
    def mean(self) -> float:
        """What a customer brought on average."""
        return self.total / self.customers

    @property
    def actions(self) -> Arm:
        """The same customers, each counting 1 who acted at all and 0 who did not."""
        return Arm(self.customers, self.acted, self.acted, self.acted)


class Estimate(NamedTuple):
    """A value and the interval that holds at all times."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """All of it, so many times."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def difference(treated: Arm, control: Arm) -> Estimate:
    """Mean of the treated less mean of the control group, with its 95% confidence sequence."""
    typical = _typical(treated, control)
    variance = _variance(treated, typical) / treated.customers
    variance += _variance(control, typical) / control.customers
    value = treated.mean - control.mean
    half = radius(variance, treated.customers + control.customers)
    return Estimate(value, value - half, value + half)


def radius(variance: float, customers: int) -> float:
    """Half the width of the sequence after so many customers; `variance` is that of the estimate."""
    spread = customers * RHO2
    return sqrt(variance * 2 * (spread + 1) / spread * log(sqrt(spread + 1) / ALPHA))


def would_have_acted_anyway(treated: Arm, control: Arm) -> float | None:
    """The share of those who acted that would have without the offer, None where nobody did."""
    if not treated.acted or not control.customers:
        return None
    anyway = (control.acted / control.customers) / (treated.acted / treated.customers)
    return min(anyway, 1.0)


def return_on(uplift: Estimate, cost: float) -> Estimate:
    """(uplift - cost) / cost, the interval carried through."""
    return Estimate(*((bound - cost) / cost for bound in uplift))


def why_not(
    treated: Arm, control: Arm, *, has_control: bool, any_outcome: bool, currencies: int
) -> str | None:
    """Why there is no uplift to tell, or None when there is."""
    if not has_control:
        return "no_control_group"
    if not any_outcome:
        return "no_outcomes"
    if currencies > 1:
        return "mixed_currencies"
    if min(treated.customers, control.customers) < ENOUGH:
        return "too_few"
    return None if treated.acted + control.acted else "no_outcomes"


def why_no_roi(costs: dict[str, int], currency: str) -> str | None:
    """Why there is no return on what was spent (millionths by currency or unit), or None when there is."""
    spent = {one for one, micros in costs.items() if micros}
    if not any(len(one) == 3 for one in spent):
        return "no_cost"
    return None if spent == {currency} else "mixed_currencies"


def _typical(treated: Arm, control: Arm) -> float:
    """The size of what somebody brings who acts: the root mean square over both arms."""
    acted = treated.acted + control.acted
    return sqrt((treated.squares + control.squares) / acted) if acted else 0.0


def _variance(arm: Arm, typical: float) -> float:
    """The variance within an arm, as if it had two customers more: one who did not act and a typical one who did.

    Without them an arm in which nobody acted yet would seem to be known exactly (Agresti and Caffo, 2000, do so for
    shares). Their weight vanishes as the arm grows, so that what holds in the long run still does.
    """
    number, total = arm.customers + 2, arm.total + typical
    return (arm.squares + typical * typical - total * total / number) / (number - 1)
