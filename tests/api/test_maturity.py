"""N3: the matured rate over HTTP, on both stores: cohorts by week of assignment in the workspace's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api.server import promotion

NOW = datetime.now(UTC).replace(microsecond=0)
EACH = 40
"""Assigned on a day: a quarter redeems two days later, nobody else ever."""
DAYS = range(28)


def test_the_rate_expected_in_the_end_stands_with_its_cohorts(client: httpx.Client) -> None:
    """N3: open, expired and redeemed of each week; what is expected lies between what is and what could be."""
    assert client.patch("/v1/workspace", json={"time_zone": "Europe/Vienna"}).is_success
    promotion(client, "running")
    report(client, "running", DAYS)
    found = client.get("/v1/promotions/running/maturity").json()
    assert found["state"] == "estimated"
    assert found["reason"] is None
    assert found["level"] == 0.8
    low, high = found["interval"]
    assert found["rate"] < low <= found["expected"] <= high
    assert abs(found["expected"] - 0.25) < 0.01
    funnel = client.get("/v1/promotions/running/funnel").json()
    for name in ("assigned", "redeemed", "open", "expired"):
        assert found[name] == funnel[name] == sum(week[name] for week in found["cohorts"])
    weeks = client.get("/v1/promotions/running/breakdown?by=week").json()["rows"]
    said = [(w["from"], w["assigned"], w["redeemed"]) for w in found["cohorts"]]
    assert said == [(w["key"], w["assigned"], w["redeemed"]) for w in weeks]


def test_where_there_is_not_enough_nothing_is_guessed(client: httpx.Client) -> None:
    """N3: a state and a reason instead of a number; and a dash stays a dash."""
    promotion(client, "young")
    assert client.get("/v1/promotions/young/maturity").json()["state"] == "no_data"
    report(client, "young", range(3, 4))
    found = client.get("/v1/promotions/young/maturity").json()
    assert found["state"] == "not_enough"
    assert found["reason"].startswith("fewer than 30")
    assert found["rate"] == 0.25
    assert found["expected"] is None
    assert found["interval"] is None
    assert client.get("/v1/promotions/none/maturity").status_code == 404


def report(client: httpx.Client, promotion_id: str, days: range) -> None:
    """Assigns every day so long ago, for a fortnight each; who redeems does so after two days."""
    assigned: list[dict[str, Any]] = []
    redeemed: list[dict[str, Any]] = []
    for ago in days:
        at = NOW - timedelta(days=ago, hours=3)
        for n in range(EACH):
            who = {"promotion_id": promotion_id, "customer_id": f"c-{ago}-{n}"}
            expires = (at + timedelta(days=14)).isoformat()
            assigned.append(who | {"assigned_at": at.isoformat(), "expires_at": expires})
            if n % 4 == 0 and ago >= 2:
                event = {"event_id": f"{promotion_id}-{ago}-{n}"}
                when = (at + timedelta(days=2, hours=1)).isoformat()
                redeemed.append(who | event | {"redeemed_at": when})
    for kind, facts in (("assignments", assigned), ("redemptions", redeemed)):
        answer = client.post(f"/v1/{kind}", json=facts)
        assert answer.is_success, answer.text
