"""The proof of decisions over HTTP: estimates from the log, measured uplift, what-if, versions."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.deciding import learned, settings
from tests.api.server import new_workspace, promotion, serving

FIRST = datetime(2026, 10, 5, 9, tzinfo=UTC)
Chance = Callable[[str, str], float]
"""Whether a customer of a plan redeems an offer."""


def personal(plan: str, offer: str) -> float:
    return 0.5 if plan == offer else 0.05


def alike(_plan: str, offer: str) -> float:
    return 0.3 if offer == "gold" else 0.1


class World:
    """Weeks of a sandbox: customers of two plans are decided on each week and redeem as they like."""

    def __init__(self, client: httpx.Client, chance: Chance, seed: int = 1) -> None:
        self.client = client
        self.chance = chance
        self.luck = random.Random(seed)
        self.redeemed = 0
        self.offers = 0
        settings(client, assignment_days=3, floor=0.3, control_share=0.1, gamma=5)
        for name in ("gold", "basic"):
            promotion(client, name, properties={"decisioning": {"value": "25"}})

    def week(self, number: int, customers: int = 1_000, **more: Any) -> list[dict[str, Any]]:
        """A week: everybody is decided on, and redeems within a day or not."""
        at = FIRST + timedelta(days=7 * number)
        asked = [
            {
                "customer_id": f"c{n}",
                "decision_id": f"w{number}-{n}",
                "context": {"plan": ("gold", "basic")[n % 2]},
            }
            for n in range(customers)
        ]
        body = {"decisions": asked, "as_of": at.isoformat(), **more}
        answer = self.client.post("/v1/decisions/batch", json=body)
        assert answer.status_code == 200, answer.text
        made: list[dict[str, Any]] = answer.json()["decisions"]
        plans = {one["customer_id"]: one["context"]["plan"] for one in asked}
        used = [one for one in made if self._likes(one, plans[one["customer_id"]])]
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
        learned(self.client, 30, redeemed=self.redeemed, decisions=self.offers)
        return made

    def _likes(self, one: dict[str, Any], plan: str) -> bool:
        choice = one["choice"]
        return bool(choice) and self.luck.random() < self.chance(plan, choice["promotion_id"])


def asked(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/v1/decisioning/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def sandbox(store_url: str) -> Any:
    with serving(store_url, new_workspace(store_url, "--sandbox")) as client:
        yield client


def test_where_customers_differ_the_gain_is_shown(sandbox: httpx.Client) -> None:
    """P19: personal differences are a gain over the best fixed offer, and over the control group."""
    world = World(sandbox, personal)
    for number in range(4):
        world.week(number)
    found = asked(sandbox, "evaluation")
    print(found)
    assert found["verdict"] == "gain", found
