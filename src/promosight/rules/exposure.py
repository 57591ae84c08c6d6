"""What rightly lowers or raises the redemptions of a promotion: who still may redeem, and who was given it lately.

Both only excuse (`rules/anomalies.py`). Fewer open assignments than lately, or fewer fresh ones, allow fewer
redemptions; more fresh ones, as after a new wave, allow more. What was never assigned says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_FEWEST_AT_RISK = 20
_OLDEST = 7
"""So many of the oldest days are taken together."""


class Exposure:
    """One promotion's assignments, slot by slot. `half_life`: in so many slots an assignment is half as fresh, and what
    there lately was is half forgotten."""

    def __init__(self, half_life: float, assigned: int = 0, redeemed: int = 0) -> None:
        self._kept = 0.5 ** (1 / half_life)
        self._open = max(0, assigned - redeemed)
        self._fresh = self._usual_open = self._usual_fresh = self._slots = 0.0
        self.bounds = (1.0, 1.0)
        """What was said of the last slot."""

    def tell(self, assigned: int, redeemed: int) -> tuple[float, float]:
        """Takes in a slot; by how much its count may rightly be lower (at most 1) and higher (at least 1)."""
        self._open = max(0, self._open + assigned - redeemed)
        self._fresh = self._kept * self._fresh + assigned
        self.bounds = self._bounds()
        self._slots = self._kept * self._slots + 1
        self._usual_open = self._kept * self._usual_open + self._open
        self._usual_fresh = self._kept * self._usual_fresh + self._fresh
        return self.bounds

    def _bounds(self) -> tuple[float, float]:
        if not self._slots:
            return 1.0, 1.0
        open_now = (self._open + 1) / (self._usual_open / self._slots + 1)
        fresh_now = (self._fresh + 1) / (self._usual_fresh / self._slots + 1)
        return min(1.0, open_now, fresh_now), max(1.0, fresh_now)


class Life(NamedTuple):
    """Assignments that are alike: days since they were assigned, days until they expire or expired (None: never), and
    the day of their first redemption (None: none)."""

    age: int
    life: int | None
    delay: int | None
    assignments: int


def expected_uses(lives: Iterable[Life], *, begin: int, end: int, known: int) -> float:
    """How many first redemptions assignments bring between so many days ago and so many days ago, by a life table.

    The hazard of each day of age is learned from what happened more than `known` days ago (Kaplan and Meier 1958); an
    assignment that is still open on a day is expected to bring as much as others did at its age. Ages that nobody had
    reached by then are taken as the oldest that were.
    """
    found = list(lives)
    hazards = _hazards(found, known)
    if not hazards:
        return 0.0
    total = 0.0
    for one in found:
        for ago in range(end, begin):
            day = one.age - ago
            if day >= 0 and _is_open(one, day):
                total += one.assignments * hazards[min(day, len(hazards) - 1)]
    return total


def _hazards(lives: list[Life], known: int) -> list[float]:
    """Of the assignments open on each day of age the share redeemed on it; the last entry is of the oldest together."""
    longest = max((one.age - known for one in lives), default=0)
    at_risk, redeemed = [0] * max(0, longest), [0] * max(0, longest)
    for one in lives:
        until = one.age - known
        if one.life is not None:
            until = min(until, one.life)
        for day in range(min(until, longest) if one.delay is None else min(until, one.delay + 1)):
            at_risk[day] += one.assignments
        if one.delay is not None and one.delay < until:
            redeemed[one.delay] += one.assignments
    while at_risk and at_risk[-1] < _FEWEST_AT_RISK:
        at_risk.pop()
        redeemed.pop()
    if not at_risk:
        return []
    return [r / n for r, n in zip(redeemed, at_risk, strict=False)] + [
        sum(redeemed[max(0, len(at_risk) - _OLDEST) :]) / max(1, sum(at_risk[-_OLDEST:]))
    ]


def _is_open(one: Life, day: int) -> bool:
    return (one.life is None or day < one.life) and (one.delay is None or day <= one.delay)
