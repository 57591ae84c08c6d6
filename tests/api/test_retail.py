"""The retail case: personalized codes by the thousand, redeemed at the checkout by code alone."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.server import promotion

ASSIGNED, REDEEMED = 20_000, 6_400


def _post(client: httpx.Client, path: str, rows: list[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for start in range(0, len(rows), 5_000):
        answer = client.post(path, json=rows[start : start + 5_000])
        assert answer.status_code == 200, answer.text
        for outcome, count in answer.json()["outcomes"].items():
            counts[outcome] = counts.get(outcome, 0) + count
    return counts


def test_twenty_thousand_codes_of_which_6400_are_used_are_32_percent(client: httpx.Client) -> None:
    """S18, S25, S26, S27, S28, S33, S35: 32%, who got it, who used it, who did not; beside another offer."""
    promotion(client, "codes", kind="personalized")
    promotion(client, "other")
    given = [
        {
            "promotion_id": "codes",
            "customer_id": f"c{n}",
            "assigned_at": "2026-11-02T12:00:00Z",
            "promo_code": f"CODE-{n}",
        }
        for n in range(ASSIGNED)
    ]
    used = [
        {
            "event_id": f"e{n}",
            "promo_code": f"CODE-{n}",
            "customer_id": f"c{n}",
            "redeemed_at": "2026-11-03T12:00:00Z",
            "order_value": "64.90",
        }
        for n in range(REDEEMED)
    ]
    assert _post(client, "/v1/assignments", given) == {"counted": ASSIGNED}
    assert _post(client, "/v1/redemptions", used) == {"counted": REDEEMED}
    items = client.get("/v1/promotions?sort=-rate").json()["items"]
    assert [item["promotion_id"] for item in items] == ["codes", "other"]
    shown = items[0]["figures"]
    assert (shown["assigned"], shown["redeemed"]) == (ASSIGNED, REDEEMED)
    assert (shown["rate"], shown["display"]) == (0.32, "32%")
    assert shown["customers"] == {"assigned": ASSIGNED, "redeemed": REDEEMED, "rate": 0.32}
    assert shown["reward_cost"] == {"EUR": "32000.00"}
    assert shown["order_value"] == {"EUR": "415360.00"}
    assert items[1]["figures"]["display"] == "-"
    for status, count in (("assigned", ASSIGNED), ("redeemed", REDEEMED), ("open", 13_600)):
        export = client.get(f"/v1/promotions/codes/customers?status={status}&format=ndjson")
        assert len(export.text.splitlines()) == count
