"""Worlds that decisions are proved in: weeks of a sandbox whose customers redeem with known probabilities."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.deciding import learned, settings
from tests.api.server import client_of, new_workspace, promotion

FIRST = datetime(2026, 10, 5, 9, tzinfo=UTC)
PLANS = ("gold", "basic")
CUSTOMERS, DAYS = 1_200, 4
"""So many customers are decided on each week, so many days of it."""
Chance = Callable[[str, str], float]
"""Whether a customer of a plan redeems an offer."""


def personal(plan: str, offer: str) -> float:
    return 0.35 if plan == offer else 0.03


def alike(_plan: str, offer: str) -> float:
    return 0.2 if offer == "gold" else 0.08


class World:
    """Weeks of a sandbox: customers of two plans are decided on each week and redeem as they like."""

    def __init__(self, client: httpx.Client, chance: Chance, seed: int = 1) -> None:
        self.client = client
        self.chance = chance
        self.luck = random.Random(seed)
        self.redeemed = 0
        self.offers = 0
        # A seed of their own: the draws are the same in every run, and so is what intervals miss by chance.
        drawn = {"control_share": 0.1, "gamma": 5, "floor": 0.5, "seed": f"world {seed}"}
        settings(client, assignment_days=3, **drawn)
        for name in PLANS:
            promotion(client, name, properties={"decisioning": {"value": "25"}})

    def week(self, number: int, **more: Any) -> None:
        """A week: everybody is decided on, some each day, and redeems within the day or not."""
        for day in range(DAYS):
            at = FIRST + timedelta(days=7 * number + day)
            self.decide(at, range(day, CUSTOMERS, DAYS), **more)

    def decide(self, at: datetime, customers: Iterable[int], **more: Any) -> list[dict[str, Any]]:
        """These customers are decided on, and redeem or not."""
        asked = [
            {
                "customer_id": f"c{n}",
                "decision_id": f"{at:%m%d}-{n}",
                "context": {"plan": PLANS[n % 2], "segments": ["vip"] if n % 3 else []},
            }
            for n in customers
        ]
        body = {"decisions": asked, "as_of": at.isoformat(), **more}
        answer = self.client.post("/v1/decisions/batch", json=body)
        assert answer.status_code == 200, answer.text
        made: list[dict[str, Any]] = answer.json()["decisions"]
        used = [
            one for one, n in zip(made, customers, strict=True) if self._likes(one, PLANS[n % 2])
        ]
        later = (at + timedelta(hours=5)).isoformat()
        events = [
            {
                "event_id": f"e-{one['decision_id']}",
                "promotion_id": one["choice"]["promotion_id"],
                "customer_id": one["customer_id"],
                "assignment_id": one["assignment_id"],
                "redeemed_at": later,
            }
            for one in used
        ]
        if events:
            told = self.client.post("/v1/redemptions", json=events)
            assert told.status_code == 200, told.text
            assert told.json()["problems"] == []
        self.redeemed += len(events)
        self.offers += sum(one["assignment_id"] is not None for one in made)
        learned(self.client, redeemed=self.redeemed, decisions=self.offers)
        return made

    def _likes(self, one: dict[str, Any], plan: str) -> bool:
        choice = one["choice"]
        return bool(choice) and self.luck.random() < self.chance(plan, choice["promotion_id"])


def world_of(request: pytest.FixtureRequest, chance: Chance, weeks: int) -> Iterator[World]:
    """Weeks of a sandbox on the servers that tests share."""
    url, address = request.getfixturevalue(f"shared_{request.param}_server")
    with client_of(address, new_workspace(url, sandbox=True)) as client:
        world = World(client, chance)
        for number in range(weeks):
            world.week(number)
        yield world
