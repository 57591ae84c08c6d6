"""The product's own policy in a simulated world, and what would become of it under rules for labels people use."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from bench.deciding.worlds import World
from promosight.rules.evidence import Decided, Evidence
from promosight.rules.features import DAY_US
from promosight.rules.policy import Arm, Choice, Exploration, choose
from promosight.rules.solving import Prior, solve

EVERY = 50
"""Decisions between two snapshots."""
HALF_LIFE_DAYS = 90.0


class Ours:
    """Decides with the newest snapshot, sums up what it learns: no at once, yes when redeemed, no when reversed."""

    def __init__(
        self,
        world: World,
        exploration: Exploration | None = None,
        half_life_days: float = HALF_LIFE_DAYS,
        prior: Prior | None = None,
        every: int = EVERY,
        seed: Callable[[int], int] = int,
    ) -> None:
        self.exploration, self._prior = exploration or Exploration(), prior or Prior()
        self._world, self._every, self._seed = world, every, seed
        self.evidence = Evidence(round(half_life_days * DAY_US))
        self._arms = [Arm(o, float(v)) for o, v in zip(world.offers, world.value, strict=True)]
        self.snapshot = solve(self.evidence, self._prior, 0)
        self.decided: dict[int, Decided] = {}
        self.redeemed: set[int] = set()
        self.heard_us: dict[int, int] = {}
        self.latest_us = 0

    def now(self, at: int) -> int:
        """The instant of a decision."""
        return int(self._world.day[at] * DAY_US)

    def refresh(self, at: int, now: int) -> None:
        """A new snapshot, every so often."""
        if at % self._every == 0:
            self.snapshot = solve(self.evidence, self._prior, now)

    def decide(self, at: int, there: list[int]) -> int | None:
        """The column of the offer chosen."""
        now = self.latest_us = self.now(at)
        self.refresh(at, now)
        choice = self.chosen(at, there)
        if choice.index is None:
            return None
        offer = self._arms[there[choice.index]].offer
        p_hat = float(choice.p_hat[choice.index])
        nth = self.snapshot.known.get(offer, 0)
        self.decided[at] = Decided(self._world.features[at], offer, p_hat, now, nth=nth)
        self.made(at)
        return there[choice.index]

    def chosen(self, at: int, there: list[int]) -> Choice:
        """What the newest snapshot draws."""
        arms, features = [self._arms[i] for i in there], self._world.features[at]
        return choose(self.snapshot, features, arms, self.exploration, self._seed(at))

    def made(self, at: int) -> None:
        """A decision is learned from at once, as not redeemed."""
        self.evidence.add(self.decided[at])

    def learn(self, at: int, redeemed: bool) -> None:
        """A redemption, or its reversal."""
        if redeemed != (at in self.redeemed):
            when = self.heard_us.setdefault(at, self.latest_us)
            self.evidence.relabel(self.decided[at], redeemed=redeemed, redeemed_us=when)
            self.redeemed ^= {at}

    def expired(self, at: int) -> None:
        """Nothing new: it counted as not redeemed all the time."""


class Waiting(Ours):
    """Learns from a decision only when its offer has expired."""

    def made(self, at: int) -> None:
        """Waits."""

    def learn(self, at: int, redeemed: bool) -> None:
        """Keeps it."""
        (self.redeemed.add if redeemed else self.redeemed.discard)(at)

    def expired(self, at: int) -> None:
        """Now."""
        self.evidence.add(self.decided[at], redeemed=at in self.redeemed)


class PositiveFirst(Waiting):
    """Learns a yes when it comes, a no only when the offer has expired."""

    def learn(self, at: int, redeemed: bool) -> None:
        """A yes is learned at once."""
        if redeemed:
            self.evidence.add(self.decided[at], redeemed=True)
        elif at in self.redeemed:
            self.evidence.relabel(self.decided[at], redeemed=False)
        self.redeemed.add(at)

    def expired(self, at: int) -> None:
        """The no of those without a redemption."""
        if at not in self.redeemed:
            self.evidence.add(self.decided[at])


class Lagged(Waiting):
    """Hears yes and no alike, each when a redemption would have come, and always right.

    Nobody can know that: it is what the time that passes costs by itself, whatever the rule for labels.
    """

    def __init__(self, world: World, *, seed: Callable[[int], int] = int) -> None:
        super().__init__(world, seed=seed)
        self._coming: list[tuple[float, int, bool]] = []

    def decide(self, at: int, there: list[int]) -> int | None:
        """As usual, with what has come by now."""
        while self._coming and self._coming[0][0] <= self._world.day[at]:
            _, earlier, redeemed = heapq.heappop(self._coming)
            self.evidence.add(self.decided[earlier], redeemed=redeemed)
        chosen = super().decide(at, there)
        if chosen is not None:
            world = self._world
            redeemed = bool(world.luck[at] < world.likely[at, chosen])
            when = float(world.day[at] + world.delay[at, chosen])
            heapq.heappush(self._coming, (when, at, redeemed))
        return chosen

    def expired(self, at: int) -> None:
        """Known already."""
