"""The log as arrays, and which decisions may be in it."""

from __future__ import annotations

import numpy as np
import pytest

from promosight.rules.logged import Floats, Logged, by_share_seen, horizon, log_of, settled
from promosight.rules.pacing import DAY_US


def test_columns_are_arms_by_name_and_none_is_last() -> None:
    """P19: whatever order each decision had them in."""
    log = log_of(
        [
            Logged(("b", "a"), (0.5, 0.3, 0.2), (1.0, 2.0, 0.0), 0, 3.0, "anna", 5),
            Logged(("c",), (0.6, 0.4), (4.0, 0.0), None, 0.0, "anna", 6),
        ]
    )
    assert log.names == ("a", "b", "c", "none")
    assert log.pmf.tolist() == [[0.3, 0.5, 0, 0.2], [0, 0, 0.6, 0.4]]
    assert log.expected.tolist() == [[2, 1, 0, 0], [0, 0, 4, 0]]
    assert log.chosen.tolist() == [1, 3]
    assert log.propensity.tolist() == [0.5, 0.4]
    assert log.customer[0] == log.customer[1]
    assert len(log.rows(log.decided_us > 5)) == 1


def test_decisions_of_nobody_in_particular_stand_alone() -> None:
    """P19: without a customer each is its own."""
    log = log_of([Logged((), (1.0,), (0.0,), None, 0.0) for _ in range(3)])
    assert len(set(log.customer.tolist())) == 3


def test_all_decisions_wait_as_long_as_the_longest_offer() -> None:
    """P19, N9: at most until practically all redemptions have come."""
    assert horizon([3 * DAY_US, 14 * DAY_US], 60 * DAY_US) == 14 * DAY_US
    assert horizon([3 * DAY_US, None], 60 * DAY_US) == 60 * DAY_US
    assert horizon([], 60 * DAY_US) == 0
    found = settled(np.array([0, 5, 10]) * DAY_US, 7 * DAY_US, 12 * DAY_US)
    assert found.tolist() == [True, True, False]


class Young:
    """20 days of decisions, redeemed within 14 days: a fifth of what is offered, worth 10."""

    def __init__(self, seed: int, count: int = 200_000) -> None:
        rng = np.random.default_rng(seed)
        self.age = rng.random(count) * 20
        self.delay = np.minimum(rng.exponential(5.0, count), 13.9)
        self.redeems = rng.random(count) < 0.2
        self.redeemed = self.redeems & (self.delay <= self.age)
        self.reward: Floats = np.where(self.redeemed, 10.0, 0.0)


def test_taking_decisions_in_as_soon_as_they_are_redeemed_would_flatter() -> None:
    """P19, N9: the redeemed of the last days come without those that fail later; waiting for all alike does not err."""
    one = Young(1)
    eager = one.redeemed | (one.age >= 14)
    waited = settled(-(one.age * DAY_US).astype(np.int64), 14 * DAY_US, 0)
    assert one.reward[eager].mean() > 2.5
    assert one.reward[waited].mean() == pytest.approx(2.0, abs=0.05)


def test_what_is_still_to_come_can_be_reckoned_in_instead_of_waiting() -> None:
    """P19, N9: a reward stands for those of its kind that are still to come."""
    one = Young(2)
    seen: Floats = np.where(one.age >= 13.9, 1.0, 1 - np.exp(-one.age / 5.0))
    reward, enough = by_share_seen(one.reward, seen, seen)
    assert reward[enough].mean() == pytest.approx(2.0, abs=0.05)
    assert one.age[enough].min() == pytest.approx(5 * np.log(2), abs=0.05)
