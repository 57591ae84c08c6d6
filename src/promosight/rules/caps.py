"""Caps: whether a grant fits the limits of its promotion.

What is used of each limit is told, not looked up: committed, redeemed or held, in the window and tier the limit
names. A grant fits when no limit would be passed by it; one that fits takes its room at once, so that many
grants are decided one after the other as if each were alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from promosight.rules.money import MICROS, amount_of_text
from promosight.rules.promotions import Limit


class Grant(NamedTuple):
    """What one reward takes. A percentage costs nothing until it is redeemed: then `micros` is 0."""

    tier_id: str | None
    micros: int


class Room:
    """What the limits of a promotion leave. `used` is in millionths, of the reward or of one; `redeemed` is the part
    of it that is spent for good."""

    def __init__(
        self, limits: Sequence[Limit], used: Sequence[int], redeemed: Sequence[int] = ()
    ) -> None:
        self._limits = limits
        self._redeemed = redeemed or [0] * len(limits)
        self._left = [
            amount_of_text(limit.amount) - there for limit, there in zip(limits, used, strict=True)
        ]

    def full_for(self, grant: Grant, *, budgets: bool = True) -> Limit | None:
        """The limit that has no room for the grant, or None. Takes nothing. Without `budgets` these are not asked."""
        for place, micros in self._wanted(grant):
            if not budgets and self._limits[place].is_budget:
                continue
            # What costs nothing yet still wants a budget that is not used up.
            if max(micros, 1) > self._left[place]:
                return self._limits[place]
        return None

    @property
    def budget_left(self) -> int | None:
        """What is left of the budget, in millionths; None without one."""
        left = [self._left[i] for i, limit in enumerate(self._limits) if limit.is_budget]
        return min(left, default=None)

    @property
    def budget_unspent(self) -> int | None:
        """What is not redeemed of the budget, in millionths, whatever is promised of it; None without one."""
        unspent = [
            amount_of_text(limit.amount) - redeemed
            for limit, redeemed in zip(self._limits, self._redeemed, strict=True)
            if limit.is_budget
        ]
        return min(unspent, default=None)

    @property
    def by_tier(self) -> bool:
        """Whether some limit is a tier's."""
        return any(limit.tier_id is not None for limit in self._limits)

    def left_for(self, tier_id: str | None) -> tuple[int | None, int | None]:
        """What is left for grants of a tier, of the reward and of grants, in millionths; None without limit."""
        money: list[int] = []
        times: list[int] = []
        for limit, left in zip(self._limits, self._left, strict=True):
            if limit.tier_id in (None, tier_id):
                (money if limit.measure == "reward" else times).append(left)
        return min(money, default=None), min(times, default=None)

    def take(self, grant: Grant) -> Limit | None:
        """Takes the grant's room and returns None; or takes nothing and returns the limit that has none."""
        full = self.full_for(grant)
        if full is None:
            self.book(grant)
        return full

    def book(self, grant: Grant) -> None:
        """Takes the grant's room, whether or not there is any."""
        for place, micros in self._wanted(grant):
            self._left[place] -= micros

    @property
    def budget(self) -> Limit | None:
        """The limit by budget that leaves the least."""
        found = [(self._left[i], i) for i, limit in enumerate(self._limits) if limit.is_budget]
        return self._limits[min(found)[1]] if found else None

    def _wanted(self, grant: Grant) -> list[tuple[int, int]]:
        return [
            (place, taken_of(limit, grant))
            for place, limit in enumerate(self._limits)
            if limit.tier_id in (None, grant.tier_id)
        ]


def taken_of(limit: Limit, grant: Grant) -> int:
    """Millionths that a grant takes of a limit."""
    return grant.micros if limit.measure == "reward" else MICROS


def named(limit: Limit, currency: str) -> str:
    """A limit in words."""
    what = currency if limit.measure == "reward" else limit.measure
    tier = "" if limit.tier_id is None else f" of tier {limit.tier_id}"
    return f"the {limit.window} limit of {limit.amount} {what}{tier}"
