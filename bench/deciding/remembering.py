"""The product's own policy where customers come back: features and leaning follow each one's record so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from bench.deciding.ours import Ours
from bench.deciding.worlds import World
from promosight.rules.features import History, Record, customer_features
from promosight.rules.leaning import lean_of
from promosight.rules.policy import Choice, Exploration, choose
from promosight.rules.solving import Prior, solve

_USUAL_RATE, _USUAL_WEIGHT = 0.05, 100


class Remembering(Ours):
    """Ours, with records that grow; the rate is read from all that was offered, as a server does it."""

    def __init__(
        self,
        world: World,
        exploration: Exploration | None = None,
        prior: Prior | None = None,
        *,
        daily: bool = False,
        seed: Callable[[int], int] = int,
    ) -> None:
        super().__init__(world, exploration, prior=prior, seed=seed)
        self._records: dict[int, dict[int, Record]] = defaultdict(dict)
        self._column = {offer.promotion: i for i, offer in enumerate(world.offers)}
        self._given = self._used = 0
        self._daily, self._today = daily, -1
        self.x: dict[str, float] = {}
        self.leans: list[float] = []
        self.log: list[tuple[int, list[int], Choice]] = []

    @property
    def rate(self) -> float:
        """How often anything is redeemed."""
        return (self._used + _USUAL_RATE * _USUAL_WEIGHT) / (self._given + _USUAL_WEIGHT)

    def refresh(self, at: int, now: int) -> None:
        """With the rate of now."""
        today = int(self._world.day[at])
        due = today != self._today if self._daily else at % self._every == 0
        if due:
            self._today = today
            self.snapshot = solve(self.evidence, replace(self._prior, rate=self.rate), now)

    def chosen(self, at: int, there: list[int]) -> Choice:
        """By what is on record now."""
        records = self._records[int(self._world.who[at])]
        told = {name.partition("=")[0]: name.partition("=")[2] for name in self._world.features[at]}
        history = History(list(records.values()))
        self.x = customer_features(history, {}, told, self.now(at))
        self.leans = [lean_of(records.get(i), self.rate) for i in there]
        arms = [
            replace(self._arms[i], lean=lean) if lean else self._arms[i]
            for i, lean in zip(there, self.leans, strict=True)
        ]
        choice = choose(self.snapshot, self.x, arms, self.exploration, self._seed(at))
        self.log.append((at, there, choice))
        return choice

    def made(self, at: int) -> None:
        """As it was seen, and on the customer's record."""
        made = self.decided[at]
        there, choice = self.log[-1][1:]
        assert choice.index is not None
        made = self.decided[at] = replace(made, x=self.x, lean=self.leans[choice.index])
        self._given += 1
        self._record(at, there[choice.index], assigned=1)
        super().made(at)

    def learn(self, at: int, redeemed: bool) -> None:
        """Also on the record."""
        if redeemed != (at in self.redeemed):
            sign = 1 if redeemed else -1
            self._used += sign
            column = self._column[self.decided[at].offer.promotion]
            self._record(at, column, redeemed=sign, undone=int(not redeemed))
        super().learn(at, redeemed)

    def _record(
        self, at: int, column: int, assigned: int = 0, redeemed: int = 0, undone: int = 0
    ) -> None:
        records = self._records[int(self._world.who[at])]
        reward = self._world.offers[column].features[1][0].partition("=")[2]
        old = records.get(column, Record("global", reward))
        records[column] = old._replace(
            assigned=old.assigned + assigned,
            redeemed=old.redeemed + redeemed,
            reversed=old.reversed + undone,
            value=old.value + 10.0 * redeemed,
            last_assigned_us=self.latest_us if assigned else old.last_assigned_us,
            last_redeemed_us=self.latest_us if redeemed > 0 else old.last_redeemed_us,
        )
