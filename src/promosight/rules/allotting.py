"""A long list of customers at once: who gets which offer, when budgets and caps do not reach for everybody.

First prices (`shadow.py`), then one pass over the customers, those first who lose most without their best offer at
these prices, each getting the best that still fits; and one more for those left with nothing, without prices. Nothing
is overdrawn: both look at every single promise. Offers that share a budget (the tiers of a promotion) are one pool.

With exploration the prices go into the scores instead, and `walk` draws customer by customer from probabilities of
only what surely fits, so that logged propensities stay true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from promosight.rules.pacing import Reserve, fits
from promosight.rules.shadow import Floats, Ints, Mask, Pool, Prices, priced

NONE = -1


@dataclass(frozen=True, slots=True)
class Allotment:
    """For each customer the arm, -1 for none; the expected value of all; the prices."""

    arm: Ints
    value: float
    prices: Prices


def solve_batch(
    p: Floats,
    value: Floats,
    cost: Floats,
    pool_of: Ints,
    pools: Sequence[Pool],
    *,
    contact: Floats | float = 0.0,
    allowed: Mask | None = None,
    reserve: Reserve = "two_sd",
) -> Allotment:
    """One offer or none for each customer, worth as much as possible together.

    `p` is customer x arm; `value` (net of the reward) and `contact` per arm or customer x arm; `cost` and `pool_of`
    per arm.
    """
    worth = p * value - contact
    if allowed is not None:
        worth = np.where(allowed, worth, -inf)
    prices = priced(p, worth, cost, pool_of, pools, reserve)
    scores = worth - prices.of_arms(p, cost, pool_of, reserve)
    giving = _Giving(p, cost, pool_of, Room(pools, reserve))
    giving.go(scores, _most_to_lose(scores))
    left = np.flatnonzero(giving.arm == NONE)
    giving.go(worth, left[np.argsort(-worth[left].max(axis=1), kind="stable")])
    got = np.flatnonzero(giving.arm != NONE)
    return Allotment(giving.arm, float(worth[got, giving.arm[got]].sum()), prices)


def _most_to_lose(scores: Floats) -> Ints:
    """Customers in the order of how much they lose if they get their second best (or none) instead."""
    with_none = np.column_stack([scores, np.zeros(len(scores))])
    top = np.partition(with_none, -2, axis=1)[:, -2:]
    with np.errstate(invalid="ignore"):
        return np.argsort(top[:, 0] - top[:, 1], kind="stable")[::-1]


class Room:
    """What is left of each pool while one promise after the other is made."""

    def __init__(self, pools: Sequence[Pool], reserve: Reserve) -> None:
        self._reserve: Reserve = reserve
        self._budgets = [one.budget for one in pools]
        self._places = [one.places for one in pools]
        self._promised = [one.liability for one in pools]

    def fits(self, pool: int, cost: float, p: float) -> bool:
        """Whether one more promise is within the money and the places."""
        enough = self._places[pool] >= 1
        return enough and fits(self._budgets[pool], self._promised[pool], cost, p, self._reserve)

    def take(self, pool: int, cost: float, p: float) -> None:
        """Makes the promise."""
        self._promised[pool] = self._promised[pool].promise(cost, p)
        self._places[pool] -= 1


class _Giving:
    """Gives offers to customers in turn. An arm of which even the least promise does not fit is closed."""

    def __init__(self, p: Floats, cost: Floats, pool_of: Ints, room: Room) -> None:
        self._p, self._costs, self._pool, self._room = p, cost.tolist(), pool_of.tolist(), room
        self._least = p.min(axis=0).tolist() if len(p) else []
        self._closed: set[int] = set()
        self.arm = np.full(len(p), NONE, np.intp)

    def go(self, scores: Floats, order: Ints) -> None:
        """Each gets the best that is worth anything and fits."""
        first = scores.argmax(axis=1).tolist()
        for customer in order.tolist():
            if len(self._closed) == len(self._costs):
                return
            best = first[customer]
            if best in self._closed or not self._give(scores, customer, best):
                self._next_best(scores, customer)

    def _next_best(self, scores: Floats, customer: int) -> None:
        row = scores[customer]
        for column in np.argsort(-row).tolist():
            if row[column] <= 0:
                return
            if column not in self._closed and self._give(scores, customer, column):
                return

    def _give(self, scores: Floats, customer: int, column: int) -> bool:
        """Whether the customer needs no other offer: this one was given, or is worth nothing."""
        if scores[customer, column] <= 0:
            return True
        pool, cost = self._pool[column], self._costs[column]
        p = float(self._p[customer, column])
        if self._room.fits(pool, cost, p):
            self._room.take(pool, cost, p)
            self.arm[customer] = column
            return True
        if not self._room.fits(pool, cost, self._least[column]):
            self._closed.add(column)
        return False


def walk(
    draw: Callable[[int, Mask], Ints],
    p: Floats,
    cost: Floats,
    pool_of: Ints,
    pools: Sequence[Pool],
    reserve: Reserve = "two_sd",
) -> Ints:
    """Draws for customer after customer; an arm is taken out before a promise of it might not fit.

    `draw(start, open)` returns, for the customers from `start` on, the drawn column (as many as arms: none), from
    probabilities over the open arms alone. It is called anew whenever an arm closes, and what was drawn last for a
    customer counts: log those probabilities.
    """
    room, closing = Room(pools, reserve), _Closing(p, cost, pool_of)
    there = closing.fitting(room, np.ones(len(cost), bool))
    found = np.empty(len(p), np.intp)
    at, drawn = 0, iter(draw(0, there).tolist())
    while at < len(p):
        column = next(drawn)
        found[at] = column
        at += 1
        if column == len(cost):
            continue
        room.take(int(pool_of[column]), float(cost[column]), float(p[at - 1, column]))
        still = closing.fitting(room, there, int(pool_of[column]))
        if at < len(p) and (still != there).any():
            there = still
            drawn = iter(draw(at, there).tolist())
    return found


class _Closing:
    """Says which arms are still open: those of which any promise to anybody would fit."""

    def __init__(self, p: Floats, cost: Floats, pool_of: Ints) -> None:
        self._costs, self._pool, self._of = cost.tolist(), pool_of.tolist(), pool_of
        most = p.max(axis=0).tolist() if len(p) else [0.0] * len(cost)
        # What a promise takes grows with its probability, but for the likeliest, whose spread is small again.
        self._tried = [{one, *(q for q in (0.7, 0.8, 0.9) if q < one)} for one in most]

    def fitting(self, room: Room, there: Mask, pool: int | None = None) -> Mask:
        """The arms still open, of those that were; only a pool's are looked at anew."""
        found = there.copy()
        for at in np.flatnonzero(there if pool is None else there & (self._of == pool)).tolist():
            found[at] = all(room.fits(self._pool[at], self._costs[at], q) for q in self._tried[at])
        return found
