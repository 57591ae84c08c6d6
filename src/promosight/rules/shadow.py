"""Shadow prices of budgets and caps: what a unit more of each would be worth.

Of the linear programme "one offer or none for each customer within all pools" the dual is minimised, one price after
the other: the price of a pool is set exactly where what customers would take of it is what there is, given all other
prices (bisection), and round again until nothing moves. No step size to tune, and pools of any size at once, where a
subgradient needs one for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from promosight.rules.pacing import DEVIATIONS, Liability, Reserve, reserved, surplus

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

SWEEPS = 6
HALVINGS = 18
SETTLED = 1e-3
"""Sweeps end when the bound falls by less than this share."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What some arms share: money, with what is spent and promised of it, and places."""

    budget: float = inf
    places: float = inf
    """How many more assignments there may be."""
    liability: Liability = field(default_factory=Liability)


@dataclass(frozen=True, slots=True)
class Prices:
    """Per pool: of a unit of money, and of an assignment."""

    money: Floats
    place: Floats
    bound: float
    """No allotment within the budgets (as expected) is worth more than this."""

    def of_arms(self, p: Floats, cost: Floats, pool_of: Ints, reserve: Reserve) -> Floats:
        """What each promise uses of scarce things, in value: to be taken off its worth."""
        spend = cost if reserve == "full" else p * cost
        found: Floats = spend * self.money[pool_of] + self.place[pool_of]
        return found


def priced(
    p: Floats,
    worth: Floats,
    cost: Floats,
    pool_of: Ints,
    pools: Sequence[Pool],
    reserve: Reserve = "two_sd",
    deviations: float = DEVIATIONS,
) -> Prices:
    """Prices at which customers would take what there is. `worth` is what each promise is worth without them."""
    dual = _Dual(p, worth, cost, pool_of, pools, reserve, deviations)
    bound = dual.bound()
    for _ in range(SWEEPS):
        for pool in range(len(pools)):
            dual.settle(pool)
        last, bound = bound, min(bound, dual.bound())
        if last - bound <= SETTLED * abs(bound):
            break
    return Prices(dual.money, dual.place, bound)


class _Dual:
    """The scores at the present prices, arm by arm, and how a pool's prices are set."""

    def __init__(
        self,
        p: Floats,
        worth: Floats,
        cost: Floats,
        pool_of: Ints,
        pools: Sequence[Pool],
        reserve: Reserve,
        deviations: float,
    ) -> None:
        full = reserve == "full"
        self._worth = np.ascontiguousarray(worth.T)
        likely = p.T
        each = cost[:, None]
        self._spend = np.ascontiguousarray(
            np.broadcast_to(each, likely.shape) if full else likely * each
        )
        self._spread = np.zeros(likely.shape) if full else likely * (1 - likely) * each * each
        self._arms = [np.flatnonzero(pool_of == at) for at in range(len(pools))]
        self._open = [0.0 if full else one.liability.variance for one in pools]
        self._deviations = deviations
        self._surplus = [1.0 if full else surplus(one.liability) for one in pools]
        self._room = np.array([_left(one, reserve) for one in pools])
        self._places = np.array([max(one.places, 0.0) for one in pools])
        self._scores = self._worth.copy()
        self.money, self.place = np.zeros(len(pools)), np.zeros(len(pools))

    def bound(self) -> float:
        """The dual's value: the best of what customers would get, and all that is limited at its price."""
        best = float(np.maximum(self._scores.max(axis=0, initial=0.0), 0.0).sum())
        return best + _paid(self.money, self._room) + _paid(self.place, self._places)

    def settle(self, pool: int) -> None:
        """Sets the prices of one pool."""
        arms = self._arms[pool]
        if not len(arms) or not (np.isfinite(self._room[pool]) or np.isfinite(self._places[pool])):
            return
        self._scores[arms] = -inf
        others = np.maximum(self._scores.max(axis=0, initial=0.0), 0.0)
        rows = (self._worth[arms] > others).any(axis=0)
        taken = _Taken(
            self._worth[arms][:, rows] - others[rows],
            self._spend[arms][:, rows],
            self._spread[arms][:, rows],
            self._open[pool],
            self._surplus[pool],
            self._deviations,
        )
        self.money[pool] = taken.money_price(self._room[pool])
        self.place[pool] = taken.place_price(self.money[pool], self._places[pool])
        priced = self._worth[arms] - self._spend[arms] * self.money[pool]
        self._scores[arms] = priced - self.place[pool]


@dataclass(frozen=True, slots=True)
class _Taken:
    """Who would take an offer of one pool rather than anything else, at a price."""

    gain: Floats
    """Arm x customer: by how much it is worth more than the best of other pools, or none."""
    spend: Floats
    spread: Floats
    open: float
    surplus: float
    deviations: float

    def money_price(self, room: float) -> float:
        """The least price of money at which what is taken fits the room."""
        if self._used(0.0) <= room:
            return 0.0
        ratios = np.divide(
            self.gain, self.spend, out=np.zeros_like(self.gain), where=self.spend > 0
        )
        return _least(lambda price: self._used(price) <= room, float(ratios.max()))

    def place_price(self, money: float, places: float) -> float:
        """A price of a place at which as many are taken as there are: between the last who gets one and the next."""
        best = (self.gain - money * self.spend).max(axis=0, initial=0.0)
        if (best > 0).sum() <= places:
            return 0.0
        ordered = np.sort(best)[::-1]
        last, following = float(ordered[max(int(places) - 1, 0)]), float(ordered[int(places)])
        return (last + following) / 2 if places >= 1 else following

    def _used(self, price: float) -> float:
        """Money taken at a price: expected, and two deviations more than before."""
        best = self.gain[0] - price * self.spend[0]
        spend, spread = self.spend[0], self.spread[0]
        for arm in range(1, len(self.gain)):
            score = self.gain[arm] - price * self.spend[arm]
            better = score > best
            best = np.where(better, score, best)
            spend = np.where(better, self.spend[arm], spend)
            spread = np.where(better, self.spread[arm], spread)
        takes = best > 0
        risk = sqrt(self.surplus * (self.open + float(takes @ spread))) - sqrt(
            self.surplus * self.open
        )
        return self.surplus * float(takes @ spend) + self.deviations * risk


def _least(fits: Callable[[float], bool], high: float) -> float:
    """The least price up to `high` that fits."""
    low = 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if fits(middle):
            high = middle
        else:
            low = middle
    return high


def _left(pool: Pool, reserve: Reserve) -> float:
    return max(pool.budget - pool.liability.spent - reserved(pool.liability, reserve), 0.0)


def _paid(price: Floats, room: Floats) -> float:
    paid = price > 0
    return float((price[paid] * room[paid]).sum())
