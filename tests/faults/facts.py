"""What the senders of a chaos run tell: facts that are a pure function of the seed, the sender and a number.

Each customer belongs to one sender, has at most one assignment, one redemption of it and one reversal of that, so
that what the figures must be follows from which facts are in the store, by counting alone. Everything else is
disorder: redemptions are sent before their assignments, reversals before their redemptions.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ASSIGNMENT, REDEMPTION, REVERSAL = range(3)
KINDS = ("assignment", "redemption", "reversal")
PROMOTIONS = 8
_ASSIGNED_AT, _REDEEMED_AT, _REVERSED_AT = (f"2026-10-{day:02}T10:00:00Z" for day in (5, 9, 12))

Name = tuple[int, int, int]
"""A fact: the sender, the number of its customer, and which of the three it is."""


@dataclass(frozen=True)
class Life:
    """What happens to one customer. `given_back` is the part of five euros that the reversal takes back."""

    assigned: bool
    redeemed: bool
    given_back: int | None

    def has(self, kind: int) -> bool:
        """Whether this customer has a fact of a kind."""
        return (self.assigned, self.redeemed, self.given_back is not None)[kind]


def life(seed: int, sender: int, number: int) -> Life:
    """The life of one customer of one sender: the same whenever it is asked for."""
    drawn = random.Random(f"{seed}/{sender}/{number}")
    assigned = drawn.random() < 0.92
    redeemed = drawn.random() < 0.6 or not assigned
    reversed_ = redeemed and drawn.random() < 0.15
    return Life(assigned, redeemed, drawn.choice((5, 5, 2)) if reversed_ else None)


def item(name: Name, told: Life) -> dict[str, Any]:
    """The JSON object that reports a fact."""
    sender, number, kind = name
    if kind == ASSIGNMENT:
        return {
            "promotion_id": promotion_of(number),
            "customer_id": f"s{sender}-{number}",
            "assigned_at": _ASSIGNED_AT,
            "assignment_id": named(name),
        }
    if kind == REDEMPTION:
        return {
            "event_id": named(name),
            "promotion_id": promotion_of(number),
            "customer_id": f"s{sender}-{number}",
            "redeemed_at": _REDEEMED_AT,
            "reward_value": "5.00",
        }
    whole = {} if told.given_back == 5 else {"reward_value": f"{told.given_back}.00"}
    original = named((sender, number, REDEMPTION))
    return {"event_id": named(name), "type": "reversal", "reverses": original, **whole} | {
        "redeemed_at": _REVERSED_AT
    }


def named(name: Name) -> str:
    """The id under which a fact is told."""
    sender, number, kind = name
    return f"s{sender}-{number}-{kind}"


def name_of(identity: str) -> Name:
    """The fact that was told under an id."""
    sender, number, kind = identity.removeprefix("s").split("-")
    return int(sender), int(number), int(kind)


def promotion_of(number: int) -> str:
    """The promotion that a customer's facts are about."""
    return f"promotion-{number % PROMOTIONS}"


def expected(seed: int, present: Iterable[Name]) -> dict[str, dict[str, Any]]:
    """The figures of each promotion when exactly these facts are in the store."""
    facts = set(present)
    figures = {
        f"promotion-{one}": {"assigned": 0, "redeemed": 0, "cost": 0} for one in range(PROMOTIONS)
    }
    for sender, number in {(sender, number) for sender, number, _ in facts}:
        has = [(sender, number, kind) in facts for kind in range(3)]
        figure = figures[promotion_of(number)]
        figure["assigned"] += has[ASSIGNMENT]
        if not (has[ASSIGNMENT] and has[REDEMPTION]):
            continue  # nothing was redeemed, or by somebody whom nobody knows: that waits and costs nothing
        back = (life(seed, sender, number).given_back or 0) if has[REVERSAL] else 0
        figure["redeemed"] += back < 5
        figure["cost"] += 5 - back
    return figures
