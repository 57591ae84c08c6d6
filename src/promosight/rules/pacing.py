"""Pacing: a budget is spent where it is worth most over its whole window, and never more than there is.

Two things, kept apart. **Liability** is what is spent and what is promised but undecided; an offer may be made while
that fits the budget (`fits`), promises counted at their expected cost + 2 standard deviations, or at full face value.
**Price** is the shadow price of the budget, in value per unit of cost: an offer's score is p_hat x (value - price x
cost), so that a scarce budget goes to whom it is worth most. After each decision the price moves by what was spent
less what could be spent evenly: price <- [price + step x (expected cost if chosen - left / decisions left)]+
(adaptive pacing, Balseiro and Gur 2019). Expected cost, not the real one: it need not wait for redemptions.

States are plain numbers and can be kept as JSON. Times and amounts are arguments; the unit of amounts is the
caller's.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import msgspec

from promosight.rules.instants import SECOND_US

Reserve = Literal["two_sd", "full"]
DEVIATIONS = 2.0
STEP = 0.05
"""By how much of the typical price (value per unit of cost) a typical choice raises it."""
AHEAD = 1.15
"""So much more than evenly is spent, because what is set free of reserves at the very end is spent no more."""
MEMORY = 200.0
"""Decisions over which the typical price and cost are averaged."""
DAY_US = 86_400 * SECOND_US
PACE_DAYS = 7.0
"""Half-life of what is known of how many decisions come: whole weeks, for days differ."""
_PACE_US = PACE_DAYS * DAY_US
ENDLESS_DAYS = 30.0
"""A budget without an end is spent as if it always had to last so long from now."""
GUESSED = 1_000.0
"""Decisions expected in a window of which nothing is known yet."""
GUESS_WEIGHT = 0.02


class Liability(msgspec.Struct, frozen=True):
    """What is spent of a budget, and what is promised and neither redeemed nor expired."""

    spent: float = 0.0
    open: int = 0
    expected: float = 0.0
    """Sum of p x cost over the open promises."""
    variance: float = 0.0
    """Sum of p (1 - p) x cost^2."""
    face: float = 0.0
    """Sum of cost."""
    foreseen: float = 0.0
    """What the promises that are decided by now had been expected to cost."""

    def promise(self, cost: float, p: float) -> Liability:
        """An offer was made."""
        return self._moved(1, cost, p)

    def redeem(self, cost: float, p: float) -> Liability:
        """It was redeemed; `cost` and `p` as promised."""
        found = self._moved(-1, cost, p)
        return msgspec.structs.replace(
            found, spent=self.spent + cost, foreseen=self.foreseen + p * cost
        )

    def lapse(self, cost: float, p: float) -> Liability:
        """It expired or was withdrawn, and can no longer be redeemed."""
        return msgspec.structs.replace(self._moved(-1, cost, p), foreseen=self.foreseen + p * cost)

    def give_back(self, cost: float) -> Liability:
        """A redemption was reversed and cannot be redeemed again."""
        return msgspec.structs.replace(self, spent=max(self.spent - cost, 0.0))

    def _moved(self, by: int, cost: float, p: float) -> Liability:
        count = self.open + by
        if count <= 0:  # sums of numbers with a point never come back to 0 by themselves
            return Liability(spent=self.spent, foreseen=self.foreseen)
        likely = by * p * cost
        return Liability(
            self.spent,
            count,
            max(self.expected + likely, 0.0),
            max(self.variance + likely * (1 - p) * cost, 0.0),
            max(self.face + by * cost, 0.0),
            self.foreseen,
        )


def committed(found: Liability, reserve: Reserve = "two_sd") -> float:
    """What of the budget must be thought of as gone."""
    return found.spent + reserved(found, reserve)


def reserved(found: Liability, reserve: Reserve = "two_sd") -> float:
    """What the open promises may come to: never more than their face value.

    Expected cost + 2 standard deviations + one typical redemption, because costs come in lumps; the expectation is
    raised by as much as redemptions so far have come to more than expected.
    """
    if reserve == "full" or not found.open:
        return found.face
    one, more = found.face / found.open, surplus(found)
    return min(more * found.expected + DEVIATIONS * sqrt(more * found.variance) + one, found.face)


def surplus(found: Liability) -> float:
    """How many times what was expected redemptions came to, at least 1; two typical ones weigh against chance."""
    if not found.open or not found.face:
        return 1.0
    weight = 2 * found.face / found.open
    return max((found.spent + weight) / (found.foreseen + weight), 1.0)


def fits(
    budget: float, found: Liability, cost: float, p: float, reserve: Reserve = "two_sd"
) -> bool:
    """Whether one more offer can be promised. Ask before the draw: what does not fit is no candidate."""
    return committed(found.promise(cost, p), reserve) <= budget


def unspent(budget: float, found: Liability, reserve: Reserve = "two_sd") -> float:
    """What the price sees as left of a budget.

    What is reserved beyond the expectation comes back in time, so it counts as left; under a full reserve nearly all
    of it does, but so late that what can be promised now is what is scarce.
    """
    gone = found.face if reserve == "full" else found.expected
    return max(budget - found.spent - gone, 0.0)


class Pace(msgspec.Struct, frozen=True):
    """The price of a budget, and what it is steered by."""

    at_us: int
    """The last decision."""
    price: float = 0.0
    seen: float = 0.0
    """Decisions, older ones counting less."""
    span_us: float = 0.0
    """Time in which they came, likewise."""
    worth: float = 0.0
    """Typical value per unit of cost."""
    typical: float = 0.0
    """Typical expected cost of a choice."""


def begun(now_us: int, ends_us: int | None = None, expected_decisions: float = GUESSED) -> Pace:
    """A budget of which nothing is known yet but a guess of how many decisions will concern it."""
    span = _left_us(now_us, ends_us)
    return Pace(at_us=now_us, seen=GUESS_WEIGHT * expected_decisions, span_us=GUESS_WEIGHT * span)


def decisions_left(pace: Pace, ends_us: int | None, now_us: int) -> float:
    """How many decisions are to come until the end of the window, at the pace so far; at least 1."""
    return _to_come(pace.seen, pace.span_us, _left_us(now_us, ends_us))


def paced(
    pace: Pace,
    *,
    left: float,
    ends_us: int | None,
    now_us: int,
    value: float,
    cost: float,
    p: float,
    chosen: bool,
    step: float = STEP,
) -> Pace:
    """The state after a decision in which the budget's offer was a candidate, or was none only for want of room.

    `left` is what is `unspent`; `value`, `cost` and `p` are those of the budget's offer: the chosen one, or the best
    looking if several of one budget were candidates.
    """
    passed = max(now_us - pace.at_us, 0)
    kept = 0.5 ** (passed / _PACE_US)
    seen = pace.seen * kept + 1
    span = pace.span_us * kept + passed * (1 + kept) / 2
    if cost <= 0:
        return Pace(pace.at_us + passed, pace.price, seen, span, pace.worth, pace.typical)
    pull = max(1 / seen, 1 / MEMORY)
    worth = pace.worth + (value / cost - pace.worth) * (pull if pace.worth else 1.0)
    typical = pace.typical + (p * cost - pace.typical) * (pull if pace.typical else 1.0)
    even = AHEAD * left / _to_come(seen, span, _left_us(now_us, ends_us))
    eta = step * max(worth, 0.0) / max(typical, 1e-12)
    price = max(pace.price + eta * ((p * cost if chosen else 0.0) - even), 0.0)
    return Pace(pace.at_us + passed, price, seen, span, worth, typical)


def _to_come(seen: float, span_us: float, left_us: float) -> float:
    return max(seen / max(span_us, 1.0) * left_us, 1.0)


def _left_us(now_us: int, ends_us: int | None) -> float:
    if ends_us is None:
        return ENDLESS_DAYS * DAY_US
    return max(float(ends_us - now_us), 0.0)
