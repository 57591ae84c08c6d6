"""A simulated season with budgets: who comes, what the model believes, what is redeemed and when.

Customers have segments, tastes and orders of very different size, so that a scarce budget is worth more with some than
with others. The model's probabilities are wrong by promotion (less as it learns), by segment and by customer. What is
redeemed comes days later; what is not expires after two weeks. A budget is 30% of what would be spent without one.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from promosight.rules.logged import Floats
from promosight.rules.pacing import (
    DAY_US,
    Liability,
    Reserve,
    begun,
    fits,
    paced,
    unspent,
)
from promosight.rules.shadow import Pool, priced

SEGMENTS = 5
EXPIRY = 14.0
SHARE, LEAST = 0.3, 30.0
"""Budgets: this share of what would be spent without them, and at least so much."""


@dataclass(frozen=True)
class Season:
    """Rows are decisions, columns promotions."""

    day: Floats
    days: float
    likely: Floats
    believed: Floats
    value: Floats
    """What a redemption brings, less its reward."""
    cost: Floats
    budget: Floats
    luck: Floats
    delay: Floats


@dataclass(frozen=True)
class Outcome:
    """What came of a season."""

    value: float
    """Per decision, expected by the true probabilities of what was offered."""
    spent: Floats
    overspent: int
    """Budgets."""


def season(seed: int, decisions: int = 12_000, promotions: int = 20, spread: float = 0.7) -> Season:
    """A season; without `spread` everybody's order is alike."""
    rng = np.random.default_rng([71, seed])
    shape = (decisions, promotions)
    segment = rng.integers(SEGMENTS, size=decisions)
    odds = rng.normal(0, 0.4, promotions) + rng.normal(0, 0.7, (SEGMENTS, promotions))[segment]
    odds += rng.normal(0, 0.6, shape) - 3.3
    cost = rng.choice([2.0, 4.0, 7.0, 11.0], promotions) * rng.lognormal(0, 0.15, promotions)
    orders = rng.lognormal(-spread * spread / 2, spread, (decisions, 1))
    value = rng.lognormal(3.5, 0.15, promotions) * orders - 0.8 * cost
    likely = 1 / (1 + np.exp(-odds))
    days = 60.0
    return Season(
        day=np.sort(rng.random(decisions)) * days,
        days=days,
        likely=likely,
        believed=1 / (1 + np.exp(-odds - _errors(rng, segment, shape))),
        value=value,
        cost=cost,
        budget=_budgets(likely, value, cost),
        luck=rng.random(decisions),
        delay=rng.exponential(rng.choice([2.0, 4.0, 8.0], promotions), shape),
    )


def _errors(
    rng: np.random.Generator,
    segment: np.ndarray[tuple[int], np.dtype[np.int64]],
    shape: tuple[int, int],
) -> Floats:
    learned = 1 / np.sqrt(1 + np.arange(shape[0]) / 500)[:, None]
    found: Floats = rng.normal(0, 0.5, shape[1]) * learned
    found = found + rng.normal(0, 0.3, (SEGMENTS, shape[1]))[segment]
    return found + rng.normal(0, 0.35, shape)


def _budgets(likely: Floats, value: Floats, cost: Floats) -> Floats:
    worth = likely * value
    best = worth.argmax(axis=1)
    rows = np.arange(len(best))
    wanted = np.where(worth[rows, best] > 0, (likely * cost)[rows, best], 0.0)
    found: Floats = np.maximum(SHARE * np.bincount(best, wanted, len(cost)), LEAST)
    return found


class Play:
    """A season played through: greedy until budgets are exhausted, or paced."""

    def __init__(self, of: Season, *, pacing: bool, reserve: Reserve = "two_sd") -> None:
        self._of, self._pacing, self._reserve = of, pacing, reserve
        self._ends = int(of.days * DAY_US)
        self._costs, self._budgets = of.cost.tolist(), of.budget.tolist()
        self._liable = [Liability() for _ in self._costs]
        self._paces = [begun(0, self._ends) for _ in self._costs]
        self._prices = np.zeros(len(self._costs))
        self._open: list[tuple[int, int, int, bool, float]] = []

    def out(self) -> Outcome:
        """Every decision, and then whatever is still open."""
        value = sum(self._decide(at) for at in range(len(self._of.day)))
        self._happen(None)
        spent = np.array([one.spent for one in self._liable])
        return Outcome(value / len(self._of.day), spent, int((spent > self._of.budget).sum()))

    def _decide(self, at: int) -> float:
        now = int(self._of.day[at] * DAY_US)
        self._happen(now)
        believed, value = self._of.believed[at], self._of.value[at]
        chosen = self._best(believed, believed * (value - self._prices * self._of.cost))
        if chosen is not None:
            self._promise(at, now, chosen)
        if self._pacing:
            self._pace(now, believed.tolist(), value.tolist(), chosen)
        return 0.0 if chosen is None else float(self._of.likely[at, chosen] * value[chosen])

    def _best(self, believed: Floats, scores: Floats) -> int | None:
        for at in np.argsort(-scores).tolist():
            if scores[at] <= 0:
                return None
            one = self._costs[at], float(believed[at])
            if fits(self._budgets[at], self._liable[at], *one, self._reserve):
                return int(at)
        return None

    def _promise(self, at: int, now: int, chosen: int) -> None:
        p = float(self._of.believed[at, chosen])
        self._liable[chosen] = self._liable[chosen].promise(self._costs[chosen], p)
        redeemed = bool(self._of.luck[at] < self._of.likely[at, chosen])
        days = min(float(self._of.delay[at, chosen]), EXPIRY - 0.1) if redeemed else EXPIRY
        heapq.heappush(self._open, (now + int(days * DAY_US), at, chosen, redeemed, p))

    def _happen(self, now: int | None) -> None:
        """Redemptions and expiries until now, or all there are."""
        while self._open and (now is None or self._open[0][0] <= now):
            _, _, at, redeemed, p = heapq.heappop(self._open)
            one = self._liable[at]
            cost = self._costs[at]
            self._liable[at] = one.redeem(cost, p) if redeemed else one.lapse(cost, p)

    def _pace(
        self, now: int, believed: list[float], value: list[float], chosen: int | None
    ) -> None:
        for at, pace in enumerate(self._paces):
            self._paces[at] = paced(
                pace,
                left=unspent(self._budgets[at], self._liable[at], self._reserve),
                ends_us=self._ends,
                now_us=now,
                value=value[at],
                cost=self._costs[at],
                p=believed[at],
                chosen=at == chosen,
            )
            self._prices[at] = self._paces[at].price


def fluid_bound(of: Season) -> float:
    """What nobody can exceed per decision who keeps to the budgets on average, knowing all probabilities."""
    pools = [Pool(float(budget)) for budget in of.budget]
    p = of.likely
    found = priced(p, p * of.value, of.cost, np.arange(len(pools)), pools, deviations=0.0)
    return found.bound / len(p)
