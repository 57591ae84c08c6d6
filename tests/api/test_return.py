"""What a promotion brought: outcomes as they come in, and the comparison with the control group."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.server import promotion

GIVEN, ACTED = "2026-10-05T08:00:00Z", "2026-10-09T12:00:00Z"
REWARD = 5
"""What a redemption costs, in euros."""


def outcome(outcome_id: str, customer_id: str, **more: Any) -> dict[str, Any]:
    return {
        "outcome_id": outcome_id,
        "customer_id": customer_id,
        "occurred_at": ACTED,
        "measure": "order_value",
        "value": "60.00",
        "currency": "EUR",
        **more,
    }


def send(client: httpx.Client, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    answer = client.post("/v1/outcomes", json=outcomes)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def give(client: httpx.Client, treated: int, control: int, **more: Any) -> None:
    """Assigns promotion `p` to so many, and leaves so many without it."""
    promotion(client, "p")
    people = [(f"t{n}", False) for n in range(treated)] + [(f"c{n}", True) for n in range(control)]
    given = [
        {"promotion_id": "p", "customer_id": c, "assigned_at": GIVEN, "control": is_control, **more}
        for c, is_control in people
    ]
    answer = client.post("/v1/assignments", json=given)
    assert answer.json()["outcomes"] == {"counted": treated + control}


def redeem(client: httpx.Client, customers: list[str], **more: Any) -> None:
    told = [
        {"event_id": c, "promotion_id": "p", "customer_id": c, "redeemed_at": ACTED, **more}
        for c in customers
    ]
    answer = client.post("/v1/redemptions", json=told)
    assert answer.json()["outcomes"] == {"counted": len(customers)}


def returned(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer = client.get("/v1/promotions/p/return", params=asked)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_an_outcome_is_told_once_however_often_it_comes(client: httpx.Client) -> None:
    """S28: a receipt each; a retry is a duplicate, other content under the same id a conflict."""
    first = client.post("/v1/outcomes", json=outcome("o1", "ann"))
    assert (first.status_code, first.json()["outcome"]) == (200, "counted")
    assert first.json()["event_id"] == "o1"
    again = client.post("/v1/outcomes", json=outcome("o1", "ann"))
    assert again.json() == first.json() | {"outcome": "duplicate"}
    other = client.post("/v1/outcomes", json=outcome("o1", "ann", value="61"))
    assert (other.status_code, other.json()["code"]) == (409, "event_conflict")
    lines = [outcome("o2", "ann"), outcome("o2", "ann"), outcome("o2", "bob")]
    body = b"\n".join(json.dumps(line).encode() for line in lines) + b"\n{oops\n"
    ndjson = {"Content-Type": "application/x-ndjson"}
    said = client.post("/v1/outcomes", content=body, headers=ndjson).json()
    assert said["outcomes"] == {"counted": 1, "duplicate": 1, "rejected": 2}
    assert [one["index"] for one in said["problems"]] == [2, 3]
    assert len(client.get("/v1/problems").json()["items"]) == 3


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("outcome_id", None, "invalid"),
        ("customer_id", "", "invalid"),
        ("occurred_at", "2026-10-09T12:00:00", "invalid"),
        ("occurred_at", "2026-09-30T23:59:59Z", "backdated"),
        ("occurred_at", "2999-01-01T00:00:00Z", "future"),
        ("measure", "visits", "invalid"),
        ("value", "a lot", "invalid"),
        ("value", "1e99", "invalid"),
        ("value", None, "invalid"),
        ("currency", "euro", "invalid"),
    ],
)
def test_what_is_wrong_with_an_outcome_is_named(
    client: httpx.Client, field: str, value: Any, reason: str
) -> None:
    """S2, P16: the field and the reason, and the payload is kept among the problems."""
    answer = client.post("/v1/outcomes", json=outcome("o", "ann") | {field: value})
    assert answer.status_code == 422
    said = answer.json()
    assert (said["reason"], said["errors"][0]["pointer"]) == (reason, f"/{field}")
    (kept,) = client.get("/v1/problems").json()["items"]
    assert (kept["kind"], kept["reason"]) == ("outcomes", reason)


def test_bodies_that_are_no_outcomes_are_refused_whole(client: httpx.Client) -> None:
    """P1, P16."""
    csv = {"Content-Type": "text/csv"}
    assert client.post("/v1/outcomes", content=b"a,b\n", headers=csv).status_code == 415
    for body in (b'{"a', b"7", b"[1", b"", b"{}{}"):
        assert client.post("/v1/outcomes", content=body).status_code in (400, 422), body
    assert client.post("/v1/outcomes", json=[{}] * 10_001).status_code == 413


def test_roi_by_hand_is_in_the_interval(client: httpx.Client) -> None:
    """S28, S29, N2: an A/B test with a true uplift of 12 a customer, every tenth of the treated redeeming for 5."""
    chance = random.Random(7)
    treated, control = 700, 300
    give(client, treated, control)
    acted = [f"t{n}" for n in range(treated) if chance.random() < 0.6]
    acted += [f"c{n}" for n in range(control) if chance.random() < 0.4]
    told = [outcome(c, c, value=str(chance.randint(20, 100))) for c in acted]
    assert send(client, told)["outcomes"] == {"counted": len(acted)}
    redeem(client, [f"t{n}" for n in range(0, treated, 10)], order_value="60.00")
    found = returned(client)
    assert (found["state"], found["reason"], found["roi_reason"]) == ("computed", None, None)
    assert (found["treated"]["customers"], found["control"]["customers"]) == (treated, control)
    assert found["treated"]["acted"] + found["control"]["acted"] == len(acted)
    cost = 70 * REWARD
    assert found["cost"] == {"EUR": f"{cost}.00"}
    by_hand = (12 * treated - cost) / cost
    low, high = found["roi"]["interval"]
    assert low < by_hand < high
    assert low > 0
    low, high = map(float, found["uplift"]["interval"])
    assert low < 12 < high
    per_customer = float(found["uplift"]["per_customer"])
    assert float(found["uplift"]["total"]) == pytest.approx(per_customer * treated, abs=0.1)
    assert found["roi"]["value"] == pytest.approx((per_customer * treated - cost) / cost, abs=0.001)
    low, high = found["incremental_rate"]["interval"]
    assert low < 0.2 < high
    assert found["would_have_acted_anyway"] == pytest.approx(2 / 3, abs=0.1)
    assert found["cost_per_redemption"] == {"EUR": "5.00"}
    assert found["redeemer_revenue"] == {"value": {"EUR": "4200.00"}, "causal": False}


def test_without_a_control_group_there_is_never_a_number(client: httpx.Client) -> None:
    """S30: not computable, no control group; what is not causal is said beside it, and marked."""
    give(client, 60, 0)
    send(client, [outcome(f"o{n}", f"t{n}") for n in range(40)])
    redeem(client, ["t1", "t2"], order_value="60.00")
    found = returned(client)
    assert (found["state"], found["reason"]) == ("not_computable", "no_control_group")
    assert found["roi_reason"] == "no_control_group"
    for number in ("uplift", "incremental_rate", "would_have_acted_anyway", "roi"):
        assert found[number] is None
    assert found["treated"]["mean"] is None
    assert found["redeemer_revenue"] == {"value": {"EUR": "120.00"}, "causal": False}


def test_order_values_of_redemptions_are_no_outcomes(client: httpx.Client) -> None:
    """S29, S30: the control group has none, so they compare nothing."""
    give(client, 40, 40)
    redeem(client, [f"t{n}" for n in range(40)], order_value="60.00")
    assert returned(client)["reason"] == "no_outcomes"
    send(client, [outcome("m", "t1", measure="margin")])
    assert returned(client)["reason"] == "no_outcomes"


def test_other_reasons_are_told_and_only_the_horizon_counts(client: httpx.Client) -> None:
    """S29: too few, several currencies, no cost; an outcome before the assignment or past the horizon is none."""
    give(client, 40, 30)
    send(
        client,
        [
            outcome("a", "t1", value="30"),
            outcome("b", "t1", value="-10"),
            outcome("early", "t2", occurred_at="2026-10-05T07:59:59Z"),
            outcome("late", "t3", occurred_at="2026-10-15T08:00:00Z"),
            outcome("other", "t4", measure="margin", currency="USD"),
            outcome("third", "t5", measure="margin"),
        ],
    )
    found = returned(client, horizon_days=10)
    assert (found["state"], found["roi_reason"]) == ("computed", "no_cost")
    assert found["treated"] == {"customers": 40, "mean": "0.50", "acted": 1}
    assert found["control"] == {"customers": 30, "mean": "0.00", "acted": 0}
    assert (found["uplift"]["per_customer"], found["uplift"]["total"]) == ("0.50", "20.00")
    assert found["roi"] is None
    assert returned(client, measure="margin")["reason"] == "mixed_currencies"
    assert returned(client, horizon_days=200)["reason"] == "too_few"
    for asked in ({"measure": "visits"}, {"horizon_days": 0}, {"horizon_days": "x"}):
        answer = client.get("/v1/promotions/p/return", params=asked)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(asked))}"
    assert client.get("/v1/promotions/none/return").status_code == 404


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def test_a_customer_stays_in_the_arm_of_the_first_assignment(client: httpx.Client) -> None:
    """S30: who got the offer after all stays a control customer, and costs stay out while a horizon is open."""
    give(client, 30, 30)
    later = {"promotion_id": "p", "assigned_at": "2026-10-06T08:00:00Z"}
    new = {"promotion_id": "p", "customer_id": "new", "assigned_at": _ago(6)}
    assert client.post("/v1/assignments", json=[later | {"customer_id": "c1"}, new]).is_success
    send(client, [outcome("o", "c1")])
    redeem(client, ["c1"])
    event = {"event_id": "new", "promotion_id": "p", "customer_id": "new"}
    event["redeemed_at"] = _ago(5)
    assert client.post("/v1/redemptions", json=event).json()["outcome"] == "counted"
    found = returned(client)
    assert found["treated"] == {"customers": 30, "mean": "0.00", "acted": 0}
    assert found["control"] == {"customers": 30, "mean": "2.00", "acted": 1}
    assert found["cost"] == {"EUR": "5.00"}
