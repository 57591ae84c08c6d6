"""What may still come: of decisions made lately, how many redemptions are expected that nobody has heard of yet.

A decision counts as not redeemed from the start. Where redemptions take days, that underrates whatever was offered
lately, most of all what is new. So how long redemptions took is learned too (for each kind of reward, drawn towards
the workspace's), and what recent decisions may still bring is added to the sums when they are solved, at the
probability logged with them. It is read from sums like all else: masses of information by day, redemptions by delay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promosight.rules.features import DAY_US

Floats = NDArray[np.float64]
EDGES = np.array([0.0, 1 / 24, 0.25, 1, 2, 3, 4, 5, 7, 10, 14, 21, 30])
"""Days between which delays are counted; what took longer counts as the last."""
BINS = len(EDGES) - 1
DAYS = int(EDGES[-1]) + 1
"""Decisions older than so many days bring nothing more."""
_MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2
_USUAL_DAYS = 4.0
_TRUST, _TRUST_ALL = 10.0, 5.0
"""Redemptions that what is believed of delays counts as: of a kind of reward, of all."""
_POINTS = (np.arange(8) + 0.5) / 8
"""Moments of a day at which decisions are taken to be made."""


def bin_of(delay_us: int) -> int:
    """Which of the bins a delay is counted in."""
    return min(max(int(EDGES.searchsorted(delay_us / DAY_US, side="right")) - 1, 0), BINS - 1)


def day_of(instant_us: int) -> int:
    """The day that a decision is counted in."""
    return instant_us // DAY_US


@dataclass(frozen=True)
class Waits:
    """What is known of the delays of some offers together."""

    known: float
    """The information of all their decisions, recent or not: about how many redemptions are expected of them."""
    made: Mapping[int, float]
    """That of recent decisions, by day."""
    delays: Floats
    """Redemptions by how long they took."""

    @classmethod
    def of(cls, parts: Iterable[Waits]) -> Waits:
        """All of some."""
        known, delays, made = 0.0, np.zeros(BINS), dict[int, float]()
        for part in parts:
            known += part.known
            delays = delays + part.delays
            for day, mass in part.made.items():
                made[day] = made.get(day, 0.0) + mass
        return cls(known, made, delays)


def usual() -> Floats:
    """The shares of the bins that are believed before any redemption."""
    left = np.exp(-EDGES / _USUAL_DAYS)
    left[-1] = 0.0
    return -np.diff(left)


def shares(waits: Waits, believed: Floats, trust: float) -> Floats:
    """What part of redemptions takes how long: each bin by the decisions that are old enough to show it.

    Before a bin is shown, what the bins before it left over is shared out as it was believed.
    """
    made = sorted(waits.made.items())
    days, masses = np.array([day for day, _ in made]), np.array([mass for _, mass in made])
    ages = days.max(initial=0) + 1 - days[:, None] - _POINTS
    young = masses[:, None] * (ages[:, :, None] < _MIDDLES).mean(axis=1)
    shown = np.subtract.reduce([np.full(BINS, max(waits.known, 0.0)), *young])
    found, left, behind = np.zeros(BINS), 1.0, believed[::-1].cumsum()[::-1]
    for at in range(BINS):
        expected = left * believed[at] / behind[at] if behind[at] > 0 else 0.0
        seen, could = max(waits.delays[at], 0.0), max(shown[at], 0.0)
        found[at] = (seen + trust * expected) / (could + trust)
        left = max(0.0, left - found[at])
    return np.asarray(found / found.sum(), np.float64)


def outstanding(share: Floats, now_us: int) -> dict[int, float]:
    """Of decisions made on each of the last days the part of their redemptions that is still to come."""
    come, today, now = np.append(0.0, share.cumsum()), day_of(now_us), now_us / DAY_US
    days = np.arange(today - DAYS, today + 1)
    age = (now - days)[:, None]
    left = 1.0 - np.interp(age - np.minimum(1.0, age) * _POINTS, EDGES, come).mean(axis=1)
    return dict(zip(days.tolist(), left.tolist(), strict=True))


def coming(waits: Mapping[str, list[Waits]], now_us: int) -> dict[str, dict[int, float]]:
    """The same for each group of offers: its own delays, drawn towards those of all."""
    groups = {name: Waits.of(each) for name, each in sorted(waits.items())}
    overall = shares(Waits.of(groups.values()), usual(), _TRUST_ALL)
    return {
        name: outstanding(shares(each, overall, _TRUST), now_us) for name, each in groups.items()
    }
