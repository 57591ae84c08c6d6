"""The yardstick decisions are judged by: what a redemption of each offer is worth, net of its reward.

It is what decisions themselves go by (`boards.py`): the same for all where value and cost are stated, a multiple of
the customer's own orders where they follow from orders. So a decision that gave a percentage to a big spender is judged
by the orders of a big spender, not by those of the average customer it was not made for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.flows.decisioning.boards import Kept
from promosight.rules.logged import Floats

Named = tuple[str, str | None]
"""A promotion and one of its tiers, or None where it has none."""


class Worth(NamedTuple):
    """What each offer is worth by what is known now, and what telling a customer of an offer costs."""

    offers: dict[Named, Kept]
    contact: float
    unit: str
    """The currency, or `redemptions` where each counts as one."""

    def net(self, named: Named, own: float = 1.0) -> float:
        """What a redemption brings for a customer whose orders are so many times the average; 0 for no such offer."""
        kept = self.offers.get(named)
        return 0.0 if kept is None else _net(kept, own)

    def nets(self, last: Sequence[Kept], own: Floats) -> Floats:
        """Net worth, customer x offer. `last` are the offers as they were last made: those no longer made count so."""
        now = [self.offers.get((one.promotion_id, one.tier_id), one) for one in last]
        fixed = np.array([_net(one, 0.0) for one in now], float)
        whole = np.array([_net(one, 1.0) for one in now], float)
        found: Floats = fixed + np.outer(own, whole - fixed)
        return found

    def taken(self, last: Sequence[Kept]) -> Floats:
        """What a redemption takes from the budget of each offer."""
        now = [self.offers.get((one.promotion_id, one.tier_id)) for one in last]
        return np.array([0.0 if one is None else one.taken for one in now], float)


def _net(kept: Kept, own: float) -> float:
    value, cost = kept.worth(own)
    return value - cost


def rewards(chosen: NDArray[np.intp], redeemed: Floats, nets: Floats, contact: float) -> Floats:
    """What came of decisions by a yardstick. `nets` is decision x offer; the column behind the last one is no offer."""
    offers = nets.shape[1]
    worth = np.column_stack([nets, np.zeros(len(nets))])[np.arange(len(nets)), chosen]
    found: Floats = redeemed * worth - np.where(chosen < offers, contact, 0.0)
    return found


def expectations(p_hat: Floats, nets: Floats, contact: float, open_: NDArray[np.bool_]) -> Floats:
    """What a model that thinks `p_hat` expects of each offer that could be chosen, and of none: decision x column."""
    offers = np.where(open_, p_hat * nets - contact, 0.0)
    return np.column_stack([offers, np.zeros(len(offers))])
