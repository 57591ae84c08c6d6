"""The yardstick of decisions: stated worth is the same for all, what follows from orders is the customer's own."""

from __future__ import annotations

import numpy as np
import pytest

from promosight.flows.decisioning.boards import Kept
from promosight.flows.decisioning.yardstick import Worth, expectations, rewards

STATED = Kept("stated", None, 10.0, 4.0, ())
SHARE = Kept("percentage", None, 50.0, 5.0, (), by_order=(True, True))
GONE = Kept("gone", "gold", 7.0, 1.0, ())
WORTH = Worth({("stated", None): STATED, ("percentage", None): SHARE}, 0.5, "EUR")


def test_what_follows_from_orders_is_worth_as_much_as_the_customers_own() -> None:
    """P19, N10: a big spender's redemption of a percentage counts as a big spender's."""
    nets = WORTH.nets([STATED, SHARE, GONE], np.array([1.0, 3.0, 0.5]))
    assert nets.tolist() == [[6.0, 45.0, 6.0], [6.0, 135.0, 6.0], [6.0, 22.5, 6.0]]
    assert WORTH.net(("percentage", None), 3.0) == 135.0
    assert WORTH.net(("nowhere", None)) == 0.0


def test_what_came_of_a_decision_is_net_of_contact_and_none_is_worth_nothing() -> None:
    """P19: the last column is no offer."""
    nets = WORTH.nets([STATED, SHARE], np.array([1.0, 3.0, 3.0, 3.0]))
    chosen, redeemed = np.array([0, 1, 1, 2]), np.array([1.0, 1.0, 0.0, 0.0])
    assert rewards(chosen, redeemed, nets, 0.5).tolist() == [5.5, 134.5, -0.5, 0.0]


def test_what_could_not_be_chosen_is_expected_to_bring_nothing() -> None:
    """P19: columns that were no candidates, and none, stand at zero."""
    nets = WORTH.nets([STATED, SHARE], np.array([2.0]))
    found = expectations(np.array([[0.5, 0.5]]), nets, 0.5, np.array([[True, False]]))
    assert found.tolist() == [[pytest.approx(2.5), 0.0, 0.0]]
