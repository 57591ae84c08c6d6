"""Uplift: the interval holds at all times together, also for those who look after every customer."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt

import pytest

from promosight.rules.uplift import (
    ENOUGH,
    Arm,
    difference,
    return_on,
    why_no_roi,
    why_not,
    would_have_acted_anyway,
)

WORLDS, CUSTOMERS = 300, 1_000
LEAST = 0.95 - 3 * sqrt(0.95 * 0.05 / WORLDS)
"""Three standard errors of a binomial share below what is promised."""

Draw = Callable[[random.Random, bool], float]


def orders(chance: random.Random, treated: bool) -> float:
    """Some buy, for amounts with a long tail; more of those with an offer do. The true uplift is 10."""
    return chance.expovariate(1 / 50) if chance.random() < (0.6 if treated else 0.4) else 0.0


def deposits(chance: random.Random, treated: bool) -> float:
    """Everybody brings about as much. The true uplift is 2, in another spread."""
    return chance.gauss(22, 8) if treated else chance.gauss(20, 4)


def nothing(chance: random.Random, treated: bool) -> float:
    """Who has an offer acts as all others do, one in ten. The true uplift is 0."""
    return float(chance.random() < 0.1)


@pytest.mark.parametrize(
    ("draw", "truth", "share"),
    [(orders, 10, 0.5), (orders, 10, 0.85), (deposits, 2, 0.7), (nothing, 0, 0.8)],
)
def test_the_interval_holds_the_truth_at_all_times_together(
    draw: Draw, truth: float, share: float
) -> None:
    """S28, N2: simulated worlds, looked at after every customer from 30 in each arm on."""
    kept = sum(_holds_always(random.Random(seed), draw, truth, share) for seed in range(WORLDS))
    assert kept / WORLDS >= LEAST


def _holds_always(chance: random.Random, draw: Draw, truth: float, share: float) -> bool:
    treated, control = Arm(), Arm()
    for _ in range(CUSTOMERS):
        is_treated = chance.random() < share
        value = draw(chance, is_treated)
        (treated if is_treated else control).add(value, acted=value != 0)
        if min(treated.customers, control.customers) >= ENOUGH:
            found = difference(treated, control)
            if not found.low <= truth <= found.high:
                return False
    return True


def arm(acted: int, customers: int, value: float = 10) -> Arm:
    """So many of these customers brought the same value."""
    found = Arm()
    found.add(value, acted=True, times=acted)
    found.add(0, acted=False, times=customers - acted)
    return found


def test_means_and_their_difference_are_those_by_hand() -> None:
    """S28: 50 of 100 at 10 against 20 of 100 at 10 are 3 more per customer."""
    found = difference(arm(50, 100), arm(20, 100))
    assert found.value == pytest.approx(3)
    assert found.low < 3 < found.high
    assert found.high - found.value == pytest.approx(found.value - found.low)


def test_the_interval_narrows_and_excludes_what_is_not() -> None:
    few, many = (difference(arm(5 * n, 10 * n), arm(2 * n, 10 * n)) for n in (10, 1_000))
    assert many.high - many.low < (few.high - few.low) / 5
    assert many.low > 2


def test_an_arm_in_which_nobody_acted_is_not_known_exactly() -> None:
    found = difference(arm(0, 40), arm(1, 40))
    assert found.low < found.value < found.high


def test_who_would_have_acted_anyway_is_a_share() -> None:
    """N2: 20% act without the offer and 50% with it, so 40% of these would have; never more than all."""
    assert would_have_acted_anyway(arm(50, 100), arm(20, 100)) == pytest.approx(0.4)
    assert would_have_acted_anyway(arm(20, 100), arm(50, 100)) == 1
    assert would_have_acted_anyway(arm(0, 100), arm(50, 100)) is None


def test_return_on_cost_carries_the_interval() -> None:
    """S29: what came beyond the cost, over the cost."""
    total = difference(arm(50, 100), arm(20, 100)).times(100)
    found = return_on(total, 150)
    assert found.value == pytest.approx((300 - 150) / 150)
    assert found.low == pytest.approx((total.low - 150) / 150)


def test_there_is_a_reason_and_no_number() -> None:
    """S29, S30: each reason by itself."""
    full = arm(20, 40)

    def reason(
        treated: Arm = full,
        control: Arm = full,
        *,
        group: bool = True,
        told: bool = True,
        of: int = 1,
    ) -> str | None:
        return why_not(treated, control, has_control=group, any_outcome=told, currencies=of)

    assert reason() is None
    assert reason(control=Arm(), group=False, told=False) == "no_control_group"
    assert reason(told=False) == "no_outcomes"
    assert reason(arm(0, 40), arm(0, 40)) == "no_outcomes"
    assert reason(control=arm(9, 29)) == "too_few"
    assert reason(of=2) == "mixed_currencies"


@pytest.mark.parametrize(
    ("costs", "reason"),
    [
        ({"EUR": 5}, None),
        ({}, "no_cost"),
        ({"EUR": 0}, "no_cost"),
        ({"~points": 5}, "no_cost"),
        ({"USD": 5}, "mixed_currencies"),
        ({"EUR": 5, "USD": 5}, "mixed_currencies"),
        ({"EUR": 5, "~points": 5}, "mixed_currencies"),
    ],
)
def test_a_cost_that_cannot_be_compared_gives_no_roi(
    costs: dict[str, int], reason: str | None
) -> None:
    """S29: nothing is converted, and points are no money."""
    assert why_no_roi(costs, "EUR") == reason
