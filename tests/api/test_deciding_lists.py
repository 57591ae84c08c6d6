"""Decisions on lists under limits, on customers whose orders differ, and with a share for a benchmark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from promosight.flows.decisioning.learning import relearn
from promosight.store.engine import open_store
from tests.api.deciding import ask, decided, explained, learned, redeem, reverse, settings
from tests.api.server import figures, promotion

RICH, POOR = [f"rich{n}" for n in range(20)], [f"poor{n}" for n in range(80)]


def bought(client: httpx.Client, promotion_id: str, orders: dict[str, int]) -> None:
    """Customers were given a promotion five times a while ago, and redeemed each with an order of so much."""
    given, used = [], []
    for customer_id, order in orders.items():
        for days in range(40, 35, -1):
            at, named = datetime.now(UTC) - timedelta(days=days), f"{customer_id}-{days}"
            one = {"promotion_id": promotion_id, "customer_id": customer_id, "assignment_id": named}
            given.append(one | {"assigned_at": at.isoformat()})
            later = (at + timedelta(hours=1)).isoformat()
            told = {"event_id": f"e-{named}", "redeemed_at": later, "order_value": str(order)}
            used.append(one | told)
    assert client.post("/v1/assignments", json=given).json()["problems"] == []
    assert client.post("/v1/redemptions", json=used).json()["problems"] == []


def listed(client: httpx.Client, customers: list[str], kind: str = "l") -> dict[str, Any]:
    """A list is decided on."""
    body = [{"customer_id": one, "decision_id": f"{kind}-{one}"} for one in customers]
    answer = client.post("/v1/decisions/batch", json={"decisions": body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["problems"] == []
    return found


def test_a_list_under_a_cap_is_solved_together(client: httpx.Client) -> None:
    """N8, P19: places go to whom they are worth most, not to who stands first; caps and propensities stay exact."""
    settings(client, gamma=1_000, floor=0.005)
    promotion(client, "old")
    bought(client, "old", dict.fromkeys(RICH, 400) | dict.fromkeys(POOR, 20))
    assert client.post("/v1/promotions/old/deactivate").is_success
    promotion(client, "a", limits=[{"measure": "assignments", "amount": "20"}])
    found = listed(client, POOR + RICH)
    assert found["assigned"] == figures(client, "a")["assigned"]
    assert found["assigned"] <= 20
    given = {one["customer_id"] for one in found["decisions"] if one["choice"]}
    assert len(given & set(RICH)) >= 15, given
    assert listed(client, POOR + RICH) == found
    for one in found["decisions"][::9]:
        told = explained(client, one["decision_id"])
        assert abs(sum(each["propensity"] for each in told["candidates"]) - 1) < 1e-12
        chosen = next(each for each in told["candidates"] if each["chosen"])
        assert chosen["propensity"] == one["propensity"]


def test_a_list_keeps_to_a_budget_and_to_limits_of_tiers(client: httpx.Client) -> None:
    """N8: with several kinds of limits at once, whatever is drawn; a place that is full is said to be."""
    settings(client, gamma=50)
    tiers = [{"tier_id": "x", "reward_value": "4"}, {"tier_id": "y", "reward_value": "2"}]
    promotion(
        client,
        "t",
        tiers=tiers,
        limits=[
            {"measure": "reward", "amount": "40"},
            {"measure": "assignments", "amount": "3", "tier_id": "x"},
        ],
        properties={"decisioning": {"value": "30"}},
    )
    found = listed(client, [f"c{n}" for n in range(200)])
    by_tier = [one["choice"]["tier_id"] for one in found["decisions"] if one["choice"]]
    assert by_tier.count("x") <= 3
    assert 4 * by_tier.count("x") + 2 * by_tier.count("y") <= 40
    assert len(by_tier) >= 10
    last = decided(client, "late")
    assert {(one["tier_id"], one["reason"]) for one in last["excluded"]} == {
        ("x", "cap_reached"),
        ("y", "cap_reached"),
    }
    explained(client, last["decision_id"])


def test_an_offer_is_worth_what_the_customers_own_orders_say(client: httpx.Client) -> None:
    """S45, N11: large orders make an offer worth more, and the sums come out equal again; a stated value stays."""
    settings(client)
    promotion(client, "a", reward={"type": "percentage", "value": "10"})
    promotion(client, "said", properties={"decisioning": {"value": "33"}})
    bought(client, "a", {"large": 300, "small": 10})
    worth = {}
    for who in ("large", "small", "new"):
        told = explained(client, decided(client, who)["decision_id"])
        worth[who] = {one["promotion_id"]: one["value"] for one in told["candidates"]}
        assert worth[who]["said"] == 33
    assert worth["large"]["a"] > 1.3 * worth["new"]["a"] > 1.3 * worth["small"]["a"] > 0


def test_a_share_of_decisions_goes_to_a_benchmark(client: httpx.Client) -> None:
    """P19, N10: an offer named beforehand gets its share, logged as all; none where it may not be given."""
    promotion(client, "good", properties={"decisioning": {"value": "500"}})
    promotion(client, "b", properties={"decisioning": {"value": "6"}})
    mark = {"promotion_id": "b", "share": 0.3}
    settings(client, gamma=1_000, floor=0.005, benchmark=mark)
    made = [decided(client, f"c{n}", assign=False) for n in range(60)]
    chosen = sum((one["choice"] or {}).get("promotion_id") == "b" for one in made)
    assert 8 <= chosen <= 30
    for one in made[:5]:
        told = explained(client, one["decision_id"])
        share = {each["promotion_id"]: each["propensity"] for each in told["candidates"]}
        assert 0.3 < share["b"] < 0.32
        assert abs(sum(share.values()) - 1) < 1e-12
    shut = decided(client, "no", context={"opt_outs": ["b"]})
    told = explained(client, shut["decision_id"])
    share = {each["promotion_id"]: each["propensity"] for each in told["candidates"]}
    assert "b" not in share
    assert 0.3 < share[None] < 0.32
    other = decided(client, "other", candidates=["good"])
    assert explained(client, other["decision_id"])["candidates"][-1]["propensity"] < 0.1
    for wrong, pointer in (
        ({"promotion_id": "nope", "share": 0.1}, "/benchmark/promotion_id"),
        ({"promotion_id": "b", "share": 0.9}, "/benchmark/share"),
        ({"promotion_id": "b", "tier_id": "x", "share": 0.1}, "/benchmark/tier_id"),
    ):
        answer = client.patch("/v1/decisioning", json={"benchmark": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert ask(client, "x").status_code == 200


def test_a_reserve_of_two_deviations_promises_more_and_keeps_to_the_budget(
    client: httpx.Client,
) -> None:
    """N8: open promises take what they are expected to come to and more; what is redeemed takes its full value."""
    settings(client, reserve="two_sd", gamma=50)
    budget = [{"measure": "reward", "amount": "100"}]
    promotion(client, "a", limits=budget, properties={"decisioning": {"value": "40"}})
    found = listed(client, [f"c{n}" for n in range(150)])
    (paced,) = client.get("/v1/decisioning/pacing").json()["items"]
    assert found["assigned"] > 20, "five euros each: full would have promised 20"
    assert float(paced["reserved"]) + float(paced["left"]) == 100
    assert 0 < float(paced["expected"]) < float(paced["reserved"])
    offers = [one for one in found["decisions"] if one["choice"]]
    for one in offers[:3]:
        redeem(client, "a", one["customer_id"], f"e{one['customer_id']}")
    learned(client, redeemed=3)
    more = listed(client, [f"m{n}" for n in range(150)], "m")["assigned"]
    (paced,) = client.get("/v1/decisioning/pacing").json()["items"]
    assert not more or 15 + float(paced["reserved"]) <= 100
    before = figures(client, "a")["assigned"]
    for one in offers[12:16]:
        named = one["assignment_id"]
        assert client.delete(f"/v1/assignments/{named}").status_code == 200
    assert isinstance(before, int)
    learned(client, decisions=before - 4)
    for one in offers[:2]:
        reverse(client, f"e{one['customer_id']}")
    learned(client, redeemed=1)
    (after,) = client.get("/v1/decisioning/pacing").json()["items"]
    assert float(after["left"]) > float(paced["left"])
    assert client.patch("/v1/decisioning", json={"reserve": "half"}).status_code == 422


def test_promises_are_settled_the_same_when_all_is_learned_anew(
    client: httpx.Client, store_url: str
) -> None:
    """N8, N9: what is open of a budget follows from the facts, whatever was redeemed, reversed or withdrawn."""
    settings(client, reserve="two_sd", floor=0.9)
    promotion(client, "a", limits=[{"measure": "reward", "amount": "500"}])
    made = [decided(client, f"c{n}") for n in range(24)]
    offers = [one for one in made if one["choice"]]
    for one in offers[:5]:
        redeem(client, "a", one["customer_id"], f"e{one['customer_id']}")
    reverse(client, f"e{offers[0]['customer_id']}")
    learned(client, decisions=len(offers), redeemed=4)
    before = client.get("/v1/decisioning/pacing").json()
    store = open_store(store_url, now_us=0)
    store.change(lambda tx: relearn(tx, 1, now_us=0))
    store.close()
    assert client.get("/v1/decisioning/pacing").json() == before
