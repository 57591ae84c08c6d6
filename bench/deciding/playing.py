"""A policy lives through a world: it decides, and hears of redemptions at once, or when they come in."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.deciding.worlds import BACK, EXPIRY, World

Floats = NDArray[np.float64]


class Decider(Protocol):
    """Whoever decides in a world."""

    def decide(self, at: int, there: list[int]) -> int | None:
        """The column of the offer chosen among these; None for none."""

    def learn(self, at: int, redeemed: bool) -> None:
        """What became of it."""


class Patient(Decider, Protocol):
    """Whoever hears late: redemptions and reversals (`learn`), and that an offer has expired."""

    def expired(self, at: int) -> None:
        """Nothing more will come."""


def at_once(world: World, decider: Decider) -> Floats:
    """The expected worth of each decision; every outcome is told before the next."""
    return _played(world, decider, _nothing, _told_at_once(world, decider))


def with_delay(world: World, decider: Patient) -> Floats:
    """The same, each redemption and reversal told when it happens."""
    waiting: list[tuple[float, int, str]] = []

    def until(at: int) -> None:
        while waiting and waiting[0][0] <= world.day[at]:
            _, earlier, what = heapq.heappop(waiting)
            if what == "expired":
                decider.expired(earlier)
            else:
                decider.learn(earlier, what == "redeemed")

    def after(at: int, chosen: int) -> None:
        now, luck, likely = world.day[at], world.luck[at], world.likely[at, chosen]
        heapq.heappush(waiting, (now + EXPIRY, at, "expired"))
        if luck < likely * (1 + world.reversed):
            heapq.heappush(waiting, (now + world.delay[at, chosen], at, "redeemed"))
        if likely <= luck < likely * (1 + world.reversed):
            heapq.heappush(waiting, (now + world.delay[at, chosen] + BACK, at, "reversed"))

    return _played(world, decider, until, after)


def best_fixed(world: World) -> Floats:
    """The ranking of offers by what they really brought on average: always the first that is there."""
    there = np.where(world.there, 1.0, 0.0).sum(axis=0)
    means = world.worth.sum(axis=0) / np.maximum(there, 1)
    chosen = np.where(world.there, means, -np.inf).argmax(axis=1)
    found: Floats = world.worth[np.arange(world.length), chosen]
    return found


def uniform(world: World) -> Floats:
    """What an even draw is expected to bring."""
    found: Floats = world.worth.sum(axis=1) / world.there.sum(axis=1)
    return found


def oracle(world: World) -> Floats:
    """Who knows all probabilities."""
    found: Floats = np.maximum(world.worth.max(axis=1), 0.0)
    return found


def score(world: World, worth: Floats) -> float:
    """0 for an even draw, 1 for the oracle."""
    least, most = uniform(world).sum(), oracle(world).sum()
    return float((worth.sum() - least) / (most - least))


def captured(world: World, worth: Floats) -> float:
    """The part of what the oracle takes where a new promotion is the best offer."""
    new = world.new()
    most = float(oracle(world)[new].sum())
    return float(worth[new].sum()) / most if most else float("nan")


def _nothing(_: int) -> None:
    """Nothing is waited for."""


def _told_at_once(world: World, decider: Decider) -> Callable[[int, int], None]:
    def after(at: int, chosen: int) -> None:
        decider.learn(at, bool(world.luck[at] < world.likely[at, chosen]))

    return after


def _played(
    world: World,
    decider: Decider,
    before: Callable[[int], None],
    after: Callable[[int, int], None],
) -> Floats:
    worth, found = world.worth, np.zeros(world.length)
    for at in range(world.length):
        before(at)
        chosen = decider.decide(at, np.flatnonzero(world.there[at]).tolist())
        if chosen is not None:
            found[at] = worth[at, chosen]
            after(at, chosen)
    return found
