"""What a log of decisions can later say of other policies: the effective share of it that counts for them.

The share is that of IPS weights, (sum of w)^2 / sum of w^2 / n, over the last three quarters of a world. An interval
needs 0.30 of it (docs/evaluation.md). Asked of: the policy as it ended up, its best guess, the best fixed order, an
even draw.
"""

from __future__ import annotations

import numpy as np

from bench.deciding import playing
from bench.deciding.ours import Ours
from bench.deciding.worlds import World
from promosight.rules.policy import Choice, Exploration

WAYS = {
    "Thompson 30, floor 0.02": Exploration(),
    "Thompson 30, floor 0.05": Exploration(floor=0.05),
    "inverse gaps 30": Exploration("igw"),
    "inverse gaps 10": Exploration("igw", 10.0),
}
ASKED = ("today's policy", "its best guess", "best fixed", "even draw")


class Logging(Ours):
    """Ours, keeping what was drawn from."""

    def __init__(self, world: World, exploration: Exploration) -> None:
        super().__init__(world, exploration)
        self.log: list[tuple[int, list[int], Choice]] = []

    def chosen(self, at: int, there: list[int]) -> Choice:
        """Kept."""
        choice = super().chosen(at, there)
        self.log.append((at, there, choice))
        return choice


def played(world: World, way: str) -> tuple[float, float, list[float]]:
    """Score, what was captured of new promotions, and the effective shares in the order of `ASKED`."""
    decider = Logging(world, WAYS[way])
    worth = playing.at_once(world, decider)
    mean = world.worth.sum(axis=0) / np.maximum(world.there.sum(axis=0), 1)
    last = decider.log[world.length // 4 :]
    rows = []
    for at, there, then in last:
        now = decider.chosen(at, there)
        arm = _arm(then.index, there)
        fixed = int(mean[there].argmax())
        wanted = [now.pmf[arm], _arm(now.best, there) == arm, fixed == arm, 1 / len(now.pmf)]
        rows.append(np.array(wanted, float) / then.propensity)
    weights = np.array(rows)
    shares = weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0) / len(weights)
    return playing.score(world, worth), playing.captured(world, worth), shares.tolist()


def _arm(index: int | None, there: list[int]) -> int:
    """The column of an arm, "none" behind the others."""
    return len(there) if index is None else index
