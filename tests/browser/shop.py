"""A small brand told over HTTP: promotions of every kind, some used, some not, with limits near and passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api.server import promotion

EURO = {"type": "amount", "currency": "EUR", "value": "5.00"}


def ago(**lapse: float) -> str:
    """An instant before now."""
    return (datetime.now(UTC) - timedelta(**lapse)).isoformat()


def assign(api: httpx.Client, promotion_id: str, customers: range, **more: Any) -> None:
    """Assigns a promotion to customers by number, a day ago."""
    told = [
        {"promotion_id": promotion_id, "customer_id": f"c-{n}", "assigned_at": ago(days=1), **more}
        for n in customers
    ]
    taken = api.post("/v1/assignments", json=told).json()
    assert taken["outcomes"] == {"counted": len(customers)}, taken


def redemption(promotion_id: str, customer: int) -> dict[str, Any]:
    """What a till says when a customer uses a promotion."""
    return {
        "event_id": f"{promotion_id}-{customer}",
        "promotion_id": promotion_id,
        "customer_id": f"c-{customer}",
        "redeemed_at": ago(minutes=1),
    }


def redeem(api: httpx.Client, promotion_id: str, customers: range) -> None:
    """Reports that customers used a promotion, in one batch."""
    told = [redemption(promotion_id, n) for n in customers]
    taken = api.post("/v1/redemptions", json=told).json()
    assert taken["outcomes"] == {"counted": len(customers)}, taken


def open_shop(api: httpx.Client) -> None:
    """Three promotions that are used, one that is not, a draft, and two problems."""
    lifetime = {"measure": "reward", "window": "lifetime"}
    promotion(api, "SPRING20", limits=[lifetime | {"amount": "100"}])
    assign(api, "SPRING20", range(100), segment="loyal", channel="email")
    redeem(api, "SPRING20", range(32))
    tiers = [
        {"tier_id": "gold", "name": "Gold", "reward_value": "10.00"},
        {"tier_id": "silver", "name": "Silver", "reward_value": "5.00"},
    ]
    promotion(api, "VIP", kind="tiered", tiers=tiers, limits=[lifetime | {"amount": "5000"}])
    assign(api, "VIP", range(40), tier_id="gold", segment="vip")
    assign(api, "VIP", range(40, 100), tier_id="silver", segment="loyal")
    redeem(api, "VIP", range(30, 60))
    promotion(api, "QUIET")
    assign(api, "QUIET", range(50))
    promotion(api, "SOON", status="draft")
    api.post("/v1/redemptions", json=[redemption("NOBODY-KNOWS", 1), {"event_id": "broken"}])
