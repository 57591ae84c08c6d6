"""The proof of decisions over HTTP: estimates from the log, measured uplift, what-if, versions."""

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
ENGINES = ("sqlite", "postgresql")
PLANS = ("gold", "basic")
CUSTOMERS, DAYS = 1_200, 4
Chance = Callable[[str, str], float]
"""Whether a customer of a plan redeems an offer."""


def personal(plan: str, offer: str) -> float:
    return 0.3 if plan == offer else 0.03


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
        settings(client, assignment_days=3, floor=0.6, control_share=0.1, gamma=5)
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
        learned(self.client, 30, redeemed=self.redeemed, decisions=self.offers)
        return made

    def _likes(self, one: dict[str, Any], plan: str) -> bool:
        choice = one["choice"]
        return bool(choice) and self.luck.random() < self.chance(plan, choice["promotion_id"])


def asked(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/v1/decisioning/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def world_of(request: pytest.FixtureRequest, chance: Chance, weeks: int) -> Iterator[World]:
    """Weeks of a sandbox on the servers that tests share."""
    url, address = request.getfixturevalue(f"shared_{request.param}_server")
    with client_of(address, new_workspace(url, "--sandbox")) as client:
        world = World(client, chance)
        for number in range(weeks):
            world.week(number)
        yield world


@pytest.fixture(scope="module", params=ENGINES)
def differing(request: pytest.FixtureRequest) -> Iterator[World]:
    """Customers of either plan redeem the offer of their plan."""
    yield from world_of(request, personal, 4)


@pytest.fixture(scope="module", params=ENGINES)
def uniform(request: pytest.FixtureRequest) -> Iterator[World]:
    """Customers redeem alike, one offer more often than the other."""
    yield from world_of(request, alike, 4)


def test_where_customers_differ_the_gain_is_shown(differing: World) -> None:
    """P19, S46: personal differences are a gain over the best fixed offer, and over the control group."""
    found = asked(differing.client, "evaluation")
    print(found)
    assert found["verdict"] == "gain", found
    policies = {one["policy"]: one for one in found["policies"]}
    assert set(policies) == {"logged", "current", "best_fixed", "uniform"}
    for one in policies.values():
        assert one["gate"] in ("supported", "low overlap")
        for name in ("dr", "snips", "ips"):
            low, high = one[name]["interval"]
            assert low < one[name]["value"] < high
        assert 1_000 <= one["effective_sample_size"] <= found["used"]
    assert policies["current"]["dr"]["value"] > policies["uniform"]["dr"]["value"]
    assert found["against_best_fixed"]["estimate"]["interval"][0] > 0
    assert found["measured"]["per_customer"]["interval"][0] > 0
    assert found["measured"]["basis"] == "redemptions"
    assert (found["unit"], found["horizon_days"]) == ("EUR", 3)
    by_redemption = asked(differing.client, "evaluation", objective="redemption")
    assert by_redemption["unit"] == "redemptions"
    assert by_redemption["verdict"] == "gain"


def test_where_customers_are_alike_no_gain_is_claimed(uniform: World) -> None:
    """P19: a policy that has nothing to tell customers apart by does not beat the best fixed offer, and it is said."""
    found = asked(uniform.client, "evaluation")
    assert found["verdict"] in ("no gain", "worse"), found
    assert found["against_best_fixed"]["estimate"]["interval"][0] <= 0
    assert "o gain is shown" in found["verdict_words"] or "less than" in found["verdict_words"]
    assert found["fixed_order"][0] == "gold"
