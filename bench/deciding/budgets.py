"""Budgets, delay and learned probabilities at once: the product's learner under its own pacing, and greedy.

Every promotion has a budget of 30% of what an oracle without budgets would spend on it. What a redemption brings is the
customer's own order, larger or smaller than the average. Redemptions come days later or not at all, some are reversed;
what is believed of them is what was learned so far. Both players keep the same reserve for promises in flight.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bench.deciding import playing
from bench.deciding.ours import Ours
from bench.deciding.worlds import COSTS, Floats, World
from promosight.rules.evidence import Decided
from promosight.rules.features import DAY_US
from promosight.rules.pacing import Liability, Pace, Reserve, begun, fits, paced, unspent
from promosight.rules.policy import Choice, choose, likely_of

SHARE, LEAST = 0.3, 10.0


class Outcome(NamedTuple):
    """The expected worth of what was offered, how many budgets were overspent at any time, and the share spent."""

    value: float
    overspent: int
    spent: float


class Season(NamedTuple):
    """A world with money: what a redemption of each offer brings from each customer, what it costs, the budgets."""

    world: World
    net: Floats
    """Decision x promotion."""
    cost: Floats
    budget: Floats
    ends_us: list[int]


def season(world: World) -> Season:
    """Budgets as shares of what an oracle would spend."""
    promotions = world.promotions
    cost = promotions.reward * np.array(COSTS)[promotions.type]
    own = world.people.basket[world.who] / world.people.basket.mean()
    net = (world.value + cost) * own[:, None] - cost
    worth = np.where(world.there, world.likely * net, -np.inf)
    best, each = worth.argmax(axis=1), np.arange(world.length)
    spent = np.zeros(len(cost))
    np.add.at(
        spent, best, np.where(worth[each, best] > 0, world.likely[each, best], 0) * cost[best]
    )
    last = [float(world.day[there.nonzero()[0][-1]]) for there in world.there.T]
    ends = [round(day * DAY_US) for day in last]
    return Season(world, net, cost, np.maximum(SHARE * spent, LEAST), ends)


class Budgeted(Ours):
    """Ours with budgets: with prices, or greedily until they are gone."""

    def __init__(self, one: Season, *, pacing: bool, reserve: Reserve = "two_sd") -> None:
        super().__init__(one.world)
        self._season, self._pacing, self._reserve = one, pacing, reserve
        count = len(one.cost)
        self._liable = [Liability() for _ in range(count)]
        self._pace: list[Pace | None] = [None] * count
        self._open: dict[int, tuple[int, float]] = {}
        self._kept: dict[int, tuple[int, float]] = {}
        self.most = np.zeros(count)
        """The most that was ever spent of each budget."""
        self.worth = 0.0

    def decide(self, at: int, there: list[int]) -> int | None:
        """Only what fits its budget is a candidate; prices move whatever is drawn."""
        now = self.latest_us = self.now(at)
        self.refresh(at, now)
        p = self._likely(at, there)
        room = [i for i in there if self._fits(i, p[i])]
        choice = self._drawn(at, room) if room else None
        chosen = None if choice is None or choice.index is None else room[choice.index]
        if self._pacing:
            self._move(at, now, p, chosen)
        if chosen is None:
            return None
        world = self._world
        self.decided[at] = Decided(world.features[at], world.offers[chosen], p[chosen], now)
        self._liable[chosen] = self._liable[chosen].promise(self._season.cost[chosen], p[chosen])
        self._open[at] = chosen, p[chosen]
        self.worth += float(world.likely[at, chosen] * self._season.net[at, chosen])
        self.made(at)
        return chosen

    def learn(self, at: int, redeemed: bool) -> None:
        """What is redeemed is spent; what is reversed comes back."""
        super().learn(at, redeemed)
        if redeemed:
            i, p = self._kept[at] = self._open.pop(at)
            self._liable[i] = self._liable[i].redeem(self._season.cost[i], p)
            self.most[i] = max(self.most[i], self._liable[i].spent)
        else:
            i, p = self._kept.pop(at)
            self._liable[i] = self._liable[i].give_back(self._season.cost[i])

    def expired(self, at: int) -> None:
        """Its reserve is free."""
        if at in self._open:
            i, p = self._open.pop(at)
            self._liable[i] = self._liable[i].lapse(self._season.cost[i], p)

    def _likely(self, at: int, there: list[int]) -> dict[int, float]:
        menu = self.snapshot.menu([self._world.offers[i] for i in there])
        row = self.snapshot.layout.row(self._world.features[at])[None, :]
        found = likely_of(menu, row, np.zeros((1, len(there))))[0]
        return dict(zip(there, found.tolist(), strict=True))

    def _fits(self, i: int, p: float) -> bool:
        one = self._season
        return fits(one.budget[i], self._liable[i], one.cost[i], p, self._reserve)

    def _drawn(self, at: int, room: list[int]) -> Choice:
        one = self._season
        arms = [
            replace(
                self._arms[i],
                value=float(one.net[at, i]),
                cost=float(one.cost[i]),
                price=self._price(i),
            )
            for i in room
        ]
        features = self._world.features[at]
        return choose(self.snapshot, features, arms, self.exploration, self._seed(at))

    def _price(self, i: int) -> float:
        pace = self._pace[i]
        return 0.0 if pace is None else pace.price

    def _move(self, at: int, now: int, p: dict[int, float], chosen: int | None) -> None:
        one = self._season
        for i in p:
            before = self._pace[i] or begun(now, one.ends_us[i])
            left = unspent(one.budget[i], self._liable[i], self._reserve)
            self._pace[i] = paced(
                before,
                left=left,
                ends_us=one.ends_us[i],
                now_us=now,
                value=float(one.net[at, i]),
                cost=float(one.cost[i]),
                p=p[i],
                chosen=i == chosen,
            )


def played(world: World, *, pacing: bool, reserve: Reserve = "two_sd") -> Outcome:
    """One season."""
    one = season(world)
    decider = Budgeted(one, pacing=pacing, reserve=reserve)
    playing.with_delay(world, decider)
    over = int((decider.most > one.budget + 1e-9).sum())
    return Outcome(decider.worth / world.length, over, float(decider.most.sum() / one.budget.sum()))
