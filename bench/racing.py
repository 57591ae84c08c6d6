"""Redemptions racing their reversals: many threads report both at once, some twice, some reversals come first.

Facts are single events over HTTP, to all servers in turn. What the figures must be afterwards follows from the facts by
adding up; they are read from the list, the breakdown and the budget, and counted anew by `promosight verify`.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bench.doors import Doors
from bench.measure import Usage
from bench.product import ProductFailed
from bench.servers import Server, get

PROMOTION = "racing"
_VALUE, _PART = Decimal(5), Decimal(2)
_BATCH = 5_000
_DEFINITION = {
    "name": PROMOTION,
    "status": "active",
    "reward": {"type": "amount", "value": str(_VALUE)},
    "limits": [{"measure": "reward", "amount": "1000000"}],
}


@dataclass(frozen=True)
class Raced:
    """What a race came to: what the facts say, and what the figures do."""

    requests: int
    usage: Usage
    truth: dict[str, Any]
    shown: dict[str, Any]

    @property
    def is_exact(self) -> bool:
        """Whether every figure is what the facts say."""
        return self.shown == self.truth


def facts(redemptions: int, reversals: int, seed: int) -> list[dict[str, Any]]:
    """Redemptions and reversals, a fifth of both twice, in any order."""
    told: list[dict[str, Any]] = [
        {
            "event_id": f"r-{number}",
            "promotion_id": PROMOTION,
            "customer_id": f"c-{number}",
            "redeemed_at": "2026-06-02T10:00:00Z",
            "reward_value": str(_VALUE),
        }
        for number in range(redemptions)
    ]
    told += [
        {"event_id": f"v-{number}", "type": "reversal", "reverses": f"r-{number}"}
        | {"redeemed_at": "2026-06-03T10:00:00Z"}
        | ({"reward_value": str(_PART)} if number % 2 else {})
        for number in range(reversals)
    ]
    drawn = random.Random(seed)
    told += drawn.sample(told, len(told) // 5)
    drawn.shuffle(told)
    return told


def truth(redemptions: int, reversals: int) -> dict[str, Any]:
    """The figures that follow from those facts."""
    part = reversals // 2
    whole = reversals - part
    cost = redemptions * _VALUE - whole * _VALUE - part * _PART
    live = redemptions - whole
    return {
        "assigned": redemptions,
        "redeemed": live,
        "cost": cost,
        "in the breakdown": live,
        "used of the budget": cost,
    }


def race(servers: list[Server], redemptions: int, reversals: int, threads: int) -> Raced:
    """Reports everything and reads the figures. Raises ProductFailed on an answer that acknowledges nothing."""
    doors = Doors(servers)
    _assign(doors, redemptions)
    told = facts(redemptions, reversals, seed=1)
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        statuses = Counter(
            pool.map(lambda one: doors.ask(one[0], "POST", "redemptions", one[1]), enumerate(told))
        )
    usage = Usage(0.0, time.perf_counter() - began)
    if statuses != {200: len(told)}:
        raise ProductFailed(f"events were answered by {dict(statuses)}")
    return Raced(len(told), usage, truth(redemptions, reversals), _shown(servers[-1]))


def _assign(doors: Doors, customers: int) -> None:
    doors.ask(0, "PUT", f"promotions/{PROMOTION}", _DEFINITION)
    for first in range(0, customers, _BATCH):
        items = [
            {
                "promotion_id": PROMOTION,
                "customer_id": f"c-{number}",
                "assigned_at": "2026-06-01T10:00:00Z",
            }
            for number in range(first, min(first + _BATCH, customers))
        ]
        if doors.ask(0, "POST", "assignments", items) != 200:
            raise ProductFailed("assignments were refused")


def _shown(server: Server) -> dict[str, Any]:
    one = json.loads(get(server, f"/v1/promotions/{PROMOTION}")[1])["figures"]
    parts = json.loads(get(server, f"/v1/promotions/{PROMOTION}/breakdown?by=day")[1])
    return {
        "assigned": one["assigned"],
        "redeemed": one["redeemed"],
        "cost": Decimal(one["reward_cost"]["EUR"]),
        "in the breakdown": sum(row["redeemed"] for row in parts["rows"]),
        "used of the budget": Decimal(one["usage"][0]["redeemed"]),
    }
