"""Promotions compared by rate, cost, uplift and return, and by what they give."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from tests.api.server import promotion

GIVEN, ACTED = "2026-10-05T08:00:00Z", "2026-10-09T12:00:00Z"
TIERS = [
    {"tier_id": "gold", "name": "Gold", "reward_value": "50.00"},
    {"tier_id": "silver", "name": "Silver", "reward_value": "10.00"},
]


def give(client: httpx.Client, name: str, treated: int, control: int = 0, **more: Any) -> None:
    people = [(f"{name}-t{n}", False) for n in range(treated)]
    people += [(f"{name}-c{n}", True) for n in range(control)]
    given = [
        {
            "promotion_id": name,
            "customer_id": c,
            "assigned_at": GIVEN,
            "occurrence": "once",
            "control": is_control,
            **more,
        }
        for c, is_control in people
    ]
    answer = client.post("/v1/assignments", json=given)
    assert answer.json()["outcomes"] == {"counted": treated + control}, answer.text


def redeem(client: httpx.Client, name: str, number: int) -> None:
    told = [
        {
            "event_id": f"{name}-{n}",
            "promotion_id": name,
            "customer_id": f"{name}-t{n}",
            "redeemed_at": ACTED,
            "order_value": "40.00",
        }
        for n in range(number)
    ]
    assert client.post("/v1/redemptions", json=told).json()["outcomes"] == {"counted": number}


def act(client: httpx.Client, name: str, people: dict[str, str]) -> None:
    told = [
        {
            "outcome_id": f"{name}-{who}",
            "customer_id": f"{name}-{who}",
            "occurred_at": ACTED,
            "measure": "order_value",
            "value": value,
            "currency": "EUR",
        }
        for who, value in people.items()
    ]
    assert client.post("/v1/outcomes", json=told).status_code == 200


def compared(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/compare", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """`tested` has a control group and brings something; `untested` has none; `vip` has tiers; `new` has nothing."""
    promotion(client, "tested")
    promotion(client, "untested", reward={"type": "amount", "currency": "EUR", "value": "8.00"})
    promotion(client, "vip", kind="tiered", tiers=TIERS)
    promotion(client, "new")
    give(client, "tested", 200, 100)
    redeem(client, "tested", 60)
    act(client, "tested", {f"t{n}": "50.00" for n in range(150)})
    act(client, "tested", {f"c{n}": "50.00" for n in range(10)})
    give(client, "untested", 100)
    redeem(client, "untested", 50)
    given = {"promotion_id": "vip", "assigned_at": GIVEN}
    tiers = [("gold", 40), ("silver", 60)]
    people = [
        given | {"customer_id": f"vip-t{n}", "tier_id": tier}
        for start, (tier, number) in zip((0, 40), tiers, strict=True)
        for n in range(start, start + number)
    ]
    client.post("/v1/assignments", json=people)
    redeem(client, "vip", 30)
    return client


def test_promotions_are_ordered_by_each_figure_and_what_has_none_comes_last(
    brand: httpx.Client,
) -> None:
    """S28: by rate, cost per redemption, uplift and ROI."""
    orders = {
        "-rate": ["untested", "tested", "vip", "new"],
        "cost_per_redemption": ["tested", "untested", "vip", "new"],
        "-uplift": ["tested", "new", "untested", "vip"],
        "-roi": ["tested", "new", "untested", "vip"],
        "-reward": ["vip", "untested", "new", "tested"],
    }
    for sort, expected in orders.items():
        assert [one["promotion_id"] for one in compared(brand, sort=sort)] == expected, sort


def test_uplift_and_roi_stand_with_their_intervals_or_with_the_reason(brand: httpx.Client) -> None:
    """S28, S29: without a control group there is no number; what is not causal is marked."""
    tested, untested = compared(brand, promotions="tested,untested")
    alone = brand.get("/v1/promotions/tested/return").json()
    for name in ("uplift", "roi", "incremental_rate"):
        assert tested["return"][name] == alone[name] is not None
    low, high = tested["return"]["roi"]["interval"]
    assert low < tested["return"]["roi"]["value"] < high
    assert (tested["return"]["treated"], tested["return"]["control"]) == (200, 100)
    assert untested["return"]["state"] == "not_computable"
    assert untested["return"]["reason"] == "no_control_group"
    for name in ("uplift", "roi", "incremental_rate"):
        assert untested["return"][name] is None
    assert untested["cost_per_redemption"] == {
        "value": {"EUR": "8.00"},
        "units": {},
        "causal": False,
    }
    assert untested["redeemer_revenue"] == {"value": {"EUR": "2000.00"}, "causal": False}
    assert untested["rate"] == 0.5
    assert untested["interval"][0] < 0.5 < untested["interval"][1]


def test_generosity_stands_against_rate_for_promotions_and_their_tiers(brand: httpx.Client) -> None:
    """S39: what an assignment gives on average, and what each tier gives, beside its rate."""
    vip, untested = compared(brand, promotions="vip,untested", sort="-reward")
    assert (vip["reward"], vip["reward_in"]) == ("26.00", "EUR")
    assert untested["tiers"] == []
    tiers = [(t["name"], t["reward"], t["rate"], t["assigned"]) for t in vip["tiers"]]
    assert tiers == [("Gold", "50.00", 0.75, 40), ("Silver", "10.00", 0.0, 60)]
    assert [t["enough"] for t in vip["tiers"]] == [True, True]
    promotion(brand, "cash", kind="tiered", tiers=TIERS, reward={"type": "percentage"})
    (cash,) = compared(brand, promotions="cash")
    assert (cash["reward"], cash["reward_in"], cash["tiers"][0]["reward"]) == (None, "%", "50.00")


def test_the_comparison_is_a_table_too(brand: httpx.Client) -> None:
    """S28, P24: tiers below their promotion; a reason where there is no number."""
    text = brand.get("/v1/compare", params={"format": "csv", "sort": "-rate"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [one["promotion_id"] for one in rows] == [
        *("untested", "tested", "vip", "vip", "vip", "new")
    ]
    untested, tested, _, gold, *_ = rows
    assert (untested["roi"], untested["roi_reason"]) == ("", "no_control_group")
    assert float(tested["roi_low"]) < float(tested["roi"]) < float(tested["roi_high"])
    assert (gold["tier_name"], gold["reward"], gold["rate"]) == ("Gold", "50.00", "0.75")


def test_what_cannot_be_compared_is_the_callers_mistake(client: httpx.Client) -> None:
    """S28: and says which parameter."""
    many = ",".join(f"p{n}" for n in range(51))
    asked = {"sort": "colour", "measure": "joy", "horizon_days": "0", "promotions": many}
    for name, value in asked.items():
        answer = client.get("/v1/compare", params={name: value})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == f"/{name}"
    assert client.get("/v1/compare", params={"promotions": "nobody"}).status_code == 404
